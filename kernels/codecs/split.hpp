// Split: a float32 as a bf16 that a model can compute with, and the 16 bits that it lacks; exact, but for NaNs.
#pragma once
#include "block.hpp"

namespace glissade {
namespace {

// The bf16 is the nearest, in the middle the larger in magnitude: of the nearest even one the sign of the remainder
// would be lost.
struct split {
  static void decode(const void *__restrict data, const void *__restrict extra, float *__restrict to) {
    const auto high = static_cast<const u16 *>(data);
    const auto low = static_cast<const u16 *>(extra);
    over_block(high, [=](std::size_t j) {
      const auto remainder = static_cast<u32>(static_cast<std::int16_t>(low[j]));
      to[j] = float_of((u32(high[j]) << 16) + remainder);
    });
  }
  static void encode(const float *__restrict from, random_bits, void *__restrict data,
                     void *__restrict extra) {
    const auto high = static_cast<u16 *>(data);
    const auto low = static_cast<u16 *>(extra);
    over_block(low, [=](std::size_t j) {
      const u32 given = bits_of(from[j]), x = choose(is_nan(given), nan, given);
      high[j] = static_cast<u16>((x + 0x8000) >> 16);
      low[j] = static_cast<u16>(x);
    });
  }
};

} // namespace
} // namespace glissade
