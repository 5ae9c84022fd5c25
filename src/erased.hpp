// A rule without its types: what the one driver for all of them knows of its options, arrays and coefficients.
#pragma once
#include "places.hpp"
#include "rules.hpp"
#include "table.hpp"
#include <cstdint>
#include <utility>

namespace glissade {

// The longest of something over all optimizers.
template <class... number>
constexpr std::size_t longest(number... all) {
  std::size_t most = 0;
  ((most = all > most ? all : most), ...);
  return most;
}
inline constexpr std::size_t most_arrays = longest(
#define GLISSADE_OPTIMIZER(name, preset) array_count<rules::name>,
#include "glissade/optimizers.inc"
    std::size_t(0));
inline constexpr std::size_t most_coefficients = longest(
#define GLISSADE_OPTIMIZER(name, preset) sizeof(rules::name::coefficients),
#include "glissade/optimizers.inc"
    std::size_t(0));
inline constexpr std::size_t longest_options = longest(
#define GLISSADE_OPTIMIZER(name, preset) sizeof(glissade_##name),
#include "glissade/optimizers.inc"
    std::size_t(0));

// What a kernel is told of the options.
struct prepared {
  unsigned mode;
  alignas(float) unsigned char coefficients[most_coefficients];
};

// An array: used in the modes that have all bits of `when`.
struct array_use {
  glissade_status if_null;
  unsigned when;
  bool not_negative;
};

struct erased_rule {
  std::size_t options_size, first_options_size; // of this version, and of the first
  std::size_t step_at, lr_at, weight_decay_at, grad_scale_at, threads_at;
  std::size_t tensor_size, first_tensor_size;
  std::size_t arrays_at, options_at; // in the tensor struct: the pointers, one after the other
  std::size_t count;                 // of arrays: param, grad, the states
  array_use arrays[most_arrays];
  kernels_of_rule table::*kernels;
  bool may_be_row_wise;

  glissade_status (*check)(const void *options); // all fields but the step
  bool (*reads_step)(const void *options);
  unsigned (*mode_of)(const void *options);
  void (*prepare)(const void *options, double clip, prepared &to); // grad_scale is multiplied by `clip`
  float (*initial)(const void *options, std::size_t array);        // what reset writes
  bool (*same)(const void *options, const void *others);           // in every field
  // What check.cpp finds of arrays of floats, in fewer instructions and without the name of a fault: whether all that the mode
  // uses may be n floats, of which there is one.
  bool (*arrays_are_right)(unsigned mode, float *const *arrays, std::size_t n);
  // How many tensors of a list, from this one on, are as most are: of floats, right, of this version's size, with the options of
  // this one, whose mode is given, and apart from the one before each. The one before this has `mode_before`; null: there is
  // none. Adds their lines, unless these get too many.
  std::size_t (*right_ones)(unsigned mode, const unsigned *mode_before, const unsigned char *from,
                            std::size_t count, std::size_t &lines);

  bool uses(unsigned mode, std::size_t array) const {
    return (mode & arrays[array].when) == arrays[array].when;
  }
};

enum class values { finite, not_0, at_least_0, fraction, flag, count, number };

template <values allowed, class T>
bool allows(T x) {
  if constexpr (allowed == values::flag)
    return x == 0 || x == 1;
  else if constexpr (allowed == values::count)
    return x >= 0;
  else if constexpr (allowed == values::number)
    return true;
  else if constexpr (allowed == values::fraction) // a NaN fails every comparison
    return x >= 0 && x < 1;
  else if constexpr (allowed == values::at_least_0)
    return x >= 0 && x <= FLT_MAX;
  else if constexpr (allowed == values::not_0)
    return x >= -FLT_MAX && x <= FLT_MAX && f(x) != 0;
  else
    return x >= -FLT_MAX && x <= FLT_MAX;
}

template <class rule, class tensor>
struct typed {
  using options = typename rule::options;
  static const options &of(const void *o) { return *static_cast<const options *>(o); }

