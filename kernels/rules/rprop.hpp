// Rprop: Riedmiller and Braun, A Direct Adaptive Method for Faster Backpropagation Learning, 1993; in the form of
// torch.optim.Rprop.
#pragma once
#include "../rule.hpp"

namespace glissade::rules {

struct rprop {
  using options = glissade_rprop;
  static constexpr unsigned modes = 2;
  static constexpr bool roots = false;

  static constexpr state<options> states[] = {
      {.if_null = GLISSADE_NULL_PREV},
      {.if_null = GLISSADE_NULL_STEP_SIZE, .initial = &options::lr, .not_negative = true},
  };
  static bool reads_step(const options &) { return false; }
  static bool decoupled(const options &) { return false; }
  static unsigned own_mode(const options &) { return 0; }

  struct coefficients : common {
    explicit coefficients(const options &o)
        : common(o, false),
          etaminus(f(o.etaminus)),
          etaplus(f(o.etaplus)),
          step_size_min(f(o.step_size_min)),
          step_size_max(f(o.step_size_max)) {}

    float etaminus, etaplus, step_size_min, step_size_max;
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &prev, V &step_size) {
    const V g = c.template gradient<mode>(param, grad), turn = g * prev, zero = 0.f;
    const V eta = if_less(turn, zero, c.etaminus, if_less(zero, turn, c.etaplus, V(1.f) + turn)); // NaN stays
    const V wanted = eta * step_size, enough = if_less(wanted, c.step_size_min, c.step_size_min, wanted);
    step_size = flush(if_less(c.step_size_max, enough, c.step_size_max, enough), c.tiny);
    prev = flush(if_less(turn, zero, zero, g), c.tiny);
    param = fma(-sign(prev), step_size, param);
  }
};

} // namespace glissade::rules
