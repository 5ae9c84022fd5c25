// Moves an array towards another by a part of their distance, or away from it.
#pragma once
#include "vec.hpp"

namespace glissade {
namespace {

template <class isa>
void approach(float *array, const float *towards, float part, std::size_t n) {
  using V = vec<isa>;
  const auto moved = [=](V x, V to) { return fma(V(part), to - x, x); };
  std::size_t i = 0;
  for (; i + V::width <= n; i += V::width)
    moved(V::load(array + i), V::load(towards + i)).store(array + i);
  if constexpr (V::width > 1)
    if (i < n) {
      const V x(isa::load_first(n - i, array + i)), to(isa::load_first(n - i, towards + i));
      isa::store_first(n - i, moved(x, to).r, array + i);
    }
}

} // namespace
} // namespace glissade
