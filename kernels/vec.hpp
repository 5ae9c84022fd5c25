// The words a rule may use, for a register of any instruction set and, since `scalar` is one of them, for a
// float.
#pragma once
#include <cstddef>

namespace glissade {
namespace {

// An `isa` brings the register and the three words that must be one correctly rounded instruction: fma, div,
// sqrt. xsimd brings the others; its own versions of those three are not exact on every instruction set.
template <class isa>
struct vec {
  using reg = typename isa::reg;
  static constexpr std::size_t width = sizeof(reg) / sizeof(float);

  reg r;

  vec() = default;
  vec(float x) : r(x) {}
  explicit vec(reg x) requires(width > 1) : r(x) {}

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

  friend vec operator+(vec a, vec b) { return vec(a.r + b.r); }
  friend vec operator-(vec a, vec b) { return vec(a.r - b.r); }
  friend vec operator*(vec a, vec b) { return vec(a.r * b.r); }
  friend vec operator/(vec a, vec b) { return vec(isa::div(a.r, b.r)); }
  friend vec operator-(vec a) { return vec(-0.f) - a; } // xsimd 8.1 has 0 - a on AVX-512, which loses -0
  friend vec fma(vec a, vec b, vec c) { return vec(isa::fma(a.r, b.r, c.r)); }
  friend vec sqrt(vec a) { return vec(isa::sqrt(a.r)); }
  friend vec abs(vec a) {
    if constexpr (width == 1)
      return __builtin_fabsf(a.r);
    else
      return vec(abs(a.r));
  }
  // a < b ? then : otherwise, lane by lane; so `otherwise` where a or b is NaN.
  friend vec if_less(vec a, vec b, vec then, vec otherwise) {
    if constexpr (width == 1)
      return a.r < b.r ? then : otherwise;
    else
      return vec(select(a.r < b.r, then.r, otherwise.r));
  }

  // The same if a is NaN. By way of ==, since xsimd's != is false for NaN on some instruction sets.
  friend vec if_nan(vec a, vec then, vec otherwise) {
    if constexpr (width == 1)
      return a.r == a.r ? otherwise : then;
    else
      return vec(select(a.r == a.r, otherwise.r, then.r));
  }

  // The words below are made of those above.
  friend vec max(vec a, vec b) { return if_nan(a, a, if_less(b, a, a, b)); }             // NaN if either is
  friend vec sign(vec a) { return if_less(a, 0.f, -1.f, if_less(0.f, a, 1.f, abs(a))); } // of NaN: NaN
  // a + w (b - a), from the nearer end as in torch, so that w = 1 gives b exactly.
  friend vec lerp(vec a, vec b, vec w) {
    return fma(if_less(abs(w), .5f, w, w - 1.f), b - a, if_less(abs(w), .5f, a, b));
  }
  // 0 for what is below `tiny` in magnitude; with tiny = 0 the identity.
  friend vec flush(vec a, vec tiny) { return if_less(abs(a), tiny, 0.f, a); }
};

} // namespace
} // namespace glissade
