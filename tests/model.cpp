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
    REQUIRE(family::first_difference(after.net.param.data(), whole.net.param.data(), network::size) ==
            network::size);
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
  refused(std::string("glissade\2\0\0\0\4\3\2\1", 16) + good.substr(16), "another version");
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
  CHECK_THROWS_WITH(m.add(a, grad), "glissade: an array was added after the first step");
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
