// The steps of the C API: check, coefficients, threads, kernel.
#include "check.hpp"
#include "cpu.hpp"
#include "parallel.hpp"
#include "rounding.hpp"
#include <algorithm>

namespace glissade {
namespace {

template <class rule>
glissade_status step(kernel table::*kernel_of, const typename rule::options *options, std::size_t n,
                     float *const (&arrays)[array_count<rule>]) {
  const default_rounding here;
  if (const auto fault = check_options<rule>(options)) return fault;
  if (rule::reads_step(*options) && options->step < 1) return GLISSADE_BAD_STEP;
  const unsigned mode = mode_of<rule>(*options);
  if (const auto fault = check_arrays<rule>(mode, n, arrays, 0)) return fault;
  const table *kernels = table_in_use();
  if (!kernels) return GLISSADE_UNAVAILABLE_ISA;

  const typename rule::coefficients coefficients(*options);
  const kernel run = kernels->*kernel_of;
  parallel(n, options->threads, [&](std::size_t begin, std::size_t end) {
    const default_rounding on_this_thread;
    run(&coefficients, mode, arrays, begin, end);
  });
  return GLISSADE_OK;
}

template <class rule>
glissade_status reset(const typename rule::options *options, std::size_t n,
                      float *const (&arrays)[array_count<rule>]) {
  if (const auto fault = check_options<rule>(options)) return fault;
  const unsigned mode = mode_of<rule>(*options);
  if (const auto fault = check_arrays<rule>(mode, n, arrays, 2)) return fault;

  parallel(n, options->threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = 2; i < array_count<rule>; ++i)
      if (reads<rule>(mode, i)) {
        const auto initial = rule::states[i - 2].initial;
        std::fill(arrays[i] + begin, arrays[i] + end, initial ? f(options->*initial) : 0.f);
      }
  });
  return GLISSADE_OK;
}

} // namespace
} // namespace glissade

// The functions that glissade.h declares, two for each optimizer of the list. No kernel writes to array 1,
// grad.
#define STATES_1 float *state1
#define STATES_2 STATES_1, float *state2
#define STATES_3 STATES_2, float *state3
#define GIVEN_1 state1
#define GIVEN_2 GIVEN_1, state2
#define GIVEN_3 GIVEN_2, state3
#define GLISSADE_OPTIMIZER(name, states, preset)                                                             \
  glissade_status glissade_##name##_step(const glissade_##name *options, size_t n, float *param,             \
                                         const float *grad, STATES_##states) {                               \
    using namespace glissade;                                                                                \
    return step<rules::name>(&table::name, options, n, {param, const_cast<float *>(grad), GIVEN_##states});  \
  }                                                                                                          \
  glissade_status glissade_##name##_reset(const glissade_##name *options, size_t n, STATES_##states) {       \
    return glissade::reset<glissade::rules::name>(options, n, {nullptr, nullptr, GIVEN_##states});           \
  }
#include "glissade/optimizers.inc"

const char *glissade_version(void) { return GLISSADE_VERSION; }
