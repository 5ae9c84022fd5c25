/* RMSprop. Included by glissade.h, which says what the optimizers have in common. */

/*
 * Options of RMSprop. Start from one of the presets below, which set every field, and change what differs.
 *
 * The presets are what these frameworks compute with their default arguments. They differ in where eps
 * stands, in whether lr multiplies the momentum buffer when it is used or the gradient as it enters the
 * buffer (the same unless lr changes between steps), in the initial square_avg and the kind of weight decay.
 */
typedef struct glissade_rmsprop {
  size_t struct_size;  /* sizeof(glissade_rmsprop) */
  double lr;           /* learning rate, at least 0 */
  double alpha;        /* decay of the moving averages, in [0, 1); other names: rho, decay, gamma */
  double eps;          /* at least 0 */
  double weight_decay; /* at least 0; 0 for none */
  double momentum;     /* at least 0; 0 for none */
  double grad_scale;   /* multiplies the gradient before anything else, not 0 as a float, of either sign */
  double initial_square_avg; /* what reset writes to square_avg, at least 0 */
  int centered; /* 1: divide by the standard deviation (Graves 2013) instead of the root mean square */
  int nesterov; /* 1: Nesterov momentum; without effect where momentum is 0 */
  int maximize; /* 1: ascend instead of descend */
  int flush_subnormals; /* 1: each new state value below 2^-126 in magnitude becomes +0 before its use */
  int eps_in_sqrt;      /* 1: sqrt(v + eps), 0: sqrt(v) + eps */
  int lr_in_momentum; /* 1: lr multiplies the gradient as it enters the buffer, 0: the buffer as it is used */
  int decoupled_weight_decay; /* 1: param shrinks by lr * weight_decay, 0: weight_decay * param joins the
                                 gradient */
  int bias_correction;        /* 1: the averages are divided by 1 - alpha^step before use */
  int threads;                /* 0: as OpenMP says, 1: this one, k: at most k */
  int64_t step; /* number of this step, from 1; read only where bias_correction is 1, and for stored arrays */
} glissade_rmsprop;

/* torch.optim.RMSprop. */
#define GLISSADE_RMSPROP_TORCH                                                                               \
  GLISSADE_VALUE(glissade_rmsprop) {                                                                         \
    sizeof(glissade_rmsprop), 1e-2, 0.99, 1e-8, 0., 0., 1., 0., 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                 \
  }
/* Hinton's lecture 6e (2012): eps in the root. */
#define GLISSADE_RMSPROP_HINTON                                                                              \
  GLISSADE_VALUE(glissade_rmsprop) {                                                                         \
    sizeof(glissade_rmsprop), 1e-3, 0.9, 1e-8, 0., 0., 1., 0., 0, 0, 0, 0, 1, 0, 0, 0, 0, 0                  \
  }
/* tf.compat.v1.train.RMSPropOptimizer, which has no default lr: 1e-3 here. */
#define GLISSADE_RMSPROP_TF1                                                                                 \
  GLISSADE_VALUE(glissade_rmsprop) {                                                                         \
    sizeof(glissade_rmsprop), 1e-3, 0.9, 1e-10, 0., 0., 1., 1., 0, 0, 0, 0, 1, 1, 0, 0, 0, 0                 \
  }
/* keras.optimizers.RMSprop of Keras 3. */
#define GLISSADE_RMSPROP_KERAS3                                                                              \
  GLISSADE_VALUE(glissade_rmsprop) {                                                                         \
    sizeof(glissade_rmsprop), 1e-3, 0.9, 1e-7, 0., 0., 1., 0., 0, 0, 0, 0, 1, 1, 1, 0, 0, 0                  \
  }
/* optax.rmsprop, which has no default lr: 1e-3 here; set eps_in_sqrt to its flag of that name. */
#define GLISSADE_RMSPROP_OPTAX                                                                               \
  GLISSADE_VALUE(glissade_rmsprop) {                                                                         \
    sizeof(glissade_rmsprop), 1e-3, 0.9, 1e-8, 0., 0., 1., 0., 0, 0, 0, 0, 1, 1, 0, 0, 0, 0                  \
  }
