// One array cut among threads, as a step on it is cut.
#pragma once
#include "list.hpp"
#include "parallel.hpp"
#include <algorithm>

namespace glissade {

// Calls work(begin, end) for each chunk of n elements: whole cache lines, each chunk on a thread of its own.
template <class Work>
void over_chunks(std::size_t n, int threads, const default_float_mode &here, const Work &work) {
  const std::size_t lines = lines_of(n);
  parallel(lines * line, threads, here, [&](std::size_t chunk, std::size_t chunks) {
    work(cut(lines, chunk, chunks) * line, std::min(cut(lines, chunk + 1, chunks) * line, n));
  });
}

} // namespace glissade
