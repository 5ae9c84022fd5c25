// Sums of squares that run side by side, and the order in which they are added.
#pragma once
#include <cstddef>

namespace glissade {

// Element i in lane i % lanes, and the largest magnitudes.
inline constexpr std::size_t lanes = 32;
struct squares {
  double sums[lanes] = {};
  float largest[lanes] = {};
};

// Their sum, infinite or NaN where an element is, and the largest magnitude.
struct norm_sums {
  double squares;
  float largest;

  void add(const norm_sums &more) {
    squares += more.squares;
    if (more.largest > largest) largest = more.largest;
  }
};

namespace {

// The lanes added in pairs. A loop of a known length, so that the compiler takes registers.
template <std::size_t half = lanes / 2>
[[gnu::always_inline]] inline double sum_of_lanes(double *sums) {
  for (std::size_t k = 0; k < half; ++k)
    sums[k] += sums[k + half];
  if constexpr (half > 1)
    return sum_of_lanes<half / 2>(sums);
  else
    return sums[0];
}
template <std::size_t half = lanes / 2>
float largest_of_lanes(float *largest) {
  for (std::size_t k = 0; k < half; ++k)
    largest[k] = largest[k] > largest[k + half] ? largest[k] : largest[k + half];
  if constexpr (half > 1)
    return largest_of_lanes<half / 2>(largest);
  else
    return largest[0];
}

} // namespace
} // namespace glissade
