/*
 * A whole model in one call: a list of tensors in two groups, gradients clipped by their common norm.
 *
 * A network with one hidden layer learns "one or the other, but not both" (XOR), which no network without one can.
 * AdamW, that is Adam with decoupled weight decay, shrinks its weights but not its biases.
 */
#include <glissade/glissade.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { hidden = 8, steps = 500 };

typedef struct network {
  float in[hidden][2], in_bias[hidden], out[hidden], out_bias;
} network;

static float classify(const network *net, const float *x, float *h) {
  float sum = net->out_bias;
  for (int j = 0; j < hidden; ++j) {
    h[j] = tanhf(net->in[j][0] * x[0] + net->in[j][1] * x[1] + net->in_bias[j]);
    sum += net->out[j] * h[j];
  }
  return 1 / (1 + expf(-sum));
}

static const float inputs[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}}, wanted[4] = {0, 1, 1, 0};

/* The gradient of the cross entropy, summed over the four inputs. */
static void differentiate(const network *net, network *grad) {
  memset(grad, 0, sizeof *grad);
  for (int k = 0; k < 4; ++k) {
    float h[hidden];
    const float error = classify(net, inputs[k], h) - wanted[k];
    grad->out_bias += error;
    for (int j = 0; j < hidden; ++j) {
      const float back = error * net->out[j] * (1 - h[j] * h[j]);
      grad->out[j] += error * h[j];
      grad->in_bias[j] += back;
      grad->in[j][0] += back * inputs[k][0];
      grad->in[j][1] += back * inputs[k][1];
    }
  }
}

int main(void) {
  static network net, grad, exp_avg, exp_avg_sq;
  for (int j = 0; j < hidden; ++j) { /* weights that differ, of either sign */
    net.in[j][0] = sinf(1.f + 3.f * (float)j);
    net.in[j][1] = sinf(2.f + 5.f * (float)j);
    net.out[j] = sinf(3.f + 7.f * (float)j);
  }

  glissade_adam options = GLISSADE_ADAMW_TORCH;
  options.lr = 0.02;
  options.weight_decay = 0.1;
  glissade_adam biases = options; /* a group: its `step` stays 0, which means that of the call */
  biases.weight_decay = 0;

#define TENSOR(field, count, group)                                                                          \
  {                                                                                                          \
    .struct_size = sizeof(glissade_adam_tensor), .n = count, .param = (float *)&net.field,                   \
    .grad = (float *)&grad.field, .exp_avg = (float *)&exp_avg.field,                                        \
    .exp_avg_sq = (float *)&exp_avg_sq.field, .options = group                                               \
  }
  const glissade_adam_tensor tensors[] = {TENSOR(in, 2 * hidden, NULL), TENSOR(in_bias, hidden, &biases),
                                          TENSOR(out, hidden, NULL), TENSOR(out_bias, 1, &biases)};
  const size_t count = sizeof tensors / sizeof *tensors;

  glissade_status status = GLISSADE_OK;
  for (size_t i = 0; i < count && status == GLISSADE_OK; ++i)
    status = glissade_adam_reset(&options, tensors[i].n, tensors[i].exp_avg, tensors[i].exp_avg_sq, NULL);

  const double max_norm = 1;
  int clipped = 0;
  for (int step = 1; step <= steps && status == GLISSADE_OK; ++step) {
    double norm;
    differentiate(&net, &grad);
    options.step = step;
    status = glissade_adam_step_many_clipped(&options, count, tensors, max_norm, &norm);
    if (status == GLISSADE_OK && norm > max_norm) ++clipped;
  }
  if (status != GLISSADE_OK) {
    fprintf(stderr, "%s\n", glissade_status_message(status));
    return 1;
  }
  float h[hidden], worst = 0;
  for (int k = 0; k < 4; ++k) {
    const float p = classify(&net, inputs[k], h);
    worst = fmaxf(worst, fabsf(p - wanted[k]));
    printf("%g or %g, but not both: %.3f\n", inputs[k][0], inputs[k][1], p);
  }
  printf("%d of %d steps were clipped\n", clipped, steps);
  return worst < 0.05f && clipped > 0 && clipped < steps ? 0 : 1;
}
