// Whether this thread can start others: with GCC's OpenMP runtime it cannot in the child of a fork.
#include "parallel.hpp"
#if defined(_OPENMP) && !defined(__clang__)
#  include <pthread.h>
#endif

namespace glissade {

// GCC's runtime keeps the threads of a team for the next one that the same thread starts. They are not copied by a
// fork, and in the child the runtime waits for them for ever. LLVM's takes care of it by itself.
#if defined(_OPENMP) && !defined(__clang__)
namespace {

enum class team { none, kept, lost };
constinit thread_local team of_this_thread = team::none;

void in_child() {
  if (of_this_thread == team::kept) of_this_thread = team::lost;
}
void watch_forks() { pthread_atfork(nullptr, nullptr, in_child); }
pthread_once_t watching = PTHREAD_ONCE_INIT;

} // namespace

bool can_start_team() noexcept {
  if (of_this_thread == team::none) {
    pthread_once(&watching, watch_forks);
    of_this_thread = team::kept;
  }
  return of_this_thread == team::kept;
}
#else
bool can_start_team() noexcept { return true; }
#endif

} // namespace glissade
