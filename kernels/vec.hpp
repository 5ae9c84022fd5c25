// The words a rule may use, for a register of any instruction set and for a float, since `scalar` is an instruction
// set too.
#pragma once
#include <cstddef>

namespace glissade {
namespace {

// How a register takes roots and divisions by a coefficient: by the CPU's divider, or by products, which give the same
// bits on other parts of the CPU, or else the doubt whether they do. `neutral` leaves out what is neutral (rule.hpp).
template <bool roots, bool quotients, bool is_neutral>
struct way_of {
  static constexpr bool root_products = roots;
  static constexpr bool may_doubt = roots || quotients;
  static constexpr bool neutral = is_neutral;
  static constexpr bool careful_words = false;
};
template <bool neutral>
using by_divider = way_of<false, false, neutral>;
template <bool neutral>
using by_products = way_of<true, true, neutral>;
template <bool neutral>
using by_both = way_of<false, true, neutral>; // roots by the divider, quotients by products
using divider = by_divider<false>;
// As by the divider, but subnormals cost no more than other numbers.
struct careful : divider {
  static constexpr bool careful_words = true;
};

template <class isa>
inline constexpr bool has_products = requires {
  typename isa::doubt;
};

template <class isa>
inline constexpr bool has_careful_words = requires {
  isa::any_subnormal;
};

// What the divider leaves of doubt.
struct certain {
  friend certain operator|(certain, certain) { return {}; }
};
template <class isa, class way>
struct doubt_of {
  using type = certain;
};
template <class isa, class way>
requires way::may_doubt struct doubt_of<isa, way> {
  using type = typename isa::doubt;
};

// An `isa` brings the register and the three words that must be rounded once: fma, div, sqrt. xsimd brings the others;
// its own versions of those three are not exact on every instruction set.
template <class instructions, class way = divider>
struct vec {
  using isa = instructions;
  using reg = typename isa::reg;
  using doubt = typename doubt_of<isa, way>::type;
  static constexpr std::size_t width = sizeof(reg) / sizeof(float);
  static constexpr bool neutral = way::neutral;

  reg r;
  [[no_unique_address]] doubt in_doubt; // lanes whose bits may be others than the divider's

  vec() = default;
  vec(float x) : r(x), in_doubt{} {}
  explicit vec(reg x, doubt d = {}) requires(width > 1) : r(x), in_doubt(d) {}

  static vec load(const float *from) {
    if constexpr (width == 1)
      return *from;
    else
      return vec(reg::load_unaligned(from));
  }
  void store(float *to) const {
    if constexpr (width == 1)
      *to = r;
    else
      r.store_unaligned(to);
  }

  friend vec operator+(vec a, vec b) { return of(a.r + b.r, a, b); }
  friend vec operator-(vec a, vec b) { return of(a.r - b.r, a, b); }
  friend vec operator*(vec a, vec b) {
    if constexpr (way::careful_words)
      return vec(isa::careful_mul(a.r, b.r));
    else
      return of(a.r * b.r, a, b);
  }
  friend vec operator/(vec a, vec b) {
    if constexpr (way::careful_words)
      return vec(isa::careful_div(a.r, b.r));
    else
      return of(isa::div(a.r, b.r), a, b);
  }
  friend vec operator-(vec a) { return vec(-0.f) - a; } // xsimd 8.1 has 0 - a on AVX-512, which loses -0
  friend vec fma(vec a, vec b, vec c) {
    if constexpr (way::careful_words)
      return vec(isa::careful_fma(a.r, b.r, c.r));
    else
      return of(isa::fma(a.r, b.r, c.r), a, b, c);
  }
  friend auto sqrt(vec a) {
    if constexpr (way::root_products)
      return root(a);
    else if constexpr (way::may_doubt)
      return a_root{of(isa::sqrt(a.r), a)};
    else if constexpr (way::careful_words)
      return vec(isa::careful_sqrt(a.r));
    else
      return of(isa::sqrt(a.r), a);
  }
  // By a float more than 0, at most 1, whose reciprocal was rounded once.
  friend vec divided(vec a, float by, [[maybe_unused]] float reciprocal) {
    if constexpr (way::may_doubt)
      return quotient(of(a.r, a, at_least(abs(a), 0x1p-96f), at_least(0x1p64f, abs(a))), by, reciprocal);
    else
      return a / by;
  }
  friend vec abs(vec a) {
    if constexpr (width == 1)
      return __builtin_fabsf(a.r);
    else
      return of(abs(a.r), a);
  }
  // a < b ? then : otherwise, lane by lane; so `otherwise` where a or b is NaN.
  friend vec if_less(vec a, vec b, vec then, vec otherwise) {
    if constexpr (width == 1)
      return a.r < b.r ? then : otherwise;
    else
      return of(select(a.r < b.r, then.r, otherwise.r), a, b, then, otherwise);
  }

