// What src/ sees of an instruction set: one struct of function pointers.
#pragma once
#include "codecs/codec.hpp"
#include "squares.hpp"

namespace glissade {

// The floats of a cache line.
inline constexpr std::size_t line = 64 / sizeof(float);

// Updates elements [begin, end). `arrays` is param, grad and the states; `coefficients` and `mode` are of its
// rule. `next` is the arrays of the next call of this thread, or null.
using kernel = void (*)(const void *coefficients, unsigned mode, float *const *arrays, std::size_t begin,
                        std::size_t end, float *const *next);

// Updates rows [first, last) of those whose indices are given; `arrays` begin with the first row of a table, grad with that of
// the first index. Prefetches the rows so many later.
using rows_kernel = void (*)(const void *coefficients, unsigned mode, float *const *arrays,
                             const std::int64_t *indices, std::size_t width, std::size_t ahead,
                             std::size_t first, std::size_t last);

struct kernels_of_rule {
  kernel elements;
  rows_kernel rows;
};

struct table {
  const char *name;
  // n is a multiple of `lanes`, but in the last call.
  void (*add_squares)(const float *x, std::size_t n, squares &to);
  void (*approach)(float *array, const float *towards, float part, std::size_t n);
  codec codecs[storage_count]; // by the number of the type; none for 0
  rows_kernel row_wise;        // of AdaGrad with one sum for each row
#define GLISSADE_OPTIMIZER(name, preset) kernels_of_rule name;
#include "glissade/optimizers.inc"
};

// The same kernels, each with the way to take roots that is the faster one on these CPUs.
struct tables {
  table on_intel, elsewhere;
};

} // namespace glissade
