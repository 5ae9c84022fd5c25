// Lion as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_lion> {
  using o = glissade_lion;
  static auto fields() {
    return with_common_fields<o>({{"beta1", &o::beta1, GLISSADE_BAD_BETA1, {-1e-300, 1}},
                                  {"beta2", &o::beta2, GLISSADE_BAD_BETA2, {-1e-300, 1}}});
  }
  static bool needs_step(const o &o) {
    static_cast<void>(o);
    return false;
  }
  static std::vector<state> states(const o &o) {
    static_cast<void>(o);
    return {{"exp_avg", GLISSADE_NULL_EXP_AVG}};
  }
  static std::vector<vectors> files() { return {{"lion.timm", 2e-6}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    const bounded g = prepared(o, param, grad, false);
    const bounded direction = sign(moving_average(state[0], g, o.beta1));
    param = bounded::rounded(1 - o.lr * o.weight_decay) * param - bounded::rounded(o.lr) * direction;
    state[0] = flush(moving_average(state[0], g, o.beta2), least_kept(o));
  }
};
