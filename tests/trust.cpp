// Steps by trust ratios: the ratios of a loop of one's own, then the bits of one call for each tensor at its own rate.
#include "family.hpp"
#include "glissade/model.hpp"
#include "golden.hpp"
#include "stored.hpp"
#include "textbook_norm.hpp"

namespace {

constexpr glissade_trust lamb = GLISSADE_TRUST_LAMB, lars = GLISSADE_TRUST_LARS;

double norm_of(const float *x, std::size_t n) { return norm_in_order({family::gradient(n, x)}); }

double ratio_of(const glissade_trust &trust, double param, double update) {
  if (!(param > 0 && update > 0)) return 1;
  const double ratio = trust.coefficient * param / (update + trust.eps);
  return trust.max_ratio > 0 ? std::min(ratio, trust.max_ratio) : ratio;
}

// Takes the step on one tensor, and returns its ratio.
template <class rule>
double expected_step(family::options_of<rule> o, const glissade_trust &trust, family::arrays<rule> &memory) {
  const auto at = memory.at();
  const std::size_t n = memory.n;
  const double param = norm_of(at[0], n);
  if (trust.of_gradient) {
    const double ratio =
        ratio_of(trust, param, norm_of(at[1], n) * std::abs(o.grad_scale) + o.weight_decay * param);
    o.grad_scale *= ratio;
    o.weight_decay *= ratio;
    REQUIRE(family::step<rule>(o, n, at.data()) == GLISSADE_OK);
    return ratio;
  }
  std::vector<std::vector<float>> copies;
  auto of_copies = at;
  for (std::size_t k = 0; k < at.size(); ++k)
    of_copies[k] = copies.emplace_back(at[k], at[k] + n).data();
  auto unit = o;
  unit.lr = 1;
  REQUIRE(family::step<rule>(unit, n, of_copies.data()) == GLISSADE_OK);
  for (std::size_t i = 0; i < n; ++i)
    copies[0][i] = at[0][i] - copies[0][i];
  const double ratio = ratio_of(trust, param, norm_of(copies[0].data(), n));
  o.lr *= ratio;
  REQUIRE(family::step<rule>(o, n, at.data()) == GLISSADE_OK);
  return ratio;
}

} // namespace

TEMPLATE_LIST_TEST_CASE("a step by trust ratios is one at the rate of each tensor", "[trust][threads]",
                        family::all) {
  using options = family::options_of<TestType>;
  using functions = glissade::functions<options>;
  glissade_trust bounded = lamb, damped = lars;
  bounded.max_ratio = .3;
  damped.coefficient = .02;
  damped.eps = .5;
  const std::size_t sizes[] = {1, 5, 67, 0, 300, family::emulated() ? 999u : 70001u};
  std::uint32_t seed = 0;
  for (auto o : family::one_per_mode<TestType>())
    for (const auto &trust : {lamb, lars, bounded, damped}) {
      o.step = 7;
      o.grad_scale = -.5;
      o.weight_decay = o.weight_decay != 0 ? .03 : 0;
      auto own = o;
      own.lr = 2 * o.lr;
      own.step = 0;
      ++seed;
      for (const auto &isa : family::isas())
        for (const int threads : {1, 3}) {
          if (threads > 1 && seed % 4 != 0) continue;
          REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
          o.threads = threads;
          std::vector<typename functions::tensor> tensors;
          std::vector<std::unique_ptr<family::arrays<TestType>>> got, expected;
          std::vector<double> ratios(std::size(sizes), -5), expected_ratios;
          for (std::size_t i = 0; i < std::size(sizes); ++i) {
            for (auto *all : {&got, &expected})
              all->push_back(std::make_unique<family::arrays<TestType>>(sizes[i], family::ordinary_float,
                                                                        seed * 10 + std::uint32_t(i)));
            tensors.push_back(
                family::tensor_of<TestType>(sizes[i], got[i]->at().data(), i == 2 ? &own : nullptr));
            auto its = i == 2 ? own : o;
            its.step = o.step;
            its.threads = 1;
            expected_ratios.push_back(expected_step(its, trust, *expected[i]));
          }
          REQUIRE(functions::step_many_trust(&o, tensors.size(), tensors.data(), &trust, ratios.data()) ==
                  GLISSADE_OK);
          CAPTURE(isa, threads, trust.of_gradient, seed);
          CHECK(ratios == expected_ratios);
          for (std::size_t i = 0; i < std::size(sizes); ++i) {
            CHECK(got[i]->difference(*expected[i]) == "none");
            CHECK(got[i]->nothing_changed_outside());
          }
        }
    }
}

