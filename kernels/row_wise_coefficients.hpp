// What the kernel of row-wise AdaGrad is told of the options.
#pragma once
#include "rule.hpp"

namespace glissade {

struct row_wise : common {
  row_wise(const glissade_adagrad &o, double lr) : common(o, false), rate(lr), eps(o.eps) {}
  double rate, eps;
};

} // namespace glissade
