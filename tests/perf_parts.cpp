// The parts of the perf suite: what is measured is complete, and what is wrong is caught.
#include "catch.hpp"
#include "check.hpp"
#include "glissade/glissade.h"
#include "guarded_pages.hpp"
#include "measure.hpp"
#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <set>
#include <sys/wait.h>

using namespace perf;

namespace {

constexpr std::size_t n = 5003; // several tensors of a list, the last of them cut

// The difference that is found when the step of a contender is followed by `damage`.
template <class Damage>
std::string found(const subject &s, contender who, Damage damage) {
  const auto step = who.step;
  who.step = [=](std::size_t count, int threads, float *const *arrays) {
    step(count, threads, arrays);
    damage(arrays);
  };
  const group g{&s, n, false, {}};
  return difference(g, {&who, n, 1, 0});
}

const auto nothing = [](float *const *) {};

// The subjects whose contenders leave the same in the arrays. Stored arrays are compared by the tests of the library.
std::vector<subject> checked_subjects() {
  auto all = all_subjects();
  std::erase_if(all, [](const subject &s) { return s.checked.empty(); });
  return all;
}

// The arrays in which an error of a contender must be seen: all but the gradient, which must stay as it is.
std::vector<std::size_t> results(const subject &s) {
  std::vector<std::size_t> numbers;
  std::copy_if(s.checked.begin(), s.checked.end(), std::back_inserter(numbers),
               [](auto k) { return k != 1; });
  return numbers;
}

} // namespace

TEST_CASE("what every contender computes is accepted, and each fault of it is found") {
  for (const subject &s : checked_subjects())
    for (const contender &who : s.contenders) {
      INFO(s.name << '/' << who.name);
      CHECK(found(s, who, nothing) == "");
      const std::size_t first = results(s).front();
      CHECK(found(s, who, [=](float *const *a) { a[first][n - 1] *= 1.001f; }) != "");
      CHECK(found(s, who, [=](float *const *a) { a[first][0] = NAN; }) != "");
      CHECK(found(s, who, [](float *const *a) { a[1][7] = std::nextafter(a[1][7], 0.f); }) != "");
      for (const std::size_t k : results(s))
        CHECK(found(s, who, [=](float *const *a) { a[k][n / 2] += .01f; }) != "");
      // One unit in the last place is a fault of those that promise the same bits, and no other's.
      const auto last_bit = [=](float *const *a) { a[first][5] = std::nextafter(a[first][5], 9.f); };
      CHECK((found(s, who, last_bit) != "") == (who.leaves != result::same_but_for_rounding));
    }
}

TEST_CASE("a contender that does nothing is found") {
  for (const subject &s : checked_subjects()) {
    contender idle = s.contenders.back();
    idle.step = [](std::size_t, int, float *const *) {};
    CHECK(found(s, idle, nothing) != "");
  }
}

TEST_CASE("the limit changes nothing, and must not") {
  for (subject s : checked_subjects()) {
    const group g{&s, n, false, {}};
    CHECK(difference(g, {&s.limit, n, 1, 0}) == "");
    s.limit.step = [k = results(s).front()](std::size_t, int, float *const *a) { a[k][3] += 1; };
    CHECK(difference(g, {&s.limit, n, 1, 0}) != "");
  }
}

TEST_CASE("every optimizer is measured on every instruction set, each size with its limit") {
  const auto subjects = all_subjects();
  for (const mode m : {mode::tiny, mode::quick, mode::full}) {
    std::set<std::string> names;
    for (const group &g : plan_of(m, subjects))
      for (const cell &c : g.cells) {
        INFO(g.name(c));
        CHECK(names.insert(g.name(c)).second);
        CHECK(std::count(g.cells.begin(), g.cells.end(), cell{&g.what->limit, c.n, c.threads, c.offset}) ==
              1);
      }
    for (const subject &s : subjects) {
      for (const contender &who : s.contenders)
        if (s.only_n && (m != mode::tiny || s.only_n < 1 << 20))
          for (const int threads : {1, all_threads()})
            CHECK(names.count(s.name + '/' + who.name + "/n:" + std::to_string(s.only_n) +
                              "/threads:" + std::to_string(threads)) == 1);
      for (std::size_t i = 0; const char *isa = s.only_n ? nullptr : glissade_isa_at(i); ++i) {
        CHECK(names.count(s.name + '/' + isa + "/n:1024/threads:1") == 1);
        CHECK(names.count(s.name + '/' + isa + "/n:1024/threads:" + std::to_string(all_threads())) == 1);
      }
    }
  }
}

TEST_CASE("the divider's limit takes as many roots and divisions as the formula") {
  const auto of = [all = all_subjects()](const std::string &name) {
    const subject &s =
        *std::find_if(all.begin(), all.end(), [&](const subject &one) { return one.name == name; });
    const bool measured = std::any_of(s.contenders.begin(), s.contenders.end(),
                                      [](const contender &c) { return c.name == "divider"; });
    return std::array{s.divider.roots, s.divider.divisions, std::size_t{measured}};
  };
  using use = std::array<std::size_t, 3>;
  CHECK(of("rmsprop") == use{1, 1, 1});
  CHECK(of("adadelta") == use{2, 1, 1});
  CHECK(of("adamw") == use{1, 2, 1});
  CHECK(of("adamax") == use{0, 1, 1});
  CHECK(of("sgd") == use{0, 0, 0});
  CHECK(of("lion") == use{0, 0, 0});
}

