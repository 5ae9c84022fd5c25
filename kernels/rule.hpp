// What a rule file is written with, beside the words of vec.hpp: its state arrays, its coefficients, moving averages.
#pragma once
#include "glissade/glissade.h"
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace glissade {

// f of the documented formulas: the one rounding of a coefficient.
inline float f(double x) { return static_cast<float>(x); }

// base^step to within an ulp, or 2^-110 where it is less than 2^-60; for a base in [0, 1) and a step of at
// least 1. From sums and products alone: the pow of a maths library may round otherwise on another CPU.
// 128-bit integers take a quarter of the time of pairs of doubles. No branch asks for a bit of the step, which differs
// from call to call: to foretell those wrongly takes longer than all products.
inline double power(double base, std::int64_t step) {
  __extension__ typedef unsigned __int128 wide;
  struct fraction { // high * 2^-64 + low * 2^-128
    std::uint64_t high, low;
    fraction operator*(fraction b) const {
      const wide product = wide(high) * b.high + (wide(high) * b.low >> 64) + (wide(low) * b.high >> 64);
      return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
    }
  };
  const double scaled = base * 0x1p64;
  const auto whole = static_cast<std::uint64_t>(scaled);
  fraction square = {whole, static_cast<std::uint64_t>((scaled - static_cast<double>(whole)) * 0x1p64)};
  auto left = static_cast<std::uint64_t>(step);
  for (; left && left % 2 == 0; left /= 2) // a reset asks with any step for the mode
    square = square * square;
  fraction result = square;
  while (left /= 2) {
    square = square * square;
    const fraction product = result * square;
    const std::uint64_t taken = -(left % 2);
    result = {(product.high & taken) | (result.high & ~taken), (product.low & taken) | (result.low & ~taken)};
  }
  return static_cast<double>(result.high) * 0x1p-64 + static_cast<double>(result.low) * 0x1p-128;
}

inline constexpr float negligible = 0x1p-54f; // beside 1 in double

// product * factor * factor ..., `times` factors below 1, each product rounded to float, as long as it is not negligible.
// A factor next to 1 takes the same float from every product of a while: then many are one subtraction, which bounds the
// time to some milliseconds. The lost amount never grows, so if it is the same at both ends, it is between them.
inline float times_power(float product, float factor, std::int64_t times) {
  const auto binade = [](float x) { return __builtin_bit_cast(std::uint32_t, x) >> 23; };
  std::int64_t jump = 1;
  while (times > 0 && product >= negligible && factor != 1) {
    const float next = product * factor, loss = product - next;
    const float far = f(product - static_cast<double>(jump) * loss);
    if (jump <= times && far > 0 && binade(far) == binade(product) && far - far * factor == loss) {
      product = far;
      times -= jump;
      jump *= 2;
    } else if (jump > 1) {
      jump /= 2;
    } else {
      product = next;
      --times;
    }
  }
  return product;
}

// One state array: used in the modes that have all bits of `when`, the option it starts from, if not from 0, and whether
// it is never negative, which Q8 makes use of.
template <class options>
struct state {
  glissade_status if_null;
  unsigned when = 0;
  double options::*initial = nullptr;
  bool not_negative = false;
};

// The arrays of a rule are param, grad, and its states in order.
template <class rule>
inline constexpr std::size_t array_count = 2 + sizeof(rule::states) / sizeof(*rule::states);

template <class rule>
constexpr bool uses(unsigned mode, std::size_t array) {
  return array < 2 || (mode & rule::states[array - 2].when) == rule::states[array - 2].when;
}

// Coefficients that most options leave neutral, at 1 and at 0; where all of a step are, V::neutral leaves them out.
struct factor {
  float value;
  factor(float x) : value(x) {}
  template <class V>
  friend V operator*(factor a, V b) {
    if constexpr (V::neutral)
      return b;
    else
      return V(a.value) * b;
  }
};
struct offset { // of what is not negative
  float value;
  template <class V>
  friend V operator+(V a, offset b) {
    if constexpr (V::neutral)
      return a;
    else
      return a + V(b.value);
  }
};

// A coefficient more than 0, at most 1, by which registers are divided.
struct divisor {
  explicit divisor(float x) : value(x), reciprocal(1 / x) {}
  float value, reciprocal;
  template <class V>
  friend auto operator/(V a, divisor b) {
    return divided(a, b.value, b.reciprocal);
  }
};

// The mode bit that every rule has: weight_decay * param joins the gradient. A branch, since 0 * inf is NaN.
inline constexpr unsigned l2 = 1;

template <class rule>
unsigned mode_of(const typename rule::options &o) {
  return rule::own_mode(o) | l2 * (o.weight_decay != 0 && !rule::decoupled(o));
}

// The coefficients that every rule has. `decoupled` says that weight decay shrinks param instead; `Shrink` is a factor, or
// a float where that is usual.
template <class Shrink>
struct common_with {
  template <class options>
  common_with(const options &o, bool decoupled)
      : grad_scale(scaled(o, 1)),
        weight_decay(f(o.weight_decay)),
        shrink(f(decoupled ? 1 - o.lr * o.weight_decay : 1)),
        tiny(o.flush_subnormals ? FLT_MIN : 0) {}

  factor grad_scale;
  float weight_decay;
  Shrink shrink;
  float tiny;

  // Whether neither a factor nor an offset nor `tiny` changes anything.
  bool neutral() const { return is_neutral(grad_scale) && is_neutral(shrink) && tiny == 0; }
  static bool is_neutral(factor x) { return x.value == 1; }
  static bool is_neutral(float) { return true; }

  // The factor of every gradient, with `clip` as a further one.
  template <class options>
  static float scaled(const options &o, double clip) {
    return f(clip * (o.maximize ? -o.grad_scale : o.grad_scale));
  }

  // The gradient as the formulas use it. Decoupled decay shrinks param on the way.
  template <unsigned mode, class V>
  V gradient(V &param, V grad) const {
    param = shrink * param;
    const V g = grad_scale * grad;
    if constexpr (mode & l2)
      return fma(weight_decay, param, g);
    else
      return g;
  }
};
using common = common_with<factor>;

// The weights of a moving average. torch's three ways to compute one differ in the last bits.
struct average {
  explicit average(double decay) : old(f(decay)), fresh(f(1 - decay)) {}

  float old, fresh;

  template <class V>
  V of(V before, V x) const {
    return fma(fresh, x, old * before);
  }
  template <class V>
  V of_squares(V before, V x) const { // (fresh * x) * x does not overflow where x * x would
    return fma(fresh * x, x, old * before);
  }
  template <class V>
  V between(V before, V x) const {
    return lerp(before, x, fresh);
  }
};

} // namespace glissade
