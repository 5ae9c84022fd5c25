// NEON: every AArch64 CPU.
#ifndef __clang__ // GCC 12 merges equal functions of two rules and then finds the arrays of the other one too short
#  pragma GCC diagnostic ignored "-Warray-bounds"
#endif
#include <xsimd/xsimd.hpp>

#include "make_table.hpp"

namespace glissade {
namespace {

struct isa {
  using reg = xsimd::batch<float, xsimd::neon64>;
  static reg fma(reg a, reg b, reg c) { return vfmaq_f32(c, a, b); }
  static reg div(reg a, reg b) { return vdivq_f32(a, b); }
  static reg sqrt(reg a) { return vsqrtq_f32(a); }

  // Without masks: by the two halves of a register.
  static reg load_first(std::size_t n, const float *from) {
    float all[4] = {};
    copy_first(n, from, all);
    return vld1q_f32(all);
  }
  static void store_first(std::size_t n, reg a, float *to) {
    float all[4];
    vst1q_f32(all, a);
    copy_first(n, all, to);
  }
  static void copy_first(std::size_t n, const float *from, float *to) {
    if (n >= 2) vst1_f32(to, vld1_f32(from));
    if (n % 2) to[n - 1] = from[n - 1];
  }

  using wide = xsimd::batch<double, xsimd::neon64>;
  static wide widened(const float *from) { return vcvt_f64_f32(vld1_f32(from)); }
  static wide add_square(wide sum, wide x) { return vfmaq_f64(sum, x, x); }
};

} // namespace

extern constinit const tables neon = tables_of<isa>("neon");

} // namespace glissade
