// A number in double with a bound on how far any float evaluation of the same expression may be from it.
#pragma once
#include <algorithm>
#include <cmath>

// Every operation adds half a unit in the last place of binary32 to the bounds that it inherits. The bound so
// holds for each order of evaluation and for fused and unfused products alike; it is derived, not chosen.
struct bounded {
  double x = 0;
  double error = 0;

  bounded() = default;
  bounded(double exact) : x(exact) {} // a number that is a float already
  bounded(double value, double bound) : x(value), error(bound) {}

  // An option: a double that the library rounds to float.
  static bounded rounded(double value) { return {value, half_ulp(std::abs(value))}; }

  static double half_ulp(double magnitude) {
    return std::ldexp(magnitude, -24) * (1 + 1e-6) + std::ldexp(1., -150);
  }
  static bounded result(double value, double inherited) {
    return {value, inherited + half_ulp(std::abs(value) + inherited)};
  }

  bool admits(float y) const { return std::abs(double(y) - x) <= error; }

  friend bounded operator-(bounded a) { return {-a.x, a.error}; }
  friend bounded operator+(bounded a, bounded b) { return result(a.x + b.x, a.error + b.error); }
  friend bounded operator-(bounded a, bounded b) { return a + -b; }
  friend bounded operator*(bounded a, bounded b) {
    return result(a.x * b.x, std::abs(a.x) * b.error + std::abs(b.x) * a.error + a.error * b.error);
  }
  friend bounded operator/(bounded a, bounded b) {
    const double least = std::abs(b.x) - b.error, q = a.x / b.x;
    return result(q, least > 0 ? (a.error + std::abs(q) * b.error) / least : HUGE_VAL);
  }
  friend bounded sqrt(bounded a) {
    const double root = std::sqrt(std::max(a.x, 0.));
    const double low = std::sqrt(std::max(a.x - a.error, 0.)), high = std::sqrt(std::max(a.x + a.error, 0.));
    return result(root, std::max(root - low, high - root));
  }
  friend bounded abs(bounded a) { return {std::abs(a.x), a.error}; }
  friend bounded max(bounded a, bounded b) {
    if (a.x - a.error > b.x + b.error) return a;
    if (b.x - b.error > a.x + a.error) return b;
    return {std::max(a.x, b.x), std::max(a.error, b.error)};
  }
  // Any sign where it is not known.
  friend bounded sign(bounded a) {
    return {a.x < 0 ? -1. : a.x > 0 ? 1. : 0., a.error > 0 && std::abs(a.x) <= a.error ? 2. : 0.};
  }
  // 0 where the magnitude is below `least`, either where it may be on both sides.
  friend bounded flush(bounded a, double least) {
    if (std::abs(a.x) - a.error >= least) return a;
    if (std::abs(a.x) + a.error < least) return 0;
    return {a.x, std::abs(a.x) + a.error};
  }
};
