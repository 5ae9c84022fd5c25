// What the picture in docs/rmsprop.md shows, in numbers.
#include "../examples/paths.hpp"
#include "catch.hpp"
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace {

using paths::point;

constexpr int steps = 100;

double from_minimum(point p) { return paths::distance(p, paths::minimum()); }

const paths::path &named(const std::vector<paths::path> &all, const std::string &name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto &p) { return p.name == name; });
  REQUIRE(found != all.end());
  return *found;
}

// The number of steps where it never is.
int first_within(const paths::path &p, double distance) {
  const auto near =
      std::find_if(p.points.begin(), p.points.end(), [&](point q) { return from_minimum(q) < distance; });
  return static_cast<int>(near - p.points.begin());
}

// In steps 501 to 1000.
double mean_from_minimum(const paths::path &p) {
  double sum = 0;
  for (std::size_t i = 501; i <= 1000; ++i)
    sum += from_minimum(p.points.at(i));
  return sum / 500;
}

// The textbook's path in double: `update` takes the gradient along one axis, that axis's two state values and
// the number of the step.
template <class Update>
std::vector<point> textbook(Update update, bool mini_batches = false) {
  std::vector<point> points{{-4, 4}};
  std::array<double, 4> state{};
  for (int t = 1; t <= steps; ++t) {
    const point p = points.back();
    point g = paths::gradient(p);
    if (mini_batches) {
      const double more = t % 10 == 0 ? -9 * .8 : .8;
      g = {g.x + more, g.y + more};
    }
    points.push_back(
        {p.x - .1 * update(g.x, state[0], state[1], t), p.y - .1 * update(g.y, state[2], state[3], t)});
  }
  return points;
}

// Equal as far as float goes, until the path is as near to the minimum as half of a step: there the sign of
// the gradient, and so that of the next step, hangs on its last bits.
void require_equal(const paths::path &p, const std::vector<point> &expected, double near) {
  INFO(p.name);
  int i = 0;
  for (; i <= steps && from_minimum(expected[std::size_t(i)]) > near; ++i) {
    CAPTURE(i);
    REQUIRE(paths::distance(p.points[std::size_t(i)], expected[std::size_t(i)]) < 1e-4);
  }
  REQUIRE(i > 40);
}

} // namespace

TEST_CASE("the minimum under the paths", "[paths]") {
  const point m = paths::minimum();
  // With y = 0 the valley's floor is 0.1 x^2 + sin x: its slope is bisected here.
  double left = -2, right = 0;
  for (int i = 0; i < 100; ++i) {
    const double middle = (left + right) / 2;
    (.2 * middle + std::cos(middle) < 0 ? left : right) = middle;
  }
  REQUIRE(std::abs(m.x - left) < 1e-14);
  REQUIRE(m.y == 0);
  double lowest = 1e9;
  for (double x = -6; x <= 6; x += .03125)
    for (double y = -6; y <= 6; y += .03125)
      lowest = std::min(lowest, paths::height({x, y}));
  REQUIRE(paths::height(m) <= lowest);
  REQUIRE(lowest - paths::height(m) < 1e-3);
}

TEST_CASE("the gradient of the paths is that of the surface", "[paths]") {
  const double h = 1e-5;
  for (const point p : {point{-4, 4}, {-3.5, 2.3}, {-1, .5}, {2, -1}}) {
    const point g = paths::gradient(p);
    REQUIRE(std::abs((paths::height({p.x + h, p.y}) - paths::height({p.x - h, p.y})) / (2 * h) - g.x) < 1e-8);
    REQUIRE(std::abs((paths::height({p.x, p.y + h}) - paths::height({p.x, p.y - h})) / (2 * h) - g.y) < 1e-8);
  }
}

TEST_CASE("the paths are those of the textbook", "[paths]") {
  const auto all = paths::all(steps);
  require_equal(named(all, "AdaGrad"), textbook([](double g, double &s, double &, int) {
                  s += g * g;
                  return g / (std::sqrt(s) + 1e-8);
                }),
                .05);
  require_equal(named(all, "RMSprop"), textbook([](double g, double &v, double &, int) {
                  v = .9 * v + .1 * g * g;
                  return g / (std::sqrt(v) + 1e-8);
                }),
                .05);
  require_equal(named(all, "Momentum"),
                textbook([](double g, double &m, double &, int) { return m = .9 * m + .1 * g; }), 0);
  require_equal(named(all, "Adam"), textbook([](double g, double &m, double &v, int t) {
                  m = .9 * m + .1 * g;
                  v = .999 * v + .001 * g * g;
                  return m / (1 - std::pow(.9, t)) / (std::sqrt(v / (1 - std::pow(.999, t))) + 1e-8);
                }),
                0);
  const auto rprop = [](double g, double &before, double &length, int t) {
    if (t == 1) length = .1;
    if (g * before > 0) length = std::min(1.2 * length, 50.);
    if (g * before < 0) length = std::max(.5 * length, 1e-6);
    before = g * before < 0 ? 0 : g;
    return before > 0 ? length / .1 : before < 0 ? -length / .1 : 0;
  };
  require_equal(named(all, "Rprop"), textbook(rprop), 2e-4);
  require_equal(named(all, "Rprop on mini-batches"), textbook(rprop, true), 0);
}

