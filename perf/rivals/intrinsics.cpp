// The steps as an expert writes them for one x86 CPU: registers by hand, only what the default options need.
#include "rivals.hpp"

#if defined(__x86_64__)
#  pragma GCC diagnostic ignored "-Wuninitialized"
#  pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // GCC 12 warns of its own intrinsics
#  include <immintrin.h>

namespace perf::intrinsics {
namespace {

struct rmsprop_numbers {
  float alpha, rest, minus_lr, eps;
  explicit rmsprop_numbers(const glissade_rmsprop &o)
      : alpha(float(o.alpha)),
        rest(float(1 - o.alpha)),
        minus_lr(float(-o.lr)),
        eps(float(o.eps)) {}
};

__attribute__((target("avx512f"))) void rmsprop_avx512(const glissade_rmsprop &o, float *const *arrays,
                                                       std::size_t begin, std::size_t end) {
  float *param = arrays[0], *square_avg = arrays[2];
  const float *grad = arrays[1];
  const rmsprop_numbers c(o);
  const __m512 alpha = _mm512_set1_ps(c.alpha), rest = _mm512_set1_ps(c.rest),
               minus_lr = _mm512_set1_ps(c.minus_lr), eps = _mm512_set1_ps(c.eps);
  const auto step = [&](std::size_t i, __mmask16 mask) __attribute__((target("avx512f"), always_inline)) {
    const __m512 g = _mm512_maskz_loadu_ps(mask, grad + i);
    __m512 v = _mm512_mul_ps(alpha, _mm512_maskz_loadu_ps(mask, square_avg + i));
    v = _mm512_fmadd_ps(_mm512_mul_ps(rest, g), g, v);
    const __m512 d = _mm512_add_ps(_mm512_sqrt_ps(v), eps);
    const __m512 p = _mm512_maskz_loadu_ps(mask, param + i);
    _mm512_mask_storeu_ps(square_avg + i, mask, v);
    _mm512_mask_storeu_ps(param + i, mask, _mm512_add_ps(p, _mm512_div_ps(_mm512_mul_ps(minus_lr, g), d)));
  };
  std::size_t i = begin;
  for (; i + 16 <= end; i += 16)
    step(i, 0xffff); // a constant full mask is an ordinary load or store
  if (i < end) step(i, static_cast<__mmask16>((1u << (end - i)) - 1));
}

__attribute__((target("avx2,fma"))) void rmsprop_avx2(const glissade_rmsprop &o, float *const *arrays,
                                                      std::size_t begin, std::size_t end) {
  float *param = arrays[0], *square_avg = arrays[2];
  const float *grad = arrays[1];
  const rmsprop_numbers c(o);
  const __m256 alpha = _mm256_set1_ps(c.alpha), rest = _mm256_set1_ps(c.rest),
               minus_lr = _mm256_set1_ps(c.minus_lr), eps = _mm256_set1_ps(c.eps);
  std::size_t i = begin;
  for (; i + 8 <= end; i += 8) {
    const __m256 g = _mm256_loadu_ps(grad + i);
    const __m256 v =
        _mm256_fmadd_ps(_mm256_mul_ps(rest, g), g, _mm256_mul_ps(alpha, _mm256_loadu_ps(square_avg + i)));
    const __m256 d = _mm256_add_ps(_mm256_sqrt_ps(v), eps);
    _mm256_storeu_ps(square_avg + i, v);
    _mm256_storeu_ps(param + i,
                     _mm256_add_ps(_mm256_loadu_ps(param + i), _mm256_div_ps(_mm256_mul_ps(minus_lr, g), d)));
  }
  for (; i < end; ++i) {
    const float g = grad[i], v = __builtin_fmaf(c.rest * g, g, c.alpha * square_avg[i]);
    square_avg[i] = v;
    param[i] = param[i] + c.minus_lr * g / (__builtin_sqrtf(v) + c.eps);
  }
}

} // namespace

pass<glissade_rmsprop> rmsprop() {
  if (__builtin_cpu_supports("avx512f")) return rmsprop_avx512;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? rmsprop_avx2 : nullptr;
}

} // namespace perf::intrinsics

#else

namespace perf::intrinsics {
pass<glissade_rmsprop> rmsprop() { return nullptr; }
} // namespace perf::intrinsics

#endif
