// The words of kernels/vec.hpp on arrays: a table of functions for each instruction set.
#pragma once
#include <bit>
#include <cfloat>
#include <cstddef>
#include <cstdint>

namespace words {

// Some float of the same significand that is more than 2^-54, less than 1: what words divide by.
inline float fraction(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return std::bit_cast<float>((bits & 0x7fffff) | (126 - (bits >> 23) % 53) << 23);
}

// The error of the estimates that roots start from, as the makers of the CPUs state it; the larger one.
inline constexpr double estimate_error = 1.5 * 0x1p-12;

// WORD(name, number of arguments, what it computes of a, b, c, d)
#define GLISSADE_WORDS(WORD)                                                                                 \
  WORD(add, 2, a + b)                                                                                        \
  WORD(subtract, 2, a - b)                                                                                   \
  WORD(multiply, 2, a *b)                                                                                    \
  WORD(divide, 2, a / b)                                                                                     \
  WORD(negate, 1, -a)                                                                                        \
  WORD(fma, 3, fma(a, b, c))                                                                                 \
  WORD(sqrt, 1, sqrt(a))                                                                                     \
  WORD(abs, 1, abs(a))                                                                                       \
  WORD(if_less, 4, if_less(a, b, c, d))                                                                      \
  WORD(if_nan, 3, if_nan(a, b, c))                                                                           \
  WORD(max, 2, max(a, b))                                                                                    \
  WORD(sign, 1, sign(a))                                                                                     \
  WORD(lerp, 3, lerp(a, b, c))                                                                               \
  WORD(flush, 2, flush(a, if_less(abs(b), 1.f, 0.f, FLT_MIN)))                                               \
  WORD(careful_multiply, 2, carefully<glissade::isa>([](auto x, auto y) { return x * y; }, a, b))            \
  WORD(careful_divide, 2, carefully<glissade::isa>([](auto x, auto y) { return x / y; }, a, b))              \
  WORD(careful_fma, 3,                                                                                       \
       carefully<glissade::isa>([](auto x, auto y, auto z) { return fma(x, y, z); }, a, b, c))               \
  WORD(careful_sqrt, 1, carefully<glissade::isa>([](auto x) { return sqrt(x); }, a))                         \
  WORD(divided, 2, by<glissade::by_products>(a, b, divided_by_fraction))                                     \
  WORD(root_by_products, 1, by<glissade::by_products>(a, a, root))                                           \
  WORD(divided_root, 2, by<glissade::by_products>(a, b, root_divided_by_fraction))                           \
  WORD(divided_root_by_both, 2, by<glissade::by_both>(a, b, root_divided_by_fraction))                       \
  WORD(root_from, 2, root_from<glissade::isa>(a, b))                                                         \
  WORD(doubts_of_root, 1, doubts<glissade::by_products>(a, a, root))                                         \
  WORD(doubts_of_divided, 2, doubts<glissade::by_products>(a, b, divided_by_fraction))                       \
  WORD(doubts_by_both, 2, doubts<glissade::by_both>(a, b, root_divided_by_fraction))

// Computes n results, n a multiple of 16, from four arrays of arguments.
using word = void (*)(const float *const *from, float *to, std::size_t n);

struct table {
#define FIELD(name, count, expression) word name;
  GLISSADE_WORDS(FIELD)
#undef FIELD
};

} // namespace words
