// NAdam: Dozat, Incorporating Nesterov Momentum into Adam, 2016; in the form of torch.optim.NAdam.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct nadam {
  using options = glissade_nadam;
  static constexpr unsigned modes = 2;
  static constexpr bool roots = true, quotients = true;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_EXP_AVG},
      {.if_null = GLISSADE_NULL_EXP_AVG_SQ, .not_negative = true},
  };
  static bool reads_step(const options &) { return true; }
  static bool decoupled(const options &o) { return o.decoupled_weight_decay; }
  static unsigned own_mode(const options &) { return 0; }

  static double momentum(const options &o, double step) {
    return o.beta1 * (1 - .5 * std::pow(.96, step * o.momentum_decay));
  }
  // Of the momenta of all steps so far, in float, as torch keeps it. Below 2^-54 it no longer counts beside 1.
  // The momenta grow to beta1: from there on all factors are the same.
  static double momentum_product(const options &o) {
    const float last = f(o.beta1);
    float product = 1;
    for (std::int64_t step = 1; step <= o.step && product >= negligible; ++step) {
      const float factor = f(momentum(o, static_cast<double>(step)));
      if (factor == last) return times_power(product, last, o.step - step + 1);
      product *= factor;
    }
    return product;
  }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, decoupled(o)),
          beta1(o.beta1),
          beta2(o.beta2),
          correction(f(1 - power(o.beta2, o.step))),
          eps(f(o.eps)) {
      const auto step = static_cast<double>(o.step);
      const double product = momentum_product(o), next = momentum(o, step + 1);
      lr_of_grad = f(-o.lr * (1 - momentum(o, step)) / (1 - product));
      lr_of_average = f(-o.lr * next / (1 - product * next));
    }

    average beta1, beta2;
    divisor correction;
    float eps, lr_of_grad, lr_of_average;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &exp_avg, V &exp_avg_sq) {
    const V g = c.template gradient<mode>(param, grad);
    exp_avg = flush(c.beta1.between(exp_avg, g), c.tiny);
    exp_avg_sq = flush(c.beta2.of_squares(exp_avg_sq, g), c.tiny);
    const V d = sqrt(exp_avg_sq / c.correction) + c.eps;
    param = param + (c.lr_of_grad * g) / d;
    param = param + (c.lr_of_average * exp_avg) / d;
  }
};

} // namespace glissade::rules
