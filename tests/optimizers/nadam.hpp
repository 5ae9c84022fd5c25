// NAdam as the tests know it.
#pragma once
#include "description.hpp"

template <>
struct description<glissade_nadam> {
  using o = glissade_nadam;
  static auto fields() {
    return with_common_fields<o>(
        {{"beta1", &o::beta1, GLISSADE_BAD_BETA1, {-1e-300, 1}},
         {"beta2", &o::beta2, GLISSADE_BAD_BETA2, {-1e-300, 1}},
         {"eps", &o::eps, GLISSADE_BAD_EPS, {-1e-300}},
         {"momentum_decay", &o::momentum_decay, GLISSADE_BAD_MOMENTUM_DECAY, {-1e-300}},
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
  static std::vector<vectors> files() { return {{"nadam.torch", 0}}; }

  static void step(const o &o, bounded &param, bounded grad, std::span<bounded> state) {
    if (o.decoupled_weight_decay) param = bounded::rounded(1 - o.lr * o.weight_decay) * param;
    const bounded g = prepared(o, param, grad, !o.decoupled_weight_decay);
    state[0] = flush(moving_average(state[0], g, o.beta1), least_kept(o));
    state[1] = flush(moving_average(state[1], g * g, o.beta2), least_kept(o));
    const auto mu = [&](double t) { return o.beta1 * (1 - .5 * std::pow(.96, t * o.momentum_decay)); };
    double product = 1;
    for (int t = 1; t <= o.step && product > 1e-30; ++t) // what is smaller does not count beside 1
      product *= mu(t);
    // The library keeps the product in float: so many more roundings of it.
    const auto t = static_cast<double>(o.step);
    const bounded all(product, product * 2 * (t + 1) * 0x1p-24), next = all * bounded(mu(t + 1), 0);
    const bounded lr_of_grad = bounded(o.lr * (1 - mu(t)), 0) / (bounded(1) - all);
    const bounded lr_of_average = bounded(o.lr * mu(t + 1), 0) / (bounded(1) - next);
    const bounded d =
        sqrt(state[1] / bounded::rounded(1 - std::pow(o.beta2, o.step))) + bounded::rounded(o.eps);
    param = param - lr_of_grad * g / d;
    param = param - lr_of_average * state[0] / d;
  }
};
