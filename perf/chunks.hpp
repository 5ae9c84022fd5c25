// One array cut among threads, as a step on it is cut.
#pragma once
#include "list.hpp"
#include "parallel.hpp"

namespace glissade {

// Calls work(begin, end) for each chunk of n elements: whole cache lines, each chunk on a thread of its own.
template <class Work>
void over_chunks(std::size_t n, int threads, const default_float_mode &here, const Work &work) {
  const std::size_t lines = lines_of(n);
  parallel(lines * line, threads, here, [&](std::size_t chunk, std::size_t chunks) {
    const std::size_t end = cut(lines, chunk + 1, chunks) * line;
    work(cut(lines, chunk, chunks) * line, end < n ? end : n);
  });
}

} // namespace glissade
