// The steps as a user writes them: one loop, no thought of vectors.
#include "rivals.hpp"
#include <math.h>

namespace perf::GLISSADE_PERF_LOOP {

void rmsprop(const glissade_rmsprop &o, float *const *arrays, std::size_t begin, std::size_t end) {
  float *param = arrays[0], *square_avg = arrays[2];
  const float *grad = arrays[1];
  const float lr = float(o.lr), alpha = float(o.alpha), rest = float(1 - o.alpha), eps = float(o.eps);
  for (std::size_t i = begin; i < end; ++i) {
    square_avg[i] = alpha * square_avg[i] + rest * grad[i] * grad[i];
    param[i] -= lr * grad[i] / (sqrtf(square_avg[i]) + eps);
  }
}

void adamw(const glissade_adam &o, float *const *arrays, std::size_t begin, std::size_t end) {
  float *param = arrays[0], *m = arrays[2], *v = arrays[3];
  const float *grad = arrays[1];
  const float lr = float(o.lr), eps = float(o.eps), shrink = float(1 - o.lr * o.weight_decay);
  const float beta1 = float(o.beta1), rest1 = float(1 - o.beta1),
              unbiased1 = float(1 - pow(o.beta1, double(o.step)));
  const float beta2 = float(o.beta2), rest2 = float(1 - o.beta2),
              unbiased2 = float(1 - pow(o.beta2, double(o.step)));
  for (std::size_t i = begin; i < end; ++i) {
    m[i] = beta1 * m[i] + rest1 * grad[i];
    v[i] = beta2 * v[i] + rest2 * grad[i] * grad[i];
    param[i] = shrink * param[i] - lr * (m[i] / unbiased1) / (sqrtf(v[i] / unbiased2) + eps);
  }
}

} // namespace perf::GLISSADE_PERF_LOOP
