// The limits for one instruction set: compiled once for each, with the flags of its kernels.
#include "limit.hpp"

namespace {

#if defined(__AVX512F__)
constexpr int bytes = 64;
#elif defined(__AVX__)
constexpr int bytes = 32;
#else
constexpr int bytes = 16;
#endif
typedef float reg __attribute__((vector_size(bytes), aligned(4), may_alias));
constexpr std::size_t width = bytes / sizeof(float);

// An empty instruction that may have changed the register: the compiler can drop neither the load before it
// nor the store after it, nor make a memcpy of the two.
inline reg touched(reg x) {
#if defined(__x86_64__)
  asm volatile("" : "+v"(x));
#elif defined(__aarch64__)
  asm volatile("" : "+w"(x));
#else
  asm volatile("" : "+m"(x));
#endif
  return x;
}

template <std::size_t arrays>
inline void move(float *const *at, std::size_t i) {
  reg x[arrays];
  for (std::size_t k = 0; k < arrays; ++k)
    x[k] = touched(*reinterpret_cast<const reg *>(at[k] + i));
  for (std::size_t k = 0; k < arrays; ++k)
    if (arrays > 1 && k != 1) *reinterpret_cast<reg *>(at[k] + i) = x[k];
}

template <std::size_t arrays>
void pass(float *const *given, std::size_t begin, std::size_t end) {
  float *at[arrays];
  for (std::size_t k = 0; k < arrays; ++k)
    at[k] = given[k];
  std::size_t i = begin;
  for (; i + 4 * width <= end; i += 4 * width)
    for (std::size_t j = 0; j < 4; ++j)
      move<arrays>(at, i + j * width);
  for (; i + width <= end; i += width)
    move<arrays>(at, i);
  if (i < end) move<arrays>(at, end - width);
}

template <std::size_t arrays>
void rows(float *const *given, const std::int64_t *indices, std::size_t row_width, std::size_t ahead,
          std::size_t count) {
  constexpr std::size_t line = 64 / sizeof(float);
  float *begin[arrays], *at[arrays];
  for (std::size_t k = 0; k < arrays; ++k)
    begin[k] = given[k];
  for (std::size_t row = 0; row < count; ++row) {
    if (row + ahead < count)
      for (std::size_t i = 0; i < row_width; i += line)
        for (std::size_t k = 0; k < arrays; ++k)
          if (k != 1)
            __builtin_prefetch(begin[k] + static_cast<std::size_t>(indices[row + ahead]) * row_width + i);
    for (std::size_t k = 0; k < arrays; ++k)
      at[k] = begin[k] + (k == 1 ? row : static_cast<std::size_t>(indices[row])) * row_width;
    for (std::size_t i = 0; i + width <= row_width; i += width)
      move<arrays>(at, i);
  }
}

inline void root(reg x) {
#if defined(__AVX__)
  asm volatile("vsqrtps %0, %0" : "+v"(x));
#elif defined(__x86_64__)
  asm volatile("sqrtps %0, %0" : "+x"(x));
#elif defined(__aarch64__)
  asm volatile("fsqrt %0.4s, %0.4s" : "+w"(x));
#else
  x = touched(x);
  for (std::size_t k = 0; k < width; ++k)
    x[k] = __builtin_sqrtf(x[k]);
  touched(x);
#endif
}

// Of four registers first the roots and then the divisions, since some CPUs lose time where they alternate.
void divide(std::size_t roots, std::size_t divisions, std::size_t n) {
  const reg x = reg{} + 1.37f, y = reg{} + .73f;
  for (std::size_t i = 0; i < n; i += 4 * width) {
    for (std::size_t j = 0; j < 4 * roots; ++j)
      root(x);
    for (std::size_t j = 0; j < 4 * divisions; ++j)
      touched(touched(x) / y);
  }
}

} // namespace

namespace perf::isa {
extern const limits GLISSADE_PERF_ISA;
const limits GLISSADE_PERF_ISA = {
    {nullptr, pass<1>, pass<2>, pass<3>, pass<4>, pass<5>, pass<6>, pass<7>, pass<8>},
    {nullptr, rows<1>, rows<2>, rows<3>, rows<4>, rows<5>, rows<6>, rows<7>, rows<8>},
    divide};
} // namespace perf::isa
