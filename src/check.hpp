// Finds the first fault in the arguments of a call, before anything is touched.
#pragma once
#include "rules.hpp"
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
  for (const auto &field : rule::own_options)
    if (!allows(field, *o)) return field.fault;
  if (o->threads < 0) return GLISSADE_BAD_THREADS;
  return GLISSADE_OK;
}

// Checks the arrays that the mode reads, from number `first` on.
template <class rule>
glissade_status check_arrays(unsigned mode, std::size_t n, const float *const *arrays, std::size_t first) {
  if (n > PTRDIFF_MAX / sizeof(float)) return GLISSADE_BAD_N;
  if (n == 0) return GLISSADE_OK;
  const std::size_t bytes = n * sizeof(float);
  const auto address = [&](std::size_t i) { return reinterpret_cast<std::uintptr_t>(arrays[i]); };
  for (std::size_t i = first; i < array_count<rule>; ++i) {
    if (!reads<rule>(mode, i)) continue;
    if (!arrays[i])
      return i == 0 ? GLISSADE_NULL_PARAM : i == 1 ? GLISSADE_NULL_GRAD : rule::states[i - 2].if_null;
    if (address(i) % sizeof(float) != 0) return GLISSADE_MISALIGNED_ARRAY;
    if (address(i) > UINTPTR_MAX - bytes) return GLISSADE_BAD_N;
    for (std::size_t j = first; j < i; ++j)
      if (reads<rule>(mode, j) && address(i) < address(j) + bytes && address(j) < address(i) + bytes)
        return GLISSADE_OVERLAPPING_ARRAYS;
  }
  return GLISSADE_OK;
}

} // namespace glissade
