// A list of tensors in one call: the bits of one call for each, also where it is clipped.
#include "family.hpp"
#include "textbook_norm.hpp"
#include <memory>

namespace {

// Tensors of many sizes; every third has options of its own.
template <class rule>
struct model {
  using options = family::options_of<rule>;
  using tensor = typename glissade::functions<options>::tensor;

  static constexpr std::size_t sizes[] = {3, 1, 0, 70000, 16, 17, 15, 1024, 5, 33000, 64, 1};

  model(const options &common, const options &own, float (*make)(std::uint32_t)) : own_options(own) {
    std::uint32_t seed = 100;
    for (const std::size_t n : sizes) {
      memory.push_back(std::make_unique<family::arrays<rule>>(n, make, ++seed, family::anywhere));
      const auto at = memory.back()->at();
      tensors.push_back(family::tensor_of<rule>(n, at.data(), seed % 3 == 0 ? &own_options : nullptr));
    }
    own_options.step = common.step;
    own_options.grad_scale = common.grad_scale;
  }

  // The same by one call of _step for each.
  void step_one_by_one(const options &common) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      options o = tensors[i].options ? own_options : common;
      o.threads = 1;
      const auto at = memory[i]->at();
      REQUIRE(family::step<rule>(o, tensors[i].n, at.data()) == GLISSADE_OK);
    }
  }
  void require_same(const model &expected) const {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      INFO("tensor " << i);
      REQUIRE(memory[i]->difference(*expected.memory[i]) == "none");
      REQUIRE(memory[i]->nothing_changed_outside());
    }
  }
  bool nothing_changed() const {
    for (const auto &one : memory)
      if (!one->nothing_changed()) return false;
    return true;
  }
  glissade_status step(const options &o) const {
    return glissade::functions<options>::step_many(&o, tensors.size(), tensors.data());
  }
  std::vector<glissade_grad> grads() const {
    std::vector<glissade_grad> list;
    for (const auto &t : tensors)
      list.push_back(family::gradient(t.n, t.grad));
    return list;
  }

  options own_options;
  std::vector<std::unique_ptr<family::arrays<rule>>> memory;
  std::vector<tensor> tensors;
};

} // namespace

TEMPLATE_LIST_TEST_CASE("a list in one call has the bits of one call for each", "[many][threads]",
                        family::all) {
  const auto every = family::one_per_mode<TestType>();
  for (std::size_t i = 0; i < every.size(); ++i)
    for (const int threads : family::emulated() ? std::vector{3} : std::vector{0, 1, 2, 3, 7})
      for (const auto &isa : {family::isas().front(), family::isas().back()}) {
        REQUIRE(glissade_use_isa(isa.c_str()) == GLISSADE_OK);
        auto o = every[i];
        o.threads = threads;
        model<TestType> expected(o, every[(i + 1) % every.size()], family::any_float);
        model<TestType> got(o, every[(i + 1) % every.size()], family::any_float);
        expected.step_one_by_one(o);
        REQUIRE(got.step(o) == GLISSADE_OK);
        INFO(isa << " threads = " << threads);
        got.require_same(expected);
      }
}

