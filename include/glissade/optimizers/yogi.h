/* Yogi. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of Yogi.
 */
typedef struct glissade_yogi {
  size_t struct_size; /* sizeof(glissade_yogi) */
  double lr;
  double beta1, beta2;
  double eps;
  double weight_decay;
  double initial_accumulator_value; /* what reset writes to both averages, at least 0 */
  double grad_scale;
  int decoupled_weight_decay; /* 1: as in AdamW, 0: L2 */
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1 */
} glissade_yogi;

/* The paper; optax.yogi, which has no default lr. */
#define GLISSADE_YOGI_PAPER                                                                                  \
  GLISSADE_VALUE(glissade_yogi) { sizeof(glissade_yogi), 1e-2, 0.9, 0.999, 1e-3, 0., 1e-6, 1., 0, 0, 0, 0, 0 }

/*
 * One step of Yogi (M. Zaheer et al., Adaptive Methods for Nonconvex Optimization, 2018), with m of exp_avg, v of
 * exp_avg_sq:
 *
 *   m = lerp(m, g, f(1 - beta1))
 *   v = fma(-(sign(v - g * g) * (f(1 - beta2) * g)), g, v)          sign(+-0) = +0, of a NaN: NaN
 *   p = p + (f(-lr / (1 - beta1^step)) * m) / (sqrt(v) / f(sqrt(1 - beta2^step)) + f(eps))
 *
 * Bytes moved per element: 28.
 */
GLISSADE_API glissade_status glissade_yogi_step(const glissade_yogi *options, size_t n, float *param,
                                                const float *grad, float *exp_avg, float *exp_avg_sq);

/* Writes initial_accumulator_value to exp_avg and exp_avg_sq. */
GLISSADE_API glissade_status glissade_yogi_reset(const glissade_yogi *options, size_t n, float *exp_avg,
                                                 float *exp_avg_sq);

/* Places in glissade_storage::states. */
enum { GLISSADE_YOGI_EXP_AVG = 0, GLISSADE_YOGI_EXP_AVG_SQ = 1 };

typedef struct glissade_yogi_tensor {
  size_t struct_size; /* sizeof(glissade_yogi_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *exp_avg, *exp_avg_sq;
  const glissade_yogi *options;
  const glissade_storage *storage;
} glissade_yogi_tensor;
GLISSADE_FUNCTIONS(yogi);
