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
  int torch_sparse; /* 1: the formula that torch.optim.Adagrad has for sparse gradients */
  int reserved;     /* 0 */
} glissade_adagrad;

/* torch.optim.Adagrad. */
#define GLISSADE_ADAGRAD_TORCH                                                                               \
  GLISSADE_VALUE(glissade_adagrad) { sizeof(glissade_adagrad), 1e-2, 0., 0., 0., 1e-10, 1., 0, 0, 0, 0, 0, 0 }

/*
 * One step of AdaGrad (J. Duchi, E. Hazan, Y. Singer, Adaptive Subgradient Methods for Online Learning and
 * Stochastic Optimization, 2011), with s of sum:
 *
 *   s = fma(g, g, s)
 *   p = p + (f(-lr / (1 + (step - 1) * lr_decay)) * g) / (sqrt(s) + f(eps))
 *
 * or, with other roundings, if torch_sparse is 1, for PyTorch's bits in a step on rows:
 *
 *   s = s + g * g
 *   p = fma(f(-lr / (1 + (step - 1) * lr_decay)), g / (sqrt(s) + f(eps)), p)
 *
 * Bytes moved per element: 20.
 *
 * A step on rows can have one sum for each row, `row_wise` (EXACT_ROWWISE_ADAGRAD of FBGEMM, RWSAdagrad of DLRM): then
 * `sum` is n / width floats, which glissade_adagrad_reset with n / width sets before the first step, and with q the sum of
 * g * g over the row, in double and in the order of glissade_grad_norm within a block, however long the row is,
 *
 *   s = f(s + q / width), computed in double
 *   p = fma(f(-lr / (1 + (step - 1) * lr_decay) / (sqrt(s) + eps)), g, p), the factor computed in double
 *
 * torch_sparse is then without effect. Bytes moved per element: 12, and 8 for each row.
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
