// What src/ sees of a codec: how blocks of a stored array become floats, and back.
#pragma once
#include <cstddef>
#include <cstdint>

namespace glissade {

// Stored arrays are decoded and encoded in whole blocks of this many elements.
inline constexpr std::size_t block_size = 256;

// S. Vigna's variant of SplitMix64 (G. Steele, D. Lea, C. Flood, Fast Splittable Pseudorandom Number Generators, 2014).
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// The random bits of an array in a step: in element j of the block of that number, first(number) + j * apart.
struct random_bits {
  std::uint64_t of_step, block;
  std::uint32_t apart;

  std::uint32_t first(std::uint64_t number) const {
    return static_cast<std::uint32_t>(mix(of_step ^ number));
  }
};

// `data` and `extra` are where a block begins: its elements, and what the storage keeps beside them. The random bits
// are those of the first block.
struct codec {
  void (*decode)(const void *data, const void *extra, std::size_t blocks, float *to);
  void (*encode)(const float *from, random_bits random, std::size_t blocks, void *data, void *extra);
};

// What an array is to its tensor.
enum roles : unsigned { PARAM = 1, GRAD = 2, SIGNED = 4, NOT_NEGATIVE = 8, STATE = SIGNED | NOT_NEGATIVE };

// A type of storages.inc.
struct stored_type {
  std::size_t number, bytes, extra_each, extra_block;
  bool stochastic;
  unsigned allowed; // roles

  constexpr bool has_extra() const { return extra_each || extra_block; }
};
inline constexpr stored_type storages[] = {
    {0, 4, 0, 0, false, PARAM | GRAD | STATE}, // float32, which is used in place
#define GLISSADE_STORAGE(name, codec, number, bytes, each, block, stochastic, roles)                         \
  {number, bytes, each, block, stochastic, roles},
#include "glissade/storages.inc"
};
inline constexpr int storage_count = sizeof storages / sizeof *storages;

constexpr bool storages_are_in_order() {
  for (std::size_t i = 0; i < storage_count; ++i)
    if (storages[i].number != i) return false;
  return true;
}
static_assert(storages_are_in_order());

} // namespace glissade
