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

  static reg flush(reg a, reg tiny) { return _mm256_and_ps(a, _mm256_cmp_ps(abs(a), tiny, _CMP_NLT_UQ)); }

  static constexpr bool divider_helps_on_intel = true, divider_helps_elsewhere = true;
  struct doubt {
    __v8si lanes = {};
    friend doubt operator|(doubt a, doubt b) { return {a.lanes | b.lanes}; }
  };
  static bool any(doubt d) { return _mm256_movemask_ps(reinterpret_cast<__m256>(d.lanes)) != 0; }
  static doubt not_at_least(reg a, reg b) {
    return {reinterpret_cast<__v8si>(_mm256_cmp_ps(a, b, _CMP_NGE_UQ))};
  }
  static reg fnma(reg a, reg b, reg c) { return _mm256_fnmadd_ps(a, b, c); }
  static reg fms(reg a, reg b, reg c) { return _mm256_fmsub_ps(a, b, c); }
  static reg reciprocal_root(reg a) { return _mm256_rsqrt_ps(a); }
  static constexpr bool rough_estimate = true; // 12 bits

  static __m256i first(std::size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static reg load_first(std::size_t n, const float *from) { return _mm256_maskload_ps(from, first(n)); }
  static void store_first(std::size_t n, reg a, float *to) { _mm256_maskstore_ps(to, first(n), a); }

  static __m256i widened_to_32(const std::uint16_t *p) { return _mm256_cvtepu16_epi32(load_128(p)); }
  static __m256i widened_to_32(const std::int16_t *p) { return _mm256_cvtepi16_epi32(load_128(p)); }
  static __m256i widened_to_32(const std::uint8_t *p) { return _mm256_cvtepu8_epi32(_mm_loadu_si64(p)); }
  static __m256i widened_to_32(const std::int8_t *p) { return _mm256_cvtepi8_epi32(_mm_loadu_si64(p)); }
  static __m128i load_128(const void *p) { return _mm_loadu_si128(static_cast<const __m128i *>(p)); }
  // Each 128 bits are packed apart.
  static __m256i packed(__v8su a, __v8su b) {
    return _mm256_packus_epi32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b));
  }
  static __m256i packed(__v16hu a, __v16hu b) {
    return _mm256_packus_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b));
  }
  static __m256i in_order(__v16hu a) {
    return _mm256_permute4x64_epi64(reinterpret_cast<__m256i>(a), 0b11011000);
  }
  static __m256i in_order(__v32qu a) {
    const __m256i from = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(reinterpret_cast<__m256i>(a), from);
  }

  using wide = xsimd::batch<double, xsimd::avx2>;
  static wide widened(const float *from) { return _mm256_cvtps_pd(_mm_loadu_ps(from)); }
  static wide add_square(wide sum, wide x) { return _mm256_fmadd_pd(x, x, sum); }
};

} // namespace

extern constinit const tables avx2 = tables_of<isa>("avx2");

} // namespace glissade
