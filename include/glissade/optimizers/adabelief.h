/* AdaBelief. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of AdaBelief.
 */
typedef struct glissade_adabelief {
  size_t struct_size; /* sizeof(glissade_adabelief) */
  double lr;
  double beta1, beta2;
  double eps;
  double eps_root; /* at least 0: is added to exp_avg_var in each step */
  double weight_decay;
  double grad_scale;
  int decoupled_weight_decay; /* 1: as in AdamW, 0: L2 */
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1 */
} glissade_adabelief;

/* The authors' adabelief_pytorch.AdaBelief with rectify=False; optax.adabelief. */
#define GLISSADE_ADABELIEF_PAPER                                                                             \
  GLISSADE_VALUE(glissade_adabelief) {                                                                       \
    sizeof(glissade_adabelief), 1e-3, 0.9, 0.999, 1e-16, 1e-16, 0., 1., 1, 0, 0, 0, 0                        \
  }

/*
 * One step of AdaBelief (J. Zhuang et al., AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients,
 * 2020), with m of exp_avg, s of exp_avg_var:
 *
 *   m = lerp(m, g, f(1 - beta1))
 *   r = g - m
 *   s = fma(f(1 - beta2) * r, r, f(beta2) * s) + f(eps_root)
 *   p = p + (f(-lr / (1 - beta1^step)) * m) / (sqrt(s) / f(sqrt(1 - beta2^step)) + f(eps))
 *
 * Bytes moved per element: 28.
 */
GLISSADE_API glissade_status glissade_adabelief_step(const glissade_adabelief *options, size_t n,
                                                     float *param, const float *grad, float *exp_avg,
                                                     float *exp_avg_var);

GLISSADE_API glissade_status glissade_adabelief_reset(const glissade_adabelief *options, size_t n,
                                                      float *exp_avg, float *exp_avg_var);

/* Places in glissade_storage::states. */
enum { GLISSADE_ADABELIEF_EXP_AVG = 0, GLISSADE_ADABELIEF_EXP_AVG_VAR = 1 };

typedef struct glissade_adabelief_tensor {
  size_t struct_size; /* sizeof(glissade_adabelief_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *exp_avg, *exp_avg_var;
  const glissade_adabelief *options;
  const glissade_storage *storage;
} glissade_adabelief_tensor;
GLISSADE_FUNCTIONS(adabelief);
