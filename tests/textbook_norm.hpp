// The norm of gradients as the textbook has it.
#pragma once
#include "glissade/glissade.h"
#include <cmath>
#include <vector>

// In the widest type that there is.
inline long double textbook_norm(const std::vector<glissade_grad> &grads) {
  long double sum = 0;
  for (const auto &g : grads)
    for (std::size_t i = 0; i < g.n; ++i)
      sum += static_cast<long double>(g.grad[i]) * g.grad[i];
  return std::sqrt(sum);
}
