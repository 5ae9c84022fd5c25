// Adamax as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_adamax> {
  using o = glissade_adamax;
  static auto fields() {
    return with_common_fields<o>({{"beta1", &o::beta1, GLISSADE_BAD_BETA1, {-1e-300, 1}},
                                  {"beta2", &o::beta2, GLISSADE_BAD_BETA2, {-1e-300, 1}},
                                  {"eps", &o::eps, GLISSADE_BAD_EPS, {-1e-300}}});
  }
  static bool needs_step(const o &o) {
    static_cast<void>(o);
    return true;
  }
  static std::vector<state> states(const o &o) {
    static_cast<void>(o);
    return {{"exp_avg", GLISSADE_NULL_EXP_AVG}, {"exp_inf", GLISSADE_NULL_EXP_INF}};
  }
  static std::vector<vectors> files() { return {{"adamax.torch", 0}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    const bounded g = prepared(o, param, grad, true);
    state[0] = flush(moving_average(state[0], g, o.beta1), least_kept(o));
    state[1] =
        flush(max(bounded::rounded(o.beta2) * state[1], abs(g) + bounded::rounded(o.eps)), least_kept(o));
    param = param - bounded::rounded(o.lr / (1 - std::pow(o.beta1, o.step))) * state[0] / state[1];
  }
};
