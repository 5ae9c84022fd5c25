// Spreads the elements of a step over threads: the only file that knows that threads exist.
#pragma once
#include <cstddef>
#ifdef _OPENMP
#  include <omp.h>
#endif

namespace glissade {

// Fewer elements than this are not worth waking a thread for: it takes about as long as computing them.
inline constexpr std::size_t worth_a_thread = 16384;

// Where piece `index` of `pieces` begins when n floats are cut: at whole cache lines, the pieces equal within
// one.
inline std::size_t cut(std::size_t n, std::size_t index, std::size_t pieces) {
  if (index == pieces) return n;
  constexpr std::size_t line = 64 / sizeof(float);
  const std::size_t lines = n / line;
  const std::size_t before = lines % pieces < index ? lines % pieces : index;
  return (lines / pieces * index + before) * line;
}

// Calls work(begin, end) for pieces that together are [0, n), each on a thread of its own; `threads` as in
// glissade.h.
template <class Work>
void parallel(std::size_t n, int threads, const Work &work) {
#ifdef _OPENMP
  const std::size_t useful = n / worth_a_thread;
  if (threads != 1 && useful > 1) {
    const int allowed = threads ? threads : omp_get_max_threads();
    const int team = useful < static_cast<std::size_t>(allowed) ? static_cast<int>(useful) : allowed;
    if (team > 1) {
#  pragma omp parallel num_threads(team)
      { // OpenMP may give fewer threads than asked for
        const auto index = static_cast<std::size_t>(omp_get_thread_num());
        const auto pieces = static_cast<std::size_t>(omp_get_num_threads());
        work(cut(n, index, pieces), cut(n, index + 1, pieces));
      }
      return;
    }
  }
#else
  static_cast<void>(threads);
#endif
  work(0, n);
}

} // namespace glissade
