// The owner of a whole model: groups, clipping, and a state that survives a stream bit for bit.
#include "glissade/model.hpp"
#include "../examples/network.hpp"
#include "family.hpp"
#include <cstring>
#include <sstream>

namespace {

// A network of digits whose two layers are two arrays, the second in a group of its own.
template <class Options>
struct training {
  training(const Options &first, const Options &second) : optimizer(first) {
    const std::size_t group = optimizer.add_group(second);
    const std::span<float> param(net.param), grad(net.grad);
    optimizer.add(param.first(4160), grad.first(4160));
    optimizer.add(param.subspan(4160), grad.subspan(4160), group);
  }

  // Some steps, on batches that follow from the number of the step.
  void run(const std::vector<digit> &digits, int steps) {
    for (int i = 0; i < steps; ++i) {
      std::vector<const digit *> batch;
      for (std::size_t k = 0; k < 16; ++k)
        batch.push_back(&digits[(static_cast<std::size_t>(optimizer.steps()) * 16 + k) % digits.size()]);
      net.differentiate(batch);
      optimizer.step();
    }
  }

  network net{random_numbers{2}};
  glissade::model<Options> optimizer;
};

std::string saved(const auto &model) {
  std::ostringstream stream;
  model.save(stream);
  return stream.str();
}

template <class Options>
Options with_step_of(Options o) {
  o.step = 0;
  o.threads = 1;
  return o;
}

} // namespace

TEMPLATE_LIST_TEST_CASE("training goes on from a saved state with the same bits", "[model]", family::all) {
  using options = family::options_of<TestType>;
  const auto digits = read_digits(std::string(TEST_FOLDER) + "/../examples/digits.csv");
  const auto modes = family::one_per_mode<TestType>();
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const auto first = with_step_of(modes[i]), second = with_step_of(modes[(i + 1) % modes.size()]);
    training<options> whole(first, second), before(first, second), after(first, second);
    whole.run(digits, 20);
    before.run(digits, 10);
    std::stringstream stream;
    before.optimizer.save(stream);
    after.optimizer.restore(stream);
    after.net.param = before.net.param;
    CHECK(after.optimizer.steps() == 10);
    after.run(digits, 10);
    REQUIRE(family::first_difference(after.net.param.data(), whole.net.param.data(),
                                     whole.net.param.size()) == whole.net.param.size());
    REQUIRE(saved(after.optimizer) == saved(whole.optimizer));
  }
}

TEMPLATE_LIST_TEST_CASE("equal models are saved as equal bytes, whatever lies in the gaps of the options",
                        "[model]", family::all) {
  using options = family::options_of<TestType>;
  const auto model_with_gaps_of = [](int filling) {
    options o;
    std::memset(static_cast<void *>(&o), filling, sizeof o);
    o.struct_size = sizeof o;
    for (const auto &field : description<options>::fields())
      field.set(o, 0);
    if constexpr (requires { o.reserved; }) o.reserved = 0;
    o.threads = 1;
    o.step = 0;
    glissade::model<options> m;
    std::memcpy(static_cast<void *>(&m.options()), &o, sizeof o); // as a copy of the struct may do, or not
    return saved(m);
  };
  CHECK(model_with_gaps_of(0) == model_with_gaps_of(0xa5));
}

TEST_CASE("what is restored is all of the options but the threads", "[model]") {
  glissade_rmsprop o = GLISSADE_RMSPROP_TORCH;
  training<glissade_rmsprop> before(o, o), after(o, o);
  before.optimizer.options(1).lr = .125;
  before.optimizer.options(1).threads = 3;
  after.optimizer.options(1).threads = 2;
  std::stringstream stream(saved(before.optimizer));
  after.optimizer.restore(stream);
  CHECK(after.optimizer.options(1).lr == .125);
  CHECK(after.optimizer.options(1).threads == 2);
}

