// ASGD as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_asgd> {
  using o = glissade_asgd;
  static auto fields() {
    return with_common_fields<o>({{"lambd", &o::lambd, GLISSADE_BAD_LAMBD, {-1e-300}},
                                  {"power", &o::power, GLISSADE_BAD_POWER, {-1e-300}},
                                  {"t0", &o::t0, GLISSADE_BAD_T0, {-1e-300}}});
  }
  static bool needs_step(const o &o) {
    static_cast<void>(o);
    return true;
  }
  static std::vector<state> states(const o &o) {
    static_cast<void>(o);
    return {{.name = "ax", .if_null = GLISSADE_NULL_AX, .moves_param = false}};
  }
  static std::vector<vectors> files() { return {{"asgd.torch", 0}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    const double t = static_cast<double>(o.step - 1);
    const bounded eta = bounded::rounded(o.lr * std::pow(1 + o.lambd * o.lr * t, -o.power));
    const bounded g = prepared(o, param, grad, true);
    param = (bounded(1) - bounded::rounded(o.lambd) * eta) * param - eta * g;
    const double averaged = t - o.t0;
    state[0] = averaged > 1 ? state[0] + (param - state[0]) / bounded::rounded(averaged) : param;
    state[0] = flush(state[0], least_kept(o));
  }
};
