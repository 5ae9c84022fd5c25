// Split: a float32 as a bf16 that a model can compute with, and the 16 bits that it lacks; exact, but for NaNs.
#pragma once
#include "block.hpp"

namespace glissade {
namespace {

// The bf16 is the nearest, in the middle the larger in magnitude: of the nearest even one the sign of the remainder
// would be lost.
template <class isa>
struct split {
  using in = integers<isa>;
  using words = typename in::words;

  static void decode(const void *data, const void *extra, std::size_t blocks, float *to) {
    const auto high = static_cast<const u16 *>(data);
    const auto low = static_cast<const std::int16_t *>(extra);
    for (std::size_t j = 0; j < blocks * block_size; j += in::width)
      in::store(to + j, (in::widened(high + j) << 16) + in::widened(low + j));
  }
  static void encode(const float *from, random_bits, std::size_t blocks, void *data, void *extra) {
    const auto high = static_cast<u16 *>(data), low = static_cast<u16 *>(extra);
    const auto bits = [](const float *at) {
      const words x = in::load(at);
      return in::choose(in::magnitude(x) > infinity, in::all(nan), x);
    };
    for (std::size_t j = 0; j < blocks * block_size; j += 2 * in::width) {
      const words a = bits(from + j), b = bits(from + j + in::width);
      in::prefetch(low, j);
      in::store(high + j, in::in_order(in::packed((a + 0x8000) >> 16, (b + 0x8000) >> 16)));
      in::store(low + j, in::in_order(in::packed(a & 0xFFFF, b & 0xFFFF)));
    }
  }
};

} // namespace
} // namespace glissade
