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

} // namespace perf::GLISSADE_PERF_LOOP
