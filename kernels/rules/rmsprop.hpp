// RMSprop: Hinton 2012, lecture 6e; centered: Graves 2013, equations 38 to 45.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct rmsprop {
  using options = glissade_rmsprop;
  static constexpr unsigned centered = 2, momentum = 4, nesterov = 8, modes = 16;
  static constexpr bool roots = true, quotients = false;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_SQUARE_AVG, .initial = &options::initial_square_avg, .not_negative = true},
      {.if_null = GLISSADE_NULL_GRAD_AVG, .when = centered},
      {.if_null = GLISSADE_NULL_MOMENTUM_BUFFER, .when = momentum},
  };
  static bool reads_step(const options &o) { return o.bias_correction; }
  static bool decoupled(const options &o) { return o.decoupled_weight_decay; }
  static unsigned own_mode(const options &o) {
    return centered * (o.centered != 0) | momentum * (o.momentum != 0) |
           nesterov * (o.momentum != 0 && o.nesterov);
  }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, decoupled(o)),
          alpha(o.alpha),
          correction(f(o.bias_correction ? 1 / (1 - power(o.alpha, o.step)) : 1)),
          eps_inside{f(o.eps_in_sqrt ? o.eps + 0. : 0)}, // -0 becomes 0, as the eps that is not used
          eps_outside(f(o.eps_in_sqrt ? 0 : o.eps + 0.)),
          lr_of_grad(f(o.momentum == 0    ? -o.lr
                       : o.lr_in_momentum ? o.lr
                                          : 1)),
          lr_of_buffer(f(o.lr_in_momentum ? -1 : -o.lr)),
          momentum(f(o.momentum)) {}

    average alpha;
    factor correction;
    offset eps_inside;
    float eps_outside, lr_of_grad, lr_of_buffer, momentum;

    bool neutral() const { return common::neutral() && is_neutral(correction) && eps_inside.value == 0; }
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &square_avg, V &grad_avg, V &momentum_buffer) {
    const V g = c.template gradient<mode>(param, grad);

    square_avg = flush(c.alpha.of_squares(square_avg, g), c.tiny);
    V variance = c.correction * square_avg;
    if constexpr (mode & centered) {
      grad_avg = flush(c.alpha.between(grad_avg, g), c.tiny);
      const V mean = c.correction * grad_avg;
      variance = max(V(0.f), fma(-mean, mean, variance));
    }
    V update = (c.lr_of_grad * g) / (sqrt(variance + c.eps_inside) + c.eps_outside);

    if constexpr (mode & momentum) {
      momentum_buffer = flush(c.momentum * momentum_buffer + update, c.tiny);
      const V buffer = mode & nesterov ? fma(c.momentum, momentum_buffer, update) : momentum_buffer;
      param = fma(c.lr_of_buffer, buffer, param);
    } else {
      param = param + update;
    }
  }
};

} // namespace glissade::rules
