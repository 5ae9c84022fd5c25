// NEON: every AArch64 CPU.
#include <xsimd/xsimd.hpp>

#include "make_table.hpp"

namespace glissade {
namespace {

struct isa {
  using reg = xsimd::batch<float, xsimd::neon64>;
  static reg fma(reg a, reg b, reg c) { return vfmaq_f32(c, a, b); }
  static reg div(reg a, reg b) { return vdivq_f32(a, b); }
  static reg sqrt(reg a) { return vsqrtq_f32(a); }

  using wide = xsimd::batch<double, xsimd::neon64>;
  static wide widened(const float *from) { return vcvt_f64_f32(vld1_f32(from)); }
  static wide add_square(wide sum, wide x) { return vfmaq_f64(sum, x, x); }
};

} // namespace

extern constinit const table neon = table_of<isa>("neon");

} // namespace glissade
