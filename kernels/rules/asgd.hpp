// ASGD: Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992; in the form of torch.optim.ASGD.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct asgd {
  using options = glissade_asgd;
  static constexpr unsigned averages = 2, modes = 4;
  static constexpr bool roots = false;

  static constexpr state<options> states[] = {{.if_null = GLISSADE_NULL_AX}};
  static bool reads_step(const options &) { return true; }
  static bool decoupled(const options &) { return false; }

  static double steps_before(const options &o) { return static_cast<double>(o.step) - 1; }
  static float mu(const options &o) {
    const double averaged = steps_before(o) - o.t0;
    return f(averaged > 1 ? 1 / averaged : 1);
  }
  static float eta(const options &o) {
    return f(o.lr / std::pow(1 + o.lambd * o.lr * steps_before(o), o.power));
  }
  static unsigned own_mode(const options &o) { return averages * (mu(o) != 1); }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, false),
          eta(-asgd::eta(o)),
          decay(f(1 - o.lambd * asgd::eta(o))),
          mu(asgd::mu(o)) {}

    float eta, decay, mu;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &ax) {
    const V g = c.template gradient<mode>(param, grad);
    param = fma(c.eta, g, c.decay * param);
    ax = flush(mode & averages ? ax + (param - ax) * c.mu : param, c.tiny);
  }
};

} // namespace glissade::rules
