// The caller's OpenMP: regions, variables, how many threads there are, and their floating-point modes.
#include "float_modes.hpp"
#include "jobs.hpp"
#include "parallel.hpp"
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <omp.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace family;

namespace {

// The threads of this process. OpenMP's runtime keeps those it has started.
std::ptrdiff_t tasks() { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); }

// Does a forked child compute right, and has it so many threads then? 0: any number.
bool child_is_right(std::ptrdiff_t threads) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    const auto list = all_jobs(large, 2);
    for (const auto &one : list)
      one->run();
    _exit(wrong(list) == 0 && (threads == 0 || tasks() == threads) ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

// Children must not lose threads where nothing stands in the way: a process that forks first and then computes.
TEST_CASE("a child of a process without a team has threads", "[.fork]") { CHECK(child_is_right(2)); }

// GCC's runtime would wait for the threads of the region, which the child does not have.
TEST_CASE("a child of a process with OpenMP regions of its own", "[.own-region]") {
  std::atomic<int> threads = 0;
#pragma omp parallel num_threads(2)
  ++threads;
  REQUIRE(threads == 2);
  CHECK(child_is_right(0));
}

TEST_CASE("calls inside OpenMP regions, nested ones too", "[concurrency]") {
  for (const int levels : {1, 2}) {
    const int before = omp_get_max_active_levels();
    omp_set_max_active_levels(levels);
    std::vector<jobs> lists;
    for (int i = 0; i < 4; ++i)
      lists.push_back(all_jobs(i % 2 ? large : small, i == 3 ? 2 : 0));
#pragma omp parallel for num_threads(4) schedule(static, 1)
    for (std::size_t i = 0; i < 4; ++i)
      for (const auto &one : lists[i])
        one->run();
    omp_set_max_active_levels(before);
    INFO(levels << " levels");
    for (const auto &list : lists)
      CHECK(wrong(list) == 0);
  }
}

// They stay as they are from one region to the next, so a caller may have set theirs.
TEST_CASE("the floating-point modes of OpenMP's threads change no bit", "[concurrency]") {
  using namespace float_modes;
  const auto in_others = [](const auto &call) { // on the threads that the calls below find
#pragma omp parallel num_threads(4)
    if (omp_get_thread_num() != 0) call();
  };
  for (const auto other : other_modes) {
    const auto list = all_jobs(large, 4);
    std::atomic<int> threads = 0, left_alone = 0;
    in_others([=] { set(other); });
    for (const auto &one : list)
      one->run();
    in_others([&] {
      ++threads;
      left_alone += mode() == other;
      set(standard_mode);
    });
    INFO("mode " << std::hex << other);
    CHECK(wrong(list) == 0);
    CHECK(left_alone == threads);
  }
}

// Run again with OpenMP's variables set: threads = 0 has as many threads as they say.
TEST_CASE("as many threads as OpenMP is told", "[.threads]") {
  const auto serial = all_jobs(200003, 1), threaded = all_jobs(200003, 0);
  for (const auto &one : serial)
    one->run();
  CHECK(tasks() == 1);
  for (const auto &one : threaded)
    one->run();
  CHECK(tasks() == std::atoi(std::getenv("EXPECTED_THREADS")));
  CHECK(wrong(serial) + wrong(threaded) == 0);
}

// In a process of its own, with OMP_NUM_THREADS=4. A thread is given 16,384 elements or more, in whole cache lines.
TEST_CASE("as many threads as the work is worth, and as there are", "[.worth]") {
  const auto run = [](std::size_t n, int threads) {
    for (const auto &one : all_jobs(n, threads))
      one->run();
    return tasks();
  };
  std::vector<float> sum(1 << 20);
  glissade_adagrad o = GLISSADE_ADAGRAD_TORCH;
  o.threads = 1;
  CHECK(glissade_adagrad_reset(&o, sum.size(), sum.data()) == GLISSADE_OK);
  CHECK(tasks() == 1);
  CHECK(run(2 * 16384 - 16, 0) == 1);
  CHECK(run(2 * 16384, 0) == 2);
  CHECK(run(4 * 16384 - 16, 1000) == 3);
  CHECK(run(4 * 16384, 3) == 3);
  // Where more threads are asked for than OpenMP and the machine have, there are no more than those.
  o.threads = 1000;
  CHECK(glissade_adagrad_reset(&o, sum.size(), sum.data()) == GLISSADE_OK);
  CHECK(tasks() == std::min<int>(1 << 20 >> 14, std::max(4, omp_get_num_procs())));
}

// In a process of its own, with OMP_NUM_THREADS=1.
TEST_CASE("as many threads as asked for, and as there are processors", "[.processors]") {
  std::vector<float> sum(1 << 20);
  glissade_adagrad o = GLISSADE_ADAGRAD_TORCH;
  CHECK(glissade_adagrad_reset(&o, sum.size(), sum.data()) == GLISSADE_OK);
  CHECK(tasks() == 1);
  o.threads = 1000;
  CHECK(glissade_adagrad_reset(&o, sum.size(), sum.data()) == GLISSADE_OK);
  CHECK(tasks() == std::min(1 << 20 >> 14, omp_get_num_procs()));
}

// So that each thread finds its part of the state in memory near it. A length that has no whole number of cache lines.
TEST_CASE("a reset is cut as a step is", "[.reset]") {
  std::vector<float> sum(32767);
  const glissade_adagrad o = GLISSADE_ADAGRAD_TORCH;
  CHECK(tasks() == 1);
  CHECK(glissade_adagrad_reset(&o, sum.size(), sum.data()) == GLISSADE_OK);
  CHECK(tasks() == 2);
}

// In a process of its own. GCC's runtime ends the threads that the next team does not have, and starting one takes
// longer than a step.
TEST_CASE("a smaller task does not end the threads of a larger one", "[.kept]") {
  for (const int n : {4, 2, 3})
    for (const auto &one : all_jobs(std::size_t(n) * 16384, 0)) {
      one->run();
      CHECK(tasks() == 4);
    }
  std::size_t chunks = 0;
  const auto see = [&](std::size_t chunk, std::size_t all) {
    if (chunk == 0) chunks = all;
  };
  const glissade::default_float_mode here;
  for (const int threads : {2, 3, 4}) {
    glissade::parallel(1 << 20, threads, here, see);
    CHECK(chunks == std::size_t(threads));
  }
}

// In a process of its own, with OMP_NUM_THREADS=2. The first thread's chunks take no time at all.
TEST_CASE("where a team is slower than one thread, the next tasks get one thread for a while", "[.adapt]") {
  constexpr std::size_t n = 4 * glissade::worth_a_thread;
  std::size_t chunks = 0;
  const auto see = [&](std::size_t chunk, std::size_t all) {
    if (chunk == 0) chunks = all;
  };
  const glissade::default_float_mode here;
  const auto late = [&](std::size_t chunk, std::size_t all) {
    see(chunk, all);
    if (chunk != 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  };
  glissade::parallel(n, 0, here, see);
  REQUIRE(chunks == 2);
  const auto alone_after_late = [&] { // tasks until there is a team again
    glissade::parallel(n, 0, here, late);
    int tasks = 0;
    for (chunks = 1; chunks == 1; ++tasks)
      glissade::parallel(n, 0, here, see);
    return tasks - 1;
  };
  // 20 ms are 1,525 tasks of 65,536 elements at .2 ns each; more each time that the next team is slow, too.
  const int first = alone_after_late();
  CHECK(first > 1000);
  int later = 0;
  for (int i = 0; i < 40 && later <= 3 * first; ++i) // each team that is not slow makes it less
    later = std::max(later, alone_after_late());
  CHECK(later > 3 * first);
  // Only where the library chooses.
  glissade::parallel(n, 0, here, late);
  glissade::parallel(n, 2, here, see);
  CHECK(chunks == 2);
}

TEST_CASE("the default for threads", "[.default]") {
  CHECK(glissade_threads() == std::atoi(std::getenv("EXPECTED_THREADS")));
  std::vector<float> sum(4 * 16384);
  const auto run = [&] {
    const glissade_adagrad o = GLISSADE_ADAGRAD_TORCH;
    CHECK(glissade_adagrad_reset(&o, sum.size(), sum.data()) == GLISSADE_OK);
    return tasks();
  };
  CHECK(glissade_use_threads(1) == GLISSADE_OK);
  CHECK(run() == 1);
  CHECK(glissade_use_threads(-1) == GLISSADE_BAD_THREADS);
  CHECK(glissade_threads() == 1);
  CHECK(glissade_use_threads(2) == GLISSADE_OK);
  CHECK(run() == 2);
  CHECK(glissade_use_threads(0) == GLISSADE_OK);
  CHECK(glissade_threads() == 0);
  CHECK(run() == 4);
}

// In a process of its own: the first team is one of the library's. Its threads inherit the mode that it is started in.
TEST_CASE("threads that the library starts are in the caller's floating-point mode", "[.inherit]") {
  using namespace float_modes;
  std::vector<float> sum(4 * 16384);
  const glissade_adagrad o = GLISSADE_ADAGRAD_TORCH;
  std::size_t accepted = 0;
  set(other_modes[0]);
  accepted += glissade_adagrad_reset(&o, sum.size(), sum.data()) == GLISSADE_OK;
  std::atomic<int> threads = 0, as_the_caller = 0;
#pragma omp parallel num_threads(4)
  {
    ++threads;
    as_the_caller += mode() == other_modes[0];
  }
  for (const auto other : other_modes) { // in one of them all exceptions trap
    set(other);
    accepted += glissade_adagrad_reset(&o, sum.size(), sum.data()) == GLISSADE_OK && mode() == other;
  }
  set(standard_mode);
  CHECK(threads == 4);
  CHECK(as_the_caller == threads);
  CHECK(accepted == 1 + std::size(other_modes));
}
