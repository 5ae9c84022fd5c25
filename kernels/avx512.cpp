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

  static reg flush(reg a, reg tiny) {
    const __mmask16 keep_all = _mm512_cmp_ps_mask(tiny, _mm512_setzero_ps(), _CMP_EQ_OQ);
    const __m512i kept = _mm512_mask_set1_epi32(_mm512_set1_epi32(0x7f800000), keep_all, -1);
    return _mm512_maskz_mov_ps(_mm512_test_epi32_mask(_mm512_castps_si512(a), kept), a);
  }

  static constexpr unsigned on_intel = 0, elsewhere = every_second;
  struct doubt {
    __mmask16 lanes = 0;
    friend doubt operator|(doubt a, doubt b) { return {static_cast<__mmask16>(a.lanes | b.lanes)}; }
  };
  static bool any(doubt d) { return d.lanes != 0; }
  static doubt not_at_least(reg a, reg b) { return {_mm512_cmp_ps_mask(a, b, _CMP_NGE_UQ)}; }
  static reg fnma(reg a, reg b, reg c) { return _mm512_fnmadd_ps(a, b, c); }
  static reg reciprocal_root(reg a) { return _mm512_rsqrt14_ps(a); }
  static constexpr bool rough_estimate = false;

  static __mmask16 first(std::size_t n) { return static_cast<__mmask16>((1u << n) - 1); }
  static void copy_few(float *to, const float *from, std::size_t n) {
    _mm512_storeu_ps(to, _mm512_maskz_loadu_ps(first(n), from));
  }
  static void copy_few_back(float *to, const float *from, std::size_t n) {
    _mm512_mask_storeu_ps(to, first(n), _mm512_loadu_ps(from));
  }

  using wide = xsimd::batch<double, xsimd::avx512bw>;
  static wide widened(const float *from) { return _mm512_cvtps_pd(_mm256_loadu_ps(from)); }
  static wide add_square(wide sum, wide x) { return _mm512_fmadd_pd(x, x, sum); }
  static reg larger_magnitude(reg a, reg b) { return _mm512_range_ps(a, b, 0b1011); } // the sign is cleared
};

} // namespace

extern constinit const tables avx512 = tables_of<isa>("avx512");

} // namespace glissade
