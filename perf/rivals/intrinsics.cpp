// The steps as an expert writes them for one x86 CPU: registers by hand, only what the default options need.
#include "rivals.hpp"

#if defined(__x86_64__)
#  ifndef __clang__ // GCC 12 warns of its own intrinsics
#    pragma GCC diagnostic ignored "-Wuninitialized"
#    pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#  endif
#  include <immintrin.h>
#  include <math.h>

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

struct adamw_numbers {
  float shrink, rest1, beta2, rest2, minus_lr, correction, eps;
  explicit adamw_numbers(const glissade_adam &o)
      : shrink(float(1 - o.lr * o.weight_decay)),
        rest1(float(1 - o.beta1)), // less than one half, so that lerp starts from the average
        beta2(float(o.beta2)),
        rest2(float(1 - o.beta2)),
        minus_lr(float(-o.lr / (1 - pow(o.beta1, double(o.step))))),
        correction(float(::sqrt(1 - pow(o.beta2, double(o.step))))),
        eps(float(o.eps)) {}
};

__attribute__((target("avx512f"))) void adamw_avx512(const glissade_adam &o, float *const *arrays,
                                                     std::size_t begin, std::size_t end) {
  float *param = arrays[0], *exp_avg = arrays[2], *exp_avg_sq = arrays[3];
  const float *grad = arrays[1];
  const adamw_numbers c(o);
  const __m512 shrink = _mm512_set1_ps(c.shrink), rest1 = _mm512_set1_ps(c.rest1),
               beta2 = _mm512_set1_ps(c.beta2), rest2 = _mm512_set1_ps(c.rest2),
               minus_lr = _mm512_set1_ps(c.minus_lr), correction = _mm512_set1_ps(c.correction),
               eps = _mm512_set1_ps(c.eps);
  const auto step = [&](std::size_t i, __mmask16 mask) __attribute__((target("avx512f"), always_inline)) {
    const __m512 g = _mm512_maskz_loadu_ps(mask, grad + i);
    __m512 m = _mm512_maskz_loadu_ps(mask, exp_avg + i);
    m = _mm512_fmadd_ps(rest1, _mm512_sub_ps(g, m), m);
    __m512 v = _mm512_mul_ps(beta2, _mm512_maskz_loadu_ps(mask, exp_avg_sq + i));
    v = _mm512_fmadd_ps(_mm512_mul_ps(rest2, g), g, v);
    const __m512 d = _mm512_add_ps(_mm512_div_ps(_mm512_sqrt_ps(v), correction), eps);
    const __m512 p = _mm512_mul_ps(shrink, _mm512_maskz_loadu_ps(mask, param + i));
    const __m512 update = _mm512_div_ps(_mm512_mul_ps(minus_lr, m), d);
    _mm512_mask_storeu_ps(exp_avg + i, mask, m);
    _mm512_mask_storeu_ps(exp_avg_sq + i, mask, v);
    _mm512_mask_storeu_ps(param + i, mask, _mm512_add_ps(p, update));
  };
  std::size_t i = begin;
  for (; i + 16 <= end; i += 16)
    step(i, 0xffff);
  if (i < end) step(i, static_cast<__mmask16>((1u << (end - i)) - 1));
}

__attribute__((target("avx2,fma"))) void adamw_avx2(const glissade_adam &o, float *const *arrays,
                                                    std::size_t begin, std::size_t end) {
  float *param = arrays[0], *exp_avg = arrays[2], *exp_avg_sq = arrays[3];
  const float *grad = arrays[1];
  const adamw_numbers c(o);
  const __m256 shrink = _mm256_set1_ps(c.shrink), rest1 = _mm256_set1_ps(c.rest1),
               beta2 = _mm256_set1_ps(c.beta2), rest2 = _mm256_set1_ps(c.rest2),
               minus_lr = _mm256_set1_ps(c.minus_lr), correction = _mm256_set1_ps(c.correction),
               eps = _mm256_set1_ps(c.eps);
  std::size_t i = begin;
  for (; i + 8 <= end; i += 8) {
    const __m256 g = _mm256_loadu_ps(grad + i), old = _mm256_loadu_ps(exp_avg + i);
    const __m256 m = _mm256_fmadd_ps(rest1, _mm256_sub_ps(g, old), old);
    const __m256 v =
        _mm256_fmadd_ps(_mm256_mul_ps(rest2, g), g, _mm256_mul_ps(beta2, _mm256_loadu_ps(exp_avg_sq + i)));
    const __m256 d = _mm256_add_ps(_mm256_div_ps(_mm256_sqrt_ps(v), correction), eps);
    const __m256 p = _mm256_mul_ps(shrink, _mm256_loadu_ps(param + i));
    _mm256_storeu_ps(exp_avg + i, m);
    _mm256_storeu_ps(exp_avg_sq + i, v);
    _mm256_storeu_ps(param + i, _mm256_add_ps(p, _mm256_div_ps(_mm256_mul_ps(minus_lr, m), d)));
  }
  for (; i < end; ++i) {
    const float g = grad[i], m = __builtin_fmaf(c.rest1, g - exp_avg[i], exp_avg[i]);
    const float v = __builtin_fmaf(c.rest2 * g, g, c.beta2 * exp_avg_sq[i]);
    const float p = c.shrink * param[i];
    exp_avg[i] = m;
    exp_avg_sq[i] = v;
    param[i] = p + c.minus_lr * m / (__builtin_sqrtf(v) / c.correction + c.eps);
  }
}

// The widest of the two that this CPU runs.
template <class Options>
pass<Options> best(pass<Options> avx512, pass<Options> avx2) {
  if (__builtin_cpu_supports("avx512f")) return avx512;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? avx2 : nullptr;
}

} // namespace

pass<glissade_rmsprop> rmsprop() { return best(rmsprop_avx512, rmsprop_avx2); }
pass<glissade_adam> adamw() { return best(adamw_avx512, adamw_avx2); }

} // namespace perf::intrinsics

#else

namespace perf::intrinsics {
pass<glissade_rmsprop> rmsprop() { return nullptr; }
pass<glissade_adam> adamw() { return nullptr; }
} // namespace perf::intrinsics

#endif
