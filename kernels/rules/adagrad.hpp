// AdaGrad: Duchi, Hazan and Singer, Adaptive Subgradient Methods, 2011; in the form of torch.optim.Adagrad.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct adagrad {
  using options = glissade_adagrad;
  static constexpr unsigned torch_sparse = 2, modes = 4;
  static constexpr bool roots = true, quotients = false;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_SUM, .initial = &options::initial_accumulator_value, .not_negative = true},
  };
  static bool reads_step(const options &o) { return o.lr_decay != 0; }
  static bool decoupled(const options &) { return false; }
  static unsigned own_mode(const options &o) { return torch_sparse * (o.torch_sparse != 0); }
  static double rate(const options &o) {
    return -o.lr / (1 + (o.lr_decay != 0 ? double(o.step - 1) * o.lr_decay : 0));
  }

  struct coefficients : common {
    explicit coefficients(const options &o) : common(o, false), lr(f(rate(o))), eps(f(o.eps)) {}

    float lr, eps;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &sum) {
    const V g = c.template gradient<mode>(param, grad);
    if constexpr (mode & torch_sparse) {
      sum = flush(sum + g * g, c.tiny);
      param = fma(c.lr, g / (sqrt(sum) + c.eps), param);
    } else {
      sum = flush(fma(g, g, sum), c.tiny);
      param = param + (c.lr * g) / (sqrt(sum) + c.eps);
    }
  }
};

} // namespace glissade::rules