TEST_CASE("the lists are what their names say") {
  const auto lists = layouts();
  REQUIRE(lists.size() == 2);
  CHECK(lists[0].sizes == std::vector<std::size_t>(200, 1024));
  const auto &mixed = lists[1].sizes;
  CHECK(mixed.size() == 200);
  CHECK(mixed == layouts()[1].sizes);
  for (int quarter = 0; quarter < 4; ++quarter) // of the magnitudes
    CHECK(std::count_if(mixed.begin(), mixed.end(), [=](std::size_t size) {
            return std::floor(4 * std::log(double(size) / 64) / std::log(1e6 / 64)) == quarter;
          }) > 35);
}

TEST_CASE("only what is wanted is timed, and each of its rounds") {
  const auto subjects = all_subjects();
  const group g = plan_of(mode::tiny, subjects).front();
  const auto results = measure(g, {5, 1e-6}, [&](const cell &c) { return c == g.cells[1]; });
  REQUIRE(results.size() == g.cells.size());
  for (std::size_t i = 0; i < results.size(); ++i)
    CHECK(results[i].seconds.size() == (i == 1 ? 5 : 0));
  for (const double seconds : results[1].seconds)
    CHECK(seconds > 0);
}

TEST_CASE("the spread is the middle half over the median") {
  CHECK(spread_of({5, 1, 3, 2, 4}) == (4. - 2) / 3);
  CHECK(spread_of({7, 7, 7, 7, 700}) == 0);
  CHECK(spread_of({2}) == 0);
}

TEST_CASE("a sample is long enough, also after an interruption") {
  std::size_t calls = 0;
  const auto clock = [&](std::size_t steps) { return 1e-6 * double(steps) + (++calls == 1 ? 1 : 0); };
  const std::size_t steps = steps_of_a_sample(clock, 1e-3);
  CHECK(steps >= 1000);
  CHECK(steps <= 2000);
  CHECK(steps_of_a_sample([](std::size_t) { return 2.; }, 1e-3) == 1);
  CHECK(steps_of_a_sample([](std::size_t k) { return k < 50 ? 0. : 1.; }, 1e-3) >=
        50); // a clock of few ticks
}

TEST_CASE("sizes follow from the caches and the memory") {
  const auto subjects = all_subjects();
  const subject &rmsprop = subjects.front(); // 12 bytes an element
  constexpr std::size_t mi = 1 << 20, gib = 1 << 30;
  const std::vector<cache> desktop = {{32 << 10, 1}, {mi, 1}, {32 * mi, 8}};
  using sizes = std::set<std::size_t>;
  CHECK(sizes_of(mode::tiny, rmsprop, desktop, 8 * gib, 0) == sizes{1024, 40000});
  CHECK(sizes_of(mode::quick, rmsprop, desktop, 8 * gib, 0) ==
        sizes{1024, 32 << 10, 128 << 10, 16 * mi}); // 16 Mi are 192 MiB
  CHECK(sizes_of(mode::full, rmsprop, desktop, 8 * gib, 0) ==
        sizes{1024, 4096, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, mi, 4 * mi, 16 * mi, 64 * mi});
  CHECK(sizes_of(mode::quick, rmsprop, desktop, 100 * mi, 0) == sizes{1024, 32 << 10, 128 << 10});

  const std::vector<cache> server = {{48 << 10, 1}, {2 * mi, 1}, {480 * mi, 4}};
  CHECK(*sizes_of(mode::quick, rmsprop, server, 8 * gib, 0).rbegin() == 128 * mi); // 80 are enough
  CHECK(*sizes_of(mode::quick, rmsprop, server, gib, 0).rbegin() == 64 * mi);
  const std::vector<cache> huge = {{4 * gib, 64}};
  CHECK(*sizes_of(mode::quick, rmsprop, huge, 64 * gib, 0).rbegin() == 128 * mi); // in a quick run no more
  CHECK(*sizes_of(mode::full, rmsprop, huge, 64 * gib, 0).rbegin() == 1024 * mi);

  const auto with_params = [&](std::size_t params) {
    return sizes_of(mode::quick, rmsprop, desktop, gib, params);
  };
  CHECK(with_params(124'000'000) == with_params(0)); // 1.5 GB are more than the memory
  CHECK(with_params(72000) == sizes{1024, 32 << 10, 72000, 128 << 10, 16 * mi});
  CHECK(*sizes_of(mode::quick, rmsprop, server, 8 * gib, 90 * mi).rbegin() == 90 * mi); // in place of 128 Mi
  CHECK(with_params(17) == sizes{17, 1024, 32 << 10, 128 << 10, 16 * mi});
  CHECK(with_params(1023) == with_params(0)); // n - 1 of another
  CHECK(with_params(1025) == with_params(0));
}

TEST_CASE("numbers of threads") {
  CHECK(threads_of(mode::quick, 6) == std::set{1, 6});
  CHECK(threads_of(mode::full, 6) == std::set{1, 2, 3, 4, 5, 6});
  CHECK(threads_of(mode::full, 48) == std::set{1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 48});
  CHECK(threads_of(mode::quick, 1) == std::set{1});
}

TEST_CASE("the limit reads every array of the step, and writes all but the gradient") {
  for (const subject &s : all_subjects())
    for (const std::size_t barred : s.used)
      for (const bool readable : {false, true}) {
        const pid_t child = fork();
        if (child == 0) {
          std::signal(SIGSEGV, SIG_DFL);
          std::vector<guarded_pages> pages(s.arrays);
          std::vector<float *> at;
          for (const auto &page : pages)
            at.push_back(page.first());
          if (readable)
            pages[barred].forbid_writing();
          else
            at[barred] = pages[barred].last(0); // in the page behind, which may not be read
          s.limit.step(256, 1, at.data());
          _exit(0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        INFO(s.name << " array " << barred << (readable ? " read only" : " barred"));
        CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0) == (readable && barred == 1));
      }
}
