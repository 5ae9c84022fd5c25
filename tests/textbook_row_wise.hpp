// Row-wise AdaGrad as a loop over one row, by which the kernels are judged.
#pragma once
#include "glissade/glissade.h"
#include <cfloat>
#include <cmath>
#include <vector>

// One step of row-wise AdaGrad as its header says, on one row.
inline void row_wise_step(const glissade_adagrad &o, std::size_t width, float *param, const float *grad,
                          float &sum) {
  std::vector<float> g(width);
  double lanes[32] = {};
  for (std::size_t i = 0; i < width; ++i) {
    const auto scale = static_cast<float>(o.maximize ? -o.grad_scale : o.grad_scale);
    g[i] = scale * grad[i];
    if (o.weight_decay != 0) g[i] = std::fma(static_cast<float>(o.weight_decay), param[i], g[i]);
    lanes[i % 32] += double(g[i]) * double(g[i]);
  }
  for (int half = 16; half > 0; half /= 2)
    for (int k = 0; k < half; ++k)
      lanes[k] += lanes[k + half];
  sum = static_cast<float>(double(sum) + lanes[0] / double(width));
  if (o.flush_subnormals && std::abs(sum) < FLT_MIN) sum = 0;
  const auto factor =
      static_cast<float>(-o.lr / (1 + double(o.step - 1) * o.lr_decay) / (std::sqrt(double(sum)) + o.eps));
  for (std::size_t i = 0; i < width; ++i)
    param[i] = std::fma(factor, g[i], param[i]);
}
