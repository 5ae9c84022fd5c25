/* The README's program: RMSprop on one array, from 0 to the minimum at 1. */
#include <glissade/glissade.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  size_t n = 1000000;
  float *param = calloc(n, sizeof *param), *grad = calloc(n, sizeof *grad);
  float *square_avg = malloc(n * sizeof *square_avg);

  glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  options.lr = 2e-2;
  glissade_rmsprop_reset(&options, n, square_avg, NULL, NULL);
  for (int step = 1; step <= 100; ++step) {
    for (size_t i = 0; i < n; ++i)
      grad[i] = param[i] - 1; /* yours */
    glissade_status status = glissade_rmsprop_step(&options, n, param, grad, square_avg, NULL, NULL);
    if (status != GLISSADE_OK) return fprintf(stderr, "%s\n", glissade_status_message(status));
  }
  printf("%g by %s\n", param[0], glissade_isa());
}
