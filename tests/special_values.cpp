// What infinities and NaNs in the arrays become: what IEEE arithmetic, and so torch, makes of them.
#include "family.hpp"

TEMPLATE_LIST_TEST_CASE("a NaN in the gradient reaches every array that depends on it", "[special]",
                        family::all) {
  using options = family::options_of<TestType>;
  for (const auto &o : family::all_options<TestType>())
    for (const auto &isa : family::isas()) {
      REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
      for (const std::size_t where : {0u, 20u, 32u}) { // in a register, and in the rest
        family::arrays<TestType> a(33, family::ordinary_float, 9);
        const auto at = a.at();
        at[1][where] = NAN;
        REQUIRE(family::step<TestType>(o, a.n, at.data()) == GLISSADE_OK);
        const auto states = description<options>::states(o);
        for (std::size_t i = 0; i < a.n; ++i) {
          INFO(isa << " element " << i);
          REQUIRE(std::isnan(at[0][i]) == (i == where));
          for (std::size_t k = 0; k < states.size(); ++k)
            REQUIRE(std::isnan(at[k + 2][i]) == (i == where && states[k].needed));
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
