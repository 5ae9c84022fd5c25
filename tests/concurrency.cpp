// Many threads at once and forks: the right bits, and never a deadlock.
#include "jobs.hpp"
#include <atomic>
#include <barrier>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace family;

namespace {

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
  CHECK(glissade_isa() == isas().front());
  for (const auto &list : lists)
    CHECK(wrong(list) == 0);
}

TEST_CASE("threads of the caller call the same and other optimizers", "[concurrency]") {
  std::vector<jobs> lists;
  for (int i = 0; i < 6; ++i)
    lists.push_back(all_jobs(i % 2 ? small : large, i % 3));
  std::atomic<bool> ended = false;
  std::thread other([&] { // all of them switch between instruction sets under way
    const auto names = isas();
    for (std::size_t i = 0; !ended; ++i)
      glissade_use_isa(names[i % names.size()].c_str());
  });
  run_together(lists);
  ended = true;
  other.join();
  for (const auto &list : lists)
    CHECK(wrong(list) == 0);
}

// What a call was prepared for is remembered for each of some threads, of which there are more here; each has an lr of its
// own.
TEST_CASE("each of many threads steps with its own options", "[concurrency]") {
  glissade_rmsprop o = GLISSADE_RMSPROP_TORCH;
  std::vector<jobs> lists(50);
  for (std::size_t i = 0; i < lists.size(); ++i)
    for (int k = 0; k < 200; ++k) {
      o.lr = 1e-3 * static_cast<double>(i + 1);
      lists[i].push_back(std::make_unique<step_job<glissade::rules::rmsprop>>(o, 5, 1));
    }
  run_together(lists);
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

#ifndef __SANITIZE_THREAD__ // which lets a child start no threads
// A thread of the child may have the pointer of one that the fork met in the middle of what it remembers.
TEST_CASE("threads of a child step with their own options, whatever the fork met", "[concurrency][beside]") {
  glissade_sgd options[2] = {GLISSADE_SGD_TORCH, GLISSADE_SGD_TORCH};
  for (int i = 0; i < 2; ++i) {
    options[i].threads = 1;
    options[i].lr = i + 1;
  }
  const auto step = [&](int which) {
    float param = 0;
    const float grad = 1;
    const auto status = glissade_sgd_step(&options[which], 1, &param, &grad, nullptr);
    return status == GLISSADE_OK && param == static_cast<float>(-options[which].lr);
  };
  std::atomic<bool> ended = false;
  std::thread other([&] {
    while (!ended)
      step(0), step(1);
  });
  int right = 0;
  constexpr int forks = 300;
  for (int i = 0; i < forks; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      bool as_asked = false;
      std::thread([&] { as_asked = step(i % 2); }).join();
      _exit(!as_asked);
    }
    int status = -1;
    waitpid(child, &status, 0);
    right += WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  ended = true;
  other.join();
  CHECK(right == forks);
}
#endif
