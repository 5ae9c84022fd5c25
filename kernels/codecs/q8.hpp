// Q8: a byte for each element, a float of 3 bits of mantissa whose exponent begins at the scale of its block.
#pragma once
#include "block.hpp"

namespace glissade {
namespace {

// A code is the bits of a float from the third of its mantissa upwards, less 8 times the scale: 16 binades and the sign, or
// 32 binades. The largest code stands for what is not finite. No element but 0 becomes the unsigned 0: a step that divides
// by the root of an average must not meet a lost one.
template <bool is_signed>
struct q8 {
  static constexpr u32 binades = is_signed ? 16 : 32, codes = 8 * binades, not_finite = codes - 1;

  // The top of the binades is so high that `largest` is at most code not_finite - 1, 1.75 times their last power of 2.
  static u32 scale_of(u32 largest) {
    const u32 top = (largest + 0x1FFFFF) >> 23, scale = top < binades - 1 ? 0 : top - (binades - 1);
    return scale < 255 - binades ? scale : 255 - binades;
  }
  // Beyond this magnitude some element may not be finite, or larger than the largest code.
  static constexpr u32 ordinary = 0x7F600000;

  // Not inline: GCC would keep in memory what it computes here, for the loop that follows.
  template <bool of_finite>
  [[gnu::noinline]] static u32 largest(const float *from) {
    u32 most = 0;
    for (std::size_t j = 0; j < block_size; ++j) {
      const u32 x = bits_of(from[j]), size = choose(!of_finite || is_finite(x), magnitude(x), 0);
      most = most > size ? most : size;
    }
    return most;
  }

  static void decode(const void *__restrict data, const void *__restrict extra, float *__restrict to) {
    const auto from = static_cast<const std::int8_t *>(data);
    const u32 scale = u32(*static_cast<const u8 *>(extra)) << 23;
    over_block(from, [=](std::size_t j) {
      // The byte widened with its sign, so that this stays the sign of the float.
      const u32 wide = static_cast<u32>(std::int32_t(from[j])) << 20;
      const u32 kept = wide & (is_signed ? 0x87F00000 : 0x0FF00000), code = wide & (not_finite << 20);
      const u32 x = choose(code != 0, kept + scale, 0);
      to[j] = float_of(x | choose(code == not_finite << 20, nan, 0));
    });
  }

  template <bool all_ordinary>
  static void encode_scaled(const float *__restrict from, random_bits random, u32 scale, u8 *__restrict to) {
    u32 r = random.first;
    const u16 lowest = static_cast<u16>(8 * scale);
#pragma GCC unroll 1 // else whole, at four times the size and no faster
    for (std::size_t j = 0; j < block_size; ++j, r += random.apart) {
      const u32 x = bits_of(from[j]), size = magnitude(x);
      const auto rounded = static_cast<u16>((size + (is_signed ? r & 0xFFFFF : r >> 12)) >> 20);
      u16 code = static_cast<u16>((rounded > lowest ? rounded : lowest) - lowest);
      if (!is_signed) {
        const u16 least = size != 0;
        code = code > least ? code : least;
      }
      if (!all_ordinary) {
        code = code < not_finite - 1 ? code : static_cast<u16>(not_finite - 1);
        code = static_cast<u16>(choose(is_finite(x), code, not_finite));
      }
      to[j] = static_cast<u8>(code | (is_signed ? x >> 24 & 0x80 : 0));
    }
  }
  static void encode(const float *__restrict from, random_bits random, void *__restrict data,
                     void *__restrict extra) {
    const auto to = static_cast<u8 *>(data), scale = static_cast<u8 *>(extra);
    const u32 most = largest<false>(from);
    if (most < ordinary) {
      *scale = static_cast<u8>(scale_of(most));
      encode_scaled<true>(from, random, *scale, to);
    } else {
      *scale = static_cast<u8>(scale_of(largest<true>(from)));
      encode_scaled<false>(from, random, *scale, to);
    }
  }
};

using q8_signed = q8<true>;
using q8_unsigned = q8<false>;

} // namespace
} // namespace glissade
