/* Adam, AMSGrad and AdamW. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of Adam, AMSGrad and AdamW.
 */
typedef struct glissade_adam {
  size_t struct_size; /* sizeof(glissade_adam) */
  double lr;
  double beta1, beta2;
  double eps;
  double weight_decay;
  double grad_scale;
  int amsgrad;                /* 1: divide by the largest average so far */
  int decoupled_weight_decay; /* 1: AdamW, 0: L2 */
  int maximize, flush_subnormals;
  int threads;
  int64_t step;           /* number of this step, from 1; read to correct the bias, and for stored arrays */
  int no_bias_correction; /* 1: both 1 - beta^step are 1 */
  int torch_sparse;       /* 1: the formula of torch.optim.SparseAdam */
} glissade_adam;

/* torch.optim.Adam. */
#define GLISSADE_ADAM_TORCH                                                                                  \
  GLISSADE_VALUE(glissade_adam) {                                                                            \
    sizeof(glissade_adam), 1e-3, 0.9, 0.999, 1e-8, 0., 1., 0, 0, 0, 0, 0, 0, 0, 0                            \
  }
/* torch.optim.AdamW. */
#define GLISSADE_ADAMW_TORCH                                                                                 \
  GLISSADE_VALUE(glissade_adam) {                                                                            \
    sizeof(glissade_adam), 1e-3, 0.9, 0.999, 1e-8, 1e-2, 1., 0, 1, 0, 0, 0, 0, 0, 0                          \
  }

/* The Adam of LAMB, with GLISSADE_TRUST_LAMB; the values of apex and timm. */
#define GLISSADE_ADAM_LAMB                                                                                   \
  GLISSADE_VALUE(glissade_adam) {                                                                            \
    sizeof(glissade_adam), 1e-3, 0.9, 0.999, 1e-6, 1e-2, 1., 0, 1, 0, 0, 0, 0, 0, 0                          \
  }

/*
 * One step of Adam (D. Kingma, J. Ba, Adam: A Method for Stochastic Optimization, 2015), AMSGrad (S. Reddi,
 * S. Kale, S. Kumar, On the Convergence of Adam and Beyond, 2018) or AdamW (I. Loshchilov, F. Hutter,
 * Decoupled Weight Decay Regularization, 2019), with m of exp_avg, v of exp_avg_sq, x of max_exp_avg_sq:
 *
 *   m = lerp(m, g, f(1 - beta1))
 *   v = fma(f(1 - beta2) * g, g, f(beta2) * v)
 *   x = max(x, v) if amsgrad, else v
 *   p = p + (f(-lr / (1 - beta1^step)) * m) / (sqrt(x) / f(sqrt(1 - beta2^step)) + f(eps))
 *
 * or, if torch_sparse is 1, as torch.optim.SparseAdam has it, where eps is not divided by the root of 1 - beta2^step:
 *
 *   m = m + f(1 - beta1) * (g - m)
 *   v = v + f(1 - beta2) * (g * g - v)
 *   p = p + f(-lr * sqrt(1 - beta2^step) / (1 - beta1^step)) * (m / (sqrt(x) + f(eps)))
 *
 * So GLISSADE_ADAM_TORCH with torch_sparse = 1, in a step on rows, is that optimizer, whose `step` counts all
 * steps, whichever rows they name. With no_bias_correction, beta1^step and beta2^step are 0 in these formulas.
 * max_exp_avg_sq is needed only if amsgrad is 1. Bytes moved per element: 28, and 8 more for max_exp_avg_sq.
 */
GLISSADE_API glissade_status glissade_adam_step(const glissade_adam *options, size_t n, float *param,
                                                const float *grad, float *exp_avg, float *exp_avg_sq,
                                                float *max_exp_avg_sq);

GLISSADE_API glissade_status glissade_adam_reset(const glissade_adam *options, size_t n, float *exp_avg,
                                                 float *exp_avg_sq, float *max_exp_avg_sq);

/* Places in glissade_storage::states. */
enum { GLISSADE_ADAM_EXP_AVG = 0, GLISSADE_ADAM_EXP_AVG_SQ = 1, GLISSADE_ADAM_MAX_EXP_AVG_SQ = 2 };

typedef struct glissade_adam_tensor {
  size_t struct_size; /* sizeof(glissade_adam_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *exp_avg, *exp_avg_sq, *max_exp_avg_sq;
  const glissade_adam *options;
  const glissade_storage *storage;
} glissade_adam_tensor;
GLISSADE_FUNCTIONS(adam);
