// AdEMAMix: Pagliardini, Ablin and Grangier, The AdEMAMix Optimizer: Better, Faster, Older, 2024.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct ademamix {
  using options = glissade_ademamix;
  static constexpr unsigned modes = 2;
  static constexpr bool roots = true, quotients = true;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_EXP_AVG},
      {.if_null = GLISSADE_NULL_EXP_AVG_SLOW},
      {.if_null = GLISSADE_NULL_EXP_AVG_SQ, .not_negative = true},
  };
  static bool reads_step(const options &) { return true; }
  static bool decoupled(const options &o) { return o.decoupled_weight_decay; }
  static unsigned own_mode(const options &) { return 0; }

  // How far the warm-up is, and the decay of the slow average there: its half-life grows evenly.
  static double progress(const options &o) {
    const auto step = static_cast<double>(o.step);
    return step < o.warmup_steps ? step / o.warmup_steps : 1;
  }
  static double slow_decay(const options &o) {
    const double r = progress(o);
    return r < 1 ? std::exp(1 / ((1 - r) / std::log(o.beta1) + r / std::log(o.beta3))) : o.beta3;
  }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, decoupled(o)),
          beta1(o.beta1),
          slow(slow_decay(o)),
          beta2(o.beta2),
          lr(f(-o.lr / (1 - power(o.beta1, o.step)))),
          lr_of_slow(f(-o.lr * o.slow_weight * progress(o))),
          correction(f(std::sqrt(1 - power(o.beta2, o.step)))),
          eps(f(o.eps)) {}

    average beta1, slow, beta2;
    float lr, lr_of_slow;
    divisor correction;
    float eps;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &exp_avg, V &exp_avg_slow, V &exp_avg_sq) {
    const V g = c.template gradient<mode>(param, grad);
    exp_avg = flush(c.beta1.between(exp_avg, g), c.tiny);
    exp_avg_slow = flush(c.slow.between(exp_avg_slow, g), c.tiny);
    exp_avg_sq = flush(c.beta2.of_squares(exp_avg_sq, g), c.tiny);
    const V update = fma(c.lr_of_slow, exp_avg_slow, c.lr * exp_avg);
    param = param + update / (sqrt(exp_avg_sq) / c.correction + c.eps);
  }
};

} // namespace glissade::rules
