/* Reads a gradient in bf16, keeps AdamW's averages in 8 bits, and writes bf16 weights beside those of float32. */
#include <glissade/glissade.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  size_t n = 1000000, scales;
  float *param = calloc(n, sizeof *param);
  uint16_t *grad = calloc(n, sizeof *grad), *copy = calloc(n, sizeof *copy);
  glissade_state_bytes(GLISSADE_Q8_SIGNED, n, NULL, &scales); /* a byte for each 256 elements */

  glissade_storage storage = {
      .struct_size = sizeof storage,
      .grad = {GLISSADE_BF16, grad, NULL},
      .states = {[GLISSADE_ADAM_EXP_AVG] = {GLISSADE_Q8_SIGNED, malloc(n), malloc(scales)},
                 [GLISSADE_ADAM_EXP_AVG_SQ] = {GLISSADE_Q8_UNSIGNED, malloc(n), malloc(scales)}},
      .copy = {GLISSADE_BF16, copy, NULL},
      .seed = 1};
  glissade_adam_tensor tensor = {.struct_size = sizeof tensor, .n = n, .param = param, .storage = &storage};

  glissade_adam options = GLISSADE_ADAMW_TORCH;
  options.lr = 1e-2;
  glissade_adam_reset_many(&options, 1, &tensor);
  for (options.step = 1; options.step <= 200; ++options.step) {
    for (size_t i = 0; i < n; ++i)
      grad[i] = copy[i] < 0x3f80 ? 0xbf80 : 0x3f80; /* yours; here -1 where the weight is below 1, else 1 */
    glissade_status status = glissade_adam_step_many(&options, 1, &tensor);
    if (status != GLISSADE_OK) return fprintf(stderr, "%s\n", glissade_status_message(status));
  }
  printf("%.1f with %zu bytes of state, not %zu\n", param[0], 2 * (n + scales), 2 * n * sizeof(float));
}
