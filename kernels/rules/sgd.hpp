// Gradient descent with momentum: Polyak 1964, Nesterov 1983; in the form of torch.optim.SGD.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct sgd {
  using options = glissade_sgd;
  static constexpr unsigned momentum = 2, nesterov = 4, first = 8, modes = 16;
  static constexpr bool roots = false;

  static constexpr state<options> states[] = {{GLISSADE_NULL_MOMENTUM_BUFFER, momentum}};
  static bool reads_step(const options &o) { return o.momentum != 0 && !o.buffer_from_zero; }
  static bool decoupled(const options &) { return false; }
  static unsigned own_mode(const options &o) {
    if (o.momentum == 0) return 0;
    return momentum | nesterov * (o.nesterov != 0) | first * (reads_step(o) && o.step == 1);
  }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, false),
          momentum(f(o.momentum)),
          fresh(f(1 - o.dampening)),
          lr(f(-o.lr)) {}

    float momentum, fresh, lr;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &momentum_buffer) {
    V u = c.template gradient<mode>(param, grad);
    if constexpr (mode & momentum) {
      momentum_buffer = flush(mode & first ? u : fma(c.fresh, u, c.momentum * momentum_buffer), c.tiny);
      u = mode & nesterov ? fma(c.momentum, momentum_buffer, u) : momentum_buffer;
    }
    param = fma(c.lr, u, param);
  }
};

} // namespace glissade::rules
