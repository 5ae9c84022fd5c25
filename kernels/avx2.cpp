// AVX2 with FMA: the x86-64-v3 generation.
#include <xsimd/xsimd.hpp>

#include "pass.hpp"

namespace glissade {
namespace {

struct isa {
  using reg = xsimd::batch<float, xsimd::avx2>;
  static reg fma(reg a, reg b, reg c) { return _mm256_fmadd_ps(a, b, c); }
  static reg div(reg a, reg b) { return _mm256_div_ps(a, b); }
  static reg sqrt(reg a) { return _mm256_sqrt_ps(a); }
};

} // namespace

extern const table avx2 = table_of<vec<isa>>("avx2");

} // namespace glissade
