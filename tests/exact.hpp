// The words of kernels/vec.hpp computed with integers alone: what every instruction set is compared with.
#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace exact {

__extension__ typedef unsigned __int128 wide;

inline constexpr float nan = std::numeric_limits<float>::quiet_NaN();
inline constexpr std::uint32_t sign_bit = 0x80000000, infinity_bits = 0x7f800000;

inline std::uint32_t magnitude(float x) { return std::bit_cast<std::uint32_t>(x) & ~sign_bit; }
inline bool is_negative(float x) { return std::bit_cast<std::uint32_t>(x) & sign_bit; }
inline bool is_nan(float x) { return magnitude(x) > infinity_bits; }
inline bool is_infinite(float x) { return magnitude(x) == infinity_bits; }
inline float with_sign(bool negative, std::uint32_t bits) {
  return std::bit_cast<float>(bits | (negative ? sign_bit : 0));
}

// A finite float is significand * 2^exponent.
inline wide significand(float x) {
  const std::uint32_t fraction = magnitude(x) & 0x7fffff;
  return magnitude(x) >> 23 ? fraction | 0x800000 : fraction;
}
inline int exponent(float x) {
  const int field = static_cast<int>(magnitude(x) >> 23);
  return (field ? field : 1) - 150;
}

inline int length(wide m) {
  const auto high = static_cast<std::uint64_t>(m >> 64), low = static_cast<std::uint64_t>(m);
  return high ? 128 - std::countl_zero(high) : 64 - std::countl_zero(low);
}
// m / 2^places, with the last bit set where a bit was lost: to the left of the place where it is rounded,
// that tells as much as all that was lost.
inline wide shifted(wide m, int places) {
  if (places > 127) return m != 0;
  return m >> places | ((m & ((wide(1) << places) - 1)) != 0);
}

// m * 2^e to the nearest float, to the even one of two.
inline float rounded(bool negative, wide m, int e) {
  if (m == 0) return with_sign(negative, 0);
  int unit = std::max(e + length(m) - 24, -149); // the place of the last bit
  // Two bits more than are kept, the last of them for all that follow.
  wide kept = unit - e >= 2 ? shifted(m, unit - e - 2) : m << (e - unit + 2);
  const auto rest = static_cast<unsigned>(kept & 3);
  kept >>= 2;
  if (rest > 2 || (rest == 2 && (kept & 1))) ++kept;
  if (kept == wide(1) << 24) {
    kept >>= 1;
    ++unit;
  }
  if (kept < wide(1) << 23) return with_sign(negative, static_cast<std::uint32_t>(kept));
  if (unit > 104) return with_sign(negative, infinity_bits);
  return with_sign(negative, static_cast<std::uint32_t>(unit + 150) << 23 |
                                 (static_cast<std::uint32_t>(kept) & 0x7fffff));
}

inline float fma(float a, float b, float c) {
  if (is_nan(a) || is_nan(b) || is_nan(c)) return nan;
  const bool negative = is_negative(a) != is_negative(b);
  if (is_infinite(a) || is_infinite(b)) {
    const bool none =
        magnitude(a) == 0 || magnitude(b) == 0 || (is_infinite(c) && is_negative(c) != negative);
    return none ? nan : with_sign(negative, infinity_bits);
  }
  if (is_infinite(c)) return c;
  wide product = significand(a) * significand(b), other = significand(c);
  int e = exponent(a) + exponent(b), other_e = exponent(c);
  if (product == 0 && other == 0) return with_sign(negative && is_negative(c), 0);
  if (product == 0) return c;
  if (other == 0) return rounded(negative, product, e);

  // Both with their first bit at place 120, so far left that what is lost of the smaller is never needed.
  const auto align = [](wide &m, int &at) {
    const int places = 121 - length(m);
    m <<= places;
    at -= places;
  };
  align(product, e);
  align(other, other_e);
  if (e < other_e)
    product = shifted(product, other_e - e);
  else
    other = shifted(other, e - other_e);
  e = std::max(e, other_e);
  if (negative == is_negative(c)) return rounded(negative, product + other, e);
  if (product == other) return 0;
  return product > other ? rounded(negative, product - other, e) : rounded(!negative, other - product, e);
}

inline float negate(float a) { return with_sign(!is_negative(a), magnitude(a)); }
inline float abs(float a) { return with_sign(false, magnitude(a)); }
inline float add(float a, float b) { return fma(a, 1, b); }
inline float subtract(float a, float b) { return fma(a, 1, negate(b)); }
inline float multiply(float a, float b) { return fma(a, b, -0.f); }

inline float divide(float a, float b) {
  const bool negative = is_negative(a) != is_negative(b);
  if (is_nan(a) || is_nan(b) || (is_infinite(a) && is_infinite(b)) || (magnitude(a) | magnitude(b)) == 0)
    return nan;
  if (is_infinite(a) || magnitude(b) == 0) return with_sign(negative, infinity_bits);
  if (is_infinite(b)) return with_sign(negative, 0);
  const wide up = significand(a) << 80, quotient = up / significand(b);
  return rounded(negative, quotient << 1 | (quotient * significand(b) != up), exponent(a) - exponent(b) - 81);
}

inline float sqrt(float a) {
  if (magnitude(a) == 0) return a;
  if (is_nan(a) || is_negative(a)) return nan;
  if (is_infinite(a)) return a;
  auto m = static_cast<std::uint64_t>(significand(a));
  int e = exponent(a), places = std::countl_zero(m) - 2;
  if ((e - places) % 2) --places;
  m <<= places;
  e -= places;
  auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(m))); // a guess
  while (root * root > m)
    --root;
  while ((root + 1) * (root + 1) <= m)
    ++root;
  return rounded(false, root << 1 | (root * root != m), e / 2 - 1);
}

inline bool less(float a, float b) {
  const auto place = [](float x) { return is_negative(x) ? -std::int64_t(magnitude(x)) : magnitude(x); };
  return !is_nan(a) && !is_nan(b) && place(a) < place(b);
}
inline float if_less(float a, float b, float then, float otherwise) { return less(a, b) ? then : otherwise; }
inline float if_nan(float a, float then, float otherwise) { return is_nan(a) ? then : otherwise; }
inline float max(float a, float b) { return is_nan(a) || is_nan(b) ? nan : less(b, a) ? a : b; }
inline float sign(float a) { return is_nan(a) ? nan : magnitude(a) == 0 ? 0.f : is_negative(a) ? -1.f : 1.f; }
inline float lerp(float a, float b, float w) {
  const bool near_a = magnitude(w) < magnitude(.5f); // so not for a NaN
  return fma(near_a ? w : subtract(w, 1), subtract(b, a), near_a ? a : b);
}
inline float flush(float a, float b) { // of subnormals if b is not small
  return magnitude(a) < 0x800000 && !less(abs(b), 1) ? 0.f : a;
}

} // namespace exact
