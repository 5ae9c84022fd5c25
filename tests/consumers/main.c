/* A program outside of glissade, in C99: prints one parameter after one step. */
#include <glissade/glissade.h>
#include <stdio.h>

int main(void) {
  glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  float param = 1, grad = 2, square_avg = 0;
  options.lr = 0.0625;
  options.alpha = 0.75;
  options.eps = 0;
  const glissade_status status = glissade_rmsprop_step(&options, 1, &param, &grad, &square_avg, NULL, NULL);
  if (status != GLISSADE_OK) {
    fprintf(stderr, "%s\n", glissade_status_message(status));
    return 1;
  }
  printf("%g\n", param);
  return 0;
}
