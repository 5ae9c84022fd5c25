/*
 * The C API of glissade: one optimizer step on flat float arrays, in one pass over memory.
 *
 * What holds for every function that takes arrays:
 *
 * Arrays. Each is `n` floats (IEEE binary32), one after the other, at any address that is a multiple of 4.
 * `param` is updated in place, `grad` is only read, the others are the optimizer's state and are updated in
 * place. No two of them may overlap. An array that the options do not need may be NULL; if it is given all
 * the same, it is neither read nor written. `n` may be 0, and then every pointer may be NULL.
 *
 * Errors. A function either does all of its work and returns GLISSADE_OK, or returns the status of the first
 * fault that it finds and changes nothing. No function aborts, prints, throws or allocates.
 *
 * Numbers. Options are doubles. What depends on them alone is computed in double and rounded once to float;
 * every element is then computed by the documented formula in binary32, round to nearest even, each operation
 * correctly rounded, with a fused multiply-add exactly where the formula says `fma`. So the result is the
 * same, bit for bit, on every instruction set, with any number of threads, any split of the arrays into
 * several calls and any alignment. Only the payload and the sign of a NaN may differ. Infinities and NaNs in
 * the arrays go through this arithmetic like any number. Subnormals are kept, unless `flush_subnormals` is
 * set.
 *
 * Threads. Every function may be called from several threads at once, as long as no array that one call
 * writes is used by another. Within a call, `threads` = 0 uses as many OpenMP threads as OpenMP would
 * (OMP_NUM_THREADS, omp_set_num_threads, no nested ones unless OpenMP allows them), 1 never touches OpenMP,
 * and k > 1 uses at most k. Small arrays are always computed by the calling thread. A library built without
 * OpenMP takes every value and computes on the calling thread.
 */
#ifndef GLISSADE_GLISSADE_H
#define GLISSADE_GLISSADE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#  define GLISSADE_API __attribute__((visibility("default")))
#else
#  define GLISSADE_API
#endif

#define GLISSADE_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* What a function found. The numbers are part of the binary interface: new ones are added at the end. */
typedef enum glissade_status {
  GLISSADE_OK = 0,
  GLISSADE_NULL_OPTIONS = 1,
  GLISSADE_BAD_STRUCT_SIZE = 2,
  GLISSADE_BAD_N = 3,
  GLISSADE_NULL_PARAM = 4,
  GLISSADE_NULL_GRAD = 5,
  GLISSADE_MISALIGNED_ARRAY = 6,
  GLISSADE_OVERLAPPING_ARRAYS = 7,
  GLISSADE_UNAVAILABLE_ISA = 8,
  GLISSADE_BAD_THREADS = 9,
  GLISSADE_BAD_STEP = 10,
  GLISSADE_BAD_LR = 11,
  GLISSADE_BAD_WEIGHT_DECAY = 12,
  GLISSADE_BAD_GRAD_SCALE = 13,
  GLISSADE_BAD_MAXIMIZE = 14,
  GLISSADE_BAD_FLUSH_SUBNORMALS = 15,
  GLISSADE_BAD_EPS = 16,
  GLISSADE_BAD_ALPHA = 17,
  GLISSADE_BAD_MOMENTUM = 18,
  GLISSADE_BAD_NESTEROV = 19,
  GLISSADE_BAD_CENTERED = 20,
  GLISSADE_BAD_EPS_IN_SQRT = 21,
  GLISSADE_BAD_LR_IN_MOMENTUM = 22,
  GLISSADE_BAD_DECOUPLED_WEIGHT_DECAY = 23,
  GLISSADE_BAD_BIAS_CORRECTION = 24,
  GLISSADE_BAD_INITIAL_SQUARE_AVG = 25,
  GLISSADE_NULL_SQUARE_AVG = 26,
  GLISSADE_NULL_GRAD_AVG = 27,
  GLISSADE_NULL_MOMENTUM_BUFFER = 28
} glissade_status;

/*
 * Says in English what a status means, naming the argument at fault and its range. The text is static and
 * never NULL, also for a number that is no status. Safe to call at any time from any thread.
 */
GLISSADE_API const char *glissade_status_message(glissade_status status);

/* The version of the library that is linked, as GLISSADE_VERSION is that of this header. Static text. */
GLISSADE_API const char *glissade_version(void);

/*
 * The name of the instruction set in use: "avx512" (x86-64-v4), "avx2" (with FMA), "neon" (AArch64) or
 * "scalar".
 *
 * The first call of this function or of any step chooses: what the environment variable GLISSADE_ISA names,
 * else the best that this CPU and operating system run. Where GLISSADE_ISA names one that is unknown or
 * cannot run here, this function returns NULL and every step returns GLISSADE_UNAVAILABLE_ISA until
 * glissade_use_isa succeeds: never another one silently. Static text; safe from any thread.
 */
GLISSADE_API const char *glissade_isa(void);

/*
 * The name of the instruction set number `index` among those that run here, best first; NULL for an index
 * past the last. "scalar" runs everywhere and is always the last. Static text; safe from any thread.
 */
GLISSADE_API const char *glissade_isa_at(size_t index);

