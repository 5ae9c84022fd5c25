// The norm of all gradients of a list, with the same bits for any number of threads.
#pragma once
#include "list.hpp"
#include "parallel.hpp"
#include "table.hpp"
#include <cmath>

namespace glissade {

struct gradient {
  std::size_t n;
  const float *at;
};

// What a kernel sums in one go. The division into blocks and slots depends on nothing but the sizes of the
// tensors.
inline constexpr std::size_t block_lines = 16384 / line;

// Each slot holds the sum of some consecutive blocks, each block the sum of consecutive elements; the slots
// are added in order. So only who computes a slot depends on the threads. list(i) is a gradient.
template <class List>
glissade_norm norm_of(const table &kernels, int threads, std::size_t count, const List &list) {
  const auto blocks_of = [](std::size_t n) {
    return lines_of(n) / block_lines + (lines_of(n) % block_lines != 0);
  };
  std::size_t blocks = 0, floats = 0;
  for (std::size_t i = 0; i < count; ++i) {
    blocks += blocks_of(list(i).n);
    floats += list(i).n;
  }
  constexpr std::size_t most_slots = 1024;
  double sums[most_slots], largest[most_slots];
  const std::size_t slots = std::min(blocks, most_slots);
  parallel(floats, threads, [&](std::size_t chunk, std::size_t chunks) {
    std::size_t i = 0, start = 0; // the tensor of the current block, and its first block
    for (std::size_t slot = cut(slots, chunk, chunks); slot < cut(slots, chunk + 1, chunks); ++slot) {
      sums[slot] = largest[slot] = 0;
      for (std::size_t block = cut(blocks, slot, slots); block < cut(blocks, slot + 1, slots); ++block) {
        while (block >= start + blocks_of(list(i).n))
          start += blocks_of(list(i++).n);
        const gradient g = list(i);
        const std::size_t begin = (block - start) * block_lines * line;
        double most;
        sums[slot] += kernels.sum_of_squares(g.at + begin, std::min(block_lines * line, g.n - begin), &most);
        largest[slot] = std::max(largest[slot], most);
      }
    }
  });
  double sum = 0, most = 0;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    sum += sums[slot];
    most = std::max(most, largest[slot]);
  }
  const bool finite = std::isfinite(sum); // squares of finite floats do not overflow a double
  return {std::sqrt(sum), finite ? most : sum, finite};
}

} // namespace glissade