TEST_CASE("a stream that is not the state of this model changes nothing", "[model]") {
  const auto digits = read_digits(std::string(TEST_FOLDER) + "/../examples/digits.csv");
  const glissade_rmsprop o = GLISSADE_RMSPROP_TORCH;
  training<glissade_rmsprop> t(o, o);
  t.run(digits, 3);
  const std::string good = saved(t.optimizer);
  t.run(digits, 2);
  const std::string now = saved(t.optimizer);
  const auto refused = [&](const std::string &bytes, const std::string &because) {
    std::istringstream stream(bytes);
    std::string what;
    try {
      t.optimizer.restore(stream);
    } catch (const glissade::state_error &e) {
      what = e.what();
    }
    CAPTURE(what);
    CHECK(what.find(because) != std::string::npos);
    CHECK(saved(t.optimizer) == now);
  };

  for (std::size_t length = 0; length < 200; ++length)
    refused(good.substr(0, length), "ends too early");
  for (std::size_t length = good.size() - 20; length < good.size(); ++length)
    refused(good.substr(0, length), "ends too early");
  refused("a picture of a cat, or something else of some length", "is no state of glissade");
  refused(std::string("glissade\4\0\0\0\4\3\2\1", 16) + good.substr(16), "another version");
  refused(std::string("glissade\1\0\0\0\1\2\3\4", 16) + good.substr(16), "byte order");
  // Any altered byte is noticed.
  for (std::size_t i = 0; i < good.size(); i += i < 400 ? 1 : 997) {
    std::string altered = good;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    refused(altered, "glissade: the saved state");
  }
  std::string floats = good;
  floats[good.size() - 100] ^= 64;
  refused(floats, "checksum");

  glissade::model<glissade_adagrad> other;
  refused(saved(other), "another optimizer");
  glissade::model<glissade_rmsprop> empty;
  refused(saved(empty), "number of groups");
  empty.add_group(o);
  refused(saved(empty), "number of arrays");
  std::vector<float> param(5), grad(5);
  empty.add(param, grad);
  empty.add(param, grad);
  refused(saved(empty), "other sizes");
  auto centered = o;
  centered.centered = 1;
  training<glissade_rmsprop> more(centered, centered);
  refused(saved(more.optimizer), "other state arrays");

  std::istringstream stream(good);
  t.optimizer.restore(stream);
  CHECK(saved(t.optimizer) == good);
  std::ostringstream full;
  full.setstate(std::ios::badbit);
  CHECK_THROWS_AS(t.optimizer.save(full), glissade::state_error);
}

TEST_CASE("groups of one model step with their own options", "[model]") {
  std::vector<float> a(40, 1), b(40, 1), grad(40, 1);
  glissade_sgd plain = GLISSADE_SGD_TORCH, decaying = GLISSADE_SGD_TORCH;
  plain.lr = .5;
  decaying.lr = .25;
  decaying.weight_decay = 1;
  glissade::model<glissade_sgd> m(plain);
  m.add(a, grad);
  m.add(b, grad, m.add_group(decaying));
  CHECK_THROWS_AS(m.add(a, grad, 7), std::out_of_range);
  CHECK_THROWS_AS(m.add(a, std::span(grad).first(3)), glissade::error);
  m.step();
  CHECK(a[39] == .5f);
  CHECK(b[39] == .5f); // 1 - 0.25 * (1 + 1)
  m.options(1).lr = 0;
  m.step();
  CHECK(a[39] == 0);
  CHECK(b[39] == .5f);
  CHECK(m.steps() == 2);
  m.set_lr(.25);
  CHECK((m.options().lr == .25 && m.options(1).lr == .25 && m.groups() == 2));
  m.step();
  CHECK(a[39] == -.25f);
  CHECK(b[39] == .125f); // 0.5 - 0.25 * (1 + 0.5)
  CHECK(m.size() == 2);
}

