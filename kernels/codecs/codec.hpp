// What src/ sees of a codec: how a block of a stored array becomes floats, and back.
#pragma once
#include <cstddef>
#include <cstdint>

namespace glissade {

// Stored arrays are decoded and encoded in whole blocks of this many elements.
inline constexpr std::size_t block_size = 256;

// The random bits of a block of an array: element j has first + j * apart.
struct random_bits {
  std::uint32_t first, apart;
};

// `data` and `extra` are where the block begins: its elements, and what the storage keeps beside them.
struct codec {
  void (*decode)(const void *data, const void *extra, float *to);
  void (*encode)(const float *from, random_bits random, void *data, void *extra);
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
