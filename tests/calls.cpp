// Lists in other calls than one: shares of a caller's own threads, checks alone, and one step number for all groups.
#include "family.hpp"
#include <algorithm>
#include <cstring>
#include <memory>

namespace {

template <class rule>
struct model {
  using options = family::options_of<rule>;
  using functions = glissade::functions<options>;

  model() {
    std::uint32_t seed = 0;
    for (const std::size_t n : {1000u, 0u, 3u, 70000u, 17u}) {
      memory.push_back(
          std::make_unique<family::arrays<rule>>(n, family::ordinary_float, ++seed, family::anywhere));
      tensors.push_back(family::tensor_of<rule>(n, memory.back()->at().data()));
    }
  }
  void require_same(const model &expected) const {
    for (std::size_t i = 0; i < memory.size(); ++i) {
      INFO("tensor " << i);
      REQUIRE(memory[i]->difference(*expected.memory[i]) == "none");
      REQUIRE(memory[i]->nothing_changed_outside());
    }
  }
  bool nothing_changed() const {
    return std::all_of(memory.begin(), memory.end(), [](const auto &one) { return one->nothing_changed(); });
  }

  std::vector<std::unique_ptr<family::arrays<rule>>> memory;
  std::vector<typename functions::tensor> tensors;
};

template <class rule>
family::options_of<rule> first_step() {
  auto o = glissade::functions<family::options_of<rule>>::defaults;
  o.step = 1;
  return o;
}

} // namespace

TEMPLATE_LIST_TEST_CASE("all shares in any order are the step", "[calls]", family::all) {
  using functions = typename model<TestType>::functions;
  for (const auto &o : family::one_per_mode<TestType>())
    for (const std::size_t shares : {1u, 2u, 3u, 64u}) {
      model<TestType> expected, got;
      REQUIRE(functions::step_many(&o, expected.tensors.size(), expected.tensors.data()) == GLISSADE_OK);
      for (std::size_t share = shares; share-- > 0;)
        REQUIRE(functions::step_share(&o, got.tensors.size(), got.tensors.data(), share, shares) ==
                GLISSADE_OK);
      got.require_same(expected);
    }
}

TEMPLATE_LIST_TEST_CASE("a share that does not exist is refused", "[calls][status]", family::all) {
  using functions = typename model<TestType>::functions;
  const auto o = first_step<TestType>();
  model<TestType> m;
  for (const std::size_t shares : {0u, 1u, 3u})
    for (const std::size_t share : {shares, shares + 1, SIZE_MAX})
      CHECK(functions::step_share(&o, m.tensors.size(), m.tensors.data(), share, shares) ==
            GLISSADE_BAD_SHARE);
  CHECK(functions::step_share(&o, 1, nullptr, 0, 1) == GLISSADE_NULL_TENSORS);
  CHECK(functions::step_share(nullptr, 0, nullptr, 0, 1) == GLISSADE_NULL_OPTIONS);
  CHECK(m.nothing_changed());
  CHECK(functions::step_share(&o, m.tensors.size(), m.tensors.data(), SIZE_MAX - 1, SIZE_MAX) == GLISSADE_OK);
}

TEMPLATE_LIST_TEST_CASE("a check names the tensor at fault and changes nothing", "[calls][status]",
                        family::all) {
  using functions = typename model<TestType>::functions;
  auto o = first_step<TestType>();
  model<TestType> m;
  const auto expect = [&](glissade_status status, std::size_t at) {
    std::size_t index = 99;
    CHECK(functions::check(&o, m.tensors.size(), m.tensors.data(), &index) == status);
    CHECK(index == at);
    CHECK(functions::check(&o, m.tensors.size(), m.tensors.data(), nullptr) == status);
    CHECK(m.nothing_changed());
  };
  expect(GLISSADE_OK, m.tensors.size());
  for (const std::size_t at : {0u, 3u, 4u}) {
    auto &t = m.tensors[at];
    const auto good = t;
    t.param = nullptr;
    expect(GLISSADE_NULL_PARAM, at);
    t = good;
    t.n = SIZE_MAX;
    expect(GLISSADE_BAD_N, at);
    t = good;
    t.struct_size += 8; // of the first one, so of all: what lies behind it is not 0
    expect(GLISSADE_BAD_STRUCT_SIZE, at);
    t = good;
    auto own = o;
    own.lr = -1;
    t.options = &own;
    expect(GLISSADE_BAD_LR, at);
    t = good;
  }
  m.tensors[4].param = m.tensors[3].param;
  expect(GLISSADE_OVERLAPPING_ARRAYS, 4);
  o.lr = -1;
  expect(GLISSADE_BAD_LR, m.tensors.size());
  CHECK(functions::check(nullptr, 0, nullptr, nullptr) == GLISSADE_NULL_OPTIONS);
}

