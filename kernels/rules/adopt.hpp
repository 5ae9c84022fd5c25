// ADOPT: Taniguchi et al., ADOPT: Modified Adam Can Converge with Any beta2 with the Optimal Rate, 2024, algorithm 2.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct adopt {
  using options = glissade_adopt;
  static constexpr unsigned first = 2, modes = 4;
  static constexpr bool roots = true, quotients = false;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_EXP_AVG},
      {.if_null = GLISSADE_NULL_EXP_AVG_SQ, .not_negative = true},
  };
  static bool reads_step(const options &) { return true; }
  static bool decoupled(const options &o) { return o.decoupled_weight_decay; }
  static unsigned own_mode(const options &o) { return first * (o.step == 1); }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, decoupled(o) && o.step != 1),
          beta1(o.beta1),
          beta2(o.beta2),
          lr(f(-o.lr)),
          eps(f(o.eps)),
          most(f(o.clip ? std::sqrt(std::sqrt(static_cast<double>(o.step - 1))) : HUGE_VAL)) {}

    average beta1, beta2;
    float lr, eps, most;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &exp_avg, V &exp_avg_sq) {
    const V g = c.template gradient<mode>(param, grad);
    if constexpr (mode & first) {
      exp_avg_sq = flush(g * g, c.tiny);
    } else {
      const V u = g / max(sqrt(exp_avg_sq), V(c.eps)), clipped = if_less(u, -c.most, -c.most, u);
      exp_avg = flush(c.beta1.between(exp_avg, if_less(c.most, clipped, c.most, clipped)), c.tiny);
      param = fma(c.lr, exp_avg, param);
      exp_avg_sq = flush(c.beta2.of_squares(exp_avg_sq, g), c.tiny);
    }
  }
};

} // namespace glissade::rules
