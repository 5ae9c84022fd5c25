// Adan: Xie et al., Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models, 2022.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct adan {
  using options = glissade_adan;
  static constexpr unsigned first = 2, modes = 3;
  static constexpr bool roots = true, quotients = true;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_EXP_AVG},
      {.if_null = GLISSADE_NULL_EXP_AVG_DIFF},
      {.if_null = GLISSADE_NULL_EXP_AVG_SQ, .not_negative = true},
      {.if_null = GLISSADE_NULL_PREV},
  };
  static bool reads_step(const options &) { return true; }
  static bool decoupled(const options &) { return true; }
  static unsigned own_mode(const options &o) { return first * (o.step == 1); }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, !o.proximal),
          beta1(o.beta1),
          beta2(o.beta2),
          beta3(o.beta3),
          lr_of_average(f(-o.lr / (1 - power(o.beta1, o.step)))),
          lr_of_difference(f(-o.lr * o.beta2 / (1 - power(o.beta2, o.step)))),
          correction(f(std::sqrt(1 - power(o.beta3, o.step)))),
          eps(f(o.eps)),
          shrink_after(f(o.proximal ? 1 / (1 + o.lr * o.weight_decay) : 1)) {}

    average beta1, beta2, beta3;
    float lr_of_average, lr_of_difference;
    divisor correction;
    float eps;
    factor shrink_after;

    bool neutral() const { return common::neutral() && is_neutral(shrink_after); }
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &exp_avg, V &exp_avg_diff, V &exp_avg_sq,
                   V &prev) {
    const V g = c.template gradient<mode>(param, grad), difference = mode & first ? V(0.f) : g - prev;
    exp_avg = flush(c.beta1.between(exp_avg, g), c.tiny);
    exp_avg_diff = flush(c.beta2.between(exp_avg_diff, difference), c.tiny);
    exp_avg_sq = flush(c.beta3.of_squares(exp_avg_sq, fma(c.beta2.old, difference, g)), c.tiny);
    const V update = fma(c.lr_of_difference, exp_avg_diff, c.lr_of_average * exp_avg);
    param = c.shrink_after * (param + update / (sqrt(exp_avg_sq) / c.correction + c.eps));
    prev = flush(g, c.tiny);
  }
};

} // namespace glissade::rules