TEMPLATE_LIST_TEST_CASE("the first fault is that of the options, of the list, of the further arguments",
                        "[calls][status]", family::all) {
  using functions = typename model<TestType>::functions;
  const auto o = first_step<TestType>();
  auto wrong = o, other = o;
  wrong.lr = -1;
  other.grad_scale = 2;
  model<TestType> m;
  const std::size_t count = m.tensors.size();
  const auto expect = [&](const auto &options, glissade_status share, glissade_status clipped) {
    CHECK(functions::step_share(&options, count, m.tensors.data(), 1, 1) == share);
    CHECK(functions::step_many_clipped(&options, count, m.tensors.data(), -1, nullptr) == clipped);
  };
  m.tensors[2].options = &other;
  expect(o, GLISSADE_BAD_SHARE, GLISSADE_UNEQUAL_GRAD_SCALE);
  m.tensors[2].options = nullptr;
  expect(o, GLISSADE_BAD_SHARE, GLISSADE_BAD_MAX_NORM);
  m.tensors[3].param = nullptr;
  expect(o, GLISSADE_NULL_PARAM, GLISSADE_NULL_PARAM);
  m.tensors[0].grad = nullptr;
  expect(o, GLISSADE_NULL_GRAD, GLISSADE_NULL_GRAD);
  expect(wrong, GLISSADE_BAD_LR, GLISSADE_BAD_LR);
  CHECK(m.nothing_changed());
}

TEMPLATE_LIST_TEST_CASE("a list that no memory can hold is refused", "[calls][status]", family::all) {
  using functions = typename model<TestType>::functions;
  const auto o = first_step<TestType>();
  model<TestType> m;
  for (const std::size_t count :
       {SIZE_MAX, SIZE_MAX / sizeof *m.tensors.data() + 2, std::size_t(PTRDIFF_MAX)}) {
    CHECK(functions::step_many(&o, count, m.tensors.data()) == GLISSADE_BAD_N);
    CHECK(functions::step_many_clipped(&o, count, m.tensors.data(), 1, nullptr) == GLISSADE_BAD_N);
  }
  const glissade_grad grad = family::gradient(0, nullptr);
  glissade_norm result = family::no_norm;
  CHECK(glissade_grad_norm(SIZE_MAX, &grad, 1, &result) == GLISSADE_BAD_N);
  CHECK(m.nothing_changed());
}

TEMPLATE_LIST_TEST_CASE("a step of 0 among a tensor's own options is that of the call", "[calls]",
                        family::all) {
  using functions = typename model<TestType>::functions;
  using options = family::options_of<TestType>;
  for (auto o : family::one_per_mode<TestType>())
    for (const std::int64_t step : {1, 7}) {
      model<TestType> expected, got;
      o.step = step;
      options group = o, counted = o;
      group.lr = counted.lr = o.lr / 2;
      group.step = 0;
      for (const std::size_t i : {2u, 3u}) {
        got.tensors[i].options = &group;
        expected.tensors[i].options = &counted;
      }
      REQUIRE(functions::step_many(&o, expected.tensors.size(), expected.tensors.data()) == GLISSADE_OK);
      REQUIRE(functions::step_many(&o, got.tensors.size(), got.tensors.data()) == GLISSADE_OK);
      got.require_same(expected);
      CHECK(group.step == 0);

      const bool needs = description<options>::needs_step(o);
      o.step = 0;
      model<TestType> refused;
      CHECK(functions::step_many(&o, refused.tensors.size(), refused.tensors.data()) ==
            (needs ? GLISSADE_BAD_STEP : GLISSADE_OK));
      o.step = step;
      group.step = -1;
      refused.tensors[4].options = &group;
      CHECK(functions::step_many(&o, refused.tensors.size(), refused.tensors.data()) ==
            (needs ? GLISSADE_BAD_STEP : GLISSADE_OK));
    }
}

