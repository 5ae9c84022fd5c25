/* ASGD. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of averaged gradient descent.
 */
typedef struct glissade_asgd {
  size_t struct_size; /* sizeof(glissade_asgd) */
  double lr;
  double lambd;        /* at least 0: how fast param and the learning rate decay */
  double power;        /* at least 0: of the decay of the learning rate; torch's alpha */
  double t0;           /* at least 0: ax is a copy of param up to step t0 + 2, and an average from then on */
  double weight_decay; /* L2 */
  double grad_scale;
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1 */
} glissade_asgd;

/* torch.optim.ASGD. */
#define GLISSADE_ASGD_TORCH                                                                                  \
  GLISSADE_VALUE(glissade_asgd) { sizeof(glissade_asgd), 1e-2, 1e-4, 0.75, 1e6, 0., 1., 0, 0, 0, 0 }

/*
 * One step of averaged gradient descent (B. Polyak, A. Juditsky, Acceleration of Stochastic Approximation by Averaging,
 * 1992), with x of ax, the average of param, and t = step - 1:
 *
 *   n = f(lr / (1 + lambd * lr * t)^power)
 *   p = fma(-n, g, f(1 - lambd * n) * p)
 *   w = f(1 / max(1, t - t0))
 *   x = p if w is 1, else x + (p - x) * w
 *
 * Bytes moved per element: 20.
 */
GLISSADE_API glissade_status glissade_asgd_step(const glissade_asgd *options, size_t n, float *param,
                                                const float *grad, float *ax);

GLISSADE_API glissade_status glissade_asgd_reset(const glissade_asgd *options, size_t n, float *ax);

/* Places in glissade_storage::states. */
enum { GLISSADE_ASGD_AX = 0 };

typedef struct glissade_asgd_tensor {
  size_t struct_size; /* sizeof(glissade_asgd_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *ax;
  const glissade_asgd *options;
  const glissade_storage *storage;
} glissade_asgd_tensor;
GLISSADE_FUNCTIONS(asgd);
