/* ADOPT. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of ADOPT.
 */
typedef struct glissade_adopt {
  size_t struct_size; /* sizeof(glissade_adopt) */
  double lr;
  double beta1, beta2;
  double eps;
  double weight_decay;
  double grad_scale;
  int clip;                   /* 1: the normalised gradient is at most (step - 1)^(1/4) in magnitude */
  int decoupled_weight_decay; /* 1: as in AdamW, but none in the first step, 0: L2 */
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1 */
} glissade_adopt;

/* The paper. */
#define GLISSADE_ADOPT_PAPER                                                                                 \
  GLISSADE_VALUE(glissade_adopt) { sizeof(glissade_adopt), 1e-3, 0.9, 0.9999, 1e-6, 0., 1., 1, 0, 0, 0, 0, 0 }

/*
 * One step of ADOPT (S. Taniguchi et al., ADOPT: Modified Adam Can Converge with Any beta2 with the Optimal Rate, 2024,
 * algorithm 2), with m of exp_avg, v of exp_avg_sq:
 *
 *   step 1:  v = g * g, and p and m stay as they are
 *   else:    u = g / max(sqrt(v), f(eps))
 *            u = min(max(u, -f(c)), f(c)), c = (step - 1)^(1/4), if clip; a NaN stays one
 *            m = lerp(m, u, f(1 - beta1))
 *            p = fma(f(-lr), m, p)
 *            v = fma(f(1 - beta2) * g, g, f(beta2) * v)
 *
 * Bytes moved per element: 28.
 */
GLISSADE_API glissade_status glissade_adopt_step(const glissade_adopt *options, size_t n, float *param,
                                                 const float *grad, float *exp_avg, float *exp_avg_sq);

GLISSADE_API glissade_status glissade_adopt_reset(const glissade_adopt *options, size_t n, float *exp_avg,
                                                  float *exp_avg_sq);

/* Places in glissade_storage::states. */
enum { GLISSADE_ADOPT_EXP_AVG = 0, GLISSADE_ADOPT_EXP_AVG_SQ = 1 };

typedef struct glissade_adopt_tensor {
  size_t struct_size; /* sizeof(glissade_adopt_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *exp_avg, *exp_avg_sq;
  const glissade_adopt *options;
  const glissade_storage *storage;
} glissade_adopt_tensor;
GLISSADE_FUNCTIONS(adopt);
