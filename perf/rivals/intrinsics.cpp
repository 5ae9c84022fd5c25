// The steps as an expert writes them for one x86 CPU: registers by hand, only what the default options need. Compiled
// once for AVX-512 and once for AVX2.
#include "rivals.hpp"
#ifndef __clang__ // GCC 12 warns of its own intrinsics
#  pragma GCC diagnostic ignored "-Wuninitialized"
#  pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#include <math.h>

namespace {

// The first `count` floats of a register; the whole register where that is its width.
#ifdef __AVX512F__
using reg = __m512;
inline __mmask16 first(std::size_t count) { return static_cast<__mmask16>((1u << count) - 1); }
inline reg load(const float *from, std::size_t count) { return _mm512_maskz_loadu_ps(first(count), from); }
inline void store(float *to, reg x, std::size_t count) { _mm512_mask_storeu_ps(to, first(count), x); }
inline reg all(float x) { return _mm512_set1_ps(x); }
inline reg fma(reg a, reg b, reg c) { return _mm512_fmadd_ps(a, b, c); }
inline reg root(reg x) { return _mm512_sqrt_ps(x); }
#else
using reg = __m256;
inline __m256i first(std::size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline reg load(const float *from, std::size_t count) {
  return count == 8 ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, first(count));
}
inline void store(float *to, reg x, std::size_t count) {
  count == 8 ? _mm256_storeu_ps(to, x) : _mm256_maskstore_ps(to, first(count), x);
}
inline reg all(float x) { return _mm256_set1_ps(x); }
inline reg fma(reg a, reg b, reg c) { return _mm256_fmadd_ps(a, b, c); }
inline reg root(reg x) { return _mm256_sqrt_ps(x); }
#endif

// step(i, count) for every register from `begin` on, and for what is left.
template <class Step>
inline void for_registers(std::size_t begin, std::size_t end, Step step) {
  constexpr std::size_t width = sizeof(reg) / sizeof(float);
  std::size_t i = begin;
  for (; i + width <= end; i += width)
    step(i, width);
  if (i < end) step(i, end - i);
}

} // namespace

namespace perf::GLISSADE_PERF_LOOP {

void rmsprop(const glissade_rmsprop &o, float *const *arrays, std::size_t begin, std::size_t end) {
  float *param = arrays[0], *square_avg = arrays[2];
  const float *grad = arrays[1];
  const reg alpha = all(float(o.alpha)), rest = all(float(1 - o.alpha)), minus_lr = all(float(-o.lr)),
            eps = all(float(o.eps));
  for_registers(
      begin, end, [&](std::size_t i, std::size_t count) __attribute__((always_inline)) {
        const reg g = load(grad + i, count);
        const reg v = fma(rest * g, g, alpha * load(square_avg + i, count));
        const reg p = load(param + i, count) + minus_lr * g / (root(v) + eps);
        store(square_avg + i, v, count);
        store(param + i, p, count);
      });
}

void adamw(const glissade_adam &o, float *const *arrays, std::size_t begin, std::size_t end) {
  float *param = arrays[0], *exp_avg = arrays[2], *exp_avg_sq = arrays[3];
  const float *grad = arrays[1];
  const reg shrink = all(float(1 - o.lr * o.weight_decay)), eps = all(float(o.eps)),
            rest1 = all(float(1 - o.beta1)), // less than one half, so that lerp starts from the average
      beta2 = all(float(o.beta2)), rest2 = all(float(1 - o.beta2)),
            minus_lr = all(float(-o.lr / (1 - pow(o.beta1, double(o.step))))),
            correction = all(float(sqrt(1 - pow(o.beta2, double(o.step)))));
  for_registers(
      begin, end, [&](std::size_t i, std::size_t count) __attribute__((always_inline)) {
        const reg g = load(grad + i, count), old = load(exp_avg + i, count);
        const reg m = fma(rest1, g - old, old);
        const reg v = fma(rest2 * g, g, beta2 * load(exp_avg_sq + i, count));
        const reg p = shrink * load(param + i, count) + minus_lr * m / (root(v) / correction + eps);
        store(exp_avg + i, m, count);
        store(exp_avg_sq + i, v, count);
        store(param + i, p, count);
      });
}

} // namespace perf::GLISSADE_PERF_LOOP
