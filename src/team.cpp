// Forks, and room for threads.
#include "team.hpp"
#include "own.hpp"
#include <cctype>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#if defined(__linux__)
#  include <sys/syscall.h>
#  include <unistd.h>
#endif
#if __has_include(<sys/single_threaded.h>)
#  include <sys/single_threaded.h>
#endif

namespace glissade {
namespace {

// GCC's runtime keeps the threads of a team for the next one that the same thread starts. They are not copied
// by a fork, and in the child the runtime waits for them for ever. They may be of another copy of the library
// or of the caller, and the runtime cannot be asked, so whichever thread forks a process that had others
// counts as one with a team. LLVM's runtime takes care of it by itself, and Windows has no fork.
#if !defined(__clang__) && !defined(_WIN32)
constinit atomic<bool> threads_at_fork = false, forked = false;
pthread_t forking_thread; // of the parent, and the only one that the child begins with

void before_fork() {
#  if __has_include(<sys/single_threaded.h>)
  threads_at_fork.store(!__libc_single_threaded);
#  else
  threads_at_fork.store(true);
#  endif
}
void in_child() {
  if (!threads_at_fork.load()) return;
  forking_thread = pthread_self();
  forked.store(true);
}
// When the library is loaded: its first call may be in the child.
[[gnu::constructor]] void watch_forks() { pthread_atfork(before_fork, nullptr, in_child); }
#endif

// The stack of the runtime's threads; 0 for the system's default.
std::size_t stack_size() {
#ifdef __clang__
  return kmp_get_stacksize_s() + (std::size_t(1) << 18); // to which it adds a little for each thread
#else
  const char *const names[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE"};
  for (const char *name : names) {
    const char *text = std::getenv(name);
    if (!text) continue;
    char *unit;
    const std::size_t number = std::strtoul(text, &unit, 10);
    while (std::isspace(static_cast<unsigned char>(*unit)))
      ++unit;
    const int letter = std::tolower(static_cast<unsigned char>(*unit));
    const int shift = letter == 'b' ? 0 : letter == 'm' ? 20 : letter == 'g' ? 30 : 10;
    if (unit != text && number <= SIZE_MAX >> shift) return number << shift;
  }
  return 0;
#endif
}

// Threads that are there at the same time, each of which creates the next one.
struct trial {
  pthread_attr_t attributes;
  int left; // to be created
  bool failed;
  long ended; // the thread that ended last
};

void *create_the_rest(void *given) {
  trial &all = *static_cast<trial *>(given);
  pthread_t next;
  if (all.left-- > 0) {
    if (pthread_create(&next, &all.attributes, create_the_rest, given) == 0) {
      pthread_join(next, nullptr);
#if defined(__linux__)
      while (syscall(SYS_tgkill, getpid(), all.ended, 0) == 0) // until it is no longer counted either
        sched_yield();
#endif
    } else {
      all.failed = true;
    }
  }
#if defined(__linux__)
  all.ended = syscall(SYS_gettid);
#endif
  return nullptr;
}

bool have_room_for(int threads) {
  trial all = {{}, threads, false, 0};
  if (pthread_attr_init(&all.attributes) != 0) return false;
  if (const std::size_t size = stack_size()) pthread_attr_setstacksize(&all.attributes, size);
  create_the_rest(&all);
  pthread_attr_destroy(&all.attributes);
  return !all.failed;
}

constinit atomic<int> most = INT_MAX; // threads of a team, where more could not be created

} // namespace

bool lost_its_team() noexcept {
#if !defined(__clang__) && !defined(_WIN32)
  return forked.load() && pthread_equal(forking_thread, pthread_self());
#else
  return false;
#endif
}

int possible_team(int wanted, int present) noexcept {
  int team = smaller(wanted, most.load());
  if (team <= present) return team;
  // One more than needed, so that memory is left for what the runtime allocates.
  while (team > present && !have_room_for(team - present + 1)) {
    team -= (team - present + 1) / 2;
    most.store(team);
  }
  return team;
}

} // namespace glissade
