// RAdam as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_radam> {
  using o = glissade_radam;
  static auto fields() {
    return with_common_fields<o>({{"beta1", &o::beta1, GLISSADE_BAD_BETA1, {-1e-300, 1}},
                                  {"beta2", &o::beta2, GLISSADE_BAD_BETA2, {-1e-300, 1}},
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
    return {{"exp_avg", GLISSADE_NULL_EXP_AVG}, {"exp_avg_sq", GLISSADE_NULL_EXP_AVG_SQ}};
  }
  static std::vector<vectors> files() { return {{"radam.torch", 0}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    if (o.decoupled_weight_decay) param = bounded::rounded(1 - o.lr * o.weight_decay) * param;
    const bounded g = prepared(o, param, grad, !o.decoupled_weight_decay);
    state[0] = flush(moving_average(state[0], g, o.beta1), least_kept(o));
    state[1] = flush(moving_average(state[1], g * g, o.beta2), least_kept(o));
    const double power = std::pow(o.beta2, o.step), all = 2 / (1 - o.beta2) - 1;
    const double rho = all - 2 * double(o.step) * power / (1 - power);
    bounded update = state[0] / bounded::rounded(1 - std::pow(o.beta1, o.step)) * bounded::rounded(o.lr);
    if (rho > 5) {
      const double r = std::sqrt((rho - 4) * (rho - 2) * all / ((all - 4) * (all - 2) * rho));
      const bounded adaptive =
          bounded::rounded(std::sqrt(1 - power)) / (sqrt(state[1]) + bounded::rounded(o.eps));
      update = update * adaptive * bounded::rounded(r);
    }
    param = param - update;
  }
};
