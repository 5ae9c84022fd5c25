// Adam: Kingma and Ba 2015; AMSGrad: Reddi, Kale and Kumar 2018; AdamW: Loshchilov and
// Hutter 2019; as torch.optim.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct adam {
  using options = glissade_adam;
  static constexpr unsigned amsgrad = 2, torch_sparse = 4, modes = 8;
  static constexpr bool roots = true, quotients = true;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_EXP_AVG},
      {.if_null = GLISSADE_NULL_EXP_AVG_SQ, .not_negative = true},
      {.if_null = GLISSADE_NULL_MAX_EXP_AVG_SQ, .when = amsgrad, .not_negative = true},
  };
  static bool reads_step(const options &o) { return !o.no_bias_correction; }
  static bool decoupled(const options &o) { return o.decoupled_weight_decay; }
  static unsigned own_mode(const options &o) {
    return amsgrad * (o.amsgrad != 0) | torch_sparse * (o.torch_sparse != 0);
  }
  static double root_correction(const options &o) {
    return reads_step(o) ? std::sqrt(1 - power(o.beta2, o.step)) : 1;
  }

  struct coefficients : common_with<float> {
    explicit coefficients(const options &o)
        : common_with(o, decoupled(o)),
          beta1(o.beta1),
          beta2(o.beta2),
          lr(f(-o.lr * (o.torch_sparse ? root_correction(o) : 1) /
               (reads_step(o) ? 1 - power(o.beta1, o.step) : 1))),
          correction(f(root_correction(o))),
          eps(f(o.eps)) {}

    average beta1, beta2;
    float lr;
    divisor correction;
    float eps;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &exp_avg, V &exp_avg_sq, V &max_exp_avg_sq) {
    const V g = c.template gradient<mode>(param, grad);
    if constexpr (mode & torch_sparse) {
      exp_avg = flush(exp_avg + c.beta1.fresh * (g - exp_avg), c.tiny);
      exp_avg_sq = flush(exp_avg_sq + c.beta2.fresh * (g * g - exp_avg_sq), c.tiny);
    } else {
      exp_avg = flush(c.beta1.between(exp_avg, g), c.tiny);
      exp_avg_sq = flush(c.beta2.of_squares(exp_avg_sq, g), c.tiny);
    }
    V largest = exp_avg_sq;
    if constexpr (mode & amsgrad) largest = max_exp_avg_sq = flush(max(max_exp_avg_sq, exp_avg_sq), c.tiny);
    if constexpr (mode & torch_sparse)
      param = param + c.lr * (exp_avg / (sqrt(largest) + c.eps));
    else
      param = param + (c.lr * exp_avg) / (sqrt(largest) / c.correction + c.eps);
  }
};

} // namespace glissade::rules