TEST_CASE("RMSprop slides on where AdaGrad slows down", "[paths]") {
  const auto all = paths::all(3000);
  const auto &adagrad = named(all, "AdaGrad"), &rmsprop = named(all, "RMSprop");

  const point there = adagrad.points[steps];
  REQUIRE(std::abs(there.x - -3.516) < 5e-4);
  REQUIRE(std::abs(there.y - 2.345) < 5e-4);
  REQUIRE(std::abs(from_minimum(there) - 3.222) < 5e-4);
  // It has not stopped: with twelve times the steps it arrives, and stays.
  REQUIRE(first_within(adagrad, .1) == 1199);
  REQUIRE(from_minimum(adagrad.points[3000]) < 1e-3);

  REQUIRE(first_within(rmsprop, .1) == 48);
  REQUIRE(from_minimum(rmsprop.points[68]) < 1.5e-4);
  REQUIRE(std::abs(from_minimum(rmsprop.points[steps]) - .0255) < 5e-4);
  REQUIRE(from_minimum(rmsprop.points[steps]) < from_minimum(there) / 100);
  // It never settles: with a constant lr it ends jumping to and fro by lr, across the
  // minimum, in each coordinate.
  for (std::size_t i = 1000; i < 3000; ++i) {
    const point a = rmsprop.points[i], b = rmsprop.points[i + 1];
    REQUIRE(std::abs(std::abs(a.x - b.x) - .1) < 1e-3);
    REQUIRE(std::abs(std::abs(a.y - b.y) - .1) < 1e-3);
    REQUIRE(std::abs(from_minimum(a) - .0705) < 1e-3);
  }

  REQUIRE(std::abs(from_minimum(named(all, "Momentum").points[steps]) - .0217) < 5e-4);
  REQUIRE(std::abs(from_minimum(named(all, "Adam").points[steps]) - .0036) < 5e-4);
}

TEST_CASE("Rprop stands still where most mini-batches want it, RMSprop near the minimum", "[paths]") {
  const auto all = paths::all(3000);
  double sum = 0;
  for (int step = 1; step <= 10; ++step)
    sum += paths::deviation(step);
  CHECK(std::abs(sum) < 1e-12);
  const auto &rprop = named(all, "Rprop on mini-batches");
  const point end = rprop.points[1000];
  CHECK(std::abs(from_minimum(end) - .703) < 5e-4);
  CHECK(paths::distance(end, rprop.points[3000]) < 1e-3);
  const point left = paths::gradient(end); // it has arrived, but at the gradient that nine of ten agree on
  CHECK(std::abs(left.x + .8) < 1e-4);
  CHECK(std::abs(left.y + .8) < 1e-4);
  CHECK(first_within(named(all, "Rprop"), .1) == 27);
  CHECK(std::abs(mean_from_minimum(named(all, "RMSprop on mini-batches")) - .161) < 5e-4);
  CHECK(std::abs(mean_from_minimum(named(all, "Adam on mini-batches")) - .015) < 5e-4);
}

TEST_CASE("the page tells these numbers", "[paths]") {
  std::ifstream file(TEST_FOLDER "/../docs/rmsprop.md");
  const std::string page(std::istreambuf_iterator<char>(file), {});
  for (const auto &p : paths::all(3000)) {
    const point end = p.points[steps];
    const auto rounded = [](double x) { return std::round(100 * x) / 100 + 0.; }; // -0 becomes 0
    const int first = first_within(p, .1);
    char row[200];
    std::snprintf(row, sizeof row, "| %s | (%.2f, %.2f) | %.3f | %s | %.3f |", p.name.c_str(), rounded(end.x),
                  rounded(end.y), from_minimum(end), first > 3000 ? "never" : std::to_string(first).c_str(),
                  mean_from_minimum(p));
    INFO(row);
    REQUIRE(page.find(row) != std::string::npos);
  }
}
