// The switch of Schedule-Free between the params of training and those to evaluate with.
#include "family.hpp"

namespace {

using rule = glissade::rules::schedule_free;
using switch_of = glissade_status (*)(const glissade_schedule_free *, std::size_t, float *, const float *);
constexpr std::pair<switch_of, double (*)(double)> switches[] = {
    {glissade_schedule_free_eval, [](double beta1) { return 1 - 1 / beta1; }},
    {glissade_schedule_free_train, [](double beta1) { return 1 - beta1; }}};

} // namespace

TEST_CASE("the switch of Schedule-Free gives its formula's bits everywhere", "[schedule_free]") {
  glissade_schedule_free o = GLISSADE_SCHEDULE_FREE_ADAMW;
  std::uint32_t seed = 0;
  const auto compare = [&](std::size_t n, const auto &one) {
    const auto &[function, part] = one;
    family::arrays<rule> memory(n, family::any_float, ++seed, family::anywhere);
    const auto at = memory.at();
    std::vector<float> expected(n);
    for (std::size_t i = 0; i < n; ++i)
      expected[i] = std::fma(static_cast<float>(part(o.beta1)), at[2][i] - at[0][i], at[0][i]);
    REQUIRE(function(&o, n, at[0], at[2]) == GLISSADE_OK);
    CAPTURE(n, o.threads);
    REQUIRE(family::first_difference(at[0], expected.data(), n) == n);
    REQUIRE(memory.nothing_changed_outside());
  };
  for (const auto &isa : family::isas()) {
    INFO(isa);
    REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
    for (const auto &one : switches) {
      o.threads = 1;
      for (o.beta1 = .9; o.beta1 > .2; o.beta1 -= .3)
        for (std::size_t n = 0; n < 70; ++n)
          compare(n, one);
      for (const int threads : {0, 3}) {
        o.threads = threads;
        compare(100003, one);
      }
    }
  }
}

TEST_CASE("Schedule-Free evaluates the average of what SGD walks through", "[schedule_free]") {
  glissade_schedule_free options = GLISSADE_SCHEDULE_FREE_SGD;
  options.lr = .1;
  glissade::schedule_free optimizer(3, options);
  std::vector<float> param = {1, -2, .5}, grad(3);
  std::vector<double> z(param.begin(), param.end()), sum(3);
  for (std::uint32_t t = 1; t <= 50; ++t) {
    for (std::size_t i = 0; i < 3; ++i) {
      grad[i] = family::ordinary_float(family::mixed(t * 10 + static_cast<std::uint32_t>(i)));
      z[i] -= .1 * grad[i];
      sum[i] += z[i];
    }
    optimizer.step(param, grad);
    const auto training = param;
    REQUIRE(glissade_schedule_free_eval(&optimizer.options(), 3, param.data(), optimizer.state(0).data()) ==
            GLISSADE_OK);
    for (std::size_t i = 0; i < 3; ++i)
      REQUIRE(std::abs(param[i] - sum[i] / t) < 1e-5);
    REQUIRE(glissade_schedule_free_train(&optimizer.options(), 3, param.data(), optimizer.state(0).data()) ==
            GLISSADE_OK);
    for (std::size_t i = 0; i < 3; ++i)
      REQUIRE(std::abs(param[i] - training[i]) < 1e-6);
  }
}

TEST_CASE("a switch of Schedule-Free that is wrong gets its status and changes nothing",
          "[schedule_free][status]") {
  glissade_schedule_free o = GLISSADE_SCHEDULE_FREE_ADAMW;
  float param[] = {1, 2, 3, 4}, z[] = {5, 6, 7, 8};
  for (const auto &[function, part] : switches) {
    CHECK(function(nullptr, 4, param, z) == GLISSADE_NULL_OPTIONS);
    CHECK(function(&o, 4, nullptr, z) == GLISSADE_NULL_PARAM);
    CHECK(function(&o, 4, param, nullptr) == GLISSADE_NULL_Z);
    CHECK(function(&o, 0, nullptr, nullptr) == GLISSADE_OK);
    CHECK(function(&o, 3, param, param + 2) == GLISSADE_OVERLAPPING_ARRAYS);
    CHECK(function(&o, 3, param + 2, param) == GLISSADE_OVERLAPPING_ARRAYS);
    CHECK(function(&o, SIZE_MAX / 2, param, z) == GLISSADE_BAD_N);
    const auto odd = reinterpret_cast<float *>(reinterpret_cast<std::uintptr_t>(param) + 1);
    CHECK(function(&o, 2, odd, z) == GLISSADE_MISALIGNED_ARRAY);
    CHECK(function(&o, 2, param, odd) == GLISSADE_MISALIGNED_ARRAY);
    auto wrong = o;
    wrong.struct_size = 7;
    CHECK(function(&wrong, 4, param, z) == GLISSADE_BAD_STRUCT_SIZE);
    wrong = o;
    wrong.eps = -1;
    CHECK(function(&wrong, 4, param, z) == GLISSADE_BAD_EPS);
  }
  o.beta1 = 0;
  CHECK(glissade_schedule_free_eval(&o, 4, param, z) == GLISSADE_BAD_BETA1);
  for (int i = 0; i < 4; ++i)
    CHECK((param[i] == float(1 + i) && z[i] == float(5 + i)));
  CHECK(glissade_schedule_free_train(&o, 4, param, z) == GLISSADE_OK); // as far as to z
  CHECK(param[3] == 8);
}
