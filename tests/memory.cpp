// Not a byte outside the arrays is read or written: they end at pages that may not be touched.
#include "family.hpp"
#include "guarded_pages.hpp"

TEMPLATE_LIST_TEST_CASE("a step stays inside its arrays at both ends", "[memory]", family::all) {
  constexpr std::size_t count = family::array_count<TestType>;
  const std::array<guarded_pages, count> pages;
  for (auto o : family::one_per_mode<TestType>())
    for (const auto &isa : family::isas()) {
      REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
      for (std::size_t n = 0; n <= 145; n += n == 65 ? 62 : 1) // from 128 on, aligned registers come first
        for (const bool at_end : {false, true}) {
          family::arrays<TestType> expected(n, family::any_float, static_cast<std::uint32_t>(n));
          std::array<float *, count> at;
          for (std::size_t k = 0; k < count; ++k) {
            at[k] = at_end ? pages[k].last(n) : pages[k].first();
            std::copy_n(expected.array(k), n, at[k]);
          }
          const auto whole = expected.at();
          REQUIRE(family::step<TestType>(o, n, at.data()) == GLISSADE_OK);
          REQUIRE(family::step<TestType>(o, n, whole.data()) == GLISSADE_OK);
          for (std::size_t k = 0; k < count; ++k)
            REQUIRE(family::first_difference(at[k], expected.array(k), n) == n);
        }
    }
}

TEMPLATE_LIST_TEST_CASE("the gradient may lie where nothing can be written", "[memory]", family::all) {
  const guarded_pages page;
  std::fill_n(page.first(), 65, .5f);
  page.forbid_writing();
  for (const auto &o : family::one_per_mode<TestType>())
    for (const auto &isa : family::isas()) {
      REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
      for (const std::size_t n : {1u, 16u, 65u}) {
        family::arrays<TestType> memory(n, family::ordinary_float, 1);
        auto at = memory.at();
        at[1] = page.first();
        REQUIRE(family::step<TestType>(o, n, at.data()) == GLISSADE_OK);
      }
    }
}
