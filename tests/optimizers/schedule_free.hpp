// Schedule-Free SGD and AdamW as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_schedule_free> {
  using o = glissade_schedule_free;
  static auto fields() {
    return with_common_fields<o>(
        {{"beta1", &o::beta1, GLISSADE_BAD_BETA1, {-1e-300, 1}},
         {"beta2", &o::beta2, GLISSADE_BAD_BETA2, {-1e-300, 1}},
         {"eps", &o::eps, GLISSADE_BAD_EPS, {-1e-300}},
         {"average_weight", &o::average_weight, GLISSADE_BAD_AVERAGE_WEIGHT, {-1e-300}},
         {"adaptive", &o::adaptive, GLISSADE_BAD_ADAPTIVE, {-1, 2}}});
  }
  static bool needs_step(const o &o) {
    static_cast<void>(o);
    return true;
  }
  static std::vector<state> states(const o &o) {
    return {{"z", GLISSADE_NULL_Z}, {"exp_avg_sq", GLISSADE_NULL_EXP_AVG_SQ, o.adaptive == 1}};
  }
  static std::vector<vectors> files() { return {{"schedule_free.authors", 2e-6}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    bounded u = prepared(o, param, grad, false);
    if (o.step == 1) state[0] = param;
    if (o.adaptive) {
      state[1] = flush(moving_average(state[1], u * u, o.beta2), least_kept(o));
      const bounded correction = bounded::rounded(1 - std::pow(o.beta2, o.step));
      u = u / (sqrt(state[1] / correction) + bounded::rounded(o.eps));
    }
    if (o.weight_decay != 0) u = u + bounded::rounded(o.weight_decay) * param;
    const double weight = o.average_weight != 0 ? o.average_weight : 1 / double(o.step);
    const bounded towards = param + bounded::rounded(weight) * (state[0] - param);
    param = towards - bounded::rounded(o.lr * (1 - o.beta1 * (1 - weight))) * u;
    state[0] = flush(state[0] - bounded::rounded(o.lr) * u, least_kept(o));
  }
};