TEST_CASE("a clipped step is skipped where a gradient is not finite", "[model][clip]") {
  std::vector<float> param(10, 1), grad(10, 3);
  glissade_sgd o = GLISSADE_SGD_TORCH;
  o.lr = 1;
  glissade::model<glissade_sgd> m(o);
  m.add(param, grad);
  auto result = m.step_clipped(1); // the norm is sqrt(90)
  CHECK(result.taken);
  CHECK(result.norm == std::sqrt(90.));
  CHECK(std::abs(param[0] - (1 - 1 / std::sqrt(10.))) < 1e-6);
  const auto before = param;
  grad[3] = INFINITY;
  result = m.step_clipped(1);
  CHECK(!result.taken);
  CHECK(std::isinf(result.norm));
  CHECK(param == before);
  CHECK(m.steps() == 1);
  CHECK_THROWS_AS(m.step_clipped(-1), glissade::error);
  m.options().lr = -1;
  CHECK_THROWS_AS(m.step(), glissade::error);
  CHECK(m.steps() == 1);
}

TEMPLATE_LIST_TEST_CASE("an array counts its own steps: added late, left out, or imported", "[model]",
                        family::all) {
  using options = family::options_of<TestType>;
  constexpr std::size_t n = 21;
  for (auto o : family::one_per_mode<TestType>()) {
    o.step = 0;
    o.threads = 1;
    family::arrays<TestType> expected(n, family::ordinary_float, 5), got(n, family::ordinary_float, 5);
    family::arrays<TestType> late_expected(n, family::ordinary_float, 6),
        late_got(n, family::ordinary_float, 6);
    glissade::optimizer<options> first(n, o), late(n, o);
    glissade::model<options> m(o);
    const auto param = [](auto &arrays) { return std::span(arrays.at()[0], n); };
    const auto grad = [](auto &arrays) { return std::span(arrays.at()[1], n); };
    first.options().step = 7;
    m.add(param(got), grad(got));
    m.set_steps(7);
    for (int i = 0; i < 6; ++i) {
      if (i == 2) m.add(param(late_got), {}, 0);
      if (i == 3) m.set_grad(1, grad(late_got));
      if (i == 4) m.set_grad(0, {}), m.set_grad(1, grad(got)); // gradients move
      if (i == 5) m.set_grad(0, grad(got)), m.set_grad(1, grad(late_got)), m.set_steps(1, 40);
      if (i == 5) late.options().step = 40;
      m.step();
      if (i != 4) first.step(param(expected), grad(expected));
      if (i >= 3) late.step(param(late_expected), i == 4 ? grad(expected) : grad(late_expected));
    }
    CHECK((m.steps() == 13 && m.steps(0) == 12 && m.steps(1) == 41));
    REQUIRE(got.difference(expected) == "none");
    REQUIRE(late_got.difference(late_expected) == "none");
    const auto &read = m;
    for (std::size_t i = 0; i < glissade::functions<options>::states; ++i) {
      REQUIRE(std::ranges::equal(read.state(0, i), first.state(i)));
      const auto named = read.state(1, glissade::functions<options>::state_names[i]);
      REQUIRE((named.data() == m.state(1, i).data() && std::ranges::equal(named, late.state(i))));
    }
  }
}

TEST_CASE("what is changed between two steps counts in the next one", "[model]") {
  std::vector<float> a(4, 1), b(4, 1), c(4), d(4), expected_a = a, expected_b = b;
  const std::vector<float> grad(4, .5f);
  glissade::adam first(4), second(4);
  glissade::model<glissade_adam> m, other;
  m.add(a, grad);
  const auto step = [&](bool with_a = true) {
    m.step();
    if (with_a) first.step(expected_a, grad);
    if (m.size() > 1) second.step(expected_b, grad);
    CHECK((a == expected_a && b == expected_b));
  };
  step();
  m.add(b, grad);
  step();
  m.set_steps(0, 40);
  first.options().step = 40;
  step();
  m.set_steps(100);
  first.options().step = second.options().step = 100;
  step();
  m.set_grad(0, std::span(grad).first(0)); // where it was, but empty
  step(false);
  m.set_grad(0, grad);
  step();
  m.add({}, {}); // an array of nothing has its gradient
  step();
  CHECK((m.steps(0) == 103 && m.steps(1) == 104 && m.steps(2) == 1));

  other.add(c, grad);
  other.add(d, grad);
  other.add({}, {});
  other.step();
  std::stringstream stream;
  m.save(stream);
  other.restore(stream);
  c = a, d = b;
  other.step();
  step();
  CHECK((c == a && d == b));
}

