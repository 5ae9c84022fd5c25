/* AdaGrad. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of AdaGrad.
 */
typedef struct glissade_adagrad {
  size_t struct_size;               /* sizeof(glissade_adagrad) */
  double lr, lr_decay;              /* each at least 0 */
  double weight_decay;              /* L2 */
  double initial_accumulator_value; /* what reset writes to sum, at least 0 */
  double eps;
  double grad_scale;
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1; read only where lr_decay is not 0, and for stored arrays */
} glissade_adagrad;

/* torch.optim.Adagrad. */
#define GLISSADE_ADAGRAD_TORCH                                                                               \
  GLISSADE_VALUE(glissade_adagrad) { sizeof(glissade_adagrad), 1e-2, 0., 0., 0., 1e-10, 1., 0, 0, 0, 0 }

/*
 * One step of AdaGrad (J. Duchi, E. Hazan, Y. Singer, Adaptive Subgradient Methods for Online Learning and
 * Stochastic Optimization, 2011), with s of sum:
 *
 *   s = fma(g, g, s)
 *   p = p + (f(-lr / (1 + (step - 1) * lr_decay)) * g) / (sqrt(s) + f(eps))
 *
 * Bytes moved per element: 20.
 */
GLISSADE_API glissade_status glissade_adagrad_step(const glissade_adagrad *options, size_t n, float *param,
                                                   const float *grad, float *sum);

/* Writes initial_accumulator_value to sum. */
GLISSADE_API glissade_status glissade_adagrad_reset(const glissade_adagrad *options, size_t n, float *sum);

/* Places in glissade_storage::states. */
enum { GLISSADE_ADAGRAD_SUM = 0 };

typedef struct glissade_adagrad_tensor {
  size_t struct_size; /* sizeof(glissade_adagrad_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *sum;
  const glissade_adagrad *options;
  const glissade_storage *storage;
} glissade_adagrad_tensor;
GLISSADE_FUNCTIONS(adagrad);
