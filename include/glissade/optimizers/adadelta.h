/* Adadelta. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of Adadelta.
 */
typedef struct glissade_adadelta {
  size_t struct_size; /* sizeof(glissade_adadelta) */
  double lr;
  double rho; /* decay of both averages, in [0, 1) */
  double eps;
  double weight_decay; /* L2 */
  double grad_scale;
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1; read only for stored arrays */
} glissade_adadelta;

/* torch.optim.Adadelta. */
#define GLISSADE_ADADELTA_TORCH                                                                              \
  GLISSADE_VALUE(glissade_adadelta) { sizeof(glissade_adadelta), 1., 0.9, 1e-6, 0., 1., 0, 0, 0, 0 }

/*
 * One step of Adadelta (M. Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012), with v of square_avg
 * and a of acc_delta:
 *
 *   v = fma(f(1 - rho) * g, g, f(rho) * v)
 *   u = sqrt(a + f(eps)) / sqrt(v + f(eps)) * g
 *   a = fma(f(1 - rho) * u, u, f(rho) * a)
 *   p = fma(f(-lr), u, p)
 *
 * Bytes moved per element: 28.
 */
GLISSADE_API glissade_status glissade_adadelta_step(const glissade_adadelta *options, size_t n, float *param,
                                                    const float *grad, float *square_avg, float *acc_delta);

GLISSADE_API glissade_status glissade_adadelta_reset(const glissade_adadelta *options, size_t n,
                                                     float *square_avg, float *acc_delta);

/* Places in glissade_storage::states. */
enum { GLISSADE_ADADELTA_SQUARE_AVG = 0, GLISSADE_ADADELTA_ACC_DELTA = 1 };

typedef struct glissade_adadelta_tensor {
  size_t struct_size; /* sizeof(glissade_adadelta_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *square_avg, *acc_delta;
  const glissade_adadelta *options;
  const glissade_storage *storage;
} glissade_adadelta_tensor;
GLISSADE_FUNCTIONS(adadelta);
