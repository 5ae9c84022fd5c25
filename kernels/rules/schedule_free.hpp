// Schedule-Free SGD and AdamW: Defazio et al., The Road Less Scheduled, 2024; in the form of the authors' schedulefree.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct schedule_free {
  using options = glissade_schedule_free;
  static constexpr unsigned first = 2, adaptive = 4, modes = 8;
  static constexpr bool roots = true, quotients = true;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_Z},
      {.if_null = GLISSADE_NULL_EXP_AVG_SQ, .when = adaptive, .not_negative = true},
  };
  static bool reads_step(const options &) { return true; }
  static bool decoupled(const options &) { return false; }
  static unsigned own_mode(const options &o) { return first * (o.step == 1) | adaptive * (o.adaptive != 0); }

  static double weight(const options &o) {
    return o.average_weight != 0 ? o.average_weight : 1 / static_cast<double>(o.step);
  }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, false),
          beta2(o.beta2),
          correction(f(1 - power(o.beta2, o.step))),
          eps(f(o.eps)),
          of_average(f(weight(o))),
          lr_of_param(f(o.lr * (o.beta1 * (1 - weight(o)) - 1))),
          lr(f(-o.lr)) {}

    average beta2;
    divisor correction;
    float eps, of_average, lr_of_param, lr;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &z, V &exp_avg_sq) {
    V u = c.template gradient<mode & ~l2>(param, grad);
    if constexpr (mode & first) z = param;
    if constexpr (mode & adaptive) {
      exp_avg_sq = flush(c.beta2.of_squares(exp_avg_sq, u), c.tiny);
      u = u / (sqrt(exp_avg_sq / c.correction) + c.eps);
    }
    if constexpr (mode & l2) u = fma(c.weight_decay, param, u);
    param = fma(c.lr_of_param, u, lerp(param, z, V(c.of_average)));
    z = flush(fma(c.lr, u, z), c.tiny);
  }
};

} // namespace glissade::rules