  static glissade_status check(const void *given) {
    const options &o = of(given);
#define GLISSADE_OPTION(name, NAME, allowed)                                                                 \
  if constexpr (requires { o.name; })                                                                        \
    if (!allows<values::allowed>(o.name)) return GLISSADE_BAD_##NAME;
#include "glissade/options.inc"
    return GLISSADE_OK;
  }
  static bool reads_step(const void *o) { return rule::reads_step(of(o)); }
  static unsigned mode(const void *o) { return mode_of<rule>(of(o)); }
  static void prepare(const void *o, double clip, prepared &to) {
    to.mode = mode(o);
    typename rule::coefficients c(of(o));
    c.grad_scale = glissade::common::scaled(of(o), clip);
    __builtin_memcpy(to.coefficients, &c, sizeof c);
  }
  static float initial(const void *o, std::size_t array) {
    const auto field = rule::states[array - 2].initial;
    return field ? f(of(o).*field) : 0;
  }
  static bool same(const void *options, const void *others) {
    const auto &a = of(options), &b = of(others);
    std::uint64_t different = 0; // bits; and not those between the fields
#define GLISSADE_OPTION(name, NAME, allowed)                                                                 \
  if constexpr (requires { a.name; }) different |= bits(a.name) ^ bits(b.name);
#include "glissade/options.inc"
    return different == 0;
  }
  static bool arrays_are_right(unsigned mode, float *const *arrays, std::size_t n) {
    const std::uintptr_t bytes = n * sizeof(float);
    if (!fits_in_memory(n)) return false;
    const auto one = [=]<std::size_t i, std::size_t... before>(index<i>, std::index_sequence<before...>) {
      return may_be_floats(at(arrays[i]), bytes) &&
             all_of(mode, std::index_sequence<before...>(),
                    [=](std::size_t j) { return are_apart(at(arrays[i]), bytes, at(arrays[j]), bytes); });
    };
    return [=]<std::size_t... i>(std::index_sequence<i...>) {
      return ((!uses<rule>(mode, i) || one(index<i>(), std::make_index_sequence<i>())) && ...);
    }
    (every_array());
  }
  static std::size_t right_ones(unsigned mode, const unsigned *mode_before, const unsigned char *from,
                                std::size_t count, std::size_t &lines) {
    const auto *const first = reinterpret_cast<const tensor *>(from);
    unsigned other_mode = mode_before ? *mode_before : mode;
    for (std::size_t i = 0; i < count; ++i) {
      const tensor &t = first[i];
      const std::size_t sum = lines + lines_of(t.n);
      if (t.struct_size != sizeof t || t.options != first->options || t.storage || t.n == 0 ||
          !arrays_are_right(mode, &t.param, t.n) || !fits_in_memory(sum * line))
        return i;
      if (i != 0 || mode_before)
        if (const tensor &before = (&t)[-1];
            before.n != 0 && (before.storage || !apart(mode, t, other_mode, before)))
          return i;
      lines = sum;
      other_mode = mode;
    }
    return count;
  }

private:
  template <std::size_t i>
  using index = std::index_sequence<i>;
  using every_array = std::make_index_sequence<array_count<rule>>;

  // Whether the answer is not 0 for each of these arrays that the mode uses. Those that every mode uses are asked in one go.
  template <std::size_t... i, class Answer>
  static bool all_of([[maybe_unused]] unsigned mode, std::index_sequence<i...>, const Answer &answer) {
    return (1u & ... & (uses<rule>(0, i) ? answer(i) : 1u)) &&
           ((uses<rule>(0, i) || !uses<rule>(mode, i) || answer(i)) && ...);
  }

  // Whether neither writes what the other uses.
  static bool apart(unsigned mode, const tensor &t, unsigned other_mode, const tensor &other) {
    const std::uintptr_t bytes = t.n * sizeof(float), of_other = other.n * sizeof(float);
    return all_of(
        mode, every_array(), [&](std::size_t i) __attribute__((always_inline)) {
          return unsigned(all_of(
              other_mode, every_array(), [&](std::size_t j) __attribute__((always_inline)) {
                return unsigned(i == 1 && j == 1) |
                       are_apart(at((&t.param)[i]), bytes, at((&other.param)[j]), of_other);
              }));
        });
  }

  static std::uint64_t bits(double x) { return __builtin_bit_cast(std::uint64_t, x); }
  static std::uint64_t bits(std::int64_t x) { return static_cast<std::uint64_t>(x); }
  static std::uint64_t bits(int x) { return static_cast<std::uint64_t>(x); }
  static std::uintptr_t at(const float *array) { return reinterpret_cast<std::uintptr_t>(array); }
};

// Do these stand one after the other, from param on? The states are in the order of the list, so of the rule.
template <class tensor, std::size_t count>
constexpr bool in_a_row(const std::size_t (&states)[count]) {
  std::size_t last = offsetof(tensor, param) + sizeof(void *);
  bool right = last == offsetof(tensor, grad);
  for (const std::size_t state : states)
    right = right && state == (last += sizeof(void *));
  return right && offsetof(tensor, storage) == offsetof(tensor, options) + sizeof(void *);
}

template <class rule, class tensor>
constexpr erased_rule erase(kernels_of_rule table::*kernels) {
  using options = typename rule::options;
  using t = typed<rule, tensor>;
  erased_rule r = {sizeof(options),
                   offsetof(options, step) + sizeof(std::int64_t), // where the structs of version 0.1 end
                   offsetof(options, step),
                   offsetof(options, lr),
                   offsetof(options, weight_decay),
                   offsetof(options, grad_scale),
                   offsetof(options, threads),
                   sizeof(tensor),
                   offsetof(tensor, storage) + sizeof(void *),
                   offsetof(tensor, param),
                   offsetof(tensor, options),
                   array_count<rule>,
                   {{GLISSADE_NULL_PARAM, 0, false}, {GLISSADE_NULL_GRAD, 0, false}},
                   kernels,
                   __is_same(rule, rules::adagrad),
                   t::check,
                   t::reads_step,
                   t::mode,
                   t::prepare,
                   t::initial,
                   t::same,
                   t::arrays_are_right,
                   t::right_ones};
  for (std::size_t i = 2; i < r.count; ++i)
    r.arrays[i] = {rule::states[i - 2].if_null, rule::states[i - 2].when, rule::states[i - 2].not_negative};
  return r;
}

} // namespace glissade
