// AdaBelief: Zhuang et al., AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients, 2020.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct adabelief {
  using options = glissade_adabelief;
  static constexpr unsigned modes = 2;
  static constexpr bool roots = true, quotients = true;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_EXP_AVG},
      {.if_null = GLISSADE_NULL_EXP_AVG_VAR, .not_negative = true},
  };
  static bool reads_step(const options &) { return true; }
  static bool decoupled(const options &o) { return o.decoupled_weight_decay; }
  static unsigned own_mode(const options &) { return 0; }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, decoupled(o)),
          beta1(o.beta1),
          beta2(o.beta2),
          eps_root(f(o.eps_root)),
          lr(f(-o.lr / (1 - power(o.beta1, o.step)))),
          correction(f(std::sqrt(1 - power(o.beta2, o.step)))),
          eps(f(o.eps)) {}

    average beta1, beta2;
    float eps_root, lr;
    divisor correction;
    float eps;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &exp_avg, V &exp_avg_var) {
    const V g = c.template gradient<mode>(param, grad);
    exp_avg = flush(c.beta1.between(exp_avg, g), c.tiny);
    exp_avg_var = flush(c.beta2.of_squares(exp_avg_var, g - exp_avg) + c.eps_root, c.tiny);
    param = param + (c.lr * exp_avg) / (sqrt(exp_avg_var) / c.correction + c.eps);
  }
};

} // namespace glissade::rules
