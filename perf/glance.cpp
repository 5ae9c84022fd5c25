// Measures RMSprop and the plain loop where the arrays lie in the first cache, in the others and in memory.
#include "glance.hpp"
#include "check.hpp"
#include "glissade/glissade.h"
#include "machine.hpp"
#include "measure.hpp"
#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace perf {
namespace {

double median(std::vector<double> x) {
  std::nth_element(x.begin(), x.begin() + long(x.size() / 2), x.end());
  return x[x.size() / 2];
}

// The median over the rounds, in which both took their turns.
double ratio(const timing &a, const timing &b) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.seconds.size(); ++i)
    ratios.push_back(a.seconds[i] / b.seconds[i]);
  return median(ratios);
}

void print_row(const group &g, const char *place) {
  for (const cell &c : g.cells)
    if (const std::string fault = difference(g, c); !fault.empty()) {
      std::fprintf(stderr, "%s is wrong: %s\n", g.name(c).c_str(), fault.c_str());
      std::exit(1);
    }
  const auto results = measure(g, effort_of(mode::quick), [](const cell &) { return true; });
  const timing &limit = results[0], &library = results[1], &plain = results[2];
  const double ns = 1e9 / double(g.n);
  std::printf("%-9s %11zu %7d %12.3f %8.0f %% %12.3f %8.1f x\n", place, g.n, g.cells[0].threads,
              ns * median(library.seconds), 100 * ratio(limit, library), ns * median(plain.seconds),
              ratio(plain, library));
  std::fflush(stdout);
}

} // namespace

void glance() {
  const char *isa = glissade_isa();
  if (!isa) {
    std::fprintf(stderr, "%s\n", glissade_status_message(GLISSADE_UNAVAILABLE_ISA));
    std::exit(1);
  }
  const auto subjects = all_subjects();
  const subject &rmsprop = subjects.front();
  const auto named = [&](const std::string &name) {
    return &*std::find_if(rmsprop.contenders.begin(), rmsprop.contenders.end(),
                          [&](const contender &c) { return c.name == name; });
  };
  std::printf("RMSprop on this CPU (%s) with %s, in ns per element:\n\n",
              description().front().second.c_str(), isa);
  std::printf("%-9s %11s %7s %12s %10s %12s %10s\n", "arrays in", "elements", "threads", "glissade",
              "of limit", "plain loop", "faster");
  const auto row = [&](const char *place, std::size_t n, int threads) {
    group g{&rmsprop, n, false, {}};
    for (const contender *who : {&rmsprop.limit, named(isa), named("plain")})
      g.cells.push_back({who, n, threads, 0});
    print_row(g, place);
  };
  const auto [first_cache, caches, large] = typical_sizes(rmsprop);
  const char *const place = is_beyond_caches(rmsprop, large) ? "memory" : "L3";
  row("L1", first_cache, 1);
  row("L2 or L3", caches, 1);
  row(place, large, 1);
  if (const int all = all_threads(); all > 1) row(place, large, all);
  std::printf("\nThe limit is a loop that reads and writes the same memory and computes nothing.\n");
}

} // namespace perf
