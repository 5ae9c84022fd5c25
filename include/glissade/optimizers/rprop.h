/* Rprop. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of Rprop.
 */
typedef struct glissade_rprop {
  size_t struct_size;   /* sizeof(glissade_rprop) */
  double lr;            /* what reset writes to step_size; the step does not read it */
  double etaminus;      /* in [0, 1): shortens a step after the gradient has changed its sign */
  double etaplus;       /* at least 0, mostly above 1: lengthens it where the sign stays */
  double step_size_min; /* at least 0 */
  double step_size_max; /* at least 0 */
  double weight_decay;  /* L2 */
  double grad_scale;
  int maximize, flush_subnormals;
  int threads;
  int64_t step; /* number of this step, from 1; read only for stored arrays */
} glissade_rprop;

/* torch.optim.Rprop. */
#define GLISSADE_RPROP_TORCH                                                                                 \
  GLISSADE_VALUE(glissade_rprop) { sizeof(glissade_rprop), 1e-2, 0.5, 1.2, 1e-6, 50., 0., 1., 0, 0, 0, 0 }

/*
 * One step of Rprop (M. Riedmiller, H. Braun, A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP
 * Algorithm, 1993), with h of prev and s of step_size:
 *
 *   e = f(etaminus) if g * h < 0, f(etaplus) if g * h > 0, 1 if it is 0, NaN if it is NaN
 *   s = min(max(e * s, f(step_size_min)), f(step_size_max))
 *   h = 0 if g * h < 0, else g
 *   p = fma(-sign(h), s, p)                                    sign(+-0) = +0, of a NaN: NaN
 *
 * It takes the sign of the gradient alone, so all data must be in each gradient: of mini-batches see docs/rmsprop.md.
 * prev is the gradient of the step before. Bytes moved per element: 28.
 */
GLISSADE_API glissade_status glissade_rprop_step(const glissade_rprop *options, size_t n, float *param,
                                                 const float *grad, float *prev, float *step_size);

/* Writes 0 to prev and lr to step_size. */
GLISSADE_API glissade_status glissade_rprop_reset(const glissade_rprop *options, size_t n, float *prev,
                                                  float *step_size);

/* Places in glissade_storage::states. */
enum { GLISSADE_RPROP_PREV = 0, GLISSADE_RPROP_STEP_SIZE = 1 };

typedef struct glissade_rprop_tensor {
  size_t struct_size; /* sizeof(glissade_rprop_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *prev, *step_size;
  const glissade_rprop *options;
  const glissade_storage *storage;
} glissade_rprop_tensor;
GLISSADE_FUNCTIONS(rprop);
