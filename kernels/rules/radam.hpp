// RAdam: Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2020; in
// the form of torch.optim.RAdam.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct radam {
  using options = glissade_radam;
  static constexpr unsigned rectified = 2, modes = 4;
  static constexpr bool roots = true, quotients = true;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_EXP_AVG},
      {.if_null = GLISSADE_NULL_EXP_AVG_SQ, .not_negative = true},
  };
  static bool reads_step(const options &) { return true; }
  static bool decoupled(const options &o) { return o.decoupled_weight_decay; }

  // The number of squares that the moving average amounts to; rho in the paper.
  static double longest(const options &o) { return 2 / (1 - o.beta2) - 1; }
  static double length(const options &o) {
    const double power_of_beta2 = power(o.beta2, o.step);
    return longest(o) - 2 * static_cast<double>(o.step) * power_of_beta2 / (1 - power_of_beta2);
  }
  static unsigned own_mode(const options &o) { return rectified * (length(o) > 5); }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, decoupled(o)),
          beta1(o.beta1),
          beta2(o.beta2),
          lr(f(o.lr)),
          correction1(f(1 - power(o.beta1, o.step))),
          correction2(f(std::sqrt(1 - power(o.beta2, o.step)))),
          eps(f(o.eps)) {
      const double all = longest(o), rho = length(o);
      rectification =
          f(std::sqrt((rho - 4) * (rho - 2) * all / ((all - 4) * (all - 2) * rho))); // read if rho > 5
    }

    average beta1, beta2;
    float lr;
    divisor correction1;
    float correction2, eps, rectification;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &exp_avg, V &exp_avg_sq) {
    const V g = c.template gradient<mode>(param, grad);
    exp_avg = flush(c.beta1.between(exp_avg, g), c.tiny);
    exp_avg_sq = flush(c.beta2.of_squares(exp_avg_sq, g), c.tiny);
    V update = exp_avg / c.correction1 * c.lr;
    if constexpr (mode & rectified)
      update = update * (V(1.f) / (sqrt(exp_avg_sq) + c.eps) * c.correction2) * c.rectification;
    param = param - update;
  }
};

} // namespace glissade::rules
