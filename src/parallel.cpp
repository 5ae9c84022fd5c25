// How many threads a task is given, and whether this thread can start others: with GCC's OpenMP runtime it
// cannot in the child of a fork.
#include "parallel.hpp"
#include <algorithm>
#ifdef _OPENMP
#  include <omp.h>
#  ifndef __clang__
#    include <pthread.h>
#  endif
#endif

namespace glissade {

#ifdef _OPENMP
namespace {

// GCC's runtime keeps the threads of a team for the next one that the same thread starts. They are not copied
// by a fork, and in the child the runtime waits for them for ever. LLVM's takes care of it by itself.
#  ifndef __clang__
enum class team { none, kept, lost };
constinit thread_local team of_this_thread = team::none;

void in_child() {
  if (of_this_thread == team::kept) of_this_thread = team::lost;
}
void watch_forks() { pthread_atfork(nullptr, nullptr, in_child); }
pthread_once_t watching = PTHREAD_ONCE_INIT;

bool can_start_team() {
  if (of_this_thread == team::none) {
    pthread_once(&watching, watch_forks);
    of_this_thread = team::kept;
  }
  return of_this_thread == team::kept;
}
#  else
bool can_start_team() { return true; }
#  endif

} // namespace
#endif

void share(std::size_t n, int threads, task work) {
#ifdef _OPENMP
  const std::size_t useful = n / worth_a_thread;
  if (useful > 1) {
    // The runtime ends the program if it cannot create a thread, so a k beyond reason is not passed on.
    const int most = std::max(omp_get_max_threads(), omp_get_num_procs());
    const int allowed = threads ? std::min(threads, most) : omp_get_max_threads();
    const int team = useful < static_cast<std::size_t>(allowed) ? static_cast<int>(useful) : allowed;
    if (team > 1 && can_start_team()) {
#  pragma omp parallel num_threads(team) // OpenMP may give fewer than asked for
      {
        const default_float_mode on_this_thread;
        work(static_cast<std::size_t>(omp_get_thread_num()), static_cast<std::size_t>(omp_get_num_threads()));
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
