// Prefetching of rows that lie anywhere, so that no CPU foresees the next.
#pragma once
#include <cstddef>
#include <cstdint>

namespace glissade {

// How many rows of this width ahead: 1,024 floats of each array, and of narrow rows three times as many, with which SGD took
// two thirds of its time on rows of 16, all else as long. Rows of 64 lost 1 % by that.
constexpr std::size_t rows_ahead(std::size_t width) { return (width < 32 ? 3072 : 1024) / width + 1; }

// The lines of a row of so many floats, of a wide one the first: the rest follows them. Inlined in any case, as in
// kernels/pass.hpp.
[[gnu::always_inline]] inline void prefetch_row(std::uintptr_t begin, std::size_t width) {
  constexpr std::size_t most = 384, line_bytes = 64;
  const std::uintptr_t end = begin + (width < most ? width : most) * sizeof(float);
  for (std::uintptr_t at = begin / line_bytes * line_bytes; at < end; at += line_bytes)
    __builtin_prefetch(reinterpret_cast<const void *>(at));
}

} // namespace glissade
