// Q8: a byte for each element, a float of 3 bits of mantissa whose exponent begins at the scale of its block.
#pragma once
#include "block.hpp"

namespace glissade {
namespace {

// A code is the bits of a float from the third of its mantissa upwards, less 8 times the scale: 16 binades and the sign, or
// 32 binades. The largest code stands for what is not finite. No element but 0 becomes the unsigned 0: a step that divides
// by the root of an average must not meet a lost one.
template <class isa, bool is_signed>
struct q8 {
  using in = integers<isa>;
  using words = typename in::words;
  using halves = typename in::halves;
  using bytes = typename in::bytes;
  static constexpr u32 binades = is_signed ? 16 : 32, codes = 8 * binades, not_finite = codes - 1;

  // The top of the binades is so high that `largest` is at most code not_finite - 1, 1.75 times their last power of 2.
  static u32 scale_of(u32 largest) {
    const u32 top = (largest + 0x1FFFFF) >> 23, scale = top < binades - 1 ? 0 : top - (binades - 1);
    return scale < 255 - binades ? scale : 255 - binades;
  }
  // Beyond these bits some element may not be finite, be larger than the largest code or, of unsigned ones, negative.
  static constexpr u32 ordinary = 0x7F600000;

  template <class Bits>
  static u32 largest(const float *from, const Bits &bits_of) {
    words most[4] = {};
    for (std::size_t j = 0; j < block_size; j += 4 * in::width)
      for (std::size_t k = 0; k < 4; ++k)
        most[k] = in::larger(most[k], bits_of(in::load(from + j + k * in::width)));
    const words all = in::larger(in::larger(most[0], most[1]), in::larger(most[2], most[3]));
    return in::over_all(all, in::template larger<words>)[0];
  }

  template <bool all_finite>
  static void decode_scaled(const u8 *from, u32 scale, float *to) {
    for (std::size_t j = 0; j < block_size; j += in::width) {
      // The byte widened with its sign, so that this stays the sign of the float.
      const words wide = is_signed ? in::widened(reinterpret_cast<const std::int8_t *>(from) + j) << 20
                                   : in::widened(from + j) << 20;
      const words code = wide & (not_finite << 20);
      words x = in::choose(code != 0, (wide & (is_signed ? 0x87F00000 : 0x0FF00000)) + scale, words{});
      if constexpr (!all_finite) x |= in::choose(code == not_finite << 20, in::all(nan), words{});
      in::store(to + j, x);
    }
  }
  static void decode(const void *data, const void *extra, std::size_t blocks, float *to) {
    auto from = static_cast<const u8 *>(data), scales = static_cast<const u8 *>(extra);
    for (; blocks-- > 0; from += block_size, to += block_size) {
      bytes lost = {};
      for (std::size_t j = 0; j < block_size; j += in::size)
        lost |= reinterpret_cast<bytes>((in::template load<bytes>(from + j) | static_cast<u8>(~not_finite)) ==
                                        0xFF);
      const auto scale = u32(*scales++) << 23;
      const u32 some = in::over_all(reinterpret_cast<words>(lost), [](words a, words b) { return a | b; })[0];
      some ? decode_scaled<false>(from, scale, to) : decode_scaled<true>(from, scale, to);
    }
  }

  template <bool all_ordinary>
  static halves codes_of(words a, words b, words of_a, words of_b, u32 scale) {
    if constexpr (all_ordinary) {
      const halves x = in::packed(of_a, of_b), lowest = halves{} + static_cast<u16>(8 * scale);
      if constexpr (is_signed)
        return (in::larger(x & 0x07FF, lowest) - lowest) | (x >> 4 & 0x80);
      else
        return in::larger(in::larger(x, lowest) - lowest,
                          in::packed(in::smaller(a, in::all(1)), in::smaller(b, in::all(1))));
    } else {
      const auto code = [scale](words given, words x) {
        const words size = in::magnitude(given), lowest = in::all(8 * scale);
        if constexpr (is_signed) x &= 0x07FF;
        x = in::larger(x, lowest) - lowest;
        if constexpr (!is_signed) x = in::larger(x, in::smaller(size, in::all(1)));
        x = in::choose(size < infinity, in::smaller(x, in::all(not_finite - 1)), in::all(not_finite));
        return is_signed ? x | (given >> 24 & 0x80) : x;
      };
      return in::packed(code(a, of_a), code(b, of_b));
    }
  }
  template <bool all_ordinary>
  static void encode_scaled(const float *from, words r, u32 stride, u32 scale, u8 *to) {
    for (std::size_t j = 0; j < block_size; j += 4 * in::width, r += 4 * stride) {
      halves two[2];
      for (u32 k = 0; k < 2; ++k) {
        const auto rounded = [=](words x, words random) {
          if (!is_signed && !all_ordinary) x = in::magnitude(x);
          return (x + (is_signed ? random & 0xFFFFF : random >> 12)) >> 20;
        };
        const auto at = from + j + 2 * k * in::width;
        const words a = in::load(at), b = in::load(at + in::width), random = r + 2 * k * stride;
        two[k] = codes_of<all_ordinary>(a, b, rounded(a, random), rounded(b, random + stride), scale);
      }
      in::prefetch(to, j);
      in::store(to + j, in::in_order(in::packed(two[0], two[1])));
    }
  }
  static void encode(const float *from, random_bits random, std::size_t blocks, void *data, void *extra) {
    auto to = static_cast<u8 *>(data), scales = static_cast<u8 *>(extra);
    const u32 stride = static_cast<u32>(in::width) * random.apart;
    const words apart = in::multiples(random.apart);
    for (; blocks-- > 0; to += block_size, from += block_size) {
      const words r = apart + random.first(random.block++);
      const u32 most = largest(from, [](words x) { return is_signed ? in::magnitude(x) : x; });
      if (most < ordinary) {
        *scales = static_cast<u8>(scale_of(most));
        encode_scaled<true>(from, r, stride, *scales, to);
      } else {
        const auto of_finite = [](words x) {
          return in::choose(in::magnitude(x) < infinity, in::magnitude(x), words{});
        };
        *scales = static_cast<u8>(scale_of(largest(from, of_finite)));
        encode_scaled<false>(from, r, stride, *scales, to);
      }
      ++scales;
    }
  }
};

template <class isa>
using q8_signed = q8<isa, true>;
template <class isa>
using q8_unsigned = q8<isa, false>;

} // namespace
} // namespace glissade
