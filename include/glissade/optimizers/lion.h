/* Lion. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of Lion.
 */
typedef struct glissade_lion {
  size_t struct_size; /* sizeof(glissade_lion) */
  double lr;
  double beta1, beta2;
  double weight_decay; /* decoupled */
  double grad_scale;
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1; read only for stored arrays */
} glissade_lion;

/* The defaults of the paper's code. */
#define GLISSADE_LION_PAPER                                                                                  \
  GLISSADE_VALUE(glissade_lion) { sizeof(glissade_lion), 1e-4, 0.9, 0.99, 0., 1., 0, 0, 0, 0 }

/* Signum (J. Bernstein et al., signSGD, 2018): with beta1 = beta2 Lion takes the sign of the new average. */
#define GLISSADE_LION_SIGNUM                                                                                 \
  GLISSADE_VALUE(glissade_lion) { sizeof(glissade_lion), 1e-3, 0.9, 0.9, 0., 1., 0, 0, 0, 0 }
/* Tiger (J. Su, 2023), the same with decay: the defaults of pytorch_optimizer.Tiger. */
#define GLISSADE_LION_TIGER                                                                                  \
  GLISSADE_VALUE(glissade_lion) { sizeof(glissade_lion), 1e-3, 0.965, 0.965, 1e-2, 1., 0, 0, 0, 0 }

/*
 * One step of Lion (X. Chen et al., Symbolic Discovery of Optimization Algorithms, 2023), with m of exp_avg:
 *
 *   p = fma(f(-lr), sign(fma(f(1 - beta1), g, f(beta1) * m)), p)        sign(+-0) = +0, of a NaN: NaN
 *   m = fma(f(1 - beta2), g, f(beta2) * m)
 *
 * Bytes moved per element: 20.
 */
GLISSADE_API glissade_status glissade_lion_step(const glissade_lion *options, size_t n, float *param,
                                                const float *grad, float *exp_avg);

GLISSADE_API glissade_status glissade_lion_reset(const glissade_lion *options, size_t n, float *exp_avg);

/* Places in glissade_storage::states. */
enum { GLISSADE_LION_EXP_AVG = 0 };

typedef struct glissade_lion_tensor {
  size_t struct_size; /* sizeof(glissade_lion_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *exp_avg;
  const glissade_lion *options;
  const glissade_storage *storage;
} glissade_lion_tensor;
GLISSADE_FUNCTIONS(lion);
