// One array cut among threads as the library cuts it, for the loops that it is compared with.
#pragma once
#include "list.hpp"
#include "parallel.hpp"
#include <algorithm>

namespace perf {

// Calls work(begin, end) for each piece of n elements: whole cache lines, on the threads that a step would
// use.
template <class Work>
void over_chunks(std::size_t n, int threads, const Work &work) {
  using glissade::cut, glissade::line;
  const std::size_t lines = glissade::lines_of(n);
  glissade::parallel(n, threads, [&](std::size_t piece, std::size_t pieces) {
    work(cut(lines, piece, pieces) * line, std::min(cut(lines, piece + 1, pieces) * line, n));
  });
}

} // namespace perf
