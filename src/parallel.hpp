// Spreads a task over threads: with parallel.cpp the only file that knows that threads exist.
#pragma once
#include "float_mode.hpp"
#include <algorithm>
#include <cstddef>
#ifdef _OPENMP
#  include <omp.h>
#endif

namespace glissade {

// Fewer elements than this are not worth waking a thread for: it takes about as long as computing them.
inline constexpr std::size_t worth_a_thread = 16384;

// Where chunk number `chunk` of `chunks` begins when n things are cut: the chunks are equal within one.
inline std::size_t cut(std::size_t n, std::size_t chunk, std::size_t chunks) {
  const std::size_t rest = n % chunks;
  return n / chunks * chunk + (chunk < rest ? chunk : rest);
}

// Called before this thread starts a team; false if it must compute alone.
bool can_start_team() noexcept;

// Calls work(chunk, chunks) for every chunk of a task on n floats, each on a thread of its own; `threads` as
// in glissade.h. The floating-point mode of the calling thread is the caller's business.
template <class Work>
void parallel(std::size_t n, int threads, const Work &work) {
#ifdef _OPENMP
  const std::size_t useful = n / worth_a_thread;
  if (threads != 1 && useful > 1) {
    // The runtime ends the program if it cannot create a thread, so a k beyond reason is not passed on.
    const int most = std::max(omp_get_max_threads(), omp_get_num_procs());
    const int allowed = threads ? std::min(threads, most) : omp_get_max_threads();
    const int team = useful < static_cast<std::size_t>(allowed) ? static_cast<int>(useful) : allowed;
    if (team > 1 && can_start_team()) {
      // Threads are shown a copy, so that without a team the compiler can keep the work in registers.
      const Work copy = work;
#  pragma omp parallel num_threads(team) // OpenMP may give fewer than asked for
      {
        const default_float_mode on_this_thread;
        copy(static_cast<std::size_t>(omp_get_thread_num()), static_cast<std::size_t>(omp_get_num_threads()));
      }
      return;
    }
  }
#else
  static_cast<void>(n);
  static_cast<void>(threads);
#endif
  work(0, 1);
}

} // namespace glissade
