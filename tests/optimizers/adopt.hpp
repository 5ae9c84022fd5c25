// ADOPT as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_adopt> {
  using o = glissade_adopt;
  static auto fields() {
    return with_common_fields<o>({{"beta1", &o::beta1, GLISSADE_BAD_BETA1, {-1e-300, 1}},
                                  {"beta2", &o::beta2, GLISSADE_BAD_BETA2, {-1e-300, 1}},
                                  {"eps", &o::eps, GLISSADE_BAD_EPS, {-1e-300}},
                                  {"clip", &o::clip, GLISSADE_BAD_CLIP, {-1, 2}},
                                  {"decoupled_weight_decay",
                                   &o::decoupled_weight_decay,
                                   GLISSADE_BAD_DECOUPLED_WEIGHT_DECAY,
                                   {-1, 2}}});
  }
  static bool needs_step(const o &o) {
    static_cast<void>(o);
    return true;
  }
  static std::vector<state> states(const o &o) {
    static_cast<void>(o);
    return {{"exp_avg", GLISSADE_NULL_EXP_AVG}, {"exp_avg_sq", GLISSADE_NULL_EXP_AVG_SQ}};
  }
  static std::vector<vectors> files() { return {{"adopt.timm", 2e-6}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    if (o.step == 1) {
      const bounded g = prepared(o, param, grad, !o.decoupled_weight_decay);
      state[1] = flush(g * g, least_kept(o));
      return;
    }
    if (o.decoupled_weight_decay) param = bounded::rounded(1 - o.lr * o.weight_decay) * param;
    const bounded g = prepared(o, param, grad, !o.decoupled_weight_decay);

    bounded u = g / max(sqrt(state[1]), bounded::rounded(o.eps));
    if (o.clip) {
      const bounded most = bounded::rounded(std::pow(double(o.step - 1), .25));
      u = -max(-max(u, -most), -most);
    }
    state[0] = flush(moving_average(state[0], u, o.beta1), least_kept(o));
    param = param - bounded::rounded(o.lr) * state[0];
    state[1] = flush(moving_average(state[1], g * g, o.beta2), least_kept(o));
  }
};
