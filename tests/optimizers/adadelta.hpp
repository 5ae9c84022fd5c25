// Adadelta as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_adadelta> {
  using o = glissade_adadelta;
  static auto fields() {
    return with_common_fields<o>(
        {{"rho", &o::rho, GLISSADE_BAD_RHO, {-1e-300, 1}}, {"eps", &o::eps, GLISSADE_BAD_EPS, {-1e-300}}});
  }
  static bool needs_step(const o &o) {
    static_cast<void>(o);
    return false;
  }
  static std::vector<state> states(const o &o) {
    static_cast<void>(o);
    return {{"square_avg", GLISSADE_NULL_SQUARE_AVG}, {"acc_delta", GLISSADE_NULL_ACC_DELTA}};
  }
  static std::vector<vectors> files() { return {{"adadelta.torch", 0}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    const bounded g = prepared(o, param, grad, true), eps = bounded::rounded(o.eps);
    state[0] = flush(moving_average(state[0], g * g, o.rho), least_kept(o));
    const bounded delta = sqrt(state[1] + eps) / sqrt(state[0] + eps) * g;
    state[1] = flush(moving_average(state[1], delta * delta, o.rho), least_kept(o));
    param = param - bounded::rounded(o.lr) * delta;
  }
};
