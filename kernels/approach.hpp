// Moves an array towards another by a part of their distance, or away from it.
#pragma once
#include "vec.hpp"

namespace glissade {
namespace {

template <class isa>
void approach(float *array, const float *towards, float part, std::size_t n) {
  using V = vec<isa>;
  const auto move = [=](float *to, const float *from) {
    const V x = V::load(to);
    fma(V(part), V::load(from) - x, x).store(to);
  };
  std::size_t i = 0;
  for (; i + V::width <= n; i += V::width)
    move(array + i, towards + i);
  if constexpr (V::width > 1)
    if (i < n) {
      alignas(64) float rest[2][V::width];
      isa::copy_few(rest[0], array + i, n - i);
      isa::copy_few(rest[1], towards + i, n - i);
      move(rest[0], rest[1]);
      isa::copy_few_back(array + i, rest[0], n - i);
    }
}

} // namespace
} // namespace glissade
