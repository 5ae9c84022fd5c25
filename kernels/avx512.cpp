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

  static constexpr bool divider_helps_on_intel = false, divider_helps_elsewhere = true;
  struct doubt {
    __mmask16 lanes = 0;
    friend doubt operator|(doubt a, doubt b) { return {static_cast<__mmask16>(a.lanes | b.lanes)}; }
  };
  static bool any(doubt d) { return d.lanes != 0; }
  static doubt not_at_least(reg a, reg b) { return {_mm512_cmp_ps_mask(a, b, _CMP_NGE_UQ)}; }
  static reg fnma(reg a, reg b, reg c) { return _mm512_fnmadd_ps(a, b, c); }
  static reg fms(reg a, reg b, reg c) { return _mm512_fmsub_ps(a, b, c); }
  static reg reciprocal_root(reg a) { return _mm512_rsqrt14_ps(a); }
  static constexpr bool rough_estimate = false;

  static __mmask16 first(std::size_t n) { return static_cast<__mmask16>((1u << n) - 1); }
  static reg load_first(std::size_t n, const float *from) { return _mm512_maskz_loadu_ps(first(n), from); }
  static void store_first(std::size_t n, reg a, float *to) { _mm512_mask_storeu_ps(to, first(n), a); }

  // By way of doubles, in which no float is subnormal: without the help of microcode, which takes hundreds of cycles. Rounding
  // twice does no harm to a product, a quotient or a root; the sum of an fma is rounded to odd first, as in scalar.cpp.
  template <class Word, class... Reg>
  static reg in_doubles(const Word &word, Reg... x) {
    const __m512d low = word(_mm512_cvtps_pd(_mm512_castps512_ps256(x))...),
                  high = word(_mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1))...);
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low)), _mm512_cvtpd_ps(high), 1);
  }
  [[gnu::noinline]] static reg careful_mul(reg a, reg b) {
    return in_doubles([](__m512d x, __m512d y) { return _mm512_mul_pd(x, y); }, a, b);
  }
  [[gnu::noinline]] static reg careful_div(reg a, reg b) {
    return in_doubles([](__m512d x, __m512d y) { return _mm512_div_pd(x, y); }, a, b);
  }
  [[gnu::noinline]] static reg careful_sqrt(reg a) {
    return in_doubles([](__m512d x) { return _mm512_sqrt_pd(x); }, a);
  }
  [[gnu::noinline]] static reg careful_fma(reg a, reg b, reg c) {
    const auto odd = [](__m512d x, __m512d y, __m512d z) {
      const __m512d product = _mm512_mul_pd(x, y), sum = _mm512_add_pd(product, z);
      const __m512d part = _mm512_sub_pd(sum, product);
      const __m512d error =
          _mm512_add_pd(_mm512_sub_pd(product, _mm512_sub_pd(sum, part)), _mm512_sub_pd(z, part));
      const __mmask8 inexact = _mm512_cmp_pd_mask(error, _mm512_setzero_pd(), _CMP_NEQ_OQ);
      const __m512i bits = _mm512_castpd_si512(sum), one = _mm512_set1_epi64(1);
      const __mmask8 differ = _mm512_movepi64_mask(_mm512_xor_si512(bits, _mm512_castpd_si512(error)));
      const __m512i inwards = _mm512_mask_sub_epi64(bits, inexact & differ, bits, one);
      return _mm512_castsi512_pd(_mm512_mask_or_epi64(inwards, inexact, inwards, one));
    };
    return in_doubles(odd, a, b, c);
  }
  static bool any_subnormal(reg a) { return _mm512_fpclass_ps_mask(a, 0x20) != 0; }

  static __m512i widened_to_32(const std::uint16_t *p) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_epi16(p));
  }
  static __m512i widened_to_32(const std::int16_t *p) { return _mm512_cvtepi16_epi32(_mm256_loadu_epi16(p)); }
  static __m512i widened_to_32(const std::uint8_t *p) { return _mm512_cvtepu8_epi32(_mm_loadu_epi8(p)); }
  static __m512i widened_to_32(const std::int8_t *p) { return _mm512_cvtepi8_epi32(_mm_loadu_epi8(p)); }
  // Each 128 bits are packed apart.
  static __m512i packed(__v16su a, __v16su b) {
    return _mm512_packus_epi32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b));
  }
  static __m512i packed(__v32hu a, __v32hu b) {
    return _mm512_packus_epi16(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b));
  }
  static __m512i in_order(__v32hu a) {
    const __m512i from = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    return _mm512_permutexvar_epi64(from, reinterpret_cast<__m512i>(a));
  }
  static __m512i in_order(__v64qu a) {
    const __m512i from = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(from, reinterpret_cast<__m512i>(a));
  }

  using wide = xsimd::batch<double, xsimd::avx512bw>;
  static wide widened(const float *from) { return _mm512_cvtps_pd(_mm256_loadu_ps(from)); }
  static wide add_square(wide sum, wide x) { return _mm512_fmadd_pd(x, x, sum); }
  static reg larger_magnitude(reg a, reg b) { return _mm512_range_ps(a, b, 0b1011); } // the sign is cleared
};

} // namespace

extern constinit const tables avx512 = tables_of<isa>("avx512");

} // namespace glissade
