/* A shared object with a copy of glissade of its own: takes the first step on 131,072 elements, and chooses an
   instruction set. */
#include <glissade/glissade.h>

enum { n = 1 << 17 };

int plugin_step(int threads) { /* 1 if it is right */
  static float param[n], grad[n], square_avg[n];
  glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  options.lr = 0.0625;
  options.alpha = 0.75;
  options.eps = 0;
  options.threads = threads;
  for (int i = 0; i < n; ++i) {
    param[i] = 1;
    grad[i] = 2;
    square_avg[i] = 0;
  }
  if (glissade_rmsprop_step(&options, n, param, grad, square_avg, NULL, NULL) != GLISSADE_OK) return 0;
  for (int i = 0; i < n; ++i)
    if (param[i] != 0.875f) return 0;
  return 1;
}

const char *plugin_isa(const char *name) { /* the one in use then; NULL chooses none */
  if (name && glissade_use_isa(name) != GLISSADE_OK) return "none";
  return glissade_isa();
}
