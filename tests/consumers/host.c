/* A program that loads glissade as plugins: "host fork PLUGIN PLUGIN" steps in the first, then in the second in a
   forked child; "host unload PLUGIN" steps, unloads the plugin, and steps again. Neither links an OpenMP runtime. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int (*step)(int threads);

static step load(const char *path, void **handle) {
  step found = NULL;
  *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!*handle) {
    fprintf(stderr, "%s\n", dlerror());
    _exit(1);
  }
  *(void **)&found = dlsym(*handle, "plugin_step");
  return found;
}

int main(int argc, char **argv) {
  void *handle;
  if (argc > 3 && strcmp(argv[1], "fork") == 0) {
    const step first = load(argv[2], &handle), second = load(argv[3], &handle);
    if (first == second || !first(2)) return 1;
    for (int i = 0; i < 2; ++i) {
      const pid_t child = fork();
      int status = -1;
      if (child == 0) {
        alarm(60);
        _exit(second(2 * i) && first(2 * i) ? 0 : 1);
      }
      waitpid(child, &status, 0);
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return 1;
    }
    return first(2) && second(2) ? 0 : 1;
  }
  if (argc > 2 && strcmp(argv[1], "unload") == 0) {
    for (int i = 0; i < 3; ++i) {
      if (!load(argv[2], &handle)(2)) return 1;
      dlclose(handle);
      usleep(20000); /* its threads go on */
    }
    return 0;
  }
  return 1;
}
