// The steps as a framework runs them: each operation of torch.optim a loop of its own over the whole array.
#include "rivals.hpp"
#include <math.h>

namespace perf::passes {
namespace {

// to[i] = operation(to[i], x[i], y[i]), with none, one or two other arrays. They vectorise.
template <class Operation>
inline void each(float *to, std::size_t begin, std::size_t end, Operation operation) {
  for (std::size_t i = begin; i < end; ++i)
    to[i] = operation(to[i]);
}
template <class Operation>
inline void each(float *__restrict to, const float *x, std::size_t begin, std::size_t end,
                 Operation operation) {
  for (std::size_t i = begin; i < end; ++i)
    to[i] = operation(to[i], x[i]);
}
template <class Operation>
inline void each(float *__restrict to, const float *x, const float *y, std::size_t begin, std::size_t end,
                 Operation operation) {
  for (std::size_t i = begin; i < end; ++i)
    to[i] = operation(to[i], x[i], y[i]);
}

// The operations under their names in torch.
inline void mul(float *to, float factor, std::size_t begin, std::size_t end) {
  each(to, begin, end, [=](float x) { return x * factor; });
}
inline void div(float *to, float divisor, std::size_t begin, std::size_t end) {
  each(to, begin, end, [=](float x) { return x / divisor; });
}
inline void add(float *to, float summand, std::size_t begin, std::size_t end) {
  each(to, begin, end, [=](float x) { return x + summand; });
}
inline void sqrt_of(float *to, const float *x, std::size_t begin, std::size_t end) {
  each(to, x, begin, end, [](float, float a) { return sqrtf(a); });
}
inline void lerp(float *to, const float *x, float weight, std::size_t begin, std::size_t end) {
  each(to, x, begin, end, [=](float a, float b) { return a + weight * (b - a); });
}
inline void addcmul(float *to, const float *x, float factor, std::size_t begin, std::size_t end) {
  each(to, x, begin, end, [=](float sum, float a) { return sum + factor * a * a; });
}
inline void addcdiv(float *to, const float *x, const float *y, float factor, std::size_t begin,
                    std::size_t end) {
  each(to, x, y, begin, end, [=](float sum, float a, float b) { return sum + factor * a / b; });
}

constexpr int param = 0, grad = 1;

namespace of_rmsprop {
constexpr int square_avg = 2, scratch = 5;
using o = glissade_rmsprop;

void decay(const o &opt, float *const *a, std::size_t begin, std::size_t end) {
  mul(a[square_avg], float(opt.alpha), begin, end);
}
void average(const o &opt, float *const *a, std::size_t begin, std::size_t end) {
  addcmul(a[square_avg], a[grad], float(1 - opt.alpha), begin, end);
}
void take_root(const o &, float *const *a, std::size_t begin, std::size_t end) {
  sqrt_of(a[scratch], a[square_avg], begin, end);
}
void add_eps(const o &opt, float *const *a, std::size_t begin, std::size_t end) {
  add(a[scratch], float(opt.eps), begin, end);
}
void update(const o &opt, float *const *a, std::size_t begin, std::size_t end) {
  addcdiv(a[param], a[grad], a[scratch], float(-opt.lr), begin, end);
}
} // namespace of_rmsprop

namespace of_adamw {
constexpr int exp_avg = 2, exp_avg_sq = 3, scratch = 5;
using o = glissade_adam;

void shrink(const o &opt, float *const *a, std::size_t begin, std::size_t end) {
  mul(a[param], float(1 - opt.lr * opt.weight_decay), begin, end);
}
void first_average(const o &opt, float *const *a, std::size_t begin, std::size_t end) {
  lerp(a[exp_avg], a[grad], float(1 - opt.beta1), begin, end);
}
void decay(const o &opt, float *const *a, std::size_t begin, std::size_t end) {
  mul(a[exp_avg_sq], float(opt.beta2), begin, end);
}
void second_average(const o &opt, float *const *a, std::size_t begin, std::size_t end) {
  addcmul(a[exp_avg_sq], a[grad], float(1 - opt.beta2), begin, end);
}
void take_root(const o &, float *const *a, std::size_t begin, std::size_t end) {
  sqrt_of(a[scratch], a[exp_avg_sq], begin, end);
}
void correct(const o &opt, float *const *a, std::size_t begin, std::size_t end) {
  div(a[scratch], float(sqrt(1 - pow(opt.beta2, double(opt.step)))), begin, end);
}
void add_eps(const o &opt, float *const *a, std::size_t begin, std::size_t end) {
  add(a[scratch], float(opt.eps), begin, end);
}
void update(const o &opt, float *const *a, std::size_t begin, std::size_t end) {
  const float step_size = float(-opt.lr / (1 - pow(opt.beta1, double(opt.step))));
  addcdiv(a[param], a[exp_avg], a[scratch], step_size, begin, end);
}
} // namespace of_adamw

} // namespace

const pass<glissade_rmsprop> rmsprop[rmsprop_count] = {
    of_rmsprop::decay, of_rmsprop::average, of_rmsprop::take_root, of_rmsprop::add_eps, of_rmsprop::update};
const pass<glissade_adam> adamw[adamw_count] = {
    of_adamw::shrink,    of_adamw::first_average, of_adamw::decay,   of_adamw::second_average,
    of_adamw::take_root, of_adamw::correct,       of_adamw::add_eps, of_adamw::update};

} // namespace perf::passes
