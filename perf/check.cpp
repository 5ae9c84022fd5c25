// Compares every element of every array after one step with the library's, on one thread.
#include "check.hpp"
#include "arrays.hpp"
#include <cfloat>
#include <cmath>
#include <cstring>

namespace perf {
namespace {

// A step adds to each value something no larger than the old and the new one together, by a formula of at
// most 16 roundings; and a contender may keep or drop what is subnormal.
bool is_near(float before, float expected, float got) {
  return std::abs(got - expected) <= 0x1p-20f * (std::abs(before) + std::abs(expected)) + FLT_MIN;
}

} // namespace

std::string difference(const group &g, const cell &c) {
  const std::size_t n = std::min<std::size_t>(c.n, 300000 + c.n % 16); // enough for every thread to take part
  arrays before(*g.what, n), expected(*g.what, n), got(*g.what, n);
  for (arrays *one : {&before, &expected, &got})
    one->fill(g.subnormal);
  if (c.who->leaves != result::nothing_changed) {
    const contender &library = g.what->contenders.front();
    choose_isa(library);
    library.step(n, 1, expected.at(c.offset).data());
  }
  choose_isa(*c.who);
  c.who->step(n, c.threads, got.at(c.offset).data());

  for (const std::size_t k : g.what->checked) {
    const float *old = before.at(c.offset)[k], *a = expected.at(c.offset)[k], *b = got.at(c.offset)[k];
    for (std::size_t i = 0; i < n; ++i) {
      const bool exact = c.who->leaves != result::same_but_for_rounding || k == 1;
      if (exact ? std::memcmp(a + i, b + i, sizeof *a) != 0 : !is_near(old[i], a[i], b[i]))
        return "array " + std::to_string(k) + " element " + std::to_string(i) + " is " +
               std::to_string(b[i]) + ", not " + std::to_string(a[i]);
    }
  }
  return "";
}

} // namespace perf
