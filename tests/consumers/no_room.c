/* A program that may have LIMIT threads and no more, where LIMIT is set: what a container's limit of processes does.
   Prints one parameter after 100 steps with the threads of the first argument; fails if OpenMP was asked for the
   processors more than once. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <glissade/glissade.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int tasks(void) {
  int count = 0;
  DIR *folder = opendir("/proc/self/task");
  while (folder && readdir(folder))
    ++count;
  if (folder) closedir(folder);
  return count - 2;
}

/* Stands before the C library's. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument) {
  int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  const char *limit = getenv("LIMIT");
  if (limit && tasks() >= atoi(limit)) return EAGAIN;
  *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
  return real(thread, attributes, run, argument);
}

static int asked;
int omp_get_num_procs(void) {
  ++asked;
  return 8;
}

int main(int argc, char **argv) {
  enum { n = 8 * 16384 };
  static float param[n], grad[n], square_avg[n];
  glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  options.threads = argc > 1 ? atoi(argv[1]) : 0;
  for (int i = 0; i < n; ++i)
    grad[i] = 2;
  for (int i = 0; i < 100; ++i) {
    const glissade_status status = glissade_rmsprop_step(&options, n, param, grad, square_avg, NULL, NULL);
    if (status != GLISSADE_OK) {
      fprintf(stderr, "%s\n", glissade_status_message(status));
      return 1;
    }
  }
  for (int i = 1; i < n; ++i)
    if (param[i] != param[0]) return 1;
  printf("%d threads, %.3f\n", tasks(), param[0]);
  return asked > 1;
}
