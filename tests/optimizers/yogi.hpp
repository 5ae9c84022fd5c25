// Yogi as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_yogi> {
  using o = glissade_yogi;
  static auto fields() {
    return with_common_fields<o>({{"beta1", &o::beta1, GLISSADE_BAD_BETA1, {-1e-300, 1}},
                                  {"beta2", &o::beta2, GLISSADE_BAD_BETA2, {-1e-300, 1}},
                                  {"eps", &o::eps, GLISSADE_BAD_EPS, {-1e-300}},
                                  {"initial_accumulator_value",
                                   &o::initial_accumulator_value,
                                   GLISSADE_BAD_INITIAL_ACCUMULATOR_VALUE,
                                   {-1e-300}},
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
    return {{"exp_avg", GLISSADE_NULL_EXP_AVG, true, o.initial_accumulator_value},
            {"exp_avg_sq", GLISSADE_NULL_EXP_AVG_SQ, true, o.initial_accumulator_value}};
  }
  static std::vector<vectors> files() { return {{"yogi.optax", 2e-6}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    if (o.decoupled_weight_decay) param = bounded::rounded(1 - o.lr * o.weight_decay) * param;
    const bounded g = prepared(o, param, grad, !o.decoupled_weight_decay);

    state[0] = flush(moving_average(state[0], g, o.beta1), least_kept(o));
    const bounded towards = sign(g * g - state[1]);
    state[1] = flush(state[1] + towards * (bounded::rounded(1 - o.beta2) * g * g), least_kept(o));
    const bounded lr = bounded::rounded(o.lr / (1 - std::pow(o.beta1, o.step)));
    const bounded correction = bounded::rounded(std::sqrt(1 - std::pow(o.beta2, o.step)));
    param = param - lr * state[0] / (sqrt(state[1]) / correction + bounded::rounded(o.eps));
  }
};
