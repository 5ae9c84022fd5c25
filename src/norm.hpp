// Sums over the elements of a list, the norm of its gradients first of all, with the same bits for any number of threads.
#pragma once
#include "list.hpp"
#include "parallel.hpp"
#include "storage.hpp"

namespace glissade {

// What a block sums in one go. The division into blocks and slots depends on nothing but the sizes of the tensors.
inline constexpr std::size_t block_lines = 16384 / line;

// Adds what sums_of(i, begin, n) returns for every block of every tensor, of which there are `count`, of length(i) elements.
// Each slot holds the sum of some consecutive blocks, and the slots are added in order. So only who computes a slot depends
// on the threads.
template <class Sums, class Length, class SumsOf>
Sums added(int threads, const default_float_mode &here, std::size_t count, const Length &length,
           const SumsOf &sums_of) {
  const auto blocks_of = [](std::size_t n) {
    return lines_of(n) / block_lines + (lines_of(n) % block_lines != 0);
  };
  std::size_t blocks = 0, floats = 0;
  for (std::size_t i = 0; i < count; ++i) {
    blocks += blocks_of(length(i));
    floats += length(i);
  }
  constexpr std::size_t most_slots = 1024;
  Sums of_slots[most_slots];
  const std::size_t slots = blocks < most_slots ? blocks : most_slots;
  parallel(floats, threads, here, [&](std::size_t chunk, std::size_t chunks) {
    std::size_t i = 0, start = 0; // the tensor of the current block, and its first block
    for (std::size_t slot = cut(slots, chunk, chunks); slot < cut(slots, chunk + 1, chunks); ++slot) {
      Sums all = {};
      for (std::size_t block = cut(blocks, slot, slots); block < cut(blocks, slot + 1, slots); ++block) {
        while (block >= start + blocks_of(length(i)))
          start += blocks_of(length(i++));
        const std::size_t begin = (block - start) * block_lines * line, rest = length(i) - begin;
        all.add(sums_of(i, begin, rest < block_lines * line ? rest : block_lines * line));
      }
      of_slots[slot] = all;
    }
  });
  Sums all = {};
  for (std::size_t slot = 0; slot < slots; ++slot)
    all.add(of_slots[slot]);
  return all;
}

// The sum of all squares, infinite or NaN where an element is, and the largest magnitude.
struct norm_sums {
  double squares;
  float largest;

  void add(const norm_sums &more) {
    squares += more.squares;
    if (more.largest > largest) largest = more.largest;
  }
};

template <std::size_t half = lanes / 2>
float largest_of_lanes(float *largest) {
  for (std::size_t k = 0; k < half; ++k)
    largest[k] = largest[k] > largest[k + half] ? largest[k] : largest[k + half];
  if constexpr (half > 1)
    return largest_of_lanes<half / 2>(largest);
  else
    return largest[0];
}
inline norm_sums of_lanes(squares &all) { return {sum_of_lanes(all.sums), largest_of_lanes(all.largest)}; }

// Of n elements from number `begin` on.
inline norm_sums squares_of(const table &kernels, const glissade_array &array, std::size_t begin,
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
  return of_lanes(all);
}

struct gradient {
  std::size_t n;
  glissade_array array;
};

// list(i) is a gradient.
template <class List>
norm_sums norm_of(const table &kernels, int threads, const default_float_mode &here, std::size_t count,
                  const List &list) {
  return added<norm_sums>(
      threads, here, count, [&](std::size_t i) { return list(i).n; },
      [&](std::size_t i, std::size_t begin, std::size_t n) {
        return squares_of(kernels, list(i).array, begin, n);
      });
}

} // namespace glissade