/*
 * Uses the named instruction set for every later step of the process, or with NULL the one that the first
 * call would choose. Returns GLISSADE_UNAVAILABLE_ISA, and keeps what was in use, for a name that is unknown
 * or cannot run here (with NULL: what GLISSADE_ISA names). Safe from any thread; a step that is under way
 * ends with the set it began.
 */
GLISSADE_API glissade_status glissade_use_isa(const char *name);

/*
 * Options of RMSprop. Start from one of the presets below, which set every field, and change what differs.
 *
 * The presets are what these frameworks compute with their default arguments. They differ in where eps
 * stands, in whether lr multiplies the momentum buffer when it is used or the gradient as it enters the
 * buffer (the same unless lr changes between steps), in the initial square_avg, and in the kind of weight
 * decay.
 */
typedef struct glissade_rmsprop {
  size_t struct_size;        /* sizeof(glissade_rmsprop) */
  double lr;                 /* learning rate, at least 0 */
  double alpha;              /* decay of the moving averages, in [0, 1); other names: rho, decay, gamma */
  double eps;                /* at least 0 */
  double weight_decay;       /* at least 0; 0 for none */
  double momentum;           /* at least 0; 0 for none */
  double grad_scale;         /* multiplies the gradient before anything else; 1 for none */
  double initial_square_avg; /* what reset writes to square_avg, at least 0 */
  int centered; /* 1: divide by the standard deviation (Graves 2013) instead of the root mean square */
  int nesterov; /* 1: Nesterov momentum; without effect where momentum is 0 */
  int maximize; /* 1: ascend instead of descend */
  int flush_subnormals; /* 1: a state value below 2^-126 in magnitude becomes 0 before it is used */
  int eps_in_sqrt;      /* 1: sqrt(v + eps), 0: sqrt(v) + eps */
  int lr_in_momentum; /* 1: lr multiplies the gradient as it enters the buffer, 0: the buffer as it is used */
  int decoupled_weight_decay; /* 1: param shrinks by lr * weight_decay, 0: weight_decay * param joins the
                                 gradient */
  int bias_correction;        /* 1: the averages are divided by 1 - alpha^step before use */
  int threads;                /* 0: as OpenMP says, 1: this one, k: at most k */
  int64_t step;               /* number of this step, from 1; read only where bias_correction is 1 */
} glissade_rmsprop;

/* torch.optim.RMSprop. */
#define GLISSADE_RMSPROP_TORCH                                                                               \
  { sizeof(glissade_rmsprop), 1e-2, 0.99, 1e-8, 0., 0., 1., 0., 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
/* Hinton's lecture 6e (2012): eps in the root. */
#define GLISSADE_RMSPROP_HINTON                                                                              \
  { sizeof(glissade_rmsprop), 1e-3, 0.9, 1e-8, 0., 0., 1., 0., 0, 0, 0, 0, 1, 0, 0, 0, 0, 0 }
/* tf.compat.v1.train.RMSPropOptimizer, which has no default lr: 1e-3 here. */
#define GLISSADE_RMSPROP_TF1                                                                                 \
  { sizeof(glissade_rmsprop), 1e-3, 0.9, 1e-10, 0., 0., 1., 1., 0, 0, 0, 0, 1, 1, 0, 0, 0, 0 }
/* keras.optimizers.RMSprop of Keras 3. */
#define GLISSADE_RMSPROP_KERAS3                                                                              \
  { sizeof(glissade_rmsprop), 1e-3, 0.9, 1e-7, 0., 0., 1., 0., 0, 0, 0, 0, 1, 1, 1, 0, 0, 0 }
/* optax.rmsprop, which has no default lr: 1e-3 here; set eps_in_sqrt to its flag of that name. */
#define GLISSADE_RMSPROP_OPTAX                                                                               \
  { sizeof(glissade_rmsprop), 1e-3, 0.9, 1e-8, 0., 0., 1., 0., 0, 0, 0, 0, 1, 1, 0, 0, 0, 0 }
/* timm.optim.RMSpropTF. */
#define GLISSADE_RMSPROP_TIMM                                                                                \
  { sizeof(glissade_rmsprop), 1e-2, 0.9, 1e-10, 0., 0., 1., 1., 0, 0, 0, 0, 1, 1, 0, 0, 0, 0 }

/*
 * One step of RMSprop (G. Hinton, Neural Networks for Machine Learning, lecture 6e, 2012; centered: A.
 * Graves, Generating Sequences with Recurrent Neural Networks, 2013, equations 38 to 45).
 *
 * With f(x) a double rounded to float, lerp(a, b, w) = |w| < 0.5 ? fma(w, b - a, a) : fma(w - 1, b - a, b),
 * and for each element p of param, g of grad, v of square_avg, m of grad_avg, b of momentum_buffer:
 *
 *   g = f(grad_scale) * g, with the sign turned if maximize;   w = f(1 - lr * weight_decay) if decoupled,
 * else 1 g = fma(f(weight_decay), p, g)                             if weight_decay is not 0 and not
 * decoupled v = fma(f(1 - alpha) * g, g, f(alpha) * v) i = f(1 / (1 - alpha^step)) if bias_correction, else 1
 *   x = i * v, and if centered:                                m = lerp(m, g, f(1 - alpha))
 *                                                              x = max(0, fma(-(i * m), i * m, i * v))
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
 * negative number; here it is 0.
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

#ifdef __cplusplus
}
#endif

#endif
