// Yogi: Zaheer et al., Adaptive Methods for Nonconvex Optimization, 2018.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct yogi {
  using options = glissade_yogi;
  static constexpr unsigned modes = 2;
  static constexpr bool roots = true, quotients = true;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_EXP_AVG, .initial = &options::initial_accumulator_value},
      {.if_null = GLISSADE_NULL_EXP_AVG_SQ,
       .initial = &options::initial_accumulator_value,
       .not_negative = true},
  };
  static bool reads_step(const options &) { return true; }
  static bool decoupled(const options &o) { return o.decoupled_weight_decay; }
  static unsigned own_mode(const options &) { return 0; }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, decoupled(o)),
          beta1(o.beta1),
          fresh(f(1 - o.beta2)),
          lr(f(-o.lr / (1 - power(o.beta1, o.step)))),
          correction(f(std::sqrt(1 - power(o.beta2, o.step)))),
          eps(f(o.eps)) {}

    average beta1;
    float fresh, lr;
    divisor correction;
    float eps;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &exp_avg, V &exp_avg_sq) {
    const V g = c.template gradient<mode>(param, grad);
    exp_avg = flush(c.beta1.between(exp_avg, g), c.tiny);
    exp_avg_sq = flush(fma(-(sign(exp_avg_sq - g * g) * (c.fresh * g)), g, exp_avg_sq), c.tiny);
    param = param + (c.lr * exp_avg) / (sqrt(exp_avg_sq) / c.correction + c.eps);
  }
};

} // namespace glissade::rules
