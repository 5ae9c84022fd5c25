// Counts the roots and divisions of a rule: its formula, run once on floats that count them.
#pragma once
#include "pass.hpp"
#include "subjects.hpp"

namespace perf {

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
  float element[glissade::array_count<rule>] = {}, *arrays[glissade::array_count<rule>];
  for (std::size_t k = 0; k < glissade::array_count<rule>; ++k)
    arrays[k] = &element[k];
  const typename rule::coefficients c(options);
  counting::used = {};
  glissade::kernel_of<glissade::vec<counting>, rule>(&c, glissade::mode_of<rule>(options), arrays, 0, 1,
                                                     nullptr);
  return counting::used;
}

} // namespace perf
