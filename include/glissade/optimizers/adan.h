/* Adan. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of Adan.
 */
typedef struct glissade_adan {
  size_t struct_size; /* sizeof(glissade_adan) */
  double lr;
  double beta1, beta2,
      beta3; /* of the gradients, of their differences, of the squares: 1 - beta of the paper */
  double eps;
  double weight_decay; /* decoupled */
  double grad_scale;
  int proximal; /* 1: weight decay divides param by 1 + lr * weight_decay after the step, 0: as in AdamW */
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1 */
} glissade_adan;

/* The authors' code and timm.optim.Adan. */
#define GLISSADE_ADAN_PAPER                                                                                  \
  GLISSADE_VALUE(glissade_adan) { sizeof(glissade_adan), 1e-3, 0.98, 0.92, 0.99, 1e-8, 0., 1., 1, 0, 0, 0, 0 }

/*
 * One step of Adan (X. Xie et al., Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models, 2022),
 * with m of exp_avg, d of exp_avg_diff, v of exp_avg_sq, h of prev:
 *
 *   e = 0 in step 1, else g - h
 *   u = fma(f(beta2), e, g)
 *   m = lerp(m, g, f(1 - beta1))
 *   d = lerp(d, e, f(1 - beta2))
 *   v = fma(f(1 - beta3) * u, u, f(beta3) * v)
 *   n = fma(f(-lr * beta2 / (1 - beta2^step)), d, f(-lr / (1 - beta1^step)) * m)
 *   p = p + n / (sqrt(v) / f(sqrt(1 - beta3^step)) + f(eps))
 *   p = p * f(1 / (1 + lr * weight_decay)) if proximal
 *   h = g
 *
 * prev is the gradient of the step before. Bytes moved per element: 44.
 */
GLISSADE_API glissade_status glissade_adan_step(const glissade_adan *options, size_t n, float *param,
                                                const float *grad, float *exp_avg, float *exp_avg_diff,
                                                float *exp_avg_sq, float *prev);

GLISSADE_API glissade_status glissade_adan_reset(const glissade_adan *options, size_t n, float *exp_avg,
                                                 float *exp_avg_diff, float *exp_avg_sq, float *prev);

/* Places in glissade_storage::states. */
enum {
  GLISSADE_ADAN_EXP_AVG = 0,
  GLISSADE_ADAN_EXP_AVG_DIFF = 1,
  GLISSADE_ADAN_EXP_AVG_SQ = 2,
  GLISSADE_ADAN_PREV = 3
};

typedef struct glissade_adan_tensor {
  size_t struct_size; /* sizeof(glissade_adan_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *exp_avg, *exp_avg_diff, *exp_avg_sq, *prev;
  const glissade_adan *options;
  const glissade_storage *storage;
} glissade_adan_tensor;
GLISSADE_FUNCTIONS(adan);
