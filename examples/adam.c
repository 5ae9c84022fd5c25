/*
 * Adam beside gradient descent, on a bowl that is a million times steeper along one axis than along another.
 *
 * Gradient descent must take steps that are short enough for the steepest axis, and so hardly moves along the
 * others. Adam divides by the size of each axis's own gradients, so that all arrive together.
 */
#include <glissade/glissade.h>
#include <math.h>
#include <stdio.h>

enum { n = 61, steps = 300 };

/* The gradient of the sum of steepness * (param - 1)^2 / 2, with a steepness from 1 to 1e6. */
static void differentiate(const float *param, float *grad) {
  for (int i = 0; i < n; ++i)
    grad[i] = powf(10, (float)i / 10) * (param[i] - 1);
}

static float farthest_from_minimum(const float *param) {
  float most = 0;
  for (int i = 0; i < n; ++i)
    most = fmaxf(most, fabsf(param[i] - 1));
  return most;
}

int main(void) {
  static float param[n], descending[n], grad[n], exp_avg[n], exp_avg_sq[n];
  glissade_adam adam = GLISSADE_ADAM_TORCH;
  glissade_sgd sgd = GLISSADE_SGD_TORCH;
  sgd.lr = 1e-6; /* beyond 2e-6 it diverges */

  glissade_status status = glissade_adam_reset(&adam, n, exp_avg, exp_avg_sq, NULL);
  for (int step = 1; step <= steps && status == GLISSADE_OK; ++step) {
    adam.step = step; /* Adam's averages start from 0; how far they lag depends on the step */
    adam.lr = 0.03 * (steps + 1 - step) / steps;
    differentiate(param, grad);
    status = glissade_adam_step(&adam, n, param, grad, exp_avg, exp_avg_sq, NULL);
    if (status != GLISSADE_OK) break;
    differentiate(descending, grad);
    status = glissade_sgd_step(&sgd, n, descending, grad, NULL);
  }
  if (status != GLISSADE_OK) {
    fprintf(stderr, "%s\n", glissade_status_message(status));
    return 1;
  }
  const float left = farthest_from_minimum(param), left_by_sgd = farthest_from_minimum(descending);
  printf("after %d steps from 1 away: Adam %.4f, gradient descent %.4f\n", steps, left, left_by_sgd);
  return left < 0.001f && left_by_sgd > 0.99f ? 0 : 1;
}