TEST_CASE("the model counts the steps, and says so", "[model]") {
  std::vector<float> a(4, 1), grad(4, 1);
  glissade_adam counted = GLISSADE_ADAM_TORCH;
  counted.step = 1000;
  CHECK_THROWS_AS(glissade::model<glissade_adam>(counted), glissade::error);
  glissade::model<glissade_adam> m;
  m.add(a, grad);
  m.options().step = 1000;
  CHECK_THROWS_WITH(m.step(), "glissade: the model counts: step must be 0, see set_steps");
  CHECK(a == grad);
  m.options().step = 0;
  for (const std::int64_t wrong : {std::int64_t(-1), INT64_MIN, INT64_MAX, INT64_MAX / 2 + 1}) {
    CHECK_THROWS_AS(m.set_steps(wrong), glissade::error);
    CHECK_THROWS_AS(m.set_steps(0, wrong), glissade::error);
  }
  m.set_steps(INT64_MAX / 2);
  m.step();
  CHECK(m.steps() == INT64_MAX / 2 + 1);
  CHECK_THROWS_AS(m.state(0, "exp_average"), std::out_of_range);
}

TEST_CASE("a model moves with its list", "[model]") {
  std::vector<float> a(4, 1), b(3, 1), grad(4, 1);
  glissade::model<glissade_sgd> from, to;
  from.add(a, grad);
  from.add(b, {}, from.add_group(GLISSADE_SGD_TORCH));
  from.step();
  from.set_grad(1, std::span(grad).first(3));
  from.set_lr(.5);
  from.step();
  const float once = a[0];
  glissade::model<glissade_sgd> moved(std::move(from));
  moved.step();
  to = std::move(moved);
  to.step();
  CHECK((a[0] == once - 1 && to.steps() == 4 && to.steps(1) == 3));
  std::vector<float> elsewhere(4, 8);
  to.set_param(0, elsewhere);
  to.step();
  CHECK((a[0] == once - 1 && elsewhere[3] == 7.5f && to.param(0).data() == elsewhere.data()));
  CHECK_THROWS_AS(to.set_param(0, b), glissade::error);
  CHECK_THROWS_AS(to.set_grad(0, b), glissade::error);
}

TEST_CASE("arrays that overlap are found wherever they stand in the list", "[model]") {
  std::vector<float> pool(100, 1);
  const std::span<float> all(pool);
  glissade::model<glissade_sgd> m;
  m.add(all.subspan(40, 10), all.subspan(90, 10));
  m.add(all.subspan(0, 30), all.subspan(60, 30));
  m.add(all.subspan(30, 10), all.subspan(90, 10)); // gradients may be shared
  m.step();
  const auto before = pool;
  const auto refused = [&](const std::string &arrays) {
    CHECK_THROWS_WITH(m.step(), "glissade: arrays " + arrays + " overlap");
    CHECK((pool == before && m.steps() == 1));
  };
  m.set_param(0, all.subspan(29, 10));
  refused("0 and 1");
  m.set_param(0, all.subspan(59, 10));
  refused("0 and 1"); // with a gradient
  m.set_param(0, all.subspan(40, 10));
  m.set_grad(2, all.subspan(21, 10));
  refused("1 and 2");
  m.set_grad(2, all.subspan(50, 10));
  m.step();
  CHECK(m.steps() == 2);

  std::vector<float> elsewhere(100);
  const std::span<float> others(elsewhere);
  glissade::model<glissade_sgd> nested; // a short gradient in a long one hides nothing behind it
  nested.add(others.first(50), all.first(50));
  nested.add(others.subspan(50, 2), all.subspan(10, 2));
  nested.step();
  nested.add(all.subspan(20, 10), others.subspan(60, 10));
  CHECK_THROWS_WITH(nested.step(), "glissade: arrays 0 and 2 overlap");
}
