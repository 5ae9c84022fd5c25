// Which instruction sets run here, and which one is used.
#include "cpu.hpp"
#include "glissade/glissade.h"
#include "own.hpp"
#include <cstdlib>
#include <cstring>

namespace glissade {

// isas.inc is written by CMake from its list of kernel files, best first: GLISSADE_ISA(avx2, HAS("avx2")
// HAS("fma")). So every -m flag that a kernel is compiled with is also asked for here.
#define GLISSADE_ISA(name, features) extern const tables name;
#include "isas.inc"

namespace {

struct isa {
  const table *kernels;
  bool runs;
};

bool on_intel() {
#if defined(__x86_64__)
  return __builtin_cpu_is("intel");
#else
  return false;
#endif
}

// The compiler's own test, since it also asks whether the operating system saves the registers.
#define HAS(feature) &&__builtin_cpu_supports(feature)
#define GLISSADE_ISA(name, features) isa{on_intel() ? &name.on_intel : &name.elsewhere, true features},

template <class Wanted>
const table *first_that_runs(Wanted wanted) {
  const isa all[] = {
#include "isas.inc"
  };
  for (const isa &one : all)
    if (one.runs && wanted(*one.kernels)) return one.kernels;
  return nullptr;
}

const table *named(const char *name) {
  return first_that_runs([=](const table &t) { return std::strcmp(t.name, name) == 0; });
}

const table *chosen_at_first() {
  const char *name = std::getenv("GLISSADE_ISA");
  return name && *name ? named(name) : first_that_runs([](const table &) { return true; });
}

constinit atomic<const table *> in_use = nullptr;

} // namespace

const table *table_in_use() noexcept {
  const table *now = in_use.load();
  if (now) return now;
  const table *first = chosen_at_first();
  return in_use.replace(now, first) ? first : now; // another thread's choice stands
}

} // namespace glissade

using namespace glissade;

const char *glissade_isa(void) {
  const table *now = table_in_use();
  return now ? now->name : nullptr;
}

const char *glissade_isa_at(size_t index) {
  const table *found = first_that_runs([&](const table &) { return index-- == 0; });
  return found ? found->name : nullptr;
}

glissade_status glissade_use_isa(const char *name) {
  const table *wanted = name ? named(name) : chosen_at_first();
  if (!wanted) return GLISSADE_UNAVAILABLE_ISA;
  in_use.store(wanted);
  return GLISSADE_OK;
}
