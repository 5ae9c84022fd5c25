// What people use now instead of a fused step: the loops that the library is measured against.
#pragma once
#include "glissade/glissade.h"
#include <cstddef>

namespace perf {

// One loop over [begin, end) of the arrays: param, grad, the states in the order of the C function, and
// behind them an array of scratch.
template <class Options>
using pass = void (*)(const Options &, float *const *arrays, std::size_t begin, std::size_t end);

// The loop as a user writes it: rivals/plain.cpp, compiled twice.
namespace plain {
void rmsprop(const glissade_rmsprop &, float *const *, std::size_t, std::size_t);
void adamw(const glissade_adam &, float *const *, std::size_t, std::size_t);
} // namespace plain
namespace plain_native {
void rmsprop(const glissade_rmsprop &, float *const *, std::size_t, std::size_t);
void adamw(const glissade_adam &, float *const *, std::size_t, std::size_t);
} // namespace plain_native

// The loop of an expert for one CPU: rivals/intrinsics.cpp. Null where no such loop runs here.
namespace intrinsics {
pass<glissade_rmsprop> rmsprop();
pass<glissade_adam> adamw();
} // namespace intrinsics

// One loop per operation, as a framework runs them: rivals/passes.cpp.
namespace passes {
constexpr int rmsprop_count = 5, adamw_count = 8;
extern const pass<glissade_rmsprop> rmsprop[rmsprop_count];
extern const pass<glissade_adam> adamw[adamw_count];
} // namespace passes

} // namespace perf
