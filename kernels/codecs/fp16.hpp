// fp16: IEEE 754's binary16, rounded to the nearest, in the middle to even; any NaN becomes 0x7E00.
#pragma once
#include "block.hpp"

namespace glissade {
namespace {

struct fp16 {
  // Its exponent is 112 less than that of a float32; below its smallest normal number, 2^-14, its step is 2^-24.
  static constexpr u32 rebias = 112u << 23, smallest_normal = 113u << 23, too_large = 0x477FF000;

  static void decode(const void *__restrict data, const void *, float *__restrict to) {
    const auto from = static_cast<const u16 *>(data);
    over_block(from, [=](std::size_t j) {
      const u32 sign = (from[j] & 0x8000u) << 16, x = from[j] & 0x7FFFu;
      const u32 subnormal = bits_of(static_cast<float>(static_cast<std::int32_t>(x)) * 0x1p-24f);
      const u32 normal = (x << 13) + rebias, special = choose(x > 0x7C00, nan, infinity);
      to[j] = float_of(sign | choose(x < 0x0400, subnormal, choose(x < 0x7C00, normal, special)));
    });
  }
  static void encode(const float *__restrict from, random_bits, void *__restrict data, void *) {
    const auto to = static_cast<u16 *>(data);
    over_block(to, [=](std::size_t j) {
      const u32 sign = bits_of(from[j]) >> 16 & 0x8000, x = magnitude(bits_of(from[j]));
      const u32 subnormal = bits_of(float_of(x) + .5f) - bits_of(.5f); // a float32 has the step 2^-24 there
      const u32 normal = (x - rebias + 0xFFF + (x >> 13 & 1)) >> 13;
      const u32 rounded = choose(x < smallest_normal, subnormal, choose(x < too_large, normal, 0x7C00));
      to[j] = static_cast<u16>(choose(is_nan(x), 0x7E00, sign | rounded));
    });
  }
};

} // namespace
} // namespace glissade
