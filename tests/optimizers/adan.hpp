// Adan as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_adan> {
  using o = glissade_adan;
  static auto fields() {
    return with_common_fields<o>({{"beta1", &o::beta1, GLISSADE_BAD_BETA1, {-1e-300, 1}},
                                  {"beta2", &o::beta2, GLISSADE_BAD_BETA2, {-1e-300, 1}},
                                  {"beta3", &o::beta3, GLISSADE_BAD_BETA3, {-1e-300, 1}},
                                  {"eps", &o::eps, GLISSADE_BAD_EPS, {-1e-300}},
                                  {"proximal", &o::proximal, GLISSADE_BAD_PROXIMAL, {-1, 2}}});
  }
  static bool needs_step(const o &o) {
    static_cast<void>(o);
    return true;
  }
  static std::vector<state> states(const o &o) {
    static_cast<void>(o);
    return {{"exp_avg", GLISSADE_NULL_EXP_AVG},
            {"exp_avg_diff", GLISSADE_NULL_EXP_AVG_DIFF},
            {"exp_avg_sq", GLISSADE_NULL_EXP_AVG_SQ},
            {"prev", GLISSADE_NULL_PREV}};
  }
  static std::vector<vectors> files() { return {{"adan.timm", 2e-6}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    if (!o.proximal) param = bounded::rounded(1 - o.lr * o.weight_decay) * param;
    const bounded g = prepared(o, param, grad, false), change = o.step == 1 ? bounded(0) : g - state[3];
    state[0] = flush(moving_average(state[0], g, o.beta1), least_kept(o));
    state[1] = flush(moving_average(state[1], change, o.beta2), least_kept(o));
    const bounded ahead = g + bounded::rounded(o.beta2) * change;
    state[2] = flush(moving_average(state[2], ahead * ahead, o.beta3), least_kept(o));
    state[3] = flush(g, least_kept(o));
    const auto corrected = [&](double beta) { return 1 - std::pow(beta, o.step); };
    const bounded d =
        sqrt(state[2]) / bounded::rounded(std::sqrt(corrected(o.beta3))) + bounded::rounded(o.eps);
    param = param - (bounded::rounded(o.lr / corrected(o.beta1)) * state[0] +
                     bounded::rounded(o.lr * o.beta2 / corrected(o.beta2)) * state[1]) /
                        d;
    if (o.proximal) param = param * bounded::rounded(1 / (1 + o.lr * o.weight_decay));
  }
};
