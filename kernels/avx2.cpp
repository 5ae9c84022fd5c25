// AVX2 with FMA: the x86-64-v3 generation.
#include <xsimd/xsimd.hpp>

#include "make_table.hpp"

namespace glissade {
namespace {

struct isa {
  using reg = xsimd::batch<float, xsimd::avx2>;
  static reg fma(reg a, reg b, reg c) { return _mm256_fmadd_ps(a, b, c); }
  static reg div(reg a, reg b) { return _mm256_div_ps(a, b); }
  static reg sqrt(reg a) { return _mm256_sqrt_ps(a); }

  using wide = xsimd::batch<double, xsimd::avx2>;
  static wide widened(const float *from) { return _mm256_cvtps_pd(_mm_loadu_ps(from)); }
  static wide add_square(wide sum, wide x) { return _mm256_fmadd_pd(x, x, sum); }
};

} // namespace

extern constinit const table avx2 = table_of<isa>("avx2");

} // namespace glissade
