// The right bits: every step against the optimizer's formula in double, within the bound
// of its own roundings.
#include "family.hpp"

// A bound so loose that it would pass anything would prove nothing: all but a few must be this narrow.
static bool is_narrow(const bounded &b, double scale) { return b.error <= 1e-5 * (std::abs(b.x) + scale); }

TEMPLATE_LIST_TEST_CASE("every option computes its documented formula", "[reference]", family::all) {
  using about = description<family::options_of<TestType>>;
  constexpr std::size_t n = 67, count = family::array_count<TestType>;
  std::size_t all = 0, narrow = 0;
  std::uint32_t seed = 0;
  for (const auto &o : family::all_options<TestType>()) {
    family::arrays<TestType> before(n, family::ordinary_float, ++seed * 4 + 1),
        after(n, family::ordinary_float, seed * 4 + 1);
    const auto at = after.at();
    REQUIRE(glissade_use_isa(nullptr) == GLISSADE_OK);
    REQUIRE(family::step<TestType>(o, n, at.data()) == GLISSADE_OK);
    const auto states = about::states(o);
    for (std::size_t i = 0; i < n; ++i) {
      std::array<bounded, count> expected;
      for (std::size_t k = 0; k < count; ++k)
        expected[k] = before.array(k)[i];
      about::step(o, expected[0], expected[1], std::span(expected).subspan(2));
      for (std::size_t k = 0; k < count; ++k) {
        if (k >= 2 && !states[k - 2].needed) expected[k] = before.array(k)[i];
        const float got = after.array(k)[i];
        if (!expected[k].admits(got))
          FAIL("array " << k << " element " << i << " of options " << seed << ": " << got << " is not "
                        << expected[k].x << " within " << expected[k].error << ", from "
                        << before.array(k)[i]);
        ++all;
        narrow += is_narrow(expected[k], std::abs(before.array(k)[i]));
      }
    }
  }
  INFO(narrow << " of " << all << " bounds are narrow");
  REQUIRE(narrow >= all * 9 / 10); // the rest: centered variances that cancel
}

TEMPLATE_LIST_TEST_CASE("a NaN in what a parameter is computed from makes it NaN", "[reference]",
                        family::all) {
  using about = description<family::options_of<TestType>>;
  constexpr std::size_t n = 19;
  for (auto o : family::one_per_mode<TestType>())
    for (const auto &isa : family::isas())
      for (std::size_t k = 0; k < family::array_count<TestType>; ++k) {
        o.step = 1000; // no step so far from the first leaves out a state
        if (k >= 2 && !(about::states(o)[k - 2].needed && about::states(o)[k - 2].moves_param)) continue;
        family::arrays<TestType> memory(n, family::ordinary_float, 1);
        const auto at = memory.at();
        at[k][3] = at[k][n - 1] = NAN;
        REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
        REQUIRE(family::step<TestType>(o, n, at.data()) == GLISSADE_OK);
        INFO(isa << " array " << k);
        for (std::size_t i = 0; i < n; ++i)
          REQUIRE(std::isnan(at[0][i]) == (i == 3 || i == n - 1));
      }
}

TEMPLATE_LIST_TEST_CASE("a flushed state is the other one, with 0 for what lies below 2^-126", "[reference]",
                        family::all) {
  constexpr std::size_t n = 67;
  const auto around_the_least = [](std::uint32_t random) {
    return std::bit_cast<float>((random & 0x80000000) |
                                (0x00200000 + random % 0x00e00000)); // 2^-128 to 2^-125
  };
  for (auto o : family::one_per_mode<TestType>())
    for (const auto &isa : family::isas()) {
      o.step = 50;
      o.threads = 1;
      family::arrays<TestType> kept(n, around_the_least, 1), flushed(n, around_the_least, 1);
      REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
      for (const auto flush : {0, 1}) {
        const auto at = (flush ? flushed : kept).at();
        std::fill_n(at[0], n, 0.f); // so that states just decay
        std::fill_n(at[1], n, 0.f);
        o.flush_subnormals = flush;
        REQUIRE(family::step<TestType>(o, n, at.data()) == GLISSADE_OK);
      }
      const auto states = description<family::options_of<TestType>>::states(o);
      INFO(isa);
      for (std::size_t k = 2; k < family::array_count<TestType>; ++k)
        for (std::size_t i = 0; i < n; ++i) {
          const float x = kept.array(k)[i];
          REQUIRE(flushed.array(k)[i] == (states[k - 2].needed && std::abs(x) < FLT_MIN ? 0 : x));
        }
    }
}