TEMPLATE_LIST_TEST_CASE("a fault in one tensor changes none", "[many][status]", family::all) {
  using options = family::options_of<TestType>;
  using functions = glissade::functions<options>;
  options o = functions::defaults;
  o.step = 1;
  model<TestType> m(o, o, family::ordinary_float);
  const auto expect = [&](glissade_status status) {
    CAPTURE(glissade_status_message(status));
    CHECK(m.step(o) == status);
    double norm = -1;
    CHECK(functions::step_many_clipped(&o, m.tensors.size(), m.tensors.data(), 1, &norm) == status);
    CHECK(norm == -1);
    CHECK(m.nothing_changed());
  };
  const auto last = m.tensors.size() - 3; // one that is not empty
  const auto good = m.tensors[last];

  m.tensors[last].param = nullptr;
  expect(GLISSADE_NULL_PARAM);
  m.tensors[last] = good;
  m.tensors[last].grad = reinterpret_cast<const float *>(reinterpret_cast<const char *>(good.grad) + 1);
  expect(GLISSADE_MISALIGNED_ARRAY);
  m.tensors[last] = good;
  m.tensors[last].param = m.tensors[last - 1].param; // a neighbour's
  expect(GLISSADE_OVERLAPPING_ARRAYS);
  m.tensors[last] = good;
  m.tensors[last].grad = m.tensors[last - 1].param; // which that one writes
  expect(GLISSADE_OVERLAPPING_ARRAYS);
  m.tensors[last] = good;
  m.tensors[last].param = const_cast<float *>(m.tensors[last - 1].grad);
  expect(GLISSADE_OVERLAPPING_ARRAYS);
  m.tensors[last] = good;
  m.tensors[last].n = SIZE_MAX / 2;
  expect(GLISSADE_BAD_N);
  m.tensors[last] = good;

  options own = o;
  own.lr = -1;
  m.tensors[last].options = &own;
  expect(GLISSADE_BAD_LR);
  own = o;
  own.struct_size = 1;
  expect(GLISSADE_BAD_STRUCT_SIZE);
  own = o;
  own.threads = -1; // checked, if without effect
  expect(GLISSADE_BAD_THREADS);
  m.tensors[last] = good;

  CHECK(functions::step_many(&o, 1, nullptr) == GLISSADE_NULL_TENSORS);
  CHECK(functions::step_many_clipped(&o, 1, nullptr, 1, nullptr) == GLISSADE_NULL_TENSORS);
  CHECK(functions::step_many(nullptr, 0, nullptr) == GLISSADE_NULL_OPTIONS);
  CHECK(functions::step_many(&o, 0, nullptr) == GLISSADE_OK);
  o.lr = -1;
  expect(GLISSADE_BAD_LR);
}

TEMPLATE_LIST_TEST_CASE("of two neighbours only what they use is compared", "[many][status]", family::all) {
  using options = family::options_of<TestType>;
  using functions = glissade::functions<options>;
  constexpr std::size_t count = family::array_count<TestType>;
  const auto arrays_of = [](typename functions::tensor &t) {
    return reinterpret_cast<float **>(reinterpret_cast<char *>(&t) +
                                      offsetof(typename functions::tensor, param));
  };
  options frugal = functions::defaults, greedy = frugal;
  for (auto o : family::one_per_mode<TestType>())
    if (description<options>::states(o).back().needed) greedy = o;
  frugal.step = greedy.step = 1;
  const bool spared = !description<options>::states(frugal).back().needed;

  model<TestType> m(frugal, greedy, family::ordinary_float);
  auto &first = m.tensors[3], &second = m.tensors[4]; // of 70000 and 16
  first.options = second.options = nullptr;
  auto &last_state = arrays_of(first)[count - 1];
  const auto check = [&](glissade_status expected) { CHECK(m.step(frugal) == expected); };
  arrays_of(second)[0] = last_state + 69990;
  check(spared ? GLISSADE_OK : GLISSADE_OVERLAPPING_ARRAYS);
  first.options = &greedy;
  check(GLISSADE_OVERLAPPING_ARRAYS);
  second.n = 0;
  check(GLISSADE_OK);
  second.n = 10; // up to the end
  check(GLISSADE_OVERLAPPING_ARRAYS);
  arrays_of(second)[0] = last_state + 70000;
  check(GLISSADE_OK);
}

TEST_CASE("a size whose bytes or lines wrap is refused", "[many][status]") {
  const glissade_sgd o = GLISSADE_SGD_TORCH;
  const auto at = [](std::uintptr_t address) { return reinterpret_cast<float *>(address); };
  const auto tensor = [](std::size_t n, float *param, const float *grad) {
    return glissade_sgd_tensor{sizeof(glissade_sgd_tensor), n, param, grad, nullptr, nullptr, nullptr};
  };
  const std::size_t whole = SIZE_MAX - 14, most = -(std::size_t(1) << 30);
  CHECK(glissade_sgd_step(&o, whole, at(4), at(8), nullptr) == GLISSADE_BAD_N);
  const glissade_sgd_tensor tensors[] = {tensor(1 << 30, at(0x6000'0000'0000), at(0x6100'0000'0000)),
                                         tensor(16, at(0x800'0000), at(0x800'1000)),
                                         tensor(most, at(0x1000'0000), at(0x2000'0000))};
  std::size_t index = 0;
  CHECK(glissade_sgd_check(&o, 3, tensors, &index) == GLISSADE_BAD_N);
  CHECK(index == 2);
}

