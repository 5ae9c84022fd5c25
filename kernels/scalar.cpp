// One float at a time, for the baseline CPU: what every other instruction set is compared with.
#include <bit>
#include <cfloat>
#include <cstdint>

#include "make_table.hpp"

static_assert(FLT_EVAL_METHOD == 0, "float expressions must be computed in float");

namespace glissade {
namespace {

struct isa {
  using reg = float;
  static float fma(float a, float b, float c) {
#if defined(__FP_FAST_FMAF) || defined(__FMA__) || defined(__aarch64__) // Clang has but the last two
    return __builtin_fmaf(a, b, c);
#else
    // Two floats multiply exactly in double. The sum is rounded to odd (Boldo and Melquiond, 2008), which is towards
    // zero with the last bit set if anything was cut off; so the second rounding, to float, is as if it were the only
    // one. Without branches, since none of these could be foretold.
    const double product = double(a) * b, sum = product + c;
    const double c_part = sum - product, error = (product - (sum - c_part)) + (c - c_part);
    const bool inexact = (error > 0) | (error < 0); // neither for a NaN, which an infinite sum leaves
    const bool outwards = inexact & ((error < 0) != (sum < 0));
    const auto odd = (std::bit_cast<std::uint64_t>(sum) - outwards) | inexact;
    return static_cast<float>(std::bit_cast<double>(odd));
#endif
  }
  static float div(float a, float b) { return a / b; }
  static float sqrt(float a) { return __builtin_sqrtf(a); }

  using wide = double;
  static double widened(const float *from) { return *from; }
  static double add_square(double sum, double x) { return sum + x * x; }
};

} // namespace

extern constinit const tables scalar = tables_of<isa>("scalar");

} // namespace glissade
