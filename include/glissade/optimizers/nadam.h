/* NAdam. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of NAdam.
 */
typedef struct glissade_nadam {
  size_t struct_size; /* sizeof(glissade_nadam) */
  double lr;
  double beta1, beta2;
  double eps;
  double weight_decay;
  double momentum_decay; /* at least 0: how fast the momentum grows from beta1 / 2 to beta1 */
  double grad_scale;
  int decoupled_weight_decay; /* 1: as in AdamW, 0: L2 */
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1 */
} glissade_nadam;

/* torch.optim.NAdam. */
#define GLISSADE_NADAM_TORCH                                                                                 \
  GLISSADE_VALUE(glissade_nadam) {                                                                           \
    sizeof(glissade_nadam), 2e-3, 0.9, 0.999, 1e-8, 0., 4e-3, 1., 0, 0, 0, 0, 0                              \
  }

/*
 * One step of NAdam (T. Dozat, Incorporating Nesterov Momentum into Adam, 2016), with m of exp_avg, v of
 * exp_avg_sq, mu(t) = beta1 * (1 - 0.96^(t * momentum_decay) / 2), and M the product of f(mu(1)) to
 * f(mu(step)) in float:
 *
 *   m = lerp(m, g, f(1 - beta1))
 *   v = fma(f(1 - beta2) * g, g, f(beta2) * v)
 *   d = sqrt(v / f(1 - beta2^step)) + f(eps)
 *   p = p + (f(-lr * (1 - mu(step)) / (1 - M)) * g) / d
 *   p = p + (f(-lr * mu(step + 1) / (1 - M * mu(step + 1))) * m) / d
 *
 * M is computed anew in each step, which takes about 50 powers with the default beta1 (they end once M is
 * below 2^-54), and some milliseconds at most for any beta1. Bytes moved per element: 28.
 */
GLISSADE_API glissade_status glissade_nadam_step(const glissade_nadam *options, size_t n, float *param,
                                                 const float *grad, float *exp_avg, float *exp_avg_sq);

GLISSADE_API glissade_status glissade_nadam_reset(const glissade_nadam *options, size_t n, float *exp_avg,
                                                  float *exp_avg_sq);

/* Places in glissade_storage::states. */
enum { GLISSADE_NADAM_EXP_AVG = 0, GLISSADE_NADAM_EXP_AVG_SQ = 1 };

typedef struct glissade_nadam_tensor {
  size_t struct_size; /* sizeof(glissade_nadam_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *exp_avg, *exp_avg_sq;
  const glissade_nadam *options;
  const glissade_storage *storage;
} glissade_nadam_tensor;
GLISSADE_FUNCTIONS(nadam);
