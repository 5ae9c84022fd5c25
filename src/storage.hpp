// Stored arrays in src/: where their blocks lie, their random bits, one block to floats and back.
#pragma once
#include "glissade/glissade.h"
#include "table.hpp"
#include <cstddef>
#include <cstdint>

namespace glissade {

inline constexpr std::size_t stored_blocks(std::size_t n) { return n / block_size + (n % block_size != 0); }

// Of n elements; n is at most PTRDIFF_MAX / 4.
constexpr std::size_t bytes_of_data(const stored_type &s, std::size_t n) { return n * s.bytes; }
constexpr std::size_t bytes_of_extra(const stored_type &s, std::size_t n) {
  return n * s.extra_each + stored_blocks(n) * s.extra_block;
}

// The array from element i on, a multiple of block_size.
inline glissade_array from_element(const glissade_array &array, std::size_t i) {
  const stored_type &s = storages[array.type];
  const auto data = static_cast<unsigned char *>(array.data),
             extra = static_cast<unsigned char *>(array.extra);
  return {array.type, data + bytes_of_data(s, i), s.has_extra() ? extra + bytes_of_extra(s, i) : nullptr};
}

// The memory of an array of n elements, its data and its extra; or nothing.
struct memory {
  struct piece {
    std::uintptr_t begin = 0;
    std::size_t bytes = 0;

    bool overlaps(const piece &other) const {
      return bytes && other.bytes && begin < other.begin + other.bytes && other.begin < begin + bytes;
    }
  } pieces[2];

  memory() = default;
  memory(const glissade_array &array, std::size_t n)
      : pieces{{reinterpret_cast<std::uintptr_t>(array.data), bytes_of_data(storages[array.type], n)},
               {reinterpret_cast<std::uintptr_t>(array.extra), bytes_of_extra(storages[array.type], n)}} {}

  bool overlaps(const memory &other) const {
    for (const piece &a : pieces)
      for (const piece &b : other.pieces)
        if (a.overlaps(b)) return true;
    return false;
  }
};

// Is it a type, and may an array with this role have it?
inline bool may_be(int type, unsigned role) {
  return type >= 0 && type < storage_count && (storages[type].allowed & role) != 0;
}

// Finds what is wrong with an array of a known type and of n elements, n at least 1 and at most PTRDIFF_MAX / 4.
glissade_status check_stored(const glissade_array &array, std::size_t n, glissade_status if_null);

// What the random bits of a tensor depend on. The first of its elements is number `offset` of the whole.
class random_source {
public:
  random_source(std::uint64_t seed, std::int64_t step, std::uint64_t offset)
      : of_step_(mix(seed ^ mix(static_cast<std::uint64_t>(step)))),
        offset_(offset) {}

  // Those from element i on, a multiple of block_size, for param (a = 0) or a state (a = 1, 2, ...).
  random_bits of(std::size_t i, std::uint32_t a) const {
    return {of_step_, offset_ / block_size + i / block_size, (2 * a + 1) * 0x9E3779B9};
  }

private:
  std::uint64_t of_step_, offset_;
};

// Reads or writes the first n elements of an array.
void decode(const table &kernels, const glissade_array &array, std::size_t n, float *to);
void encode(const table &kernels, const float *from, random_bits random, const glissade_array &array,
            std::size_t n);

} // namespace glissade
