/* RAdam. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of RAdam.
 */
typedef struct glissade_radam {
  size_t struct_size; /* sizeof(glissade_radam) */
  double lr;
  double beta1, beta2;
  double eps;
  double weight_decay;
  double grad_scale;
  int decoupled_weight_decay; /* 1: as in AdamW, 0: L2 */
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1 */
} glissade_radam;

/* torch.optim.RAdam. */
#define GLISSADE_RADAM_TORCH                                                                                 \
  GLISSADE_VALUE(glissade_radam) { sizeof(glissade_radam), 1e-3, 0.9, 0.999, 1e-8, 0., 1., 0, 0, 0, 0, 0 }

/*
 * One step of RAdam (L. Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2020), with m
 * of exp_avg, v of exp_avg_sq, R = 2 / (1 - beta2) - 1 and r = R - 2 * step * beta2^step / (1 - beta2^step):
 *
 *   m = lerp(m, g, f(1 - beta1))
 *   v = fma(f(1 - beta2) * g, g, f(beta2) * v)
 *   u = m / f(1 - beta1^step) * f(lr)
 *   r > 5:  q = sqrt((r - 4) * (r - 2) * R / ((R - 4) * (R - 2) * r))
 *           u = u * (1 / (sqrt(v) + f(eps)) * f(sqrt(1 - beta2^step))) * f(q)
 *   p = p - u
 *
 * Bytes moved per element: 28.
 */
GLISSADE_API glissade_status glissade_radam_step(const glissade_radam *options, size_t n, float *param,
                                                 const float *grad, float *exp_avg, float *exp_avg_sq);

GLISSADE_API glissade_status glissade_radam_reset(const glissade_radam *options, size_t n, float *exp_avg,
                                                  float *exp_avg_sq);

/* Places in glissade_storage::states. */
enum { GLISSADE_RADAM_EXP_AVG = 0, GLISSADE_RADAM_EXP_AVG_SQ = 1 };

typedef struct glissade_radam_tensor {
  size_t struct_size; /* sizeof(glissade_radam_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *exp_avg, *exp_avg_sq;
  const glissade_radam *options;
  const glissade_storage *storage;
} glissade_radam_tensor;
GLISSADE_FUNCTIONS(radam);
