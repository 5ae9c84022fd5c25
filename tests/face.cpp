// The C++ face: sizes checked, statuses thrown, state owned.
#include "family.hpp"
#include "guarded_pages.hpp"

namespace {

template <class Call>
glissade_status thrown_by(Call call) {
  try {
    call();
  } catch (const glissade::error &e) {
    CHECK(std::string(e.what()).rfind("glissade: ", 0) == 0);
    return e.status();
  }
  return GLISSADE_OK;
}

} // namespace

TEMPLATE_LIST_TEST_CASE("the owner of a state does what the C functions do", "[face]", family::all) {
  using options = family::options_of<TestType>;
  constexpr std::size_t n = 77, count = family::array_count<TestType>;
  for (auto o : family::one_per_mode<TestType>()) {
    family::arrays<TestType> expected(n, family::ordinary_float, 6), owned(n, family::ordinary_float, 6);
    const auto at = expected.at(), mine = owned.at();
    glissade::optimizer<options> optimizer(n, o);
    REQUIRE(family::reset<TestType>(o, n, at.data()) == GLISSADE_OK);
    for (o.step = 1; o.step <= 5; ++o.step) {
      REQUIRE(family::step<TestType>(o, n, at.data()) == GLISSADE_OK);
      optimizer.step({mine[0], n}, {mine[1], n});
      CHECK(optimizer.options().step == o.step);
    }
    CHECK(family::first_difference(mine[0], at[0], n) == n);
    const auto states = description<options>::states(o);
    for (std::size_t k = 0; k < count - 2; ++k) {
      REQUIRE(optimizer.state(k).size() == (states[k].needed ? n : 0));
      if (states[k].needed) CHECK(family::first_difference(optimizer.state(k).data(), at[k + 2], n) == n);
    }
    CHECK_THROWS_AS(optimizer.state(count - 2), std::out_of_range);
    optimizer.reset();
    CHECK(optimizer.options().step == 0);
    for (std::size_t k = 0; k < count - 2; ++k)
      for (const float x : optimizer.state(k))
        REQUIRE(x == float(states[k].initial));
  }
}

TEMPLATE_LIST_TEST_CASE("a status becomes an exception, and the step is not counted", "[face]", family::all) {
  glissade::optimizer<family::options_of<TestType>> optimizer(8);
  std::vector<float> param(8, 1), grad(8, 1);
  optimizer.options().lr = -1;
  CHECK(thrown_by([&] { optimizer.step(param, grad); }) == GLISSADE_BAD_LR);
  CHECK(param == std::vector<float>(8, 1));
  CHECK(optimizer.options().step == 0);
  optimizer.options().lr = 1;
  CHECK(thrown_by([&] { optimizer.step(param, param); }) == GLISSADE_OVERLAPPING_ARRAYS);
  CHECK(thrown_by([&] { optimizer.step(param, std::span(grad).first(7)); }) == GLISSADE_BAD_N);
  CHECK(thrown_by([&] { optimizer.step(std::span(param).first(7), grad); }) == GLISSADE_BAD_N);
  CHECK(param == std::vector<float>(8, 1));
  CHECK(thrown_by([&] { optimizer.step(param, grad); }) == GLISSADE_OK);
  optimizer.options().lr = -1;
  CHECK(thrown_by([&] { optimizer.reset(); }) == GLISSADE_BAD_LR);
  CHECK(optimizer.options().step == 1);
}

TEST_CASE("spans of different sizes are refused, empty ones stand for NULL", "[face]") {
  glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  std::vector<float> param(4), grad(4, 1), square_avg(4), grad_avg(4), wrong(3);
  glissade::step(options, param, grad, square_avg);
  CHECK(thrown_by([&] { glissade::step(options, param, grad, wrong); }) == GLISSADE_BAD_N);
  CHECK(thrown_by([&] { glissade::step(options, param, grad, square_avg, wrong); }) == GLISSADE_BAD_N);
  CHECK(thrown_by([&] { glissade::step(options, param, wrong, square_avg); }) == GLISSADE_BAD_N);
  CHECK(thrown_by([&] { glissade::step(options, param, grad); }) == GLISSADE_NULL_SQUARE_AVG);
  options.centered = 1;
  CHECK(thrown_by([&] { glissade::step(options, param, grad, square_avg); }) == GLISSADE_NULL_GRAD_AVG);
  CHECK(thrown_by([&] { glissade::step(options, param, grad, square_avg, grad_avg); }) == GLISSADE_OK);
}

TEST_CASE("an empty span is no array, wherever it points", "[face]") {
  glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  options.momentum = .5;
  std::vector<float> param(5, 1), grad(5, 1), cleared(5, 7);
  const guarded_pages pages;
  const std::span<float> pool(pages.first(), pages.last(0)), none = pool.last(0); // nothing may lie behind it
  CHECK(thrown_by([&] { glissade::step(options, param, grad, none); }) == GLISSADE_NULL_SQUARE_AVG);
  CHECK(thrown_by([&] { glissade::step(options, param, grad, pool.first(5), none, none); }) ==
        GLISSADE_NULL_MOMENTUM_BUFFER);
  cleared.clear();
  CHECK(thrown_by([&] { glissade::step(options, param, grad, cleared); }) == GLISSADE_NULL_SQUARE_AVG);
  CHECK(param == std::vector<float>(5, 1));
}

TEST_CASE("a span that is too long is refused as one that is too short", "[face]") {
  const std::vector<float> four(4, 1), five(5, 1);
  auto param = four, longer = five, state = four, longer_state = five;
  const glissade_rmsprop options = GLISSADE_RMSPROP_TORCH;
  CHECK(thrown_by([&] { glissade::step(options, param, four, longer_state); }) == GLISSADE_BAD_N);
  CHECK(thrown_by([&] { glissade::step(options, param, four, state, longer_state); }) == GLISSADE_BAD_N);
  CHECK(thrown_by([&] { glissade::step(options, longer, four, state); }) == GLISSADE_BAD_N);
  CHECK(thrown_by([&] { glissade::step(options, param, five, state); }) == GLISSADE_BAD_N);
  glissade::rmsprop optimizer(4);
  CHECK(thrown_by([&] { optimizer.step(longer, five); }) == GLISSADE_BAD_N);
  CHECK(thrown_by([&] { optimizer.step(param, five); }) == GLISSADE_BAD_N);
  CHECK((param == four && longer == five && state == four && longer_state == five));
}
