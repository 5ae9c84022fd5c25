// bf16: the upper half of a float32, rounded to the nearest, in the middle to even; any NaN becomes 0x7FC0.
#pragma once
#include "block.hpp"

namespace glissade {
namespace {

struct bf16 {
  static void decode(const void *__restrict data, const void *, float *__restrict to) {
    const auto from = static_cast<const u16 *>(data);
    over_block(from, [=](std::size_t j) { to[j] = float_of(u32(from[j]) << 16); });
  }
  static void encode(const float *__restrict from, random_bits, void *__restrict data, void *) {
    const auto to = static_cast<u16 *>(data);
    over_block(to, [=](std::size_t j) {
      const u32 x = bits_of(from[j]);
      to[j] = static_cast<u16>(choose(is_nan(x), nan, x + 0x7FFF + (x >> 16 & 1)) >> 16);
    });
  }
};

// The same, but rounded up with the probability of what is cut off, so that small changes are kept on average.
struct bf16_stochastic : bf16 {
  static void encode(const float *__restrict from, random_bits random, void *__restrict data, void *) {
    const auto to = static_cast<u16 *>(data);
    u32 r = random.first;
    for (std::size_t j = 0; j < block_size; ++j, r += random.apart) {
      const u32 x = bits_of(from[j]), rounded = x + (r & 0xFFFF); // which leaves infinity what it is
      to[j] = static_cast<u16>(choose(is_nan(x), nan, rounded) >> 16);
    }
  }
};

} // namespace
} // namespace glissade
