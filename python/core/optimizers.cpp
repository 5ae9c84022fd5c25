// The table of optimizers, from the lists of the C API: in C++, where a struct can be asked whether it has a field.
#include "optimizers.h"
#include "rules.hpp"
#include <cstddef>
#include <cstring>
#include <utility>

namespace {

constexpr auto kind_of(const double &) { return field::REAL; }
constexpr auto kind_of(const int &) { return field::WHOLE; }
constexpr auto kind_of(const std::int64_t &) { return field::WIDE; }

template <class Options>
void list_fields(optimizer &o) {
#define GLISSADE_OPTION(name, NAME, values)                                                                  \
  if constexpr (requires(Options has) { has.name; }) {                                                       \
    static_assert(MOST_FIELDS > 20);                                                                         \
    o.field[o.fields++] = {#name, #values, offsetof(Options, name), kind_of(Options{}.name), nullptr};       \
  }
#include "glissade/options.inc"
}

template <auto reset, class Options, std::size_t... state>
glissade_status reset_with(const void *options, std::size_t n, float *const *states,
                           std::index_sequence<state...>) {
  return reset(static_cast<const Options *>(options), n, states[state]...);
}

#define GLISSADE_OPTIMIZER(which, preset)                                                                    \
  void list_##which(optimizer &o) {                                                                          \
    using options = glissade_##which;                                                                        \
    using tensor = glissade_##which##_tensor;                                                                \
    o.name = #which;                                                                                         \
    o.options_size = sizeof(options);                                                                        \
    o.tensor_size = sizeof(tensor);                                                                          \
    o.n = offsetof(tensor, n);                                                                               \
    o.param = offsetof(tensor, param);                                                                       \
    o.grad = offsetof(tensor, grad);                                                                         \
    o.options = offsetof(tensor, options);                                                                   \
    o.storage = offsetof(tensor, storage);                                                                   \
    o.step = offsetof(options, step);                                                                        \
    o.threads = offsetof(options, threads);                                                                  \
    const state states[] = {GLISSADE_STATES_##which(STATE)};                                                 \
    constexpr std::size_t count = sizeof states / sizeof *states;                                            \
    static_assert(count <= MOST_STATES);                                                                     \
    std::memcpy(o.state, states, sizeof states);                                                             \
    o.states = count;                                                                                        \
    for (std::size_t i = 0; i < count; ++i)                                                                  \
      o.state[i].q8 =                                                                                        \
          glissade::rules::which::states[i].not_negative ? GLISSADE_Q8_UNSIGNED : GLISSADE_Q8_SIGNED;        \
    list_fields<options>(o);                                                                                 \
    o.step_many = [](const void *given, std::size_t n, const void *tensors) {                                \
      return glissade_##which##_step_many(static_cast<const options *>(given), n,                            \
                                          static_cast<const tensor *>(tensors));                             \
    };                                                                                                       \
    o.step_many_clipped = [](const void *given, std::size_t n, const void *tensors, double max_norm,         \
                             double *norm) {                                                                 \
      return glissade_##which##_step_many_clipped(static_cast<const options *>(given), n,                    \
                                                  static_cast<const tensor *>(tensors), max_norm, norm);     \
    };                                                                                                       \
    o.check = [](const void *given, std::size_t n, const void *tensors, std::size_t *index) {                \
      return glissade_##which##_check(static_cast<const options *>(given), n,                                \
                                      static_cast<const tensor *>(tensors), index);                          \
    };                                                                                                       \
    o.reset = [](const void *given, std::size_t n, float *const *arrays) {                                   \
      return reset_with<glissade_##which##_reset, options>(given, n, arrays,                                 \
                                                           std::make_index_sequence<count>());               \
    };                                                                                                       \
    o.set_preset = [](void *given, std::size_t size, const char *wanted) {                                   \
      return glissade_##which##_preset(static_cast<options *>(given), size, wanted);                         \
    };                                                                                                       \
  }
#define STATE(array) {#array, offsetof(tensor, array), 0, #array "_scale", nullptr, nullptr},
#include "glissade/optimizers.inc"

} // namespace

optimizer *list_optimizers(std::size_t *count) {
#define GLISSADE_OPTIMIZER(which, preset) +1
  static optimizer optimizers[0
#include "glissade/optimizers.inc"
  ];
  *count = sizeof optimizers / sizeof *optimizers;
  optimizer *next = optimizers;
#define GLISSADE_OPTIMIZER(which, preset) list_##which(*next++);
#include "glissade/optimizers.inc"
  for (optimizer &o : optimizers) {
#define GLISSADE_PRESET(which, preset_name, macro)                                                           \
  if (!std::strcmp(o.name, #which)) o.preset[o.presets++] = preset_name;
#include "glissade/presets.inc"
  }
  return optimizers;
}

float nadam_product(const glissade_nadam *options) {
  return static_cast<float>(glissade::rules::nadam::momentum_product(*options));
}
float nadam_momentum(const glissade_nadam *options) {
  return glissade::f(glissade::rules::nadam::momentum(*options, static_cast<double>(options->step)));
}
