// Adam as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_adam> {
  using o = glissade_adam;
  static auto fields() {
    return with_common_fields<o>(
        {{"beta1", &o::beta1, GLISSADE_BAD_BETA1, {-1e-300, 1}},
         {"beta2", &o::beta2, GLISSADE_BAD_BETA2, {-1e-300, 1}},
         {"eps", &o::eps, GLISSADE_BAD_EPS, {-1e-300}},
         {"amsgrad", &o::amsgrad, GLISSADE_BAD_AMSGRAD, {-1, 2}},
         {"decoupled_weight_decay", &o::decoupled_weight_decay, GLISSADE_BAD_DECOUPLED_WEIGHT_DECAY, {-1, 2}},
         {"no_bias_correction", &o::no_bias_correction, GLISSADE_BAD_NO_BIAS_CORRECTION, {-1, 2}},
         {"torch_sparse", &o::torch_sparse, GLISSADE_BAD_TORCH_SPARSE, {-1, 2}}});
  }
  static bool needs_step(const o &o) { return !o.no_bias_correction; }
  static std::vector<state> states(const o &o) {
    static_cast<void>(o);
    return {{"exp_avg", GLISSADE_NULL_EXP_AVG},
            {"exp_avg_sq", GLISSADE_NULL_EXP_AVG_SQ},
            {"max_exp_avg_sq", GLISSADE_NULL_MAX_EXP_AVG_SQ, o.amsgrad == 1}};
  }
  static std::vector<vectors> files() { return {{"adam.torch", 0}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    if (o.decoupled_weight_decay) param = bounded::rounded(1 - o.lr * o.weight_decay) * param;
    const bounded g = prepared(o, param, grad, !o.decoupled_weight_decay);
    const auto average = [&](bounded before, bounded x, double decay) {
      return o.torch_sparse ? before + bounded::rounded(1 - decay) * (x - before)
                            : moving_average(before, x, decay);
    };
    state[0] = flush(average(state[0], g, o.beta1), least_kept(o));
    state[1] = flush(average(state[1], g * g, o.beta2), least_kept(o));
    bounded largest = state[1];
    if (o.amsgrad) largest = state[2] = flush(max(state[2], state[1]), least_kept(o));
    const double of_root = o.no_bias_correction ? 1 : std::sqrt(1 - std::pow(o.beta2, o.step)),
                 rate = o.lr / (o.no_bias_correction ? 1 : 1 - std::pow(o.beta1, o.step));
    const bounded eps = bounded::rounded(o.eps);
    if (o.torch_sparse)
      param = param - bounded::rounded(rate * of_root) * (state[0] / (sqrt(largest) + eps));
    else
      param = param - bounded::rounded(rate) * state[0] / (sqrt(largest) / bounded::rounded(of_root) + eps);
  }
};
