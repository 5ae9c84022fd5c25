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

// A storage of storages.inc.
struct storage {
  std::size_t bytes, extra;
  bool stochastic;
};
inline constexpr storage storages[] = {
    {4, 0, false}, // number 0, float32, is used in place
#define GLISSADE_STORAGE(name, codec, number, bytes, extra, stochastic) {bytes, extra, stochastic},
#include "glissade/storages.inc"
};
inline constexpr int storage_count = sizeof storages / sizeof *storages;

} // namespace glissade