TEST_CASE("tensors that fit one by one but not together are refused", "[many][status]") {
  const glissade_sgd o = GLISSADE_SGD_TORCH;
  constexpr std::size_t n = std::size_t(1) << 60;
  float *const low = reinterpret_cast<float *>(4096), *const high = low + n;
  const glissade_sgd_tensor tensors[] = {{sizeof *tensors, n, low, high, nullptr, nullptr, nullptr},
                                         {sizeof *tensors, n, low + 2 * n, high, nullptr, nullptr, nullptr}};
  CHECK(glissade_sgd_step_many(&o, 2, tensors) == GLISSADE_BAD_N);
  const glissade_grad grads[] = {family::gradient(n, low), family::gradient(n, high),
                                 family::gradient(n, low)};
  glissade_norm result = family::no_norm;
  CHECK(glissade_grad_norm(3, grads, 1, &result) == GLISSADE_BAD_N);
  CHECK(result.norm == -5);
}

TEMPLATE_LIST_TEST_CASE("the same gradient may serve two tensors", "[many]", family::all) {
  using options = family::options_of<TestType>;
  options o = glissade::functions<options>::defaults;
  o.step = 1;
  model<TestType> m(o, o, family::ordinary_float);
  m.tensors.resize(2);
  m.tensors[1].grad = m.tensors[0].grad;
  CHECK(m.step(o) == GLISSADE_OK);
}

TEMPLATE_LIST_TEST_CASE("clipping multiplies the gradient by torch's coefficient", "[clip]", family::all) {
  using options = family::options_of<TestType>;
  options o = glissade::functions<options>::defaults;
  o.step = 3;
  o.grad_scale = -.3; // no power of 2, so that it matters where it is rounded
  model<TestType> read(o, o, family::ordinary_float);
  const auto true_norm = static_cast<double>(textbook_norm(read.grads()) * std::abs(o.grad_scale));
  for (const double max_norm : {0., 1e-3, true_norm / 2, 2 * true_norm, double(INFINITY)}) {
    model<TestType> expected(o, o, family::ordinary_float), got(o, o, family::ordinary_float);
    double norm = 0;
    REQUIRE(glissade::functions<options>::step_many_clipped(&o, got.tensors.size(), got.tensors.data(),
                                                            max_norm, &norm) == GLISSADE_OK);
    CHECK(std::abs(norm - true_norm) <= 1e-12 * true_norm);
    options scaled = o;
    scaled.grad_scale *= std::min(1., max_norm / (norm + 1e-6));
    if (scaled.grad_scale == 0) { // no factor for a call, so in the gradients
      for (const auto &one : expected.memory)
        for (std::size_t i = 0; i < one->n; ++i)
          one->at()[1][i] *= static_cast<float>(scaled.grad_scale);
      scaled.grad_scale = 1;
    }
    expected.own_options.grad_scale = scaled.grad_scale;
    expected.step_one_by_one(scaled);
    for (std::size_t i = 0; i < expected.memory.size(); ++i)
      std::copy_n(read.memory[i]->array(1), read.memory[i]->n, expected.memory[i]->at()[1]);
    got.require_same(expected);
  }
}

TEMPLATE_LIST_TEST_CASE("a step with a gradient that is not finite is skipped", "[clip]", family::all) {
  using options = family::options_of<TestType>;
  using functions = glissade::functions<options>;
  options o = functions::defaults;
  o.step = 1;
  for (const float bad : {NAN, INFINITY, -INFINITY})
    for (const std::size_t where : {0u, 3u, 11u}) { // the first, a large and the last tensor
      model<TestType> m(o, o, family::ordinary_float);
      std::vector<float> grad(m.tensors[where].grad, m.tensors[where].grad + m.tensors[where].n);
      grad.back() = bad;
      m.tensors[where].grad = grad.data();
      double norm = 0;
      CHECK(functions::step_many_clipped(&o, m.tensors.size(), m.tensors.data(), INFINITY, &norm) ==
            GLISSADE_NOT_FINITE);
      CHECK(!std::isfinite(norm));
      CHECK(m.nothing_changed());
    }
  model<TestType> m(o, o, family::ordinary_float);
  for (const double wrong : {-1e-300, double(NAN)})
    CHECK(functions::step_many_clipped(&o, m.tensors.size(), m.tensors.data(), wrong, nullptr) ==
          GLISSADE_BAD_MAX_NORM);
  options other = o;
  other.grad_scale = 2;
  m.tensors[4].options = &other;
  CHECK(functions::step_many_clipped(&o, m.tensors.size(), m.tensors.data(), 1, nullptr) ==
        GLISSADE_UNEQUAL_GRAD_SCALE);
  CHECK(m.nothing_changed());
}
