// What codecs are written with: registers of integers, made of the bits of floats, and the loop over blocks.
#pragma once
#include "codec.hpp"
#include <cstring>
#include <utility>

namespace glissade {
namespace {

// A codec computes in integers, so every instruction set gives the same bits, and none is asked for a conversion of its
// own. (x86's to bf16 takes subnormals for 0; a _Float16 may call the compiler's library.)
using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;

inline constexpr u32 sign_bit = 0x80000000, infinity = 0x7F800000, nan = 0x7FC00000;

template <class T, std::size_t size>
struct vector {
  using type [[gnu::vector_size(size)]] = T;
};

// Registers of the vector extensions of GCC and Clang: as long as the floats' or, for `scalar`, as every CPU has them.
// An instruction set may bring words of its own for what these have no good code for.
template <class isa>
struct integers {
  static constexpr std::size_t size = sizeof(typename isa::reg) < 16 ? 16 : sizeof(typename isa::reg),
                               width = size / 4;
  using words = typename vector<u32, size>::type;
  using signed_words = typename vector<std::int32_t, size>::type;
  using floats = typename vector<float, size>::type;
  using halves = typename vector<u16, size>::type;
  using bytes = typename vector<u8, size>::type;

  template <class V = words>
  static V load(const void *from) {
    V v;
    std::memcpy(&v, from, sizeof v);
    return v;
  }
  template <class V>
  static void store(void *to, V v) {
    std::memcpy(to, &v, sizeof v);
  }

  // At the first element of a line, prefetches the line three blocks on, a stage before it is decoded. Encoders do so for
  // what they write: they take longer than decoders, and memory serves only a few lines at a time. Inlined as in pass.hpp.
  template <class T>
  [[gnu::always_inline]] static void prefetch(const T *array, std::size_t j) {
    constexpr std::size_t line = 64, ahead = 3 * block_size;
    if (j * sizeof(T) % line == 0)
      __builtin_prefetch(
          reinterpret_cast<const void *>(reinterpret_cast<std::uintptr_t>(array + j) + ahead * sizeof(T)));
  }

  // `width` elements of 8 or 16 bits, signed or not.
  template <class T>
  static words widened(const T *from) {
    if constexpr (requires { isa::widened_to_32(from); }) {
      return reinterpret_cast<words>(isa::widened_to_32(from));
    } else {
      words w;
      for (std::size_t i = 0; i < width; ++i)
        w[i] = static_cast<u32>(load<T>(from + i));
      return w;
    }
  }

  // The lower halves of the elements of two registers in one, if the upper are 0; in an order that in_order mends, after
  // one packing of words or two.
  static halves packed(words a, words b) {
    if constexpr (requires { isa::packed(a, b); })
      return reinterpret_cast<halves>(isa::packed(a, b));
    else
      return every_second(reinterpret_cast<halves>(a), reinterpret_cast<halves>(b),
                          std::make_index_sequence<size / 2>());
  }
  static bytes packed(halves a, halves b) {
    if constexpr (requires { isa::packed(a, b); })
      return reinterpret_cast<bytes>(isa::packed(a, b));
    else
      return every_second(reinterpret_cast<bytes>(a), reinterpret_cast<bytes>(b),
                          std::make_index_sequence<size>());
  }
  template <class V>
  static V in_order(V packed) {
    if constexpr (requires { isa::in_order(packed); })
      return reinterpret_cast<V>(isa::in_order(packed));
    else
      return packed;
  }

  static words magnitude(words bits) { return bits & ~sign_bit; }
  static words choose(signed_words which, words a, words b) { return which ? a : b; }
  static words all(u32 x) { return words{} + x; }
  // Where there are instructions that pack, there are some for unsigned minima and maxima, which GCC makes of the first
  // form; where there are none, it would compute that form element by element.
  template <class V>
  static V larger(V a, V b) {
    if constexpr (requires { isa::packed(a, b); })
      return a > b ? a : b;
    else
      return (a & reinterpret_cast<V>(a > b)) | (b & ~reinterpret_cast<V>(a > b));
  }
  template <class V>
  static V smaller(V a, V b) {
    if constexpr (requires { isa::packed(a, b); })
      return a < b ? a : b;
    else
      return (a & reinterpret_cast<V>(a < b)) | (b & ~reinterpret_cast<V>(a < b));
  }
  // The combination of the elements of a register, in each of them at the end.
  template <class Combine, std::size_t by = width / 2>
  static words over_all(words x, const Combine &combine) {
    if constexpr (by == 0)
      return x;
    else
      return over_all<Combine, by / 2>(combine(x, rotated<by>(x, std::make_index_sequence<width>())),
                                       combine);
  }

  // 0, apart, 2 * apart, ...
  static words multiples(u32 apart) {
    words w;
    for (u32 i = 0; i < width; ++i)
      w[i] = i * apart;
    return w;
  }

  // Encodes each element in the 16 bits that half_of makes of it.
  template <class HalfOf>
  static void encode_halves(const float *from, std::size_t blocks, void *data, const HalfOf &half_of) {
    const auto to = static_cast<u16 *>(data);
    for (std::size_t j = 0; j < blocks * block_size; j += 2 * width) {
      const words low = half_of(load(from + j)), high = half_of(load(from + j + width));
      prefetch(to, j);
      store(to + j, in_order(packed(low, high)));
    }
  }

private:
  template <std::size_t by, std::size_t... i>
  static words rotated(words x, std::index_sequence<i...>) {
    return shuffled<(i + by) % width...>(x, x);
  }
  template <class V, std::size_t... i>
  static V every_second(V a, V b, std::index_sequence<i...>) {
    constexpr std::size_t first = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    return shuffled<2 * i + first...>(a, b);
  }
  template <std::size_t... i, class V>
  static V shuffled(V a, V b) {
#ifdef __clang__
    return __builtin_shufflevector(a, b, i...);
#else
    return __builtin_shuffle(a, b, V{i...});
#endif
  }
};

} // namespace
} // namespace glissade
