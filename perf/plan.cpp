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

// Such tensors there are; the last cache of a server may hold one.
constexpr std::size_t large = 16 << 20;

// Arrays of a quick run take no more than this.
constexpr std::size_t most_bytes_of_quick = std::size_t{3} << 29;

} // namespace

std::set<std::size_t> sizes_of(mode m, const subject &s, const std::vector<cache> &caches, std::size_t memory,
                               std::size_t params) {
  const std::size_t element = s.used.size() * sizeof(float);
  if (s.only_n) {
    const bool fits = s.only_n * element <= (m == mode::tiny ? 16 << 20 : memory);
    return fits ? std::set{s.only_n} : std::set<std::size_t>();
  }
  std::set<std::size_t> sizes{1 << 10, 40000};
  if (m != mode::tiny) {
    sizes = {1 << 10, in_caches, large};
    for (const auto &cache : caches)
      sizes.insert(std::bit_floor(std::min(cache.bytes / cache.cores / 2 / element, large)));
    const std::size_t beyond = std::bit_ceil(beyond_caches(caches) / element),
                      most = (m == mode::full ? memory : std::min(memory, most_bytes_of_quick)) / element;
    const bool model_is_beyond = params * element >= beyond_caches(caches) && params * element <= memory;
    if (!model_is_beyond) sizes.insert(std::max(large, std::min(beyond, std::bit_floor(most))));
  }
  if (m == mode::full)
    for (std::size_t n = 1 << 10; n <= 64 << 20; n *= 4)
      sizes.insert(n);
  sizes.erase(0);
  // n - 1 is measured too, so a neighbour of another size would be measured twice.
  const auto near = sizes.lower_bound(params - 1);
  if (params && (near == sizes.end() || *near > params + 1)) sizes.insert(params);
  std::erase_if(sizes, [=](std::size_t n) { return n * element > memory; });
  return sizes;
}

// 1 to all; past 8 only the doubles.
std::set<int> threads_of(mode m, int all) {
  std::set<int> counts{1, all};
  if (m == mode::full)
    for (int k = 1; k < all; k = k < 8 ? k + 1 : 2 * k)
      counts.insert(k);
  return counts;
}

namespace {

std::set<int> threads_of(mode m) { return threads_of(m, all_threads()); }

// Adds a measurement, and its limit before it.
void add(group &g, const cell &c) {
  const cell limit{&g.what->limit, c.n, c.threads, c.offset};
  for (const cell &one : {limit, c})
    if (std::find(g.cells.begin(), g.cells.end(), one) == g.cells.end()) g.cells.push_back(one);
}

group ordinary(mode m, const subject &s, std::size_t n) {
  group g{&s, n, false, {}};
  const contender &best = s.contenders.front();
  // Large arrays take a run's time, and the lesser instruction sets the most of it.
  const bool every_isa = n <= (m == mode::full ? large : 1 << 20);
  for (const int threads : threads_of(m))
    for (const contender &who : s.contenders)
      if (!who.only_subnormals && (every_isa || !who.is_library || &who == &best))
        add(g, {&who, n, threads, 0});
  if (n > large && m == mode::quick) return g;
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

std::vector<group> plan_of(mode m, const std::vector<subject> &subjects, std::size_t params) {
  std::vector<group> plan;
  for (const subject &s : subjects) {
    const auto sizes = sizes_of(m, s, data_caches(), free_memory() / 2, params);
    for (const std::size_t n : sizes)
      plan.push_back(s.only_n ? list(m, s) : ordinary(m, s, n));
    if (std::any_of(s.contenders.begin(), s.contenders.end(),
                    [](const auto &c) { return c.only_subnormals; }))
      plan.push_back(subnormal(s, *sizes.begin()));
  }
  return plan;
}

} // namespace perf
