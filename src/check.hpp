// Finds the first fault in the arguments of a call, before anything is touched.
#pragma once
#include "list.hpp"
#include <cfloat>
#include <cstddef>
#include <cstdint>

namespace glissade {

template <class options>
bool allows(const option<options> &field, const options &o) {
  if (field.flag) return o.*field.flag == 0 || o.*field.flag == 1;
  const double x = o.*field.real; // a NaN fails every comparison
  switch (field.allowed) {
  case range::finite:
    return x >= -FLT_MAX && x <= FLT_MAX;
  case range::at_least_0:
    return x >= 0 && x <= FLT_MAX;
  case range::fraction:
    return x >= 0 && x < 1;
  case range::flag:
    break;
  }
  return false;
}

template <class rule>
glissade_status check_options(const typename rule::options *o) {
  if (!o) return GLISSADE_NULL_OPTIONS;
  if (o->struct_size != sizeof *o) return GLISSADE_BAD_STRUCT_SIZE;
  for (const auto &field : common_options<typename rule::options>)
    if (!allows(field, *o)) return field.fault;
#pragma GCC unroll 16 // with the constants of each field in place
  for (const auto &field : rule::own_options)
    if (!allows(field, *o)) return field.fault;
  return o->threads < 0 ? GLISSADE_BAD_THREADS : GLISSADE_OK;
}

// Of a step, which may need its number.
template <class rule>
glissade_status check_step_options(const typename rule::options *o) {
  if (const auto fault = check_options<rule>(o)) return fault;
  return rule::reads_step(*o) && o->step < 1 ? GLISSADE_BAD_STEP : GLISSADE_OK;
}

inline glissade_status check_array(const float *array, std::size_t n, glissade_status if_null) {
  if (!array) return if_null;
  const auto address = reinterpret_cast<std::uintptr_t>(array);
  if (address % sizeof(float) != 0) return GLISSADE_MISALIGNED_ARRAY;
  return address > UINTPTR_MAX - n * sizeof(float) ? GLISSADE_BAD_N : GLISSADE_OK;
}

inline bool fits_in_memory(std::size_t n) { return n <= PTRDIFF_MAX / sizeof(float); }

inline bool overlap(const float *a, std::size_t n, const float *b, std::size_t m) {
  const auto from = reinterpret_cast<std::uintptr_t>(a), other = reinterpret_cast<std::uintptr_t>(b);
  return from < other + m * sizeof(float) && other < from + n * sizeof(float);
}

// Checks the arrays that the mode reads, from number `first` on.
template <class rule>
glissade_status check_arrays(unsigned mode, const tensor<rule> &t, std::size_t first) {
  if (!fits_in_memory(t.n)) return GLISSADE_BAD_N;
  if (t.n == 0) return GLISSADE_OK;
  for (std::size_t i = first; i < array_count<rule>; ++i) {
    if (!uses<rule>(mode, i)) continue;
    const auto if_null = i == 0   ? GLISSADE_NULL_PARAM
                         : i == 1 ? GLISSADE_NULL_GRAD
                                  : rule::states[i - 2].if_null;
    if (const auto fault = check_array(t.arrays[i], t.n, if_null)) return fault;
    for (std::size_t j = first; j < i; ++j)
      if (uses<rule>(mode, j) && overlap(t.arrays[i], t.n, t.arrays[j], t.n))
        return GLISSADE_OVERLAPPING_ARRAYS;
  }
  return GLISSADE_OK;
}

// Does one write what the other uses? Both may read the same gradient.
template <class rule>
bool disturb(unsigned mode, const tensor<rule> &t, unsigned other_mode, const tensor<rule> &other) {
  if (t.n == 0 || other.n == 0) return false;
  for (std::size_t i = 0; i < array_count<rule>; ++i)
    for (std::size_t j = 0; j < array_count<rule>; ++j)
      if (!(i == 1 && j == 1) && uses<rule>(mode, i) && uses<rule>(other_mode, j) &&
          overlap(t.arrays[i], t.n, other.arrays[j], other.n))
        return true;
  return false;
}

// Checks a step on the tensors list(0) to list(count - 1) with `options` for all that have none of their own.
template <class rule, class List>
glissade_status check_list(const typename rule::options *options, std::size_t count, const List &list) {
  if (const auto fault = check_step_options<rule>(options)) return fault;
  const auto *known = options;
  unsigned mode = mode_of<rule>(*known), mode_before = mode;
  tensor<rule> before = {};
  std::size_t lines = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const tensor<rule> &t = list(i);
    if (t.options != known) {
      if (const auto fault = check_step_options<rule>(t.options)) return fault;
      known = t.options;
      mode = mode_of<rule>(*known);
    }
    if (const auto fault = check_arrays<rule>(mode, t, 0)) return fault;
    if (i > 0 && disturb(mode, t, mode_before, before)) return GLISSADE_OVERLAPPING_ARRAYS;
    before = t;
    mode_before = mode;
    lines += lines_of(t.n); // no sum of these overflows before it is refused
    if (!fits_in_memory(lines * line)) return GLISSADE_BAD_N;
  }
  return GLISSADE_OK;
}

} // namespace glissade
