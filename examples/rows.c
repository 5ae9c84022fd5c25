/* Trains an embedding: each batch names some rows of a table, some of them twice. */
#include <glissade/glissade.h>
#include <stdio.h>
#include <stdlib.h>

enum { rows = 1000, width = 8, batch = 64 };

int main(void) {
  float *table = calloc(rows * width, sizeof *table), *sum = malloc(rows * width * sizeof *sum);
  float grad[batch * width];
  int64_t words[batch];
  size_t bytes;
  glissade_coalesce_bytes(width, batch, &bytes);
  void *workspace = malloc(bytes);

  glissade_adagrad options = GLISSADE_ADAGRAD_TORCH;
  options.lr = 0.3;
  glissade_adagrad_reset(&options, rows * width, sum);
  for (options.step = 1; options.step <= 2000; ++options.step) {
    for (int i = 0; i < batch; ++i) { /* yours */
      words[i] = rand() % rows;
      for (int k = 0; k < width; ++k)
        grad[i * width + k] = table[words[i] * width + k] - 1;
    }
    glissade_rows named = {.struct_size = sizeof named, .width = width, .count = batch, .indices = words};
    glissade_adagrad_tensor tensor = {
        .struct_size = sizeof tensor, .n = rows * width, .param = table, .sum = sum};
    glissade_status status = glissade_coalesce(&named, grad, 0, workspace, bytes, &named, &tensor.grad);
    if (status == GLISSADE_OK) status = glissade_adagrad_step_rows(&options, 1, &tensor, &named);
    if (status != GLISSADE_OK) return fprintf(stderr, "%s\n", glissade_status_message(status));
  }
  printf("%.3f\n", table[7 * width]);
}
