// The caller's OpenMP: regions, variables, how many threads there are, and their floating-point modes.
#include "float_modes.hpp"
#include "jobs.hpp"
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace family;

namespace {

// The threads of this process. OpenMP's runtime keeps those it has started.
std::ptrdiff_t tasks() { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); }

} // namespace

// Children must not lose threads where nothing stands in the way: a process that forks first and then computes.
TEST_CASE("a child of a process without a team has threads", "[.fork]") {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    const auto list = all_jobs(large, 2);
    for (const auto &one : list)
      one->run();
    _exit(wrong(list) == 0 && tasks() == 2 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
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

// So that each thread finds its part of the state in memory near it. A length that has no whole number of cache lines.
TEST_CASE("a reset is cut as a step is", "[.reset]") {
  std::vector<float> sum(32767);
  const glissade_adagrad o = GLISSADE_ADAGRAD_TORCH;
  CHECK(tasks() == 1);
  CHECK(glissade_adagrad_reset(&o, sum.size(), sum.data()) == GLISSADE_OK);
  CHECK(tasks() == 2);
}
