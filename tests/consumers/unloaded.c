/* A program that loads the shared library, takes a step on several threads, unloads it and lives on: prints a parameter. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <glissade/glissade.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
  const size_t n = 1 << 20;
  const struct timespec while_threads_wait = {0, 50000000};
  float *param = calloc(n, sizeof *param), *grad = calloc(n, sizeof *grad), *sum = calloc(n, sizeof *sum);
  glissade_adagrad options = GLISSADE_ADAGRAD_TORCH;
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  glissade_status (*step)(const glissade_adagrad *, size_t, float *, const float *, float *) = NULL;
  if (library) *(void **)&step = dlsym(library, "glissade_adagrad_step");
  if (!param || !grad || !sum || !step) return 1;
  param[0] = 1;
  grad[0] = 2;
  options.lr = 0.125;
  if (step(&options, n, param, grad, sum) != GLISSADE_OK) return 1;
  dlclose(library);
  nanosleep(&while_threads_wait, NULL);
  printf("%g\n", param[0]);
  return 0;
}
