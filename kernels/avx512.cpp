// AVX-512: the x86-64-v4 generation.
#ifndef __clang__ // GCC 12 warns of its own intrinsics
#  pragma GCC diagnostic ignored "-Wuninitialized"
#  pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/xsimd.hpp>

#include "make_table.hpp"

namespace glissade {
namespace {

struct isa {
  using reg = xsimd::batch<float, xsimd::avx512bw>;
  static reg fma(reg a, reg b, reg c) { return _mm512_fmadd_ps(a, b, c); }
  static reg div(reg a, reg b) { return _mm512_div_ps(a, b); }
  static reg sqrt(reg a) { return _mm512_sqrt_ps(a); }

  using wide = xsimd::batch<double, xsimd::avx512bw>;
  static wide widened(const float *from) { return _mm512_cvtps_pd(_mm256_loadu_ps(from)); }
  static wide add_square(wide sum, wide x) { return _mm512_fmadd_pd(x, x, sum); }
};

} // namespace

extern constinit const table avx512 = table_of<isa>("avx512");

} // namespace glissade
