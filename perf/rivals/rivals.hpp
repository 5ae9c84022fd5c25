// What people use now instead of a fused step: the loops that the library is measured against.
#pragma once
#include "glissade/glissade.h"
#include <cstddef>
#include <vector>

namespace perf {

// One loop over [begin, end) of the arrays: param, grad, the states in the order of the C function, and
// behind them an array of scratch.
template <class Options>
using pass = void (*)(const Options &, float *const *arrays, std::size_t begin, std::size_t end);

#define GLISSADE_PERF_LOOPS(name)                                                                            \
  namespace name {                                                                                           \
  void rmsprop(const glissade_rmsprop &, float *const *, std::size_t, std::size_t);                          \
  void adamw(const glissade_adam &, float *const *, std::size_t, std::size_t);                               \
  }
// The loop as a user writes it: rivals/plain.cpp, compiled twice.
GLISSADE_PERF_LOOPS(plain)
GLISSADE_PERF_LOOPS(plain_native)
// The loop of an expert for one x86 CPU: rivals/intrinsics.cpp, compiled twice.
GLISSADE_PERF_LOOPS(intrinsics_avx512)
GLISSADE_PERF_LOOPS(intrinsics_avx2)
#undef GLISSADE_PERF_LOOPS

// One loop per operation, as a framework runs them: rivals/passes.cpp.
namespace passes {
std::vector<pass<glissade_rmsprop>> rmsprop();
std::vector<pass<glissade_adam>> adamw();
} // namespace passes

} // namespace perf
