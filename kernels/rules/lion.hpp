// Lion: Chen et al., Symbolic Discovery of Optimization Algorithms, 2023, algorithm 2.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct lion {
  using options = glissade_lion;
  static constexpr unsigned modes = 1;
  static constexpr bool roots = false;

  static constexpr state<options> states[] = {{GLISSADE_NULL_EXP_AVG}};
  static bool reads_step(const options &) { return false; }
  static bool decoupled(const options &) { return true; }
  static unsigned own_mode(const options &) { return 0; }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, decoupled(o)),
          beta1(o.beta1),
          beta2(o.beta2),
          lr(f(-o.lr)) {}

    average beta1, beta2;
    float lr;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &exp_avg) {
    const V g = c.template gradient<mode>(param, grad);
    const V direction = sign(c.beta1.of(exp_avg, g));
    param = fma(c.lr, direction, param);
    exp_avg = flush(c.beta2.of(exp_avg, g), c.tiny);
  }
};

} // namespace glissade::rules
