/* Adamax. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of Adamax.
 */
typedef struct glissade_adamax {
  size_t struct_size; /* sizeof(glissade_adamax) */
  double lr;
  double beta1, beta2;
  double eps;
  double weight_decay; /* L2 */
  double grad_scale;
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1 */
} glissade_adamax;

/* torch.optim.Adamax. */
#define GLISSADE_ADAMAX_TORCH                                                                                \
  GLISSADE_VALUE(glissade_adamax) { sizeof(glissade_adamax), 2e-3, 0.9, 0.999, 1e-8, 0., 1., 0, 0, 0, 0 }

/*
 * One step of Adamax (D. Kingma, J. Ba, Adam, 2015, section 7.1), with m of exp_avg and u of exp_inf:
 *
 *   m = lerp(m, g, f(1 - beta1))
 *   u = max(f(beta2) * u, |g| + f(eps))
 *   p = p + (f(-lr / (1 - beta1^step)) * m) / u
 *
 * Bytes moved per element: 28.
 */
GLISSADE_API glissade_status glissade_adamax_step(const glissade_adamax *options, size_t n, float *param,
                                                  const float *grad, float *exp_avg, float *exp_inf);

GLISSADE_API glissade_status glissade_adamax_reset(const glissade_adamax *options, size_t n, float *exp_avg,
                                                   float *exp_inf);

/* Places in glissade_storage::states. */
enum { GLISSADE_ADAMAX_EXP_AVG = 0, GLISSADE_ADAMAX_EXP_INF = 1 };

typedef struct glissade_adamax_tensor {
  size_t struct_size; /* sizeof(glissade_adamax_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *exp_avg, *exp_inf;
  const glissade_adamax *options;
  const glissade_storage *storage;
} glissade_adamax_tensor;
GLISSADE_FUNCTIONS(adamax);
