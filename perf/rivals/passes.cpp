// The steps as a framework runs them: each operation of torch.optim a loop of its own over the whole array.
#include "rivals.hpp"
#include <math.h>

namespace perf::passes {
namespace {

// to[i] = operation(to[i], x[i]...). It vectorises.
template <class Operation, class... X>
inline void each(std::size_t begin, std::size_t end, float *__restrict to, Operation operation,
                 const X *...x) {
  for (std::size_t i = begin; i < end; ++i)
    to[i] = operation(to[i], x[i]...);
}

// The operations under their names in torch.
inline void mul(std::size_t begin, std::size_t end, float *to, float factor) {
  each(begin, end, to, [=](float x) { return x * factor; });
}
inline void div(std::size_t begin, std::size_t end, float *to, float divisor) {
  each(begin, end, to, [=](float x) { return x / divisor; });
}
inline void add(std::size_t begin, std::size_t end, float *to, float summand) {
  each(begin, end, to, [=](float x) { return x + summand; });
}
inline void sqrt_of(std::size_t begin, std::size_t end, float *to, const float *x) {
  each(
      begin, end, to, [](float, float a) { return sqrtf(a); }, x);
}
inline void lerp(std::size_t begin, std::size_t end, float *to, const float *x, float weight) {
  each(
      begin, end, to, [=](float a, float b) { return a + weight * (b - a); }, x);
}
inline void addcmul(std::size_t begin, std::size_t end, float *to, const float *x, float factor) {
  each(
      begin, end, to, [=](float sum, float a) { return sum + factor * a * a; }, x);
}
inline void addcdiv(std::size_t begin, std::size_t end, float *to, const float *x, const float *y,
                    float factor) {
  each(
      begin, end, to, [=](float sum, float a, float b) { return sum + factor * a / b; }, x, y);
}

constexpr int param = 0, grad = 1, scratch = 5;

} // namespace

std::vector<pass<glissade_rmsprop>> rmsprop() {
  constexpr int square_avg = 2;
  return {
      [](auto &o, auto a, auto begin, auto end) { mul(begin, end, a[square_avg], float(o.alpha)); },
      [](auto &o, auto a, auto begin, auto end) {
        addcmul(begin, end, a[square_avg], a[grad], float(1 - o.alpha));
      },
      [](auto &, auto a, auto begin, auto end) { sqrt_of(begin, end, a[scratch], a[square_avg]); },
      [](auto &o, auto a, auto begin, auto end) { add(begin, end, a[scratch], float(o.eps)); },
      [](auto &o, auto a, auto begin, auto end) {
        addcdiv(begin, end, a[param], a[grad], a[scratch], float(-o.lr));
      },
  };
}

std::vector<pass<glissade_adam>> adamw() {
  constexpr int exp_avg = 2, exp_avg_sq = 3;
  return {
      [](auto &o, auto a, auto begin, auto end) {
        mul(begin, end, a[param], float(1 - o.lr * o.weight_decay));
      },
      [](auto &o, auto a, auto begin, auto end) {
        lerp(begin, end, a[exp_avg], a[grad], float(1 - o.beta1));
      },
      [](auto &o, auto a, auto begin, auto end) { mul(begin, end, a[exp_avg_sq], float(o.beta2)); },
      [](auto &o, auto a, auto begin, auto end) {
        addcmul(begin, end, a[exp_avg_sq], a[grad], float(1 - o.beta2));
      },
      [](auto &, auto a, auto begin, auto end) { sqrt_of(begin, end, a[scratch], a[exp_avg_sq]); },
      [](auto &o, auto a, auto begin, auto end) {
        div(begin, end, a[scratch], float(sqrt(1 - pow(o.beta2, double(o.step)))));
      },
      [](auto &o, auto a, auto begin, auto end) { add(begin, end, a[scratch], float(o.eps)); },
      [](auto &o, auto a, auto begin, auto end) {
        addcdiv(begin, end, a[param], a[exp_avg], a[scratch],
                float(-o.lr / (1 - pow(o.beta1, double(o.step)))));
      },
  };
}

} // namespace perf::passes
