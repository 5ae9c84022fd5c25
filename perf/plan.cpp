// Which measurements a run makes.
#include "plan.hpp"
#include "machine.hpp"
#include <algorithm>
#include <bit>
#include <set>

namespace perf {

std::string group::name(const cell &c) const {
  return what->name + '/' + c.who->name + "/n:" + std::to_string(c.n) +
         "/threads:" + std::to_string(c.threads) + (c.offset ? "/misaligned" : "") +
         (subnormal ? "/subnormal" : "");
}

effort effort_of(mode m) {
  switch (m) {
  case mode::tiny:
    return {3, 20e-6};
  case mode::quick:
    return {9, 1e-3};
  case mode::full:
    break;
  }
  return {21, 4e-3};
}

namespace {

// More than any first cache holds, less than the caches of a core hold together.
constexpr std::size_t in_caches = 128 << 10;

// The sizes whose arrays fill half of each cache, and the one that no cache holds.
std::set<std::size_t> sizes_of(mode m, const subject &s) {
  const std::size_t largest = m == mode::full ? 64 << 20 : 16 << 20, element = s.used.size() * sizeof(float);
  if (s.only_n) {
    const bool fits = s.only_n * element <= (m == mode::tiny ? 16 << 20 : free_memory() / 2);
    return fits ? std::set{s.only_n} : std::set<std::size_t>();
  }
  if (m == mode::tiny) return {1024, 40000};
  std::set<std::size_t> sizes{1 << 10, in_caches, 16 << 20};
  std::size_t last = 0;
  for (const auto &cache : data_caches()) {
    sizes.insert(std::bit_floor(cache.bytes / cache.cores / 2 / element));
    last = cache.bytes;
  }
  sizes.insert(std::bit_floor(4 * last / element));
  if (m == mode::full)
    for (std::size_t n = 1 << 10; n <= largest; n *= 4)
      sizes.insert(n);
  std::erase_if(sizes,
                [=](std::size_t n) { return n < 64 || n > largest || n * element > free_memory() / 2; });
  return sizes;
}

// 1 to all; past 8 only the doubles.
std::set<int> threads_of(mode m) {
  const int all = all_threads();
  std::set<int> counts{1, all};
  if (m == mode::full)
    for (int k = 1; k < all; k = k < 8 ? k + 1 : 2 * k)
      counts.insert(k);
  return counts;
}

// Adds a measurement, and its limit before it.
void add(group &g, const cell &c) {
  const cell limit{&g.what->limit, c.n, c.threads, c.offset};
  for (const cell &one : {limit, c})
    if (std::find(g.cells.begin(), g.cells.end(), one) == g.cells.end()) g.cells.push_back(one);
}

group ordinary(mode m, const subject &s, std::size_t n) {
  group g{&s, n, false, {}};
  const contender &best = s.contenders.front();
  // Large arrays take a quick run's time, and the lesser instruction sets the most of it.
  const bool every_isa = m != mode::quick || n <= 1 << 20;
  for (const int threads : threads_of(m))
    for (const contender &who : s.contenders)
      if (!who.only_subnormals && (every_isa || !who.is_library || &who == &best))
        add(g, {&who, n, threads, 0});
  add(g, {&best, n, 0, 0});
  add(g, {&best, n, 1, 1});
  for (const contender &who : s.contenders)
    if (&who == &best || who.name == "intrinsics") add(g, {&who, n - 1, 1, 0});
  return g;
}

group list(mode m, const subject &s) {
  group g{&s, s.only_n, false, {}};
  for (const int threads : threads_of(m))
    for (const contender &who : s.contenders)
      add(g, {&who, s.only_n, threads, 0});
  return g;
}

group subnormal(const subject &s, std::size_t n) {
  group g{&s, n, true, {}};
  for (const contender &who : s.contenders)
    add(g, {&who, n, 1, 0});
  return g;
}

} // namespace

std::array<std::size_t, 3> typical_sizes(const subject &s) {
  const auto sizes = sizes_of(mode::quick, s);
  return {*sizes.begin(), in_caches, *sizes.rbegin()};
}

std::vector<group> plan_of(mode m, const std::vector<subject> &subjects) {
  std::vector<group> plan;
  for (const subject &s : subjects) {
    const auto sizes = sizes_of(m, s);
    for (const std::size_t n : sizes)
      plan.push_back(s.only_n ? list(m, s) : ordinary(m, s, n));
    if (std::any_of(s.contenders.begin(), s.contenders.end(),
                    [](const auto &c) { return c.only_subnormals; }))
      plan.push_back(subnormal(s, *sizes.begin()));
  }
  return plan;
}

} // namespace perf