/* timm.optim.RMSpropTF. */
#define GLISSADE_RMSPROP_TIMM                                                                                \
  GLISSADE_VALUE(glissade_rmsprop) {                                                                         \
    sizeof(glissade_rmsprop), 1e-2, 0.9, 1e-10, 0., 0., 1., 1., 0, 0, 0, 0, 1, 1, 0, 0, 0, 0                 \
  }

/*
 * One step of RMSprop (G. Hinton, Neural Networks for Machine Learning, lecture 6e, 2012; centered: A.
 * Graves, Generating Sequences with Recurrent Neural Networks, 2013, equations 38 to 45).
 *
 * With f(x) a double rounded to float, lerp(a, b, w) = |w| < 0.5 ? fma(w, b - a, a) : fma(w - 1, b - a, b),
 * and for each element p of param, g of grad, v of square_avg, m of grad_avg, b of momentum_buffer:
 *
 *   g = f(grad_scale) * g, with the sign turned if maximize
 *   w = f(1 - lr * weight_decay) if decoupled, else 1
 *   g = fma(f(weight_decay), p, g) if weight_decay is not 0 and not decoupled
 *   v = fma(f(1 - alpha) * g, g, f(alpha) * v)
 *   i = f(1 / (1 - alpha^step)) if bias_correction, else 1
 *   x = i * v
 *   centered:        m = lerp(m, g, f(1 - alpha)),             x = max(0, fma(-(i * m), i * m, i * v))
 *   d = sqrt(x) + f(eps), or sqrt(x + f(eps)) if eps_in_sqrt
 *   momentum 0:      p = p * w + (f(-lr) * g) / d
 *   else:            b = f(momentum) * b + g / d,              p = fma(f(-lr), b, p * w)
 *   lr_in_momentum:  b = f(momentum) * b + (f(lr) * g) / d,    p = p * w - b
 *   nesterov:        fma(f(momentum), b, the quotient) stands for b in the update of p
 *
 * square_avg is always needed, grad_avg only if centered is 1, momentum_buffer only if momentum is not 0.
 * Bytes moved per element: 20, and 8 more for each of those two.
 *
 * On the clamp: where rounding makes the centered variance negative, other libraries take the root of a
 * negative number; here it is 0. An eps of -0 counts as 0. Here and below max(a, b) is b where they compare
 * equal, as 0 and -0 do, and NaN where either is.
 */
GLISSADE_API glissade_status glissade_rmsprop_step(const glissade_rmsprop *options, size_t n, float *param,
                                                   const float *grad, float *square_avg, float *grad_avg,
                                                   float *momentum_buffer);

/*
 * Writes the state before the first step: initial_square_avg to square_avg, 0 to grad_avg and momentum_buffer
 * where the options need them. The arrays are split among the same threads as in the step, so that on a
 * machine with several memory nodes fresh pages lie near the thread that will use them.
 */
GLISSADE_API glissade_status glissade_rmsprop_reset(const glissade_rmsprop *options, size_t n,
                                                    float *square_avg, float *grad_avg,
                                                    float *momentum_buffer);

/* Places in glissade_storage::states. */
enum { GLISSADE_RMSPROP_SQUARE_AVG = 0, GLISSADE_RMSPROP_GRAD_AVG = 1, GLISSADE_RMSPROP_MOMENTUM_BUFFER = 2 };

typedef struct glissade_rmsprop_tensor {
  size_t struct_size; /* sizeof(glissade_rmsprop_tensor) */
  size_t n;
  float *param;
  const float *grad;
  float *square_avg, *grad_avg, *momentum_buffer;
  const glissade_rmsprop *options;
  const glissade_storage *storage;
} glissade_rmsprop_tensor;
GLISSADE_FUNCTIONS(rmsprop);
