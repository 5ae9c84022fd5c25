/* Gradient descent with momentum. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of gradient descent with momentum.
 */
typedef struct glissade_sgd {
  size_t struct_size; /* sizeof(glissade_sgd) */
  double lr;
  double momentum;     /* at least 0; 0 for none */
  double dampening;    /* of either sign; the gradient enters the buffer times 1 - dampening */
  double weight_decay; /* L2 */
  double grad_scale;
  int nesterov;         /* 1: Nesterov momentum; without effect where momentum is 0 */
  int buffer_from_zero; /* 1: the first step is like the others; 0: it sets the buffer to the gradient, as in
                           torch */
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1; read where buffer_from_zero is 0, and for stored arrays */
} glissade_sgd;

/* torch.optim.SGD. */
#define GLISSADE_SGD_TORCH                                                                                   \
  GLISSADE_VALUE(glissade_sgd) { sizeof(glissade_sgd), 1e-3, 0., 0., 0., 1., 0, 0, 0, 0, 0, 0 }
/* Momentum as a moving average of the gradients, b = 0.9 b + 0.1 g from b = 0. */
#define GLISSADE_SGD_MOVING_AVERAGE                                                                          \
  GLISSADE_VALUE(glissade_sgd) { sizeof(glissade_sgd), 1e-2, 0.9, 0.9, 0., 1., 0, 1, 0, 0, 0, 0 }

/*
 * One step of gradient descent (B. Polyak 1964 for momentum; Y. Nesterov 1983, in the form of I. Sutskever et
 * al. 2013), with b of momentum_buffer:
 *
 *   momentum 0:  u = g
 *   else:        b = g in the first step, unless buffer_from_zero
 *                b = fma(f(1 - dampening), g, f(momentum) * b) in the others
 *                u = b, or fma(f(momentum), b, g) if nesterov
 *   p = fma(f(-lr), u, p)
 *
 * momentum_buffer is needed only if momentum is not 0. Bytes moved per element: 12, and 8 more for
 * momentum_buffer.
 */
GLISSADE_API glissade_status glissade_sgd_step(const glissade_sgd *options, size_t n, float *param,
                                               const float *grad, float *momentum_buffer);

GLISSADE_API glissade_status glissade_sgd_reset(const glissade_sgd *options, size_t n,
                                                float *momentum_buffer);

/* Places in glissade_storage::states. */
enum { GLISSADE_SGD_MOMENTUM_BUFFER = 0 };

typedef struct glissade_sgd_tensor {
  size_t struct_size; /* sizeof(glissade_sgd_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *momentum_buffer;
  const glissade_sgd *options;
  const glissade_storage *storage;
} glissade_sgd_tensor;
GLISSADE_FUNCTIONS(sgd);