TEST_CASE("a ratio is 1 where a norm is 0 or not finite, and no product overflows", "[trust]") {
  const auto ratio = [](std::vector<float> param, std::vector<float> grad, glissade_trust trust) {
    glissade_sgd o = GLISSADE_SGD_TORCH;
    double result = -1;
    const glissade_sgd_tensor tensor = {sizeof tensor, param.size(), param.data(), grad.data(),
                                        nullptr,       nullptr,      nullptr};
    REQUIRE(glissade_sgd_step_many_trust(&o, 1, &tensor, &trust, &result) == GLISSADE_OK);
    return std::pair(result, param[0]);
  };
  for (const auto &trust : {lamb, lars}) {
    CHECK(ratio({0, 0}, {1, 2}, trust).first == 1);
    CHECK(ratio({1, 2}, {0, 0}, trust).first == 1);
    CHECK(ratio({1, 2}, {1, INFINITY}, trust).first == 1);
    CHECK(ratio({1, NAN}, {1, 2}, trust).first == 1);
    CHECK(ratio({1, INFINITY}, {1, 2}, trust).first == 1);
  }
  CHECK(ratio({3, 4}, {6, 8}, lamb).first == .5);
  glissade_trust huge = lamb;
  huge.coefficient = 3e38;
  CHECK(ratio({4e6f, 0}, {1, 0}, huge).second == -FLT_MAX);
}

TEST_CASE("stored tensors take the step by the ratios of what they decode to", "[trust][storage]") {
  constexpr std::size_t n = 700;
  for (const auto &trust : {lamb, lars}) {
    std::vector<float> param(n), grad(n), m(n), v(n), plain = param;
    for (std::uint32_t i = 0; i < n; ++i) {
      plain[i] = param[i] = family::ordinary_float(family::mixed(i));
      grad[i] = std::bit_cast<float>(
          std::bit_cast<std::uint32_t>(family::ordinary_float(family::mixed(i + n))) & 0xffff0000);
    }
    std::vector<std::uint16_t> half(n);
    const glissade_array stored = {GLISSADE_BF16, half.data(), nullptr};
    REQUIRE(glissade_encode(n, grad.data(), &stored, 0, 0, 0, 1) == GLISSADE_OK);
    glissade_storage storage = {};
    storage.struct_size = sizeof storage;
    storage.grad = stored;
    glissade_adam o = GLISSADE_ADAM_LAMB;
    o.step = 1;
    double got = 0, expected = 0;
    const glissade_adam_tensor of_floats = {sizeof of_floats, n,       plain.data(), grad.data(), m.data(),
                                            v.data(),         nullptr, nullptr,      nullptr};
    REQUIRE(glissade_adam_step_many_trust(&o, 1, &of_floats, &trust, &expected) == GLISSADE_OK);
    std::ranges::fill(m, 0.f);
    std::ranges::fill(v, 0.f);
    const glissade_adam_tensor tensor = {sizeof tensor, n,       param.data(), nullptr, m.data(),
                                         v.data(),      nullptr, nullptr,      &storage};
    REQUIRE(glissade_adam_step_many_trust(&o, 1, &tensor, &trust, &got) == GLISSADE_OK);
    CHECK(got == expected);
    CHECK(got != 1);
    CHECK(family::first_difference(param.data(), plain.data(), n) == n);
  }
}

