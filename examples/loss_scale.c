/*
 * The order of a training loop in mixed precision: scaled gradients, their norm, skip or clip, step.
 *
 * It fits a line by gradients that are rounded as half precision would: too large a loss scale makes them
 * overflow to infinity, too small a one loses them. The loss scale finds its own way.
 */
#include <glissade/glissade.h>
#include <math.h>
#include <stdio.h>

enum { points = 64, steps = 400 };

/* What half precision leaves of a number: infinity above 65504, nothing below 2^-25, 11 bits in between. */
static float half(float x) {
  if (fabsf(x) > 65504) return copysignf(INFINITY, x);
  const float unit = ldexpf(1, (x == 0 || ilogbf(x) < -14 ? -14 : ilogbf(x)) - 10);
  return rintf(x / unit) * unit;
}

/* The gradient of the mean squared error of y = a x + b against y = 3 x - 1, times `scale`. */
static void backward(const float *param, float scale, float *grad) {
  grad[0] = grad[1] = 0;
  for (int i = 0; i < points; ++i) {
    const float x = (float)i / points, error = param[0] * x + param[1] - (3 * x - 1);
    grad[0] += half(scale * 2 * error * x / points);
    grad[1] += half(scale * 2 * error / points);
  }
}

int main(void) {
  float param[2] = {0, 0}, grad[2], square_avg[2];
  glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  options.lr = 0.03;
  glissade_status status = glissade_rmsprop_reset(&options, 2, square_avg, NULL, NULL);

  double loss_scale = 16777216;
  const double max_norm = 1;
  int skipped = 0, good = 0;
  for (int step = 1; step <= steps && status == GLISSADE_OK; ++step) {
    backward(param, (float)loss_scale, grad);

    const glissade_grad grads[] = {{.struct_size = sizeof *grads, .n = 2, .grad = grad}};
    glissade_norm found = {.struct_size = sizeof found};
    status = glissade_grad_norm(1, grads, 0, &found);
    if (status != GLISSADE_OK) break;
    if (!found.finite) { /* leave everything as it is, and be more careful */
      loss_scale /= 2;
      ++skipped;
      good = 0;
      continue;
    }
    const double norm = found.norm / loss_scale, clip = fmin(1, max_norm / (norm + 1e-6));
    options.grad_scale = clip / loss_scale; /* both at once, inside the step */
    options.lr = 0.03 * (steps + 1 - step) / steps;
    status = glissade_rmsprop_step(&options, 2, param, grad, square_avg, NULL, NULL);
    if (++good % 100 == 0) loss_scale *= 2;
    if (step % 100 == 0)
      printf("step %d: y = %.3f x %+.3f, loss scale %g\n", step, param[0], param[1], loss_scale);
  }
  if (status != GLISSADE_OK) {
    fprintf(stderr, "%s\n", glissade_status_message(status));
    return 1;
  }
  /* The same decisions in one call: glissade_rmsprop_step_many_clipped, which returns GLISSADE_NOT_FINITE to
   * skip. */
  printf("%d steps were skipped\n", skipped);
  return skipped > 0 && fabsf(param[0] - 3) < 0.01f && fabsf(param[1] + 1) < 0.01f ? 0 : 1;
}
