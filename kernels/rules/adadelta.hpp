// Adadelta: Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012; in the form of torch.optim.Adadelta.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct adadelta {
  using options = glissade_adadelta;
  static constexpr unsigned modes = 2;
  static constexpr bool roots = true, quotients = false;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_SQUARE_AVG, .not_negative = true},
      {.if_null = GLISSADE_NULL_ACC_DELTA, .not_negative = true},
  };
  static bool reads_step(const options &) { return false; }
  static bool decoupled(const options &) { return false; }
  static unsigned own_mode(const options &) { return 0; }

  struct coefficients : common {
    explicit coefficients(const options &o) : common(o, false), rho(o.rho), lr(f(-o.lr)), eps(f(o.eps)) {}

    average rho;
    float lr, eps;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &square_avg, V &acc_delta) {
    const V g = c.template gradient<mode>(param, grad);
    square_avg = flush(c.rho.of_squares(square_avg, g), c.tiny);
    const V delta = sqrt(acc_delta + c.eps) / sqrt(square_avg + c.eps) * g;
    acc_delta = flush(c.rho.of_squares(acc_delta, delta), c.tiny);
    param = fma(c.lr, delta, param);
  }
};

} // namespace glissade::rules