TEST_CASE("an eps of -0 counts as 0 in RMSprop", "[calls]") {
  glissade_rmsprop o = GLISSADE_RMSPROP_TORCH;
  o.lr = 1;
  for (const int inside : {0, 1})
    for (const double eps : {0., -0.}) {
      o.eps_in_sqrt = inside;
      o.eps = eps;
      float param = 1, square_avg = -0.f;
      const float grad =
          0x1p-140f; // its square is 0, so the quotient is infinite: its sign is that of the root
      REQUIRE(glissade_rmsprop_step(&o, 1, &param, &grad, &square_avg, nullptr, nullptr) == GLISSADE_OK);
      CHECK(param == -INFINITY);
    }
}

TEST_CASE("a product of equal factors is that of a loop", "[calls]") {
  for (std::uint32_t i = 0; i < 300; ++i) {
    const std::uint32_t below = 1 + family::mixed(i) % (i % 3 == 0 ? 8 : i % 3 == 1 ? 200 : 100000);
    const float factor = 1 - static_cast<float>(below) * 0x1p-24f;
    const float start = .4f + static_cast<float>(family::mixed(i + 1000) % 1000) * .0006f;
    std::int64_t times = family::mixed(i + 2000) % (family::emulated() ? 10000 : 1000000);
    float product = start;
    for (std::int64_t k = 0; k < times && product >= 0x1p-54f; ++k)
      product *= factor;
    INFO(factor << " " << start << " " << times);
    REQUIRE(glissade::times_power(start, factor, times) == product);
  }
  CHECK(glissade::times_power(.9f, 1, INT64_MAX) == .9f);
}

// A call took most of a second before its products were bounded, so this test a quarter of an hour.
TEST_CASE("NAdam's product ends soon for a beta1 next to 1", "[calls]") {
  glissade_nadam o = GLISSADE_NADAM_TORCH;
  o.beta1 = 1 - 0x1p-24;
  o.momentum_decay = 1e4;
  o.step = INT64_MAX;
  float param = 1, exp_avg = 0, exp_avg_sq = 0;
  const float grad = 1;
  for (int i = 0; i < 1000; ++i)
    REQUIRE(glissade_nadam_step(&o, 1, &param, &grad, &exp_avg, &exp_avg_sq) == GLISSADE_OK);
}

// One step from param = 0 whose result is a coefficient alone: gradient 1, eps 0, decays that forget at once.
TEST_CASE("steps beyond 2^24 are not rounded to float", "[calls]") {
  const float grad = 1;
  for (std::int64_t step = (std::int64_t(1) << 24) + 1; step < (std::int64_t(1) << 24) + 400; step += 2) {
    INFO(step);
    {
      glissade_adagrad o = GLISSADE_ADAGRAD_TORCH;
      o.lr = o.lr_decay = 1;
      o.eps = 0;
      o.step = step + 1;
      float param = 0, sum = 0;
      REQUIRE(glissade_adagrad_step(&o, 1, &param, &grad, &sum) == GLISSADE_OK);
      REQUIRE(param == static_cast<float>(-1 / (1 + static_cast<double>(step))));
    }
    {
      glissade_nadam o = GLISSADE_NADAM_TORCH;
      o.lr = 1;
      o.beta2 = o.eps = 0;
      o.momentum_decay = 1e-6;
      o.step = step;
      const auto mu = [&](double t) { return o.beta1 * (1 - .5 * std::pow(.96, t * o.momentum_decay)); };
      float param = 0, exp_avg = 0, exp_avg_sq = 0;
      REQUIRE(glissade_nadam_step(&o, 1, &param, &grad, &exp_avg, &exp_avg_sq) == GLISSADE_OK);
      const auto of_grad = static_cast<float>(-(1 - mu(double(step)))),
                 of_average = static_cast<float>(-mu(double(step) + 1)); // M is less than 2^-54
      REQUIRE(param == of_grad + static_cast<float>(double(of_average) * exp_avg));
    }
    {
      glissade_radam o = GLISSADE_RADAM_TORCH;
      o.lr = 1;
      o.beta1 = o.eps = 0;
      o.beta2 = 1 - 1e-8;
      o.step = step;
      const double power = std::pow(o.beta2, double(step)), all = 2 / (1 - o.beta2) - 1,
                   rho = all - 2 * double(step) * power / (1 - power);
      float param = 0, exp_avg = 0, exp_avg_sq = 1;
      const float none = 1;
      REQUIRE(glissade_radam_step(&o, 1, &param, &none, &exp_avg, &exp_avg_sq) == GLISSADE_OK);
      const auto q =
          static_cast<float>(std::sqrt((rho - 4) * (rho - 2) * all / ((all - 4) * (all - 2) * rho)));
      const auto correction = static_cast<float>(std::sqrt(1 - power));
      REQUIRE(std::abs(param) == correction / std::sqrt(exp_avg_sq) * q);
    }
  }
}