  // The same if a is NaN. By way of ==, since xsimd's != is false for NaN on some instruction sets.
  friend vec if_nan(vec a, vec then, vec otherwise) {
    if constexpr (width == 1)
      return a.r == a.r ? otherwise : then;
    else
      return of(select(a.r == a.r, otherwise.r, then.r), a, then, otherwise);
  }

  // The words below are made of those above.
  friend vec max(vec a, vec b) { return if_nan(a, a, if_less(b, a, a, b)); }             // NaN if either is
  friend vec sign(vec a) { return if_less(a, 0.f, -1.f, if_less(0.f, a, 1.f, abs(a))); } // of NaN: NaN
  // a + w (b - a), from the nearer end as in torch, so that w = 1 gives b exactly.
  friend vec lerp(vec a, vec b, vec w) {
    return fma(if_less(abs(w), .5f, w, w - 1.f), b - a, if_less(abs(w), .5f, a, b));
  }
  // 0 for what is below `tiny` in magnitude, which is FLT_MIN, or 0 for the identity.
  friend vec flush(vec a, vec tiny) {
    if constexpr (neutral)
      return a;
    else if constexpr (requires { isa::flush(a.r, tiny.r); })
      return of(isa::flush(a.r, tiny.r), a);
    else
      return if_less(abs(a), tiny, 0.f, a);
  }

  // A result, in doubt where one of its arguments is.
  template <class... Vec>
  static vec of(reg x, Vec... from) {
    if constexpr (width == 1)
      return x;
    else
      return vec(x, (from.in_doubt | ...));
  }

  // a, in doubt where it is less than b or NaN.
  static vec at_least(vec a, vec b) { return vec(a.r, isa::not_at_least(a.r, b.r)); }

  // A root is at least 2^-75, or 0. One by products is less than 2^65, or in doubt.
  struct a_root;

  // Newton's steps from an estimate of 1 / sqrt(a): s becomes the root, h half of its reciprocal. The last one is
  // correctly rounded: Markstein, Computation of elementary functions on the IBM RISC System/6000, 1990. From 2^-96 up
  // no residual underflows; below, and for what is not positive and finite, s is less than 2^-48 or NaN.
  static auto root(vec a) {
    const reg x = a.r, estimate = isa::reciprocal_root(x), half(.5f);
    reg s = x * estimate, h = estimate * half;
    a = of(x, a, at_least(vec(s), 0x1p-48f));
    const reg rest = isa::fnma(s, h, half);
    s = isa::fma(s, rest, s);
    h = isa::fma(h, rest, h);
    if constexpr (isa::rough_estimate) { // which takes subnormals for 0
      a = of(x, a, at_least(a, 0x1p-96f));
      s = isa::fma(isa::fnma(s, s, x), h, s);
      h = isa::fma(h, isa::fnma(s, h, half), h);
    }
    return a_root{of(isa::fma(isa::fnma(s, s, x), h, s), a)};
  }

  // Markstein's division, for magnitudes of a at which neither the quotient overflows nor the residual underflows; and
  // for 0, whose sign it keeps.
  static vec quotient(vec a, float by, float reciprocal) {
    const reg q = a.r * reg(reciprocal);
    return of(isa::fnma(isa::fms(q, reg(by), a.r), reg(reciprocal), q), a);
  }
};

template <class isa, class way>
struct vec<isa, way>::a_root : vec {
  friend vec divided(a_root a, float by, float reciprocal) {
    if constexpr (way::root_products)
      return quotient(a, by, reciprocal);
    else
      return quotient(of(a.r, a, at_least(0x1p64f, a)), by, reciprocal);
  }
};

} // namespace
} // namespace glissade
