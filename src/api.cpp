// The functions of the C API on arrays: check, coefficients, threads, kernel.
#include "check.hpp"
#include "chunks.hpp"
#include "cpu.hpp"
#include "norm.hpp"
#include "rules.hpp"
#include <cstring>

namespace glissade {
namespace {

// What a kernel is told of the options, with grad_scale multiplied by `clip`.
template <class rule>
struct clipped {
  clipped(const typename rule::options &o, double clip) : mode(mode_of<rule>(o)), coefficients(o) {
    coefficients.grad_scale = common::scaled(o, clip);
  }

  unsigned mode;
  typename rule::coefficients coefficients;
};

// Takes the step on the tensors list(0) to list(count - 1), which were checked. `clip` multiplies every
// grad_scale.
template <class rule, class List>
void run(kernel kernel_of_rule, const typename rule::options &options, double clip, std::size_t count,
         const List &list) {
  std::size_t lines = 0;
  for (std::size_t i = 0; i < count; ++i)
    lines += lines_of(list(i).n);

  parallel(lines * line, options.threads, [=, first = &options](std::size_t chunk, std::size_t chunks) {
    const auto *known = first;
    clipped<rule> c(*known, clip);
    for_lines(count, list, cut(lines, chunk, chunks), cut(lines, chunk + 1, chunks),
              [&](const tensor<rule> &t, std::size_t begin, std::size_t end, float *const *next) {
                if (t.options != known) c = clipped<rule>(*(known = t.options), clip);
                kernel_of_rule(&c.coefficients, c.mode, t.arrays, begin, end, next);
              });
  });
}

template <class rule, class List>
glissade_status step(kernel table::*kernel_of, const typename rule::options *options, std::size_t count,
                     const List &list) {
  const default_float_mode here;
  if (const auto fault = check_list<rule>(options, count, list)) return fault;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;
  run<rule>(kernels->*kernel_of, *options, 1, count, list);
  return GLISSADE_OK;
}

template <class rule, class List>
glissade_status step_clipped(kernel table::*kernel_of, const typename rule::options *options,
                             std::size_t count, const List &list, double max_norm, double *norm) {
  const default_float_mode here;
  if (const auto fault = check_list<rule>(options, count, list)) return fault;
  for (std::size_t i = 0; i < count; ++i)
    if (list(i).options->grad_scale != options->grad_scale) return GLISSADE_UNEQUAL_GRAD_SCALE;
  if (!(max_norm >= 0)) return GLISSADE_BAD_MAX_NORM;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;

  const auto gradients = [&](std::size_t i) {
    const tensor<rule> t = list(i);
    return gradient{t.n, t.arrays[1]};
  };
  const glissade_norm all = norm_of(*kernels, options->threads, count, gradients);
  const double scaled = all.norm * std::abs(options->grad_scale);
  if (norm) *norm = scaled;
  if (!all.finite) return GLISSADE_NOT_FINITE;
  run<rule>(kernels->*kernel_of, *options, std::min(1., max_norm / (scaled + 1e-6)), count, list);
  return GLISSADE_OK;
}

template <class rule>
glissade_status reset(const typename rule::options *options, const tensor<rule> &t) {
  const default_float_mode here;
  if (const auto fault = check_options<rule>(options)) return fault;
  const unsigned mode = mode_of<rule>(*options);
  if (const auto fault = check_arrays<rule>(mode, t, 2)) return fault;

  over_chunks(t.n, options->threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = 2; i < array_count<rule>; ++i)
      if (uses<rule>(mode, i)) {
        const auto initial = rule::states[i - 2].initial;
        std::fill(t.arrays[i] + begin, t.arrays[i] + end, initial ? f(options->*initial) : 0.f);
      }
  });
  return GLISSADE_OK;
}

// The tensors that a caller lists: n, the pointers in the order of the kernel's arrays, the options or NULL.
template <class rule, class Given>
auto as_list(const Given *given, const typename rule::options *options) {
  static_assert(sizeof(Given) == sizeof(std::size_t) + (array_count<rule> + 1) * sizeof(void *));
  return [=](std::size_t i) {
    tensor<rule> t;
    t.n = given[i].n;
    std::memcpy(t.arrays, reinterpret_cast<const char *>(given + i) + sizeof t.n, sizeof t.arrays);
    t.options = given[i].options ? given[i].options : options;
    return t;
  };
}

} // namespace
} // namespace glissade

using namespace glissade;

// What glissade.h declares for each optimizer of the list. No kernel writes to array 1, grad.
#define STATES_1 float *state1
#define STATES_2 STATES_1, float *state2
#define STATES_3 STATES_2, float *state3
#define GIVEN_1 state1
#define GIVEN_2 GIVEN_1, state2
#define GIVEN_3 GIVEN_2, state3
#define GLISSADE_OPTIMIZER(name, states, preset)                                                             \
  static_assert(array_count<rules::name> == 2 + states, "the list and the rule differ in the state arrays"); \
  glissade_status glissade_##name##_step(const glissade_##name *options, size_t n, float *param,             \
                                         const float *grad, STATES_##states) {                               \
    const tensor<rules::name> t = {n, {param, const_cast<float *>(grad), GIVEN_##states}, options};          \
    return step<rules::name>(                                                                                \
        &table::name, options, 1, [&](size_t) -> const auto & { return t; });                                \
  }                                                                                                          \
  glissade_status glissade_##name##_step_many(const glissade_##name *options, size_t count,                  \
                                              const glissade_##name##_tensor *tensors) {                     \
    if (!tensors && count) return GLISSADE_NULL_TENSORS;                                                     \
    return step<rules::name>(&table::name, options, count, as_list<rules::name>(tensors, options));          \
  }                                                                                                          \
  glissade_status glissade_##name##_step_many_clipped(const glissade_##name *options, size_t count,          \
                                                      const glissade_##name##_tensor *tensors,               \
                                                      double max_norm, double *norm) {                       \
    if (!tensors && count) return GLISSADE_NULL_TENSORS;                                                     \
    return step_clipped<rules::name>(&table::name, options, count, as_list<rules::name>(tensors, options),   \
                                     max_norm, norm);                                                        \
  }                                                                                                          \
  glissade_status glissade_##name##_reset(const glissade_##name *options, size_t n, STATES_##states) {       \
    return reset<rules::name>(options, {n, {nullptr, nullptr, GIVEN_##states}, options});                    \
  }
#include "glissade/optimizers.inc"

glissade_status glissade_grad_norm(size_t count, const glissade_grad *grads, int threads,
                                   glissade_norm *result) {
  const default_float_mode here;
  if (!grads && count) return GLISSADE_NULL_TENSORS;
  if (!result) return GLISSADE_NULL_RESULT;
  if (threads < 0) return GLISSADE_BAD_THREADS;
  std::size_t lines = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!fits_in_memory(grads[i].n)) return GLISSADE_BAD_N;
    if (grads[i].n == 0) continue;
    if (const auto fault = check_array(grads[i].grad, grads[i].n, GLISSADE_NULL_GRAD)) return fault;
    lines += lines_of(grads[i].n);
    if (!fits_in_memory(lines * line)) return GLISSADE_BAD_N;
  }
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;
  *result = norm_of(*kernels, threads, count, [=](std::size_t i) {
    return gradient{grads[i].n, grads[i].grad};
  });
  return GLISSADE_OK;
}

const char *glissade_version(void) { return GLISSADE_VERSION; }
