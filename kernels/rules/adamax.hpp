// Adamax: Kingma and Ba 2015, section 7.1; in the form of torch.optim.Adamax.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct adamax {
  using options = glissade_adamax;
  static constexpr unsigned modes = 2;
  static constexpr bool roots = false;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_EXP_AVG},
      {.if_null = GLISSADE_NULL_EXP_INF, .not_negative = true},
  };
  static bool reads_step(const options &) { return true; }
  static bool decoupled(const options &) { return false; }
  static unsigned own_mode(const options &) { return 0; }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, false),
          beta1(o.beta1),
          beta2(f(o.beta2)),
          lr(f(-o.lr / (1 - power(o.beta1, o.step)))),
          eps(f(o.eps)) {}

    average beta1;
    float beta2, lr, eps;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &exp_avg, V &exp_inf) {
    const V g = c.template gradient<mode>(param, grad);
    exp_avg = flush(c.beta1.between(exp_avg, g), c.tiny);
    exp_inf = flush(max(c.beta2 * exp_inf, abs(g) + c.eps), c.tiny);
    param = param + (c.lr * exp_avg) / exp_inf;
  }
};

} // namespace glissade::rules
