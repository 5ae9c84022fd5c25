// Counts the roots and divisions of a rule: its formula, run once on floats that count them.
#pragma once
#include "rules.hpp"
#include "subjects.hpp"
#include "vec.hpp"
#include <utility>

namespace perf {
namespace {

// An instruction set for vec.hpp.
struct counting {
  using reg = float;
  static inline divider_use used;

  static float fma(float a, float b, float c) { return a * b + c; }
  static float div(float a, float b) { return ++used.divisions, a / b; }
  static float sqrt(float a) { return ++used.roots, __builtin_sqrtf(a); }
};

template <class rule>
divider_use divider_use_of(const typename rule::options &options) {
  const typename rule::coefficients c(options);
  glissade::vec<counting> at[glissade::array_count<rule>] = {};
  const auto step = [&]<unsigned mode, std::size_t... k>(std::index_sequence<k...>) {
    if (mode == glissade::mode_of<rule>(options)) rule::template step<mode>(c, at[k]...);
  };
  counting::used = {};
  [&]<unsigned... mode>(std::integer_sequence<unsigned, mode...>) {
    (step.template operator()<mode>(std::make_index_sequence<glissade::array_count<rule>>()), ...);
  }
  (std::make_integer_sequence<unsigned, rule::modes>());
  return counting::used;
}

} // namespace
} // namespace perf
