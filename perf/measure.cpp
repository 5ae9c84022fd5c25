// Times the cells of a group: in every round each of them once, in another order.
#include "measure.hpp"
#include "arrays.hpp"
#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>

namespace perf {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

} // namespace

double spread_of(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return (x[3 * x.size() / 4] - x[x.size() / 4]) / x[x.size() / 2];
}

std::size_t steps_of_a_sample(const std::function<double(std::size_t)> &seconds_for, double enough) {
  std::size_t steps = 1;
  for (int long_ones = 0; long_ones < 2;) { // one of them may be an interruption
    const double seconds = seconds_for(steps);
    long_ones = seconds >= enough ? long_ones + 1 : 0;
    if (long_ones == 0)
      steps = std::max(steps + 1,
                       static_cast<std::size_t>(double(steps) * std::min(10., 1.2 * enough / seconds)));
  }
  return steps;
}

std::vector<timing> measure(const group &g, const effort &e,
                            const std::function<bool(const cell &)> &wanted) {
  arrays memory(*g.what, g.n);
  memory.fill(g.subnormal);
  std::vector<timing> results(g.cells.size(), timing{{}, 1, 0});
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < g.cells.size(); ++i)
    if (wanted(g.cells[i])) order.push_back(i);

  const auto seconds_for = [&](const cell &c, std::size_t steps) {
    const auto at = memory.at(c.offset);
    choose_isa(*c.who);
    const double start = now();
    for (std::size_t i = 0; i < steps; ++i)
      c.who->step(c.n, c.threads, at.data());
    return now() - start;
  };

  for (const std::size_t i : order)
    results[i].steps = steps_of_a_sample([&](std::size_t steps) { return seconds_for(g.cells[i], steps); },
                                         e.sample_seconds);

  const double others_before = cpu_seconds_of_others(), start = now();
  std::mt19937 random(1);
  for (int round = 0; round < e.rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) {
      const cell &c = g.cells[i];
      if (g.subnormal) memory.fill(true);
      // Warm up: a team of threads of this size, and the caches as a sample of several steps finds them.
      glissade::over_chunks(c.n, c.threads, glissade::default_float_mode(), [](std::size_t, std::size_t) {});
      if (results[i].steps > 1) seconds_for(c, 1 + results[i].steps / 10);
      results[i].seconds.push_back(seconds_for(c, results[i].steps) / double(results[i].steps));
    }
  }
  // The kernel counts in ticks, so of a short time this may come out below 0.
  const double others = std::max(0., (cpu_seconds_of_others() - others_before) / (now() - start));
  for (const std::size_t i : order) {
    results[i].spread = spread_of(results[i].seconds);
    results[i].others = others;
  }
  return results;
}

} // namespace perf