TEST_CASE("bad arguments of a step by trust ratios are refused", "[trust][status]") {
  family::arrays<glissade::rules::sgd> memory(9, family::ordinary_float, 1);
  const auto tensor = family::tensor_of<glissade::rules::sgd>(9, memory.at().data());
  glissade_sgd o = GLISSADE_SGD_TORCH;
  const auto with = [&](auto change) {
    glissade_trust trust = lamb;
    change(trust);
    double ratio = -5;
    const auto status = glissade_sgd_step_many_trust(&o, 1, &tensor, &trust, &ratio);
    if (status != GLISSADE_OK) CHECK(ratio == -5);
    return status;
  };
  for (const double wrong : {-1e-300, 3.5e38, double(INFINITY), double(NAN)}) {
    CHECK(with([=](auto &t) { t.coefficient = wrong; }) == GLISSADE_BAD_COEFFICIENT);
    CHECK(with([=](auto &t) { t.eps = wrong; }) == GLISSADE_BAD_EPS);
    CHECK(with([=](auto &t) { t.max_ratio = wrong; }) == GLISSADE_BAD_MAX_RATIO);
  }
  for (const int wrong : {-1, 2, 65536})
    CHECK(with([=](auto &t) { t.of_gradient = wrong; }) == GLISSADE_BAD_OF_GRADIENT);
  for (const std::size_t wrong : {std::size_t(0), sizeof lamb - 8, sizeof lamb + 4})
    CHECK(with([=](auto &t) { t.struct_size = wrong; }) == GLISSADE_BAD_STRUCT_SIZE);
  CHECK(glissade_sgd_step_many_trust(&o, 1, &tensor, nullptr, nullptr) == GLISSADE_NULL_TRUST);
  CHECK(glissade_sgd_step_many_trust(nullptr, 1, &tensor, &lamb, nullptr) == GLISSADE_NULL_OPTIONS);
  CHECK(glissade_sgd_step_many_trust(&o, 1, nullptr, &lamb, nullptr) == GLISSADE_NULL_TENSORS);
  o.lr = -1;
  CHECK(glissade_sgd_step_many_trust(&o, 1, &tensor, &lamb, nullptr) == GLISSADE_BAD_LR);
  CHECK(memory.nothing_changed());
  o.lr = 1;
  CHECK(glissade_sgd_step_many_trust(&o, 1, &tensor, &lamb, nullptr) == GLISSADE_OK);
  CHECK(!memory.nothing_changed());
  struct {
    glissade_trust trust = lamb;
    double more = 0;
  } larger;
  larger.trust.struct_size = sizeof larger;
  CHECK(glissade_sgd_step_many_trust(&o, 1, &tensor, &larger.trust, nullptr) == GLISSADE_OK);
  larger.more = 1;
  CHECK(glissade_sgd_step_many_trust(&o, 1, &tensor, &larger.trust, nullptr) == GLISSADE_BAD_STRUCT_SIZE);
}

TEST_CASE("a model takes steps by trust ratios", "[trust][model]") {
  std::vector<float> a(100, 1), b(50, 2), grad(100, .5f), a2 = a, b2 = b;
  glissade::model<glissade_adam> one(GLISSADE_ADAM_LAMB);
  one.add(a, grad);
  one.add(b, std::span(grad).first(50));
  double ratios[2];
  CHECK_THROWS_AS(one.step_trust(lamb, std::span(ratios).first(1)), glissade::error);
  CHECK(one.steps() == 0);
  one.step_trust(lamb, ratios);
  CHECK(one.steps() == 1);
  // The update of the first step is 1 / (1 + eps), and .01 of param.
  CHECK(ratios[0] == Approx(1 / 1.01));
  CHECK(ratios[1] == Approx(2 / 1.02));
  CHECK(a[7] == Approx(1 - 1e-3));
  CHECK(b[7] == Approx(2 - 2e-3));
  auto wrong = lamb;
  wrong.coefficient = -1;
  CHECK_THROWS_AS(one.step_trust(wrong), glissade::error);
  CHECK(one.steps() == 1);
  one.step_trust(lars);
  CHECK(one.steps() == 2);
  one.set_grad(0, {});
  one.step_trust(lamb, ratios);
  CHECK(ratios[0] == 0);
  CHECK(ratios[1] > 1);
}

TEMPLATE_TEST_CASE("steps by trust ratios are those of timm", "[trust][vectors]", glissade_adam,
                   glissade_sgd) {
  using functions = glissade::functions<TestType>;
  const auto cases = golden::read(std::is_same_v<TestType, glissade_adam> ? "adam.lamb" : "sgd.lars");
  REQUIRE(cases.size() >= 8);
  for (const auto &given : cases) {
    auto values = given.options;
    glissade_trust trust = lamb;
    const auto taken = [&](const std::string &name) { return values.extract("trust_" + name).mapped(); };
    trust.coefficient = taken("coefficient");
    trust.eps = taken("eps");
    trust.max_ratio = taken("max_ratio");
    trust.of_gradient = int(taken("of_gradient"));
    const auto &[last, expected] = *given.arrays.rbegin();
    std::vector<float> param(expected.at("param").size()), grad(param.size());
    for (std::uint32_t i = 0; i < param.size(); ++i)
      param[i] = golden::input(i);
    glissade::model<TestType> model(with<TestType>(values));
    model.add(param, grad);
    for (int step = 1; step <= last; ++step) {
      for (std::uint32_t i = 0; i < grad.size(); ++i)
        grad[i] = golden::input(std::uint32_t(step) * 1000003 + i);
      model.step_trust(trust);
    }
    for (const auto &[name, those] : expected) {
      const auto got = name == "param" ? model.param(0) : std::as_const(model).state(0, name);
      for (std::size_t i = 0; i < those.size(); ++i) {
        CAPTURE(functions::name, name, i, values);
        REQUIRE(std::abs(double(got[i]) - those[i]) <= 2e-6 * std::max(1., std::abs(double(those[i]))));
      }
    }
  }
}
