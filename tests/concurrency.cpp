// Many threads at once, the caller's OpenMP, forks: the right bits, and never a deadlock.
#include "family.hpp"
#include "float_modes.hpp"
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#ifdef _OPENMP
#  include <omp.h>
#endif

namespace {

// One call on arrays of its own. Run on any thread; the comparison is for the main thread, afterwards.
struct job {
  virtual ~job() = default;
  virtual void run() = 0;
  virtual bool is_right() = 0;
};

template <class rule>
struct step_job : job {
  step_job(const family::options_of<rule> &options, std::size_t n, int threads)
      : o(options),
        got(n, family::any_float, 7) {
    o.threads = threads;
  }
  void run() override {
    const auto at = got.at();
    status = family::step<rule>(o, got.n, at.data());
  }
  bool is_right() override {
    family::arrays<rule> expected(got.n, family::any_float, 7);
    const auto at = expected.at();
    o.threads = 1;
    return status == GLISSADE_OK && glissade_use_isa("scalar") == GLISSADE_OK &&
           family::step<rule>(o, got.n, at.data()) == GLISSADE_OK &&
           glissade_use_isa(nullptr) == GLISSADE_OK && got.difference(expected) == "none" &&
           got.nothing_changed_outside();
  }

  family::options_of<rule> o;
  family::arrays<rule> got;
  glissade_status status = GLISSADE_BAD_N;
};

struct norm_job : job {
  norm_job(std::size_t n, int number) : threads(number) {
    for (std::uint32_t i = 0; i < n; ++i)
      grad.push_back(family::ordinary_float(family::mixed(i)));
  }
  glissade_norm norm(int t) const {
    const glissade_grad list = {grad.size(), grad.data()};
    glissade_norm result = {};
    glissade_grad_norm(1, &list, t, &result);
    return result;
  }
  void run() override { got = norm(threads); }
  bool is_right() override { return got.norm > 0 && got.norm == norm(1).norm; }

  std::vector<float> grad;
  int threads;
  glissade_norm got = {};
};

using jobs = std::vector<std::unique_ptr<job>>;

template <class... rule>
void add_jobs(jobs &list, std::size_t n, int threads, std::tuple<rule...> *) {
  const auto add = [&]<class R>(R *) {
    auto modes = family::one_per_mode<R>();
    if (family::emulated()) modes.resize(1);
    for (const auto &o : modes)
      list.push_back(std::make_unique<step_job<R>>(o, n, threads));
  };
  (add(static_cast<rule *>(nullptr)), ...);
  list.push_back(std::make_unique<norm_job>(n, threads));
}
// Every optimizer in every mode (under emulation in one), and a norm.
jobs all_jobs(std::size_t n, int threads) {
  jobs list;
  add_jobs(list, n, threads, static_cast<family::all *>(nullptr));
  return list;
}

std::size_t wrong(const jobs &list) {
  std::size_t count = 0;
  for (const auto &one : list)
    count += !one->is_right();
  return count;
}

constexpr std::size_t small = 1003, large = 70000; // computed by the calling thread; by up to four

// Runs each list on a thread of its own, all from the same moment on.
void run_together(std::vector<jobs> &lists) {
  std::barrier start(static_cast<std::ptrdiff_t>(lists.size()));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < lists.size(); ++i)
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      for (std::size_t k = 0; k < lists[i].size(); ++k) // each begins with another one
        lists[i][(k + i) % lists[i].size()]->run();
    });
  for (auto &one : threads)
    one.join();
}

} // namespace

// In a process of its own, so that these calls are the first.
TEST_CASE("first calls race", "[.race]") {
  std::vector<jobs> lists;
  for (int i = 0; i < 16; ++i)
    lists.push_back(all_jobs(small, 1));
  run_together(lists);
  CHECK(glissade_isa() == family::isas().front());
  for (const auto &list : lists)
    CHECK(wrong(list) == 0);
}

TEST_CASE("threads of the caller call the same and other optimizers", "[concurrency]") {
  std::vector<jobs> lists;
  for (int i = 0; i < 6; ++i)
    lists.push_back(all_jobs(i % 2 ? small : large, i % 3));
  std::atomic<bool> ended = false;
  std::thread other([&] { // all of them switch between instruction sets under way
    const auto names = family::isas();
    for (std::size_t i = 0; !ended; ++i)
      glissade_use_isa(names[i % names.size()].c_str());
  });
  run_together(lists);
  ended = true;
  other.join();
  for (const auto &list : lists)
    CHECK(wrong(list) == 0);
}

// Runs the jobs in a forked child and says whether all were right there; a child that hangs is killed.
static bool is_right_in_child(const jobs &list) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    for (const auto &one : list)
      one->run();
    _exit(wrong(list) == 0 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("a forked child", "[concurrency]") {
  const auto before = all_jobs(large, 2);
  for (const auto &one : before)
    one->run(); // the parent has had threads
  CHECK(wrong(before) == 0);
  for (const int threads : {1, 0, 2}) {
    INFO("threads = " << threads);
    CHECK(is_right_in_child(all_jobs(large, threads)));
  }
  const auto after = all_jobs(large, 2);
  for (const auto &one : after)
    one->run();
  CHECK(wrong(after) == 0);
}

#ifdef _OPENMP
// Children must not lose threads where nothing stands in the way: a process that forks first and then computes.
TEST_CASE("a child of a process without a team has threads", "[.fork]") {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    const auto list = all_jobs(large, 2);
    for (const auto &one : list)
      one->run();
    const auto tasks = std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
    _exit(wrong(list) == 0 && tasks == 2 ? 0 : 1);
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
#  pragma omp parallel for num_threads(4) schedule(static, 1)
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
#  pragma omp parallel num_threads(4)
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

// The threads of this process. OpenMP's runtime keeps those it has started.
std::ptrdiff_t tasks() { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); }

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
#endif
