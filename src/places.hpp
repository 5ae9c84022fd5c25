// Where arrays may lie, and how many lines of memory they take.
#pragma once
#include "table.hpp"
#include <cstddef>
#include <cstdint>

namespace glissade {

// Threads are given whole lines of a tensor.
inline std::size_t lines_of(std::size_t n) { return n / line + (n % line != 0); }

inline bool fits_in_memory(std::size_t n) { return n <= PTRDIFF_MAX / sizeof(float); }

// The following answers are numbers and not bools, to be combined without branches: compilers warn of & between bools.

// May so many bytes, at least one, from `at` on be floats?
inline unsigned may_be_floats(std::uintptr_t at, std::uintptr_t bytes) {
  return (at % sizeof(float) == 0) & (at - 1 < UINTPTR_MAX - bytes);
}

// Does a begin from `of_b` bytes after b to `of_a` before it, all around? Both sizes are below half of the memory.
inline unsigned are_apart(std::uintptr_t a, std::uintptr_t of_a, std::uintptr_t b, std::uintptr_t of_b) {
  return a - b - of_b <= 0 - of_a - of_b;
}

} // namespace glissade
