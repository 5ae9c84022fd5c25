// fp16: IEEE 754's binary16, rounded to the nearest, in the middle to even; any NaN becomes 0x7E00.
#pragma once
#include "block.hpp"

namespace glissade {
namespace {

template <class isa>
struct fp16 {
  using in = integers<isa>;
  using words = typename in::words;
  using floats = typename in::floats;

  // Its exponent is 112 less than that of a float32; below its smallest normal number, 2^-14, its step is 2^-24.
  static constexpr u32 rebias = 112u << 23, smallest_normal = 113u << 23, too_large = 0x477FF000;
  static constexpr u32 half = 0x3F000000; // the bits of .5f, in whose binade a float32 has the step 2^-24

  static words float_of(words half_bits) {
    const words sign = (half_bits & 0x8000) << 16, x = half_bits & 0x7FFF;
    const floats small =
        __builtin_convertvector(reinterpret_cast<typename in::signed_words>(x), floats) * 0x1p-24f;
    const words special = in::choose(x > 0x7C00, in::all(nan), in::all(infinity));
    const words not_small = in::choose(x < 0x7C00, (x << 13) + rebias, special);
    return sign | in::choose(x < 0x0400, reinterpret_cast<words>(small), not_small);
  }
  static void decode(const void *data, const void *, std::size_t blocks, float *to) {
    const auto from = static_cast<const u16 *>(data);
    for (std::size_t j = 0; j < blocks * block_size; j += in::width)
      in::store(to + j, float_of(in::widened(from + j)));
  }

  static words half_of(words bits) {
    const words sign = bits >> 16 & 0x8000, x = in::magnitude(bits);
    const words small = reinterpret_cast<words>(reinterpret_cast<floats>(x) + .5f) - half;
    const words normal = (x - rebias + 0xFFF + (x >> 13 & 1)) >> 13;
    const words rounded =
        in::choose(x < smallest_normal, small, in::choose(x < too_large, normal, in::all(0x7C00)));
    return in::choose(x > infinity, in::all(0x7E00), sign | rounded);
  }
  static void encode(const float *from, random_bits, std::size_t blocks, void *data, void *) {
    in::encode_halves(from, blocks, data, half_of);
  }
};

} // namespace
} // namespace glissade