TEST_CASE("tensors that only together are too large are refused, to the line", "[calls][status]") {
  const glissade_sgd o = GLISSADE_SGD_TORCH;
  constexpr std::size_t n = std::size_t(1) << 59; // four times this is one line more than there may be
  const auto at = [](std::size_t i) { return reinterpret_cast<float *>(4096 + i * n * sizeof(float)); };
  const auto status_of = [&](std::size_t last_but_one) {
    const auto tensor = [&](std::size_t size, std::size_t param, std::size_t grad) {
      return glissade_sgd_tensor{
          sizeof(glissade_sgd_tensor), size, at(param), at(grad), nullptr, nullptr, nullptr};
    };
    const glissade_sgd_tensor tensors[] = {tensor(n, 0, 1), tensor(n, 2, 3), tensor(n, 0, 1),
                                           tensor(last_but_one, 2, 3), tensor(1, 4, 5)};
    return glissade_sgd_check(&o, 5, tensors, nullptr);
  };
  CHECK(status_of(n - 32) == GLISSADE_OK);
  CHECK(status_of(n - 16) == GLISSADE_BAD_N);
}

TEST_CASE("the clipping factor adds 1e-6 in double", "[calls][clip]") {
  const glissade_sgd o = GLISSADE_SGD_TORCH;
  for (int i = 1; i < 2000; ++i) {
    float param = 0;
    const float grad = static_cast<float>(i) * 1e-9f;
    const glissade_sgd_tensor tensor = {sizeof tensor, 1, &param, &grad, nullptr, nullptr, nullptr};
    double norm = 0;
    REQUIRE(glissade_sgd_step_many_clipped(&o, 1, &tensor, 1e-10, &norm) == GLISSADE_OK);
    const auto scale = static_cast<float>(1e-10 / (double(grad) + 1e-6));
    REQUIRE(param == static_cast<float>(double(static_cast<float>(-o.lr)) * (scale * grad)));
  }
}

// The options of the call before are remembered, where one may differ in a single field.
TEMPLATE_LIST_TEST_CASE("a step takes the options of its call, whatever the call before had", "[calls]",
                        family::all) {
  using options = family::options_of<TestType>;
  using functions = glissade::functions<options>;
  options usual = functions::defaults;
  usual.step = 7;
  usual.threads = 1;
  family::arrays<TestType> before(5, family::ordinary_float, 2);
  const auto other = before.at();
  constexpr std::size_t word = sizeof(std::uint64_t);
  for (std::size_t at = word; at < sizeof(options); at += word)
    for (const auto &varied : family::all_options<TestType>()) {
      options o = usual;
      std::memcpy(reinterpret_cast<char *>(&o) + at, reinterpret_cast<const char *>(&varied) + at, word);
      family::arrays<TestType> got(5, family::ordinary_float, 1), expected(5, family::ordinary_float, 1);
      const auto mine = got.at(), same = expected.at();
      const auto tensor = family::tensor_of<TestType>(5, same.data());
      REQUIRE(family::step<TestType>(usual, 5, other.data()) == GLISSADE_OK);
      REQUIRE(family::step<TestType>(o, 5, mine.data()) == functions::step_many(&o, 1, &tensor));
      REQUIRE(got.difference(expected) == "none");
    }
}

TEST_CASE("a step takes its own optimizer, also where the options of another have the same bytes",
          "[calls]") {
  static_assert(sizeof(glissade_adabelief) == sizeof(glissade_yogi));
  glissade_adabelief first = GLISSADE_ADABELIEF_PAPER;
  first.step = 3;
  first.threads = 1;
  glissade_yogi second;
  std::memcpy(&second, &first, sizeof second);
  using rule = glissade::rules::yogi;
  family::arrays<glissade::rules::adabelief> other(5, family::ordinary_float, 2);
  family::arrays<rule> got(5, family::ordinary_float, 1), expected(5, family::ordinary_float, 1);
  const auto before = other.at();
  const auto mine = got.at(), same = expected.at();
  const auto tensor = family::tensor_of<rule>(5, same.data());
  REQUIRE(family::step<glissade::rules::adabelief>(first, 5, before.data()) == GLISSADE_OK);
  REQUIRE(family::step<rule>(second, 5, mine.data()) == GLISSADE_OK);
  REQUIRE(glissade_yogi_step_many(&second, 1, &tensor) == GLISSADE_OK);
  CHECK(got.difference(expected) == "none");
}
