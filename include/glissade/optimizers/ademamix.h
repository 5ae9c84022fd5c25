/* AdEMAMix. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of AdEMAMix.
 */
typedef struct glissade_ademamix {
  size_t struct_size; /* sizeof(glissade_ademamix) */
  double lr;
  double beta1, beta2, beta3; /* of the fast average, of the squares, of the slow average */
  double slow_weight;         /* at least 0: of the slow average; alpha in the paper */
  double
      warmup_steps; /* at least 0: in so many steps slow_weight rises from 0 and the decay from beta1 to beta3 */
  double eps;
  double weight_decay;
  double grad_scale;
  int decoupled_weight_decay; /* 1: as in AdamW, 0: L2 */
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1 */
} glissade_ademamix;

/* The paper, without its warm-up, which takes as many steps as the training. */
#define GLISSADE_ADEMAMIX_PAPER                                                                              \
  GLISSADE_VALUE(glissade_ademamix) {                                                                        \
    sizeof(glissade_ademamix), 1e-3, 0.9, 0.999, 0.9999, 5., 0., 1e-8, 0., 1., 1, 0, 0, 0, 0                 \
  }

/*
 * One step of AdEMAMix (M. Pagliardini, P. Ablin, D. Grangier, The AdEMAMix Optimizer: Better, Faster, Older, 2024), with
 * m of exp_avg, s of exp_avg_slow, v of exp_avg_sq:
 *
 *   r = min(step / warmup_steps, 1), or 1 if warmup_steps is 0
 *   b = exp(1 / ((1 - r) / ln(beta1) + r / ln(beta3))), or beta3 if r is 1
 *   m = lerp(m, g, f(1 - beta1))
 *   s = lerp(s, g, f(1 - b))
 *   v = fma(f(1 - beta2) * g, g, f(beta2) * v)
 *   n = fma(f(-lr * slow_weight * r), s, f(-lr / (1 - beta1^step)) * m)
 *   p = p + n / (sqrt(v) / f(sqrt(1 - beta2^step)) + f(eps))
 *
 * Bytes moved per element: 36.
 */
GLISSADE_API glissade_status glissade_ademamix_step(const glissade_ademamix *options, size_t n, float *param,
                                                    const float *grad, float *exp_avg, float *exp_avg_slow,
                                                    float *exp_avg_sq);

GLISSADE_API glissade_status glissade_ademamix_reset(const glissade_ademamix *options, size_t n,
                                                     float *exp_avg, float *exp_avg_slow, float *exp_avg_sq);

/* Places in glissade_storage::states. */
enum { GLISSADE_ADEMAMIX_EXP_AVG = 0, GLISSADE_ADEMAMIX_EXP_AVG_SLOW = 1, GLISSADE_ADEMAMIX_EXP_AVG_SQ = 2 };

typedef struct glissade_ademamix_tensor {
  size_t struct_size; /* sizeof(glissade_ademamix_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *exp_avg, *exp_avg_slow, *exp_avg_sq;
  const glissade_ademamix *options;
  const glissade_storage *storage;
} glissade_ademamix_tensor;
GLISSADE_FUNCTIONS(ademamix);
