// The norm of all gradients of a list, with the same bits for any number of threads.
#pragma once
#include "list.hpp"
#include "parallel.hpp"
#include "storage.hpp"

namespace glissade {

// The sum of all squares, infinite or NaN where an element is, and the largest magnitude.
struct norm_sums {
  double squares, largest;
};

struct gradient {
  std::size_t n;
  glissade_array array;
};

// What a kernel sums in one go. The division into blocks and slots depends on nothing but the
// sizes of the tensors.
inline constexpr std::size_t block_lines = 16384 / line;

// The squares of n elements from number `begin` on, added in pairs of lanes to lane 0.
inline squares squares_of(const table &kernels, const glissade_array &array, std::size_t begin,
                          std::size_t n) {
  squares all;
  if (array.type == GLISSADE_FLOAT32) {
    kernels.add_squares(static_cast<const float *>(array.data) + begin, n, all);
  } else {
    alignas(64) float floats[block_size];
    for (std::size_t i = 0; i < n; i += block_size) {
      const std::size_t count = n - i < block_size ? n - i : block_size;
      decode(kernels, from_element(array, begin + i), count, floats);
      kernels.add_squares(floats, count, all);
    }
  }
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) {
      all.sums[k] += all.sums[k + half];
      if (!(all.largest[k] > all.largest[k + half])) all.largest[k] = all.largest[k + half];
    }
  return all;
}

// Each slot holds the sum of some consecutive blocks, each block the sum of consecutive elements; the slots
// are added in order. So only who computes a slot depends on the threads. list(i) is a gradient.
template <class List>
norm_sums norm_of(const table &kernels, int threads, const default_float_mode &here, std::size_t count,
                  const List &list) {
  const auto blocks_of = [](std::size_t n) {
    return lines_of(n) / block_lines + (lines_of(n) % block_lines != 0);
  };
  std::size_t blocks = 0, floats = 0;
  for (std::size_t i = 0; i < count; ++i) {
    blocks += blocks_of(list(i).n);
    floats += list(i).n;
  }
  constexpr std::size_t most_slots = 1024;
  double sums[most_slots];
  float largest[most_slots];
  const std::size_t slots = blocks < most_slots ? blocks : most_slots;
  parallel(floats, threads, here, [&](std::size_t chunk, std::size_t chunks) {
    std::size_t i = 0, start = 0; // the tensor of the current block, and its first block
    for (std::size_t slot = cut(slots, chunk, chunks); slot < cut(slots, chunk + 1, chunks); ++slot) {
      sums[slot] = 0;
      largest[slot] = 0;
      for (std::size_t block = cut(blocks, slot, slots); block < cut(blocks, slot + 1, slots); ++block) {
        while (block >= start + blocks_of(list(i).n))
          start += blocks_of(list(i++).n);
        const gradient g = list(i);
        const std::size_t begin = (block - start) * block_lines * line, rest = g.n - begin;
        const squares of_block =
            squares_of(kernels, g.array, begin, rest < block_lines * line ? rest : block_lines * line);
        sums[slot] += of_block.sums[0];
        if (of_block.largest[0] > largest[slot]) largest[slot] = of_block.largest[0];
      }
    }
  });
  norm_sums all = {0, 0};
  for (std::size_t slot = 0; slot < slots; ++slot) {
    all.squares += sums[slot];
    if (largest[slot] > all.largest) all.largest = largest[slot];
  }
  return all;
}

} // namespace glissade
