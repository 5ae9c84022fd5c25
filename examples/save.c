/* Saves the state of an optimizer from C, as docs/state.md describes it: two arrays in two groups, two steps of
   AMSGrad, and a file that glissade::model reads. Usage: save FILE. */
#include <glissade/glissade.h>
#include <stdio.h>
#include <string.h>

/* XXH64 of some bytes, with seed 0. A program with libxxhash calls XXH64(bytes, size, 0). */
static const uint64_t p1 = 0x9e3779b185ebca87, p2 = 0xc2b2ae3d27d4eb4f, p3 = 0x165667b19e3779f9,
                      p4 = 0x85ebca77c2b2ae63, p5 = 0x27d4eb2f165667c5;
static uint64_t rotated(uint64_t x, int by) { return x << by | x >> (64 - by); }
static uint64_t mixed(uint64_t sum, uint64_t x) { return rotated(sum + x * p2, 31) * p1; }
static uint64_t word(const unsigned char *at, int bytes) {
  uint64_t x = 0;
  while (bytes-- > 0)
    x = x << 8 | at[bytes];
  return x;
}
static uint64_t xxh64(const unsigned char *at, size_t size) {
  const unsigned char *const end = at + size;
  uint64_t h = p5, sums[4] = {p1 + p2, p2, 0, 0 - p1};
  for (; end - at >= 32; at += 32)
    for (int i = 0; i < 4; ++i)
      sums[i] = mixed(sums[i], word(at + 8 * i, 8));
  if (size >= 32) {
    h = rotated(sums[0], 1) + rotated(sums[1], 7) + rotated(sums[2], 12) + rotated(sums[3], 18);
    for (int i = 0; i < 4; ++i)
      h = (h ^ mixed(0, sums[i])) * p1 + p4;
  }
  h += size;
  for (; end - at >= 8; at += 8)
    h = rotated(h ^ mixed(0, word(at, 8)), 27) * p1 + p4;
  for (; end - at >= 4; at += 4)
    h = rotated(h ^ word(at, 4) * p1, 23) * p2 + p3;
  for (; at != end; ++at)
    h = rotated(h ^ *at * p5, 11) * p1;
  h = (h ^ h >> 33) * p2;
  h = (h ^ h >> 29) * p3;
  return h ^ h >> 32;
}

/* The bytes of the file, in the words of docs/state.md. */
static unsigned char file[4096];
static size_t size;
static void name(const char *text, size_t padded) {
  memset(file + size, 0, padded);
  memcpy(file + size, text, strlen(text));
  size += padded;
}
static void integer(uint64_t x, int bytes) {
  for (int i = 0; i < bytes; ++i)
    file[size++] = (unsigned char)(x >> 8 * i);
}
static void number(uint64_t x) { integer(x, 8); }
static void option(const char *of, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  name(of, 32);
  number(bits);
}
static void array(const char *of, size_t n, const float *floats) {
  name(of, 32);
  for (size_t i = 0; i < n; ++i) {
    uint32_t bits;
    memcpy(&bits, &floats[i], sizeof bits);
    integer(bits, 4);
  }
}

int main(int argc, char **argv) {
  float weights[3] = {1, -2, 3}, biases[2] = {.5f, .25f};
  const float weights_grad[3] = {.5f, -1, 2}, biases_grad[2] = {-.125f, 3};
  float m[2][3] = {{0}}, v[2][3] = {{0}}, largest[2][3] = {{0}};
  glissade_adam groups[2] = {GLISSADE_ADAM_TORCH, GLISSADE_ADAM_TORCH};
  groups[0].amsgrad = groups[1].amsgrad = 1;
  groups[1].lr = .125;
  groups[1].weight_decay = .5;
  const glissade_adam_tensor tensors[2] = {
      {sizeof *tensors, 3, weights, weights_grad, m[0], v[0], largest[0], &groups[0], NULL},
      {sizeof *tensors, 2, biases, biases_grad, m[1], v[1], largest[1], &groups[1], NULL}};
  glissade_adam call = groups[0];
  for (call.step = 1; call.step <= 2; ++call.step) {
    const glissade_status status = glissade_adam_step_many(&call, 2, tensors);
    if (status != GLISSADE_OK) return fprintf(stderr, "%s\n", glissade_status_message(status)), 1;
  }

  name("glissade", 8);
  number(0x0102030400000002); /* version 2 */
  name("adam", 16);
  number(2); /* groups */
  number(2); /* arrays */
  number(2); /* steps */
  for (int g = 0; g < 2; ++g) {
    number(g == 0 ? 6 : 7); /* options that are not 0 */
    option("lr", groups[g].lr);
    if (g == 1) option("weight_decay", groups[g].weight_decay);
    option("grad_scale", groups[g].grad_scale);
    option("beta1", groups[g].beta1);
    option("beta2", groups[g].beta2);
    option("eps", groups[g].eps);
    name("amsgrad", 32);
    number(1);
  }
  for (uint64_t k = 0; k < 2; ++k) {
    number(tensors[k].n);
    number(k); /* its group */
    number(2); /* its steps */
    number(3); /* arrays of floats */
    array("exp_avg", tensors[k].n, tensors[k].exp_avg);
    array("exp_avg_sq", tensors[k].n, tensors[k].exp_avg_sq);
    array("max_exp_avg_sq", tensors[k].n, tensors[k].max_exp_avg_sq);
  }
  number(xxh64(file, size));

  FILE *to = fopen(argc > 1 ? argv[1] : "adam.state", "wb");
  if (!to || fwrite(file, 1, size, to) != size || fclose(to) != 0) return perror("save"), 1;
  return 0;
}
