// How many threads a task is given.
#include "parallel.hpp"
#include "glissade/glissade.h"
#include "own.hpp"
#include <cerrno>
#include <climits>
#include <cstdlib>
#ifdef _OPENMP
#  include "team.hpp"
#  include <omp.h>
#endif

namespace glissade {
namespace {

// What threads = 0 means: 0 as OpenMP says, or so many; -1 where GLISSADE_THREADS has not been read yet.
constinit atomic<int> by_default = -1;

int from_environment() {
  const char *text = std::getenv("GLISSADE_THREADS");
  if (!text) return 0;
  char *end;
  errno = 0;
  const long threads = std::strtol(text, &end, 10);
  return end != text && *end == 0 && errno == 0 && threads >= 0 && threads <= INT_MAX ? int(threads) : 0;
}

int threads_by_default() {
  int now = by_default.load();
  if (now >= 0) return now;
  const int first = from_environment();
  return by_default.replace(now, first) ? first : now; // another thread's choice stands
}

#ifdef _OPENMP
// What a thread knows of the teams that it has started.
struct experience {
  int present = 1;  // threads of its last team, itself included: the runtime keeps them
  int possible = 1; // threads of a team that could be had
  // Beside other busy processes a team can take a hundred times as long as one thread, since some of its
  // threads wait for a core while the others wait for them.
  double lost = 0;     // seconds that teams took longer than one thread would have
  double alone = 0;    // elements that it computes alone from now on, so that the loss stays in proportion
  double patience = 1; // that proportion
};
constinit thread_local experience mine;

constexpr double bearable = 200e-6, // seconds lost before a team is given up: to wake its threads takes less
    most_patient = 32, fastest = .05e-9, typical = .2e-9, slowest = 10e-9; // seconds for an element

// Judges a team that took `total` seconds, of which its first thread took `own` for its chunk and waited for the
// others in the rest. That thread, too, may have had to wait for its core.
void judge(std::size_t n, std::size_t chunks, double own, double total) {
  const double one_thread = smaller(larger(own * double(chunks), double(n) * fastest), double(n) * slowest);
  mine.lost = larger(0., mine.lost + smaller(total - one_thread, .1));
  if (mine.lost > bearable) {
    mine.alone = mine.patience * mine.lost / typical;
    mine.patience = smaller(2 * mine.patience, most_patient);
    mine.lost = 0;
  } else if (total < one_thread) {
    mine.patience = larger(1., .9 * mine.patience);
  }
}

// The larger of what OpenMP would use and the number of processors, a system call that is made once.
int most_threads(int by_openmp) {
  constinit static atomic<int> processors = 0;
  int known = processors.load();
  if (known == 0) processors.store(known = omp_get_num_procs());
  return larger(by_openmp, known);
}

// The threads that a team may have here: 1 inside of a region of the caller's where no other may start.
int allowed_team(int threads) {
  if (omp_get_active_level() >= omp_get_max_active_levels() || lost_its_team()) return 1;
  const int by_openmp = omp_get_max_threads();
  const int allowed = threads ? smaller(threads, most_threads(by_openmp)) : by_openmp;
  return smaller(allowed, omp_get_thread_limit());
}
#endif

} // namespace

void share(std::size_t n, int threads, const default_float_mode &here, task work) {
#ifdef _OPENMP
  if (threads == 0) threads = threads_by_default();
  const bool adapt = threads == 0;
  if (adapt && mine.alone > 0) {
    mine.alone -= double(n);
    return work(0, 1);
  }
  const int allowed = threads == 1 ? 1 : allowed_team(threads);
  // GCC's runtime ends the threads that the next team does not have, and starting one takes longer than the
  // work, so a team stays as large as it was; its last threads may have nothing to do.
  const int useful = static_cast<int>(smaller(n / worth_a_thread, static_cast<std::size_t>(allowed)));
  int team = larger(useful, smaller(allowed, mine.present));
  if (team > mine.possible) mine.possible = team = possible_team(team, mine.present);
  if (team <= 1) return work(0, 1);

  const double begin = adapt ? omp_get_wtime() : 0;
  double own = 0;
  int present = 1;
  {
    const callers_float_mode inherited(here);
#  pragma omp parallel num_threads(team) // OpenMP may give fewer than asked for
    {
      const default_float_mode on_this_thread;
      const int chunk = omp_get_thread_num(), chunks = smaller(useful, omp_get_num_threads());
      if (chunk == 0) {
        present = omp_get_num_threads();
        if (adapt) own = -omp_get_wtime();
      }
      if (chunk < chunks) work(static_cast<std::size_t>(chunk), static_cast<std::size_t>(chunks));
      if (chunk == 0 && adapt) own += omp_get_wtime();
    }
  }
  if (adapt && present == mine.present) // else some of its threads are new
    judge(n, static_cast<std::size_t>(smaller(useful, present)), own, omp_get_wtime() - begin);
  mine.present = present;
#else
  static_cast<void>(n);
  static_cast<void>(threads);
  static_cast<void>(here);
  work(0, 1);
#endif
}

} // namespace glissade

using namespace glissade;

glissade_status glissade_use_threads(int threads) {
  if (threads < 0) return GLISSADE_BAD_THREADS;
  by_default.store(threads);
  return GLISSADE_OK;
}

int glissade_threads(void) { return threads_by_default(); }
