// The same bits from every instruction set, thread count, split and alignment.
#include "family.hpp"

using family::arrays, family::any_float;

namespace {

// The result of `steps` steps on the named instruction set.
template <class rule>
void run(const char *isa, const family::options_of<rule> &o, arrays<rule> &a) {
  REQUIRE(glissade_use_isa(isa) == GLISSADE_OK);
  const auto at = a.at();
  REQUIRE(family::step<rule>(o, a.n, at.data()) == GLISSADE_OK);
}

template <class rule>
void compare(const family::options_of<rule> &o, std::size_t n, std::uint32_t seed, family::placement place) {
  arrays<rule> expected(n, any_float, seed, place);
  run<rule>("scalar", o, expected);
  if (!expected.nothing_changed_outside()) FAIL("scalar wrote where it must not, n = " << n);
  for (const auto &isa : family::isas()) {
    arrays<rule> got(n, any_float, seed, place);
    run<rule>(isa.c_str(), o, got);
    const auto difference = got.difference(expected);
    if (difference != "none" || !got.nothing_changed_outside())
      FAIL(isa << " n = " << n << " seed = " << seed << " differs at " << difference);
  }
}

constexpr std::size_t four_registers_and_one = 4 * 16 + 1;
// From so many on, a register before the aligned ones is worth it; from half of that where they are half as long.
constexpr std::size_t eight_registers = 8 * 16;

} // namespace

TEMPLATE_LIST_TEST_CASE("every option has the same bits on every instruction set", "[bits]", family::all) {
  std::uint32_t seed = 0;
  for (const auto &o : family::all_options<TestType>())
    for (std::size_t n = 0; n <= four_registers_and_one; n += family::emulated() ? 13 : 1)
      compare<TestType>(o, n, ++seed, family::anywhere);
  SUCCEED(seed << " steps");
}

TEMPLATE_LIST_TEST_CASE("every size has the same bits at every alignment", "[bits]", family::all) {
  for (const auto &o : family::one_per_mode<TestType>())
    for (std::uint32_t offset = 0; offset < 16; ++offset)
      for (std::size_t n = 0; n <= eight_registers + 17;
           n += n == four_registers_and_one ? eight_registers - n : 1) {
        compare<TestType>(o, n, offset, [](std::size_t, std::uint32_t seed) -> std::size_t { return seed; });
        compare<TestType>(o, n, offset,
                          [](std::size_t array, std::uint32_t seed) { return array % 3 * 5 + seed; });
      }
}

TEMPLATE_LIST_TEST_CASE("large arrays have the same bits with any number of threads", "[bits][threads]",
                        family::all) {
  using sizes = std::vector<std::size_t>;
  using counts = std::vector<int>;
  for (auto o : family::one_per_mode<TestType>())
    for (const auto n : family::emulated() ? sizes{65535} : sizes{32768, 65535, 200003}) {
      arrays<TestType> expected(n, any_float, 5);
      run<TestType>("scalar", o, expected);
      for (const auto &isa : family::isas())
        for (const int threads : family::emulated() ? counts{3} : counts{0, 1, 2, 3, 7}) {
          o.threads = threads;
          arrays<TestType> got(n, any_float, 5, family::anywhere);
          run<TestType>(isa.c_str(), o, got);
          INFO(isa << " n = " << n << " threads = " << threads);
          REQUIRE(got.difference(expected) == "none");
          REQUIRE(got.nothing_changed_outside());
        }
      o.threads = 1;
    }
}

TEMPLATE_LIST_TEST_CASE("two calls on two parts are one call on the whole", "[bits]", family::all) {
  constexpr std::size_t n = 131;
  for (const auto &o : family::one_per_mode<TestType>())
    for (const auto &isa : family::isas()) {
      arrays<TestType> whole(n, any_float, 9);
      run<TestType>(isa.c_str(), o, whole);
      for (std::size_t part = 0; part <= n; ++part) {
        arrays<TestType> parts(n, any_float, 9);
        const auto first = parts.at(), second = parts.at(part);
        REQUIRE(family::step<TestType>(o, part, first.data()) == GLISSADE_OK);
        REQUIRE(family::step<TestType>(o, n - part, second.data()) == GLISSADE_OK);
        INFO(isa << " cut at " << part);
        REQUIRE(parts.difference(whole) == "none");
      }
    }
}

TEMPLATE_LIST_TEST_CASE("many steps in a row keep the same bits", "[bits]", family::all) {
  for (auto o : family::one_per_mode<TestType>()) {
    arrays<TestType> expected(1003, family::ordinary_float, 3);
    const auto take = [&](const char *isa, arrays<TestType> &a) {
      for (o.step = 1; o.step <= 30; ++o.step)
        run<TestType>(isa, o, a);
    };
    take("scalar", expected);
    for (const auto &isa : family::isas()) {
      arrays<TestType> got(1003, family::ordinary_float, 3, family::anywhere);
      take(isa.c_str(), got);
      INFO(isa);
      REQUIRE(got.difference(expected) == "none");
    }
  }
}
