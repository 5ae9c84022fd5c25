// The words of kernels/vec.hpp on arrays: a table of functions for each instruction set.
#pragma once
#include <cstddef>

namespace words {

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
  WORD(flush, 2, flush(a, b))

// Computes n results, n a multiple of 16, from four arrays of arguments.
using word = void (*)(const float *const *from, float *to, std::size_t n);

struct table {
#define FIELD(name, count, expression) word name;
  GLISSADE_WORDS(FIELD)
#undef FIELD
};

} // namespace words
