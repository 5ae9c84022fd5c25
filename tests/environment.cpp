// The caller's floating-point mode changes no bit and is left as it was.
#include "family.hpp"
#include "float_modes.hpp"

namespace {

using namespace float_modes;

const auto mode_at_start = mode(); // after every library was loaded

// What `call` leaves in `result` in each of the caller's modes, and that the mode is left as it was.
template <class Call, class Result>
void require_same_in_all_modes(const Call &call, const Result &expected) {
  const auto standard = mode();
  for (const auto other : other_modes) {
    Result got = {};
    set(other);
    const auto status = call(got);
    const auto afterwards = mode();
    set(standard);
    INFO("mode " << std::hex << other);
    REQUIRE(status == GLISSADE_OK);
    REQUIRE(afterwards == other);
    REQUIRE(std::memcmp(&got, &expected, sizeof got) == 0);
  }
}

} // namespace

TEMPLATE_LIST_TEST_CASE("no floating-point mode of the caller changes a bit", "[environment]", family::all) {
  const auto standard = mode();
  for (auto o : family::one_per_mode<TestType>())
    for (const std::size_t n : {5u, 67u, 40000u}) {
      family::arrays<TestType> expected(n, family::any_float, 4);
      const auto at_expected = expected.at();
      REQUIRE(family::step<TestType>(o, n, at_expected.data()) == GLISSADE_OK);
      for (const auto other : other_modes) {
        family::arrays<TestType> got(n, family::any_float, 4);
        const auto at = got.at();
        set(other);
        o.threads = 2;
        const auto status = family::step<TestType>(o, n, at.data());
        const auto afterwards = mode();
        set(standard);
        INFO("mode " << std::hex << other);
        REQUIRE(status == GLISSADE_OK);
        REQUIRE(afterwards == other);
        REQUIRE(got.difference(expected) == "none");
      }
    }
}

TEMPLATE_LIST_TEST_CASE("no floating-point mode of the caller changes a list or its norm", "[environment]",
                        family::all) {
  using options = family::options_of<TestType>;
  using functions = glissade::functions<options>;
  constexpr std::size_t n = 40000;
  options o = functions::defaults;
  o.step = 3;
  o.grad_scale = .1;
  enum way { many, clipped, share };
  for (const way how : {many, clipped, share}) {
    const auto take = [&](family::arrays<TestType> &a, double &norm) {
      const auto t = family::tensor_of<TestType>(a.n, a.at().data());
      return how == clipped ? functions::step_many_clipped(&o, 1, &t, .3, &norm)
             : how == share ? functions::step_share(&o, 1, &t, 0, 1)
                            : functions::step_many(&o, 1, &t);
    };
    family::arrays<TestType> expected(n, family::ordinary_float, 5);
    double expected_norm = 0;
    REQUIRE(take(expected, expected_norm) == GLISSADE_OK);
    require_same_in_all_modes(
        [&](double &norm) {
          const auto caller = mode();
          set(standard_mode);
          family::arrays<TestType> got(n, family::ordinary_float, 5);
          set(caller);
          const auto status = take(got, norm);
          const auto after = mode();
          set(standard_mode);
          REQUIRE(got.difference(expected) == "none");
          set(after);
          return status;
        },
        expected_norm);
  }
}

TEST_CASE("no floating-point mode of the caller changes the norm", "[environment]") {
  std::vector<float> grad(40000);
  for (std::uint32_t i = 0; i < grad.size(); ++i)
    grad[i] = i % 7 ? family::ordinary_float(family::mixed(i)) : 0x1p-140f;
  const glissade_grad list = family::gradient(grad.size(), grad.data());
  const auto norm = [&](double &result) {
    glissade_norm all = family::no_norm;
    const auto status = glissade_grad_norm(1, &list, 2, &all);
    result = all.norm;
    return status;
  };
  double expected = 0;
  REQUIRE(norm(expected) == GLISSADE_OK);
  require_same_in_all_modes(norm, expected);
}

TEST_CASE("no floating-point mode of the caller changes what reset writes", "[environment]") {
  for (const double initial : {.1, .3, 1e-40}) {
    glissade_rmsprop o = GLISSADE_RMSPROP_TORCH;
    o.initial_square_avg = initial;
    o.threads = 1;
    const auto reset = [&](float &value) { return glissade_rmsprop_reset(&o, 1, &value, nullptr, nullptr); };
    require_same_in_all_modes(reset, static_cast<float>(initial));
  }
}

TEST_CASE("no floating-point mode of the caller changes what a check finds", "[environment]") {
  glissade_rmsprop o = GLISSADE_RMSPROP_TORCH;
  o.lr = -0x1p-1074; // below 0, unless subnormals count as 0
  const auto check = [&](glissade_status &found) {
    found = glissade_rmsprop_check(&o, 0, nullptr, nullptr);
    return GLISSADE_OK;
  };
  require_same_in_all_modes(check, GLISSADE_BAD_LR);
}

TEST_CASE("loading the library leaves the floating-point mode alone", "[environment]") {
  CHECK(mode_at_start == standard_mode);
}
