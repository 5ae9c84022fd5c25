// AdEMAMix as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_ademamix> {
  using o = glissade_ademamix;
  static auto fields() {
    return with_common_fields<o>({{"beta1", &o::beta1, GLISSADE_BAD_BETA1, {-1e-300, 1}},
                                  {"beta2", &o::beta2, GLISSADE_BAD_BETA2, {-1e-300, 1}},
                                  {"beta3", &o::beta3, GLISSADE_BAD_BETA3, {-1e-300, 1}},
                                  {"slow_weight", &o::slow_weight, GLISSADE_BAD_SLOW_WEIGHT, {-1e-300}},
                                  {"warmup_steps", &o::warmup_steps, GLISSADE_BAD_WARMUP_STEPS, {-1e-300}},
                                  {"eps", &o::eps, GLISSADE_BAD_EPS, {-1e-300}},
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
    return {{"exp_avg", GLISSADE_NULL_EXP_AVG},
            {"exp_avg_slow", GLISSADE_NULL_EXP_AVG_SLOW},
            {"exp_avg_sq", GLISSADE_NULL_EXP_AVG_SQ}};
  }
  static std::vector<vectors> files() { return {{"ademamix.pytorch_optimizer", 2e-6}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    if (o.decoupled_weight_decay) param = bounded::rounded(1 - o.lr * o.weight_decay) * param;
    const bounded g = prepared(o, param, grad, !o.decoupled_weight_decay);

    const double ratio = double(o.step) < o.warmup_steps ? double(o.step) / o.warmup_steps : 1;
    const double of_1 = std::log(o.beta1), of_3 = std::log(o.beta3); // as the paper has it
    const double slow = ratio < 1 ? std::exp(of_1 * of_3 / ((1 - ratio) * of_3 + ratio * of_1)) : o.beta3;
    state[0] = flush(moving_average(state[0], g, o.beta1), least_kept(o));
    state[1] = flush(moving_average(state[1], g, slow), least_kept(o));
    state[2] = flush(moving_average(state[2], g * g, o.beta2), least_kept(o));
    const bounded lr = bounded::rounded(o.lr / (1 - std::pow(o.beta1, o.step)));
    const bounded correction = bounded::rounded(std::sqrt(1 - std::pow(o.beta2, o.step)));
    param = param - (lr * state[0] + bounded::rounded(o.lr * ratio * o.slow_weight) * state[1]) /
                        (sqrt(state[2]) / correction + bounded::rounded(o.eps));
  }
};
