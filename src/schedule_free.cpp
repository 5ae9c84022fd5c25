// The switch of the Schedule-Free optimizers between the params of training and those to evaluate with.
#include "check.hpp"
#include "cpu.hpp"
#include "float_mode.hpp"
#include "parallel.hpp"

namespace glissade {
namespace {

using options = glissade_schedule_free;
constexpr erased_rule rule =
    erase<rules::schedule_free, glissade_schedule_free_tensor>(&table::schedule_free);

glissade_status move_param(const options *o, double (*part)(double beta1), size_t n, float *param,
                           const float *z) {
  const default_float_mode here;
  if (const auto fault = check_options(rule, o)) return fault;
  const double w = part(o->beta1);
  if (!__builtin_isfinite(f(w))) return GLISSADE_BAD_BETA1;
  if (!fits_in_memory(n)) return GLISSADE_BAD_N;
  if (n > 0) {
    if (const auto fault = check_array(param, n, GLISSADE_NULL_PARAM)) return fault;
    if (const auto fault = check_array(z, n, GLISSADE_NULL_Z)) return fault;
    const auto a = reinterpret_cast<std::uintptr_t>(param), b = reinterpret_cast<std::uintptr_t>(z);
    if (a - b < n * sizeof(float) || b - a < n * sizeof(float)) return GLISSADE_OVERLAPPING_ARRAYS;
  }
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;
  const std::size_t lines = lines_of(n);
  parallel(n, o->threads, here, [=](std::size_t chunk, std::size_t chunks) {
    const std::size_t begin = cut(lines, chunk, chunks) * line, end = cut(lines, chunk + 1, chunks) * line;
    kernels->approach(param + begin, z + begin, f(w), (end < n ? end : n) - begin);
  });
  return GLISSADE_OK;
}

} // namespace
} // namespace glissade

glissade_status glissade_schedule_free_eval(const glissade_schedule_free *options, size_t n, float *param,
                                            const float *z) {
  return glissade::move_param(
      options, [](double beta1) { return 1 - 1 / beta1; }, n, param, z);
}

glissade_status glissade_schedule_free_train(const glissade_schedule_free *options, size_t n, float *param,
                                             const float *z) {
  return glissade::move_param(
      options, [](double beta1) { return 1 - beta1; }, n, param, z);
}
