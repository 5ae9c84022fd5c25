// bf16: the upper half of a float32, rounded to the nearest, in the middle to even; any NaN becomes 0x7FC0.
#pragma once
#include "block.hpp"

namespace glissade {
namespace {

template <class isa>
struct bf16 {
  using in = integers<isa>;
  using words = typename in::words;

  static void decode(const void *data, const void *, std::size_t blocks, float *to) {
    const auto from = static_cast<const u16 *>(data);
    for (std::size_t j = 0; j < blocks * block_size; j += in::width)
      in::store(to + j, in::widened(from + j) << 16);
  }

  static words upper_half(words x, words rounded) {
    return in::choose(in::magnitude(x) > infinity, in::all(nan), rounded) >> 16;
  }
  static void encode(const float *from, random_bits, std::size_t blocks, void *data, void *) {
    in::encode_halves(from, blocks, data, [](words x) { return upper_half(x, x + 0x7FFF + (x >> 16 & 1)); });
  }
};

// The same, but rounded up with the probability of what is cut off, so that small changes are kept on average.
template <class isa>
struct bf16_stochastic : bf16<isa> {
  using in = integers<isa>;
  using words = typename in::words;

  static void encode(const float *from, random_bits random, std::size_t blocks, void *data, void *) {
    const auto half_of = [](words x, words r) { // which leaves infinity what it is
      return bf16<isa>::upper_half(x, x + (r & 0xFFFF));
    };
    const u32 stride = static_cast<u32>(in::width) * random.apart;
    const words apart = in::multiples(random.apart);
    for (auto to = static_cast<u16 *>(data); blocks-- > 0; to += block_size, from += block_size) {
      words r = apart + random.first(random.block++);
      for (std::size_t j = 0; j < block_size; j += 2 * in::width, r += 2 * stride) {
        const words low = half_of(in::load(from + j), r),
                    high = half_of(in::load(from + j + in::width), r + stride);
        in::prefetch(to, j);
        in::store(to + j, in::in_order(in::packed(low, high)));
      }
    }
  }
};

} // namespace
} // namespace glissade
