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

// The lanes added in pairs. A loop of a known length, so that the compiler takes registers. `isa` makes a copy for each
// instruction set; src/ has its own.
template <class isa = void, std::size_t half = lanes / 2>
[[gnu::always_inline]] inline double sum_of_lanes(double *sums) {
  for (std::size_t k = 0; k < half; ++k)
    sums[k] += sums[k + half];
  if constexpr (half > 1)
    return sum_of_lanes<isa, half / 2>(sums);
  else
    return sums[0];
}

} // namespace glissade
