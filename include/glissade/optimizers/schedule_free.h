/* Schedule-Free SGD and AdamW. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of the Schedule-Free optimizers.
 */
typedef struct glissade_schedule_free {
  size_t struct_size; /* sizeof(glissade_schedule_free) */
  double lr;
  double beta1;          /* how near param lies to the average, above 0 for _eval; momentum of the SGD */
  double beta2;          /* read only where adaptive is 1 */
  double eps;            /* read only where adaptive is 1 */
  double weight_decay;   /* L2, which is added after the division by the root */
  double average_weight; /* at least 0: of this step in the average; 0 for 1 / step */
  double grad_scale;
  int adaptive; /* 1: AdamW, 0: SGD */
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1 */
} glissade_schedule_free;

/* schedulefree.AdamWScheduleFree. */
#define GLISSADE_SCHEDULE_FREE_ADAMW                                                                         \
  GLISSADE_VALUE(glissade_schedule_free) {                                                                   \
    sizeof(glissade_schedule_free), 2.5e-3, 0.9, 0.999, 1e-8, 0., 0., 1., 1, 0, 0, 0, 0                      \
  }
/* schedulefree.SGDScheduleFree. */
#define GLISSADE_SCHEDULE_FREE_SGD                                                                           \
  GLISSADE_VALUE(glissade_schedule_free) {                                                                   \
    sizeof(glissade_schedule_free), 1., 0.9, 0., 0., 0., 0., 1., 0, 0, 0, 0, 0                               \
  }

/*
 * One step of Schedule-Free SGD or AdamW (A. Defazio et al., The Road Less Scheduled, 2024), with v of exp_avg_sq, and
 * c = average_weight, or 1 / step if that is 0:
 *
 *   z = p in step 1
 *   v = fma(f(1 - beta2) * g, g, f(beta2) * v)            if adaptive, and
 *   u = g / (sqrt(v / f(1 - beta2^step)) + f(eps)), else u = g
 *   u = fma(f(weight_decay), p, u)                        if weight_decay is not 0
 *   p = fma(f(lr * (beta1 * (1 - c) - 1)), u, lerp(p, z, f(c)))
 *   z = fma(f(-lr), u, z)
 *
 * param is where the gradients are taken, between z and the average of all z so far, which is what training arrives at:
 * glissade_schedule_free_eval turns the one into the other. exp_avg_sq is needed only if adaptive is 1. Where lr changes,
 * as in a warm-up, average_weight is w / (the sum of w in all steps so far), with w the square of the largest lr so far.
 * Bytes moved per element: 20, and 8 more for exp_avg_sq.
 */
GLISSADE_API glissade_status glissade_schedule_free_step(const glissade_schedule_free *options, size_t n,
                                                         float *param, const float *grad, float *z,
                                                         float *exp_avg_sq);

GLISSADE_API glissade_status glissade_schedule_free_reset(const glissade_schedule_free *options, size_t n,
                                                          float *z, float *exp_avg_sq);

/*
 * Turns the params of training into those to evaluate with and to keep, p = fma(f(1 - 1 / beta1), z - p, p), and back
 * for the next step, p = fma(f(1 - beta1), z - p, p). Only beta1 and threads of the options are read, but all are
 * checked; beta1 = 0 is GLISSADE_BAD_BETA1 for _eval. Rounding makes the way there and back inexact, by some 2^-23 of
 * the larger of p and z.
 */
GLISSADE_API glissade_status glissade_schedule_free_eval(const glissade_schedule_free *options, size_t n,
                                                         float *param, const float *z);
GLISSADE_API glissade_status glissade_schedule_free_train(const glissade_schedule_free *options, size_t n,
                                                          float *param, const float *z);

/* Places in glissade_storage::states. */
enum { GLISSADE_SCHEDULE_FREE_Z = 0, GLISSADE_SCHEDULE_FREE_EXP_AVG_SQ = 1 };

typedef struct glissade_schedule_free_tensor {
  size_t struct_size; /* sizeof(glissade_schedule_free_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *z, *exp_avg_sq;
  const glissade_schedule_free *options;
  const glissade_storage *storage;
} glissade_schedule_free_tensor;
GLISSADE_FUNCTIONS(schedule_free);
