// The sum of the squares of an array and its largest magnitude, in an order that no instruction set changes.
#pragma once
#include <cstddef>

namespace glissade {
namespace {

// `lanes` sums run side by side, element i in lane i % lanes, and are then added in pairs. They are doubles:
// the square of a float is exact in one, so whether a product is fused with the sum makes no difference.
inline constexpr std::size_t lanes = 32;

template <class isa>
struct norm_lanes {
  using wide = typename isa::wide;
  static constexpr std::size_t width = sizeof(wide) / sizeof(double), registers = lanes / width;

  wide sums[registers], largest[registers];

  norm_lanes() {
    for (std::size_t r = 0; r < registers; ++r)
      sums[r] = largest[r] = wide(0.);
  }
  void add(const float *x) {
    for (std::size_t r = 0; r < registers; ++r) {
      const wide w = isa::widened(x + r * width);
      sums[r] = sums[r] + w * w;
      largest[r] = larger(magnitude(w), largest[r]);
    }
  }
  static wide magnitude(wide w) {
    if constexpr (width == 1)
      return __builtin_fabs(w);
    else
      return abs(w);
  }
  static wide larger(wide a, wide b) {
    if constexpr (width == 1)
      return a > b ? a : b;
    else
      return select(a > b, a, b);
  }
  static void store(const wide (&from)[registers], double *to) {
    for (std::size_t r = 0; r < registers; ++r)
      if constexpr (width == 1)
        to[r] = from[r];
      else
        from[r].store_unaligned(to + r * width);
  }
};

template <class isa>
double sum_of_squares(const float *x, std::size_t n, double *largest) {
  norm_lanes<isa> all;
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    all.add(x + i);
  if (i < n) {
    float padded[lanes] = {};
    for (std::size_t k = 0; i < n; ++i, ++k)
      padded[k] = x[i];
    all.add(padded);
  }
  double sums[lanes], most[lanes];
  all.store(all.sums, sums);
  all.store(all.largest, most);
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) {
      sums[k] += sums[k + half];
      most[k] = most[k] > most[k + half] ? most[k] : most[k + half];
    }
  *largest = most[0];
  return sums[0];
}

} // namespace
} // namespace glissade
