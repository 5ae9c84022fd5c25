/* A program that loads glissade as plugins: "host fork PLUGIN PLUGIN" steps in the first, then in the second in a
   forked child; "host isa PLUGIN PLUGIN" chooses an instruction set in the first, then asks the second; "host unload
   PLUGIN" steps, unloads the plugin, and steps again. None links an OpenMP runtime. */
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

/* The instruction set that the plugin uses after it was told to use `name`. */
static const char *isa_of(void *handle, const char *name) {
  const char *(*isa)(const char *name) = NULL;
  *(void **)&isa = dlsym(handle, "plugin_isa");
  return isa(name);
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
  if (argc > 3 && strcmp(argv[1], "isa") == 0) {
    void *other;
    load(argv[2], &handle);
    load(argv[3], &other);
    const char *best = isa_of(other, NULL);
    return strcmp(isa_of(handle, "scalar"), "scalar") == 0 && strcmp(isa_of(other, NULL), best) == 0 ? 0 : 1;
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
