// The steps as a framework runs them: each operation of torch.optim a loop of its own over the whole array.
#include "rivals.hpp"
#include <math.h>

namespace perf::passes {
namespace {

using o = glissade_rmsprop;
enum { param, grad, square_avg, grad_avg, momentum_buffer, scratch };

// Each reads and writes whole arrays that do not overlap, and vectorises.
template <class Operation>
inline void each(float *__restrict to, const float *__restrict a, const float *__restrict b,
                 std::size_t begin, std::size_t end, Operation operation) {
  for (std::size_t i = begin; i < end; ++i)
    to[i] = operation(to[i], a[i], b[i]);
}

} // namespace

const pass<glissade_rmsprop> rmsprop[rmsprop_count] = {
    [](const o &opt, float *const *a, std::size_t begin, std::size_t end) { // square_avg.mul_(alpha)
      const float alpha = float(opt.alpha);
      each(a[square_avg], a[grad], a[grad], begin, end, [=](float v, float, float) { return v * alpha; });
    },
    [](const o &opt, float *const *a, std::size_t begin,
       std::size_t end) { // .addcmul_(grad, grad, 1 - alpha)
      const float rest = float(1 - opt.alpha);
      each(a[square_avg], a[grad], a[grad], begin, end,
           [=](float v, float g, float h) { return v + rest * g * h; });
    },
    [](const o &, float *const *a, std::size_t begin, std::size_t end) { // avg = square_avg.sqrt()
      each(a[scratch], a[square_avg], a[grad], begin, end, [](float, float v, float) { return sqrtf(v); });
    },
    [](const o &opt, float *const *a, std::size_t begin, std::size_t end) { // avg.add_(eps)
      const float eps = float(opt.eps);
      each(a[scratch], a[grad], a[grad], begin, end, [=](float d, float, float) { return d + eps; });
    },
    [](const o &opt, float *const *a, std::size_t begin, std::size_t end) { // param.addcdiv_(grad, avg, -lr)
      const float minus_lr = float(-opt.lr);
      each(a[param], a[grad], a[scratch], begin, end,
           [=](float p, float g, float d) { return p + minus_lr * g / d; });
    },
};

} // namespace perf::passes