TEMPLATE_LIST_TEST_CASE("the options that the tests know are all that there are", "[reference]",
                        family::all) {
  using options = family::options_of<TestType>;
  std::size_t bytes = sizeof(options::struct_size), numbers = 0;
  for (const auto &field : description<options>::fields()) {
    bytes += field.size();
    numbers += field.is_real();
  }
  if constexpr (requires(options o) { o.reserved; }) bytes += sizeof(int);
  REQUIRE((bytes + 7) / 8 * 8 == sizeof(options));
}

// With beta2 = 0, eps = 0 and a gradient of 1 nothing is left of the step but its two factors.
TEST_CASE("NAdam multiplies its momenta as long as they count", "[reference]") {
  glissade_nadam o = GLISSADE_NADAM_TORCH;
  o.lr = 1;
  o.beta2 = o.eps = 0;
  for (o.beta1 = .5; o.beta1 < .97; o.beta1 += .0078) {
    const auto momentum = [&](double step) {
      return o.beta1 * (1 - .5 * std::pow(.96, step * o.momentum_decay));
    };
    float all = 1;
    for (o.step = 1; all >= 0x1p-56f; ++o.step) {
      const auto step = static_cast<double>(o.step);
      all *= static_cast<float>(momentum(step));
      const double next = momentum(step + 1);
      const auto of_grad = static_cast<float>(-(1 - momentum(step)) / (1 - double(all))),
                 of_average = static_cast<float>(-next / (1 - all * next));
      float param = 0, exp_avg = 0, exp_avg_sq = 0;
      const float grad = 1;
      REQUIRE(glissade_nadam_step(&o, 1, &param, &grad, &exp_avg, &exp_avg_sq) == GLISSADE_OK);
      CAPTURE(o.beta1, o.step);
      // In two steps, so that no compiler fuses them.
      const auto product = static_cast<float>(double(of_average) * exp_avg);
      REQUIRE(param == of_grad + product);
    }
  }
}

TEST_CASE("Adam with eps beside the uncorrected root is one without bias correction, at another lr",
          "[reference]") {
  constexpr std::size_t n = 67;
  const double lr = 1e-3, beta1 = .9, beta2 = .999, eps = 1e-3; // so large that its place matters
  glissade::adam optimizer(n);
  auto &o = optimizer.options();
  o.eps = eps;
  o.no_bias_correction = 1;
  std::vector<float> param(n, 1), grad(n);
  std::vector<double> p(n, 1), m(n), v(n);
  for (int t = 1; t <= 20; ++t) {
    o.lr = lr * std::sqrt(1 - std::pow(beta2, t)) / (1 - std::pow(beta1, t));
    for (std::size_t i = 0; i < n; ++i) {
      const double g = grad[i] =
          family::ordinary_float(family::mixed(std::uint32_t(i * 100) + std::uint32_t(t)));
      m[i] += (1 - beta1) * (g - m[i]);
      v[i] += (1 - beta2) * (g * g - v[i]);
      p[i] -= o.lr * m[i] / (std::sqrt(v[i]) + eps);
    }
    optimizer.step(param, grad);
  }
  for (std::size_t i = 0; i < n; ++i)
    REQUIRE(std::abs(param[i] - p[i]) <= 2e-6 * std::max(1., std::abs(p[i])));
}
