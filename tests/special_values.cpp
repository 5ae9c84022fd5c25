// What infinities and NaNs in the arrays become: what IEEE arithmetic, and so torch, makes of them.
#include "family.hpp"
#include <algorithm>
#include <array>
#include <span>

namespace {

// Which arrays this step's gradient enters, by the formula in double: those that gradients of other size or sign
// leave otherwise. An optimizer may keep its first gradient for later steps.
template <class rule>
std::array<bool, family::array_count<rule>> entered_by_gradient(const family::options_of<rule> &o) {
  constexpr std::size_t count = family::array_count<rule>;
  const auto after = [&](double gradient) {
    std::array<bounded, count> values;
    values.fill(1);
    description<family::options_of<rule>>::step(o, values[0], gradient, std::span(values).subspan(2));
    return values;
  };
  const auto one = after(1), large = after(1000), turned = after(-1000);
  std::array<bool, count> entered;
  for (std::size_t k = 0; k < count; ++k)
    entered[k] = one[k].x != large[k].x || large[k].x != turned[k].x;
  return entered;
}

} // namespace

TEMPLATE_LIST_TEST_CASE("a NaN in the gradient reaches every array that depends on it", "[special]",
                        family::all) {
  for (const auto &o : family::all_options<TestType>()) {
    const auto entered = entered_by_gradient<TestType>(o);
    REQUIRE(std::count(entered.begin(), entered.end(), true) > 0);
    for (const auto &isa : family::isas()) {
      REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
      for (const std::size_t where : {0u, 20u, 32u}) { // in a register, and in the rest
        family::arrays<TestType> a(33, family::ordinary_float, 9);
        const auto at = a.at();
        at[1][where] = NAN;
        REQUIRE(family::step<TestType>(o, a.n, at.data()) == GLISSADE_OK);
        for (std::size_t i = 0; i < a.n; ++i) {
          INFO(isa << " element " << i);
          for (std::size_t k = 0; k < a.count; ++k)
            if (k != 1) REQUIRE(std::isnan(at[k][i]) == (i == where && entered[k]));
        }
      }
    }
  }
}

TEST_CASE("infinite and huge gradients go through the arithmetic as written", "[special]") {
  glissade_rmsprop o = GLISSADE_RMSPROP_TORCH;
  float param = 1, grad = INFINITY, square_avg = 1, grad_avg = 1;
  REQUIRE(glissade_rmsprop_step(&o, 1, &param, &grad, &square_avg, nullptr, nullptr) == GLISSADE_OK);
  CHECK(std::isinf(square_avg));
  CHECK(std::isnan(param)); // inf / inf
  param = square_avg = 1;
  grad = 1e20f; // its square is no float, but (0.01 * grad) * grad is
  REQUIRE(glissade_rmsprop_step(&o, 1, &param, &grad, &square_avg, nullptr, nullptr) == GLISSADE_OK);
  CHECK(std::abs(square_avg / 1e38f - 1) < 1e-6f);
  CHECK(std::abs(param - .9f) < 1e-6f);
  // A centered variance that rounding makes negative is 0, but a NaN stays one.
  o.centered = 1;
  param = 1, grad = 1, square_avg = .5f, grad_avg = 1;
  REQUIRE(glissade_rmsprop_step(&o, 1, &param, &grad, &square_avg, &grad_avg, nullptr) == GLISSADE_OK);
  CHECK(std::isfinite(param));
  CHECK(param < -1e5f); // g / eps
}
