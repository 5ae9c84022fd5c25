// The parts of the perf suite: what is measured is complete, and what is wrong is caught.
#include "catch.hpp"
#include "check.hpp"
#include "glissade/glissade.h"
#include "measure.hpp"
#include <algorithm>
#include <cmath>
#include <set>

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

// The arrays in which an error of a contender must be seen: all but the gradient, which must stay as it is.
std::vector<std::size_t> results(const subject &s) {
  std::vector<std::size_t> numbers;
  std::copy_if(s.checked.begin(), s.checked.end(), std::back_inserter(numbers),
               [](auto k) { return k != 1; });
  return numbers;
}

} // namespace

TEST_CASE("what every contender computes is accepted, and each fault of it is found") {
  for (const subject &s : all_subjects())
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
      CHECK((found(s, who, last_bit) != "") == who.same_bits);
    }
}

TEST_CASE("a contender that does nothing is found") {
  for (const subject &s : all_subjects()) {
    contender idle = s.contenders.back();
    idle.step = [](std::size_t, int, float *const *) {};
    CHECK(found(s, idle, nothing) != "");
  }
}

TEST_CASE("the limit changes nothing, and must not") {
  for (subject s : all_subjects()) {
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
