// The sum of the squares of an array and its largest magnitude, in an order that no instruction set changes.
#pragma once
#include "table.hpp"
#include "vec.hpp"
#include <cstdint>

namespace glissade {
namespace {

// They are doubles: the square of a float is exact in one, so whether a product is fused with the sum makes no difference.
template <class isa>
struct norm_lanes {
  using wide = typename isa::wide;
  using reg = typename isa::reg;
  static constexpr std::size_t width = sizeof(reg) / sizeof(float),
                               wide_width = sizeof(wide) / sizeof(double);

  wide sums[lanes / wide_width];
  reg largest[lanes / width];

  norm_lanes() { // for the sums alone
    for (wide &sum : sums)
      sum = wide(0.);
  }
  explicit norm_lanes(const squares &from) {
    load(from.sums, sums);
    load(from.largest, largest);
  }
  template <std::size_t first_lanes = lanes>
  void add_to_sums(const float *x) {
    for (std::size_t r = 0; r < first_lanes / wide_width; ++r)
      sums[r] = isa::add_square(sums[r], isa::widened(x + r * wide_width));
  }
  void add(const float *x) {
    add_to_sums(x);
    for (std::size_t r = 0; r < lanes / width; ++r)
      largest[r] = larger(vec<isa>::load(x + r * width), largest[r]);
  }
  // The larger magnitude of the two; any where one is a NaN.
  static reg larger(vec<isa> a, reg b) {
    if constexpr (requires { isa::larger_magnitude(a.r, b); })
      return isa::larger_magnitude(a.r, b);
    else if constexpr (width == 1)
      return abs(a).r > b ? abs(a).r : b;
    else
      return max(abs(a).r, b);
  }
  template <class Reg, class Float>
  static void load(const Float *from, Reg (&to)[lanes * sizeof(Float) / sizeof(Reg)]) {
    for (Reg &r : to) {
      if constexpr (sizeof(Reg) == sizeof(Float))
        r = *from;
      else
        r = Reg::load_unaligned(from);
      from += sizeof(Reg) / sizeof(Float);
    }
  }
  template <class Reg, class Float>
  static void store(const Reg (&from)[lanes * sizeof(Float) / sizeof(Reg)], Float *to) {
    for (const Reg &r : from) {
      if constexpr (sizeof(Reg) == sizeof(Float))
        *to = r;
      else
        r.store_unaligned(to);
      to += sizeof(Reg) / sizeof(Float);
    }
  }
};

template <class isa, bool on_intel>
void add_squares(const float *x, std::size_t n, squares &to) {
  norm_lanes<isa> all(to);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    // The two lines of memory that some later turn needs, also past the end, where more of the same array may follow. On
    // Intel's CPUs into the second cache 4 KiB ahead, from there into the first 1.5 KiB ahead: either alone is slower, by
    // 10 % beyond the last cache, and so are other distances from 768 bytes to 8 KiB. On Zen 5 into the first at once, 8 KiB
    // ahead, is faster by 15 %.
    const auto at = reinterpret_cast<std::uintptr_t>(x + i);
    for (std::uintptr_t within = 0; within < 128; within += 64)
      if constexpr (on_intel) {
        __builtin_prefetch(reinterpret_cast<const void *>(at + 4096 + within), 0, 2);
        __builtin_prefetch(reinterpret_cast<const void *>(at + 1536 + within), 0, 3);
      } else {
        __builtin_prefetch(reinterpret_cast<const void *>(at + 8192 + within), 0, 3);
      }
    all.add(x + i);
  }
  if (i < n) {
    float padded[lanes] = {};
    for (std::size_t k = 0; i < n; ++i, ++k)
      padded[k] = x[i];
    all.add(padded);
  }
  all.store(all.sums, to.sums);
  all.store(all.largest, to.largest);
}

} // namespace
} // namespace glissade
