// What codecs are written with: the bits of a float, and the loop over a block.
#pragma once
#include "codec.hpp"

namespace glissade {
namespace {

// A codec is plain loops over the bits, in integers, which the compiler vectorises: so every instruction set gives the
// same bits, and none is asked for a conversion of its own. (x86's to bf16 takes subnormals for 0; a _Float16 may call
// the compiler's library.)
using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;

inline u32 bits_of(float x) { return __builtin_bit_cast(u32, x); }
inline float float_of(u32 bits) { return __builtin_bit_cast(float, bits); }

inline constexpr u32 sign_bit = 0x80000000, infinity = 0x7F800000, nan = 0x7FC00000;

inline u32 magnitude(u32 bits) { return bits & ~sign_bit; }
inline bool is_nan(u32 bits) { return magnitude(bits) > infinity; }
inline bool is_finite(u32 bits) { return magnitude(bits) < infinity; }

// which ? a : b, with no branch that a compiler could move the computation of one into, and then not vectorise.
inline u32 choose(bool which, u32 a, u32 b) {
  const u32 mask = 0 - static_cast<u32>(which);
  return (a & mask) | (b & ~mask);
}

// Calls work(j) for every element j of a block. For each line of memory that the block has at `data`, asks for the one
// two blocks later.
template <class Element, class Work>
inline void over_block(const Element *data, const Work &work) {
  constexpr std::size_t line = 64 / sizeof(Element), ahead = 2 * block_size * sizeof(Element);
  for (std::size_t begin = 0; begin < block_size; begin += line) {
    __builtin_prefetch(
        reinterpret_cast<const void *>(reinterpret_cast<std::uintptr_t>(data + begin) + ahead));
    for (std::size_t j = 0; j < line; ++j)
      work(begin + j);
  }
}

} // namespace
} // namespace glissade
