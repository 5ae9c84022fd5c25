/* The C API as C99 sees it. */
#include "c99.h"
#include "glissade/glissade.h"
#include <string.h>

const char *c99_status_message(int status) { return glissade_status_message((glissade_status)status); }

#define EXPECT(condition)                                                                                    \
  if (!(condition)) {                                                                                        \
    if (failures++ == 0) *which = #condition;                                                                \
  }

int c99_failures(const char **which) {
  int failures = 0;
  const glissade_rmsprop presets[] = {
      GLISSADE_RMSPROP_TORCH,  GLISSADE_RMSPROP_HINTON, GLISSADE_RMSPROP_TF1,
      GLISSADE_RMSPROP_KERAS3, GLISSADE_RMSPROP_OPTAX,  GLISSADE_RMSPROP_TIMM,
  };
  glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  float param[3] = {1, 2, 3}, grad[3] = {4, 4, 4}, square_avg[3];
  options = GLISSADE_RMSPROP_TORCH; /* a preset may be assigned, too */
  options.alpha = 0.75;
  options.eps = 0;
  options.lr = 0.5;
  EXPECT(glissade_rmsprop_reset(&options, 3, square_avg, NULL, NULL) == GLISSADE_OK);
  EXPECT(glissade_rmsprop_step(&options, 3, param, grad, square_avg, NULL, NULL) == GLISSADE_OK);
  EXPECT(square_avg[2] == 4);
  EXPECT(param[0] == 0 && param[1] == 1 && param[2] == 2);
  for (size_t i = 0; i < sizeof presets / sizeof *presets; ++i)
    EXPECT(glissade_rmsprop_step(&presets[i], 0, NULL, NULL, NULL, NULL, NULL) == GLISSADE_OK);
  EXPECT(strcmp(glissade_version(), GLISSADE_VERSION) == 0);
  return failures;
}
