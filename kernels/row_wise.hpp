// AdaGrad with one sum for each row of a table: of an element, its gradient for the sum, and the update once that is known.
#pragma once
#include "rule.hpp"

namespace glissade {

// To the pass a rule like any other. Its one state is where the gradients go, if they are kept; param stays as it is then.
struct row_wise {
  using options = glissade_adagrad;
  static constexpr unsigned keep = 2, modes = 4;
  static constexpr bool roots = false;
  static constexpr state<options> states[] = {{.if_null = GLISSADE_NULL_SUM, .when = keep}};

  struct coefficients : common {
    explicit coefficients(const options &o) : common(o, false), rate(0) {}
    float rate; // of the row
  };

  template <unsigned mode, class V>
  static void step(const coefficients &c, V &param, V grad, V &kept) {
    const V g = c.template gradient<mode>(param, grad);
    if constexpr (mode & keep)
      kept = g;
    else
      param = fma(c.rate, g, param);
  }
};

} // namespace glissade
