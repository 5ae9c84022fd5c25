/*
 * The C API of glissade: one optimizer step on flat float arrays, in one pass over memory.
 *
 * What holds for every function that takes arrays:
 *
 * Arrays. Each is `n` floats (IEEE binary32), one after the other, at any address that is a multiple of 4;
 * where a tensor has a storage, "Stored arrays" below says what differs.
 * `param` is updated in place, `grad` is only read, the others are the optimizer's state and are updated in
 * place. No two of them may overlap. An array that the options do not need may be NULL; if it is given all
 * the same, it is neither read nor written. `n` may be 0, and then every pointer may be NULL.
 *
 * Errors. A function either does all of its work and returns GLISSADE_OK, or returns the status of the first
 * fault that it finds and changes nothing: first of the options, then of the list, tensor by tensor and with
 * its rows, then of the further arguments in their order, then of the instruction set. A status names the
 * argument, but neither which two arrays overlap nor which one is misaligned; glissade_<name>_check tells
 * which tensor is at fault, but knows no rows. No function throws; with `threads` = 1 none aborts, prints or
 * allocates, and otherwise no more than "Threads" says. Every double among the options must be finite as a
 * float, at most FLT_MAX in magnitude; further ranges stand beside the fields. They hold for the double: a
 * beta below 1 may round to 1 as a float, and an eps to 0.
 *
 * Sizes. Every struct but glissade_array begins with its size, so that structs can grow, and programs and
 * libraries of different versions work together. New fields come at the end, and 0 is what was before they
 * existed. A struct that is smaller than this version's, but not than the first version's, has 0 in the
 * fields that it lacks; a larger one is taken if all that this version does not know is 0. Else
 * GLISSADE_BAD_STRUCT_SIZE.
 *
 * Numbers. Options are doubles. What depends on them alone is computed in double and rounded once to float;
 * every element is then computed by the documented formula in binary32, round to nearest even, each operation
 * correctly rounded, with a fused multiply-add exactly where the formula says `fma`. So the result is the
 * same, bit for bit, on every instruction set, with any number of threads, any split of the arrays into
 * several calls and any alignment. Only the payload and the sign of a NaN may differ. Infinities and NaNs in
 * the arrays go through this arithmetic like any number. Subnormals are kept, unless `flush_subnormals` is
 * set. On x86-64 and AArch64 the caller's floating-point mode (rounding, flush to zero, traps) changes no bit
 * and is left as it was; exception flags may be raised.
 *
 * Threads. Every function may be called from several threads at once, as long as no array that one call
 * writes is used by another. Within a call, `threads` = 1 never touches OpenMP, and k > 1 uses at most k of
 * its threads, and no more than the larger of what OpenMP would use and the number of processors at the first
 * such call. 0 means what glissade_use_threads or GLISSADE_THREADS says, else as many threads as OpenMP would
 * use (OMP_NUM_THREADS, omp_set_num_threads, no nested ones unless OpenMP allows them), as long as they are
 * worth it: where its threads waited for one another longer than one would have computed alone, as they do
 * beside other busy processes, the next calls of the thread compute alone, for a time in proportion to what
 * was lost, before they try again. Each of several threads gets 16,384 elements or more, of stored arrays up
 * to 256 less. A library built without OpenMP takes every value and computes on the calling thread.
 *
 * OpenMP allocates memory for its threads, and where it cannot create one it prints and ends the program.
 * So before the threads of a caller become more than ever before, the library creates as many and one
 * more on trial, and where that fails the process has no larger teams from then on. What remains: others
 * may take their place in the meantime, or OpenMP may lack a few KiB for itself. With `threads` = 1
 * nothing of this can happen.
 *
 * Forks. In a child of fork(), GCC's OpenMP runtime waits for ever for threads that only the parent has. So
 * if the parent has ever had more than one thread, the thread that forked computes alone in the child; others
 * that the child starts can have teams. A copy of the library that is loaded only in the child does not know
 * of the fork: set `threads` to 1 there.
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

#define GLISSADE_VERSION_MAJOR 0
#define GLISSADE_VERSION_MINOR 2
#define GLISSADE_VERSION_PATCH 0
#define GLISSADE_DOTTED_(a, b, c) #a "." #b "." #c
#define GLISSADE_DOTTED(a, b, c) GLISSADE_DOTTED_(a, b, c)
/* "0.2.0" */
#define GLISSADE_VERSION                                                                                     \
  GLISSADE_DOTTED(GLISSADE_VERSION_MAJOR, GLISSADE_VERSION_MINOR, GLISSADE_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

/* What a function found: GLISSADE_OK = 0, GLISSADE_NULL_OPTIONS, GLISSADE_BAD_LR and so on; statuses.inc lists
   them all with their meaning. */
typedef enum glissade_status {
#define GLISSADE_STATUS(name, number, message) GLISSADE_##name = number,
#include "statuses.inc"
} glissade_status;

/*
 * Says in English what a status means, naming the argument at fault and its range. The text is static and
 * never NULL, also for a number that is no status. Safe to call at any time from any thread.
 */
GLISSADE_API const char *glissade_status_message(glissade_status status);

/* The version of the library that is linked, as GLISSADE_VERSION is that of this header. Static text. */
GLISSADE_API const char *glissade_version(void);

/*
 * The name of the instruction set in use: "avx512" (x86-64-v4), "avx2" (with FMA),
 * "neon" (AArch64) or "scalar".
 *
 * The first call of this function or of any that computes chooses: what the environment variable GLISSADE_ISA
 * names, else the best that this CPU and operating system run. Where GLISSADE_ISA names one that is unknown
 * or cannot run here, this function returns NULL and every step returns GLISSADE_UNAVAILABLE_ISA until
 * glissade_use_isa succeeds or the variable names another: never another one silently. _reset, _check and
 * _preset need no instruction set and work all the same, but _reset_many does for a tensor that has a
 * storage. Static text; safe from any thread.
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
 * ends with the set it began. Where a process has two copies of the library, as two shared libraries that were
 * both linked with it and do not export it, each has a choice of its own.
 */
GLISSADE_API glissade_status glissade_use_isa(const char *name);

/*
 * Sets what `threads` = 0 means in every later call of the process: 1 the calling thread alone, k at most k
 * threads, 0 as many as OpenMP would use. Returns GLISSADE_BAD_THREADS for a negative number and changes
 * nothing. Safe from any thread.
 *
 * Until it is called, the environment variable GLISSADE_THREADS says so; the first call that wants to know
 * reads it. A value that is no whole number from 0 to INT_MAX counts as 0.
 */
GLISSADE_API glissade_status glissade_use_threads(int threads);

/* What `threads` = 0 means now, as glissade_use_threads takes it. Safe from any thread. */
GLISSADE_API int glissade_threads(void);

/* A preset is a value: for an initializer, an assignment, and in C++ for `auto`. */
#ifdef __cplusplus
#  define GLISSADE_VALUE(type) type
#else
#  define GLISSADE_VALUE(type) (type)
#endif

/*
 * What the optimizers have in common, each of which has its options and functions in optimizers/<name>.h.
 * `grad_scale` and `maximize` make
 *
 *   g = f(grad_scale) * g, with the sign turned if maximize
 *
 * and weight decay is either L2, g = fma(f(weight_decay), p, g) if weight_decay is not 0, or decoupled,
 * p = f(1 - lr * weight_decay) * p before everything else. Only RMSprop repeats these lines; in the formulas of
 * the others g and p are what they leave. The fields lr, weight_decay, grad_scale, maximize, flush_subnormals, threads and step
 * of the options mean the same everywhere; so do, unless said otherwise, eps (at least 0) and beta1 and beta2
 * (in [0, 1)). A beta that was a float in between is another number: 1 - 0.999f differs from 1 - 0.999 in the
 * fifth digit. Each _reset writes 0 to every state array that the options need, unless said otherwise. Powers
 * like beta1^step are computed from the number of the step, to within an ulp of a double, never as a running
 * product: a resumed run is the same run.
 */

/*
 * Stored arrays: 16 or 8 bits for an element, decoded for the step and encoded after it in the same pass over
 * memory.
 *
 * Bits(x) is the pattern of 32 bits of the float x, float(b) the float of a pattern. An array is stored in blocks
 * of 256 elements from its start; the last may be shorter. The types:
 *
 *   GLISSADE_BF16             the upper half of Bits(x), rounded to the nearest, in the middle to even
 *   GLISSADE_FP16             IEEE 754's binary16, rounded to the nearest, in the middle to even
 *   GLISSADE_SPLIT            data:  hi = (Bits(x) + 0x8000) >> 16, a bf16 rounded to the nearest, in the middle to
 *                                    the larger in magnitude
 *                             extra: lo = the lower half of Bits(x), as a signed 16-bit integer
 *                             decoded exactly: float((hi << 16) + lo)
 *   GLISSADE_BF16_STOCHASTIC  (Bits(x) + (r & 0xFFFF)) >> 16 of a finite x
 *   GLISSADE_Q8_SIGNED        a byte for each element: the sign of x and a code of 7 bits; 16 binades in each block
 *   GLISSADE_Q8_UNSIGNED      a byte for each element: a code of 8 bits of |x|; 32 binades in each block
 *
 * Q8 keeps 3 bits of mantissa. `extra` is the scale s, a byte for each block:
 *
 *   T = the largest Bits(|x|) of the finite elements of the block, b = its binades
 *   s = min(max(((T + 0x1FFFFF) >> 23) - (b - 1), 0), 255 - b)
 *   signed:    code = min(max(((Bits(|x|) + (r & 0xFFFFF)) >> 20) - 8 * s, 0), 126), of a NaN or infinity 127;
 *              the sign is bit 7
 *   unsigned:  code = min(max(((Bits(|x|) + (r >> 12)) >> 20) - 8 * s, x != 0), 254), of a NaN or infinity 255
 *   decoded:   float((code << 20) + (s << 23)) with the sign; of the code 0, 0; of the largest, a NaN
 *
 * So within the binades of the block the codes lie at most 12.5 % apart; what was decoded is encoded to the same
 * value; and no unsigned x but 0 becomes 0. Of what is smaller than the binades reach a signed x becomes 0 or the
 * smallest code, an unsigned one the smallest code; what is above 1.75 * 2^127 becomes that. A byte of `extra` above
 * 255 - b is no scale.
 *
 * The r of the stochastic types and of Q8 are random bits, so that the mean of what is decoded is x, for a Q8 x
 * within the binades, and changes smaller than the distance of two codes are kept on average; where all averages
 * were rounded to the nearest, they would stand still. They depend on nothing but the seed, the number of the step
 * and the place of the element:
 *
 *   K = mix(mix(seed ^ mix(step)) ^ (offset / 256 + the number of the block))
 *   r = the lower half of K + j * (2 * a + 1) * 0x9E3779B9, modulo 2^32, for element j of the block
 *   a = 0 for param, 1, 2 and so on for the states in their order
 *   mix(x) is the generator of SplitMix64: x = x + 0x9E3779B97F4A7C15, x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9,
 *   x = (x ^ x >> 27) * 0x94D049BB133111EB, x ^ x >> 31, modulo 2^64
 *
 * Infinities stay infinite in all 16-bit types, and zeros and subnormals are what the formulas make of them; the
 * nearest bf16 or fp16 of what is too large is infinite, the stochastic bf16 above the largest bf16 may be. A NaN
 * becomes 0x7FC0 in bf16, 0x7E00 in fp16, and in split the pattern 0x7FC00000 before it is split. All else has
 * the same bits on every instruction set; but the sign of a NaN, which arithmetic leaves open, is that of its Q8
 * code.
 */
typedef enum glissade_type {
  GLISSADE_FLOAT32 = 0,
#define GLISSADE_STORAGE(name, codec, number, ...) GLISSADE_##name = number,
#include "storages.inc"
} glissade_type;

/*
 * An array and how its elements are stored: `data` is the elements, at a multiple of their size (4 bytes of
 * float32, 2 of bf16, fp16 and split, 1 of Q8), `extra` what stands beside them (split: the remainders, 2 bytes
 * for each element; Q8: the scales, a byte for each block; else unused).
 */
typedef struct glissade_array {
  int type; /* a glissade_type */
  void *data, *extra;
} glissade_array;

/*
 * Says how many bytes the data and the extra of an array of n elements have: *data and *extra, either of which
 * may be NULL. GLISSADE_BAD_TYPE for a type that is none, GLISSADE_BAD_N if they cannot lie in memory.
 */
GLISSADE_API glissade_status glissade_state_bytes(int type, size_t n, size_t *data, size_t *extra);

/*
 * Writes n floats to an array, in the formulas above with a = 0, and with `step` as any number, for example
 * 0. `offset` is where the array begins in the whole that `seed` is of, a multiple of 256. `threads` as in
 * the options of a step. Returns GLISSADE_NULL_ARRAY if `to` is NULL or, unless n is 0, from or to->data is,
 * GLISSADE_NULL_REMAINDER, GLISSADE_NULL_SCALES, GLISSADE_BAD_TYPE, GLISSADE_BAD_N,
 * GLISSADE_MISALIGNED_ARRAY, GLISSADE_OVERLAPPING_ARRAYS, GLISSADE_BAD_OFFSET, GLISSADE_BAD_THREADS or
 * GLISSADE_UNAVAILABLE_ISA.
 */
GLISSADE_API glissade_status glissade_encode(size_t n, const float *from, const glissade_array *to,
                                             uint64_t seed, int64_t step, uint64_t offset, int threads);

/* Writes the elements of an array to n floats. Errors as of glissade_encode with from and to in turn, but for
   GLISSADE_BAD_OFFSET. */
GLISSADE_API glissade_status glissade_decode(size_t n, const glissade_array *from, float *to, int threads);

/*
 * How the arrays of a tensor are stored. An array whose type is not GLISSADE_FLOAT32 stands for the tensor's own of
 * float, which may then be NULL and is not used; where the type is GLISSADE_FLOAT32, the tensor's own is used and
 * `data` is not. So a step on stored arrays is decoding, the step in float32, and encoding, with these bits; in one
 * pass over memory.
 *
 *   param   GLISSADE_SPLIT, GLISSADE_BF16_STOCHASTIC
 *   grad    GLISSADE_BF16, GLISSADE_FP16
 *   states  GLISSADE_BF16_STOCHASTIC; GLISSADE_Q8_UNSIGNED for those that are never negative (square_avg, sum,
 *           acc_delta, exp_avg_sq, exp_avg_var, max_exp_avg_sq, exp_inf, step_size), GLISSADE_Q8_SIGNED for all others
 *   copy    GLISSADE_BF16, GLISSADE_FP16: the new param in float32, before it is stored itself, rounded and
 *           written out beside it; GLISSADE_FLOAT32: none
 *
 * Where a type is stochastic or Q8, every optimizer reads `step`, from 1, and it must count: equal steps round with
 * equal bits, and small changes are lost. A part of a tensor, in a call of its own or a share of one, begins at a
 * multiple of 256 elements, given as `offset`.
 *
 * Faults beside those of the list: GLISSADE_BAD_PARAM_TYPE, GLISSADE_BAD_GRAD_TYPE, GLISSADE_BAD_STATE_TYPE
 * or GLISSADE_BAD_COPY_TYPE for a type that the array cannot have, the status of the array where data is
 * NULL, GLISSADE_NULL_COPY, GLISSADE_NULL_REMAINDER, GLISSADE_NULL_SCALES, GLISSADE_BAD_OFFSET, and
 * GLISSADE_BAD_STEP if step is less than 1 where random bits are needed.
 */
typedef struct glissade_storage {
  size_t struct_size; /* sizeof(glissade_storage) */
  glissade_array param, grad;
  glissade_array states[4]; /* at the places below; those that there are not have the type GLISSADE_FLOAT32 */
  glissade_array copy;
  uint64_t seed;   /* of the random bits: one for each tensor, the same in all steps */
  uint64_t offset; /* where the tensor begins in the whole that seed is of; a multiple of 256 */
} glissade_storage;

/* The rows of a table that a step updates; glissade_<name>_step_rows below says how. */
typedef struct glissade_rows {
  size_t struct_size;     /* sizeof(glissade_rows) */
  size_t width;           /* elements of a row, at least 1; n of the table is a multiple */
  size_t count;           /* how many rows are named */
  const int64_t *indices; /* their numbers in the table, from 0, strictly increasing, at a multiple of 8 */
  int row_wise;           /* 1: AdaGrad with one sum for each row; see optimizers/adagrad.h */
  int reserved;           /* 0 */
} glissade_rows;

/*
 * Adds up the gradient rows that have the same index, since a step takes each row once: `rows` are indices of at least
 * 0 in any order, and `grad` their rows of width floats. *unique becomes the different indices in increasing order, as a
 * step takes them, and *sums their rows, one after the other. Each is the first row of its index, and the others
 * are added to it in the order in which they occur, each sum rounded to float: so it does not depend on the number of
 * threads. (PyTorch's coalesce() sorts with whatever order its CPU leaves among equal indices; where none occurs more
 * than twice, these are its bits.)
 *
 * Both results lie in the workspace, at any address, and hold as long as it does; where the indices are already strictly
 * increasing, they are those of the caller, and the workspace is not used. Its size is what glissade_coalesce_bytes(width,
 * count, bytes) writes to *bytes: about 4 * width + 32 for each row, and 0 for none. unique->struct_size is set by the
 * caller; `unique` may be `rows`. Nothing is allocated. `threads` as in the options of a step.
 *
 * Returns GLISSADE_NULL_ROWS, GLISSADE_BAD_STRUCT_SIZE, GLISSADE_NULL_RESULT if bytes, unique or sums is NULL,
 * GLISSADE_BAD_THREADS, GLISSADE_BAD_WIDTH, GLISSADE_BAD_N, and, unless count is 0, GLISSADE_NULL_INDICES,
 * GLISSADE_MISALIGNED_ARRAY, GLISSADE_NULL_GRAD, GLISSADE_NULL_WORKSPACE, GLISSADE_SMALL_WORKSPACE,
 * GLISSADE_OVERLAPPING_ARRAYS if the workspace overlaps what is read, or GLISSADE_BAD_INDEX, and then has written nothing.
 */
GLISSADE_API glissade_status glissade_coalesce(const glissade_rows *rows, const float *grad, int threads,
                                               void *workspace, size_t bytes, glissade_rows *unique,
                                               const float **sums);
GLISSADE_API glissade_status glissade_coalesce_bytes(size_t width, size_t count, size_t *bytes);

/*
 * How the trust ratio of a tensor follows from the norms of its parameters p and of its update u: 1 unless both are
 * finite and more than 0, else coefficient * |p| / (|u| + eps), at most max_ratio. Of LAMB, u is what the step with
 * lr = 1 subtracts from param, and the ratio multiplies lr. Of LARS, |u| is |grad_scale| * |grad| + weight_decay * |p|,
 * and the ratio multiplies grad_scale and weight_decay.
 */
typedef struct glissade_trust {
  size_t struct_size; /* sizeof(glissade_trust) */
  double coefficient; /* at least 0 */
  double eps;         /* at least 0 */
  double max_ratio;   /* at least 0; 0 for no bound */
  int of_gradient;    /* what u is, and what the ratio multiplies: 0 as in LAMB, 1 as in LARS */
  int reserved;       /* 0 */
} glissade_trust;

/* LAMB (Y. You et al., Large Batch Optimization for Deep Learning, 2020): with GLISSADE_ADAM_LAMB. */
#define GLISSADE_TRUST_LAMB                                                                                  \
  GLISSADE_VALUE(glissade_trust) { sizeof(glissade_trust), 1., 0., 0., 0, 0 }
/* LARS (Y. You, I. Gitman, B. Ginsburg, Large Batch Training of Convolutional Networks, 2017): for SGD. */
#define GLISSADE_TRUST_LARS                                                                                  \
  GLISSADE_VALUE(glissade_trust) { sizeof(glissade_trust), 1e-3, 1e-8, 0., 1, 0 }

/*
 * A whole model in one call, and what else there is for every optimizer. GLISSADE_FUNCTIONS(name), below each
 * tensor struct in optimizers/, declares:
 *
 * glissade_<name>_step_many(options, count, tensors) takes the step on every tensor of a list, with the bits
 * of `count` calls of _step, but at the cost of one: there is one parallel region for all, in which the
 * threads share the floats evenly (in whole cache lines, stored ones in blocks), so that a huge tensor is
 * split and small ones are packed together; a list that is small as a whole is computed by the calling
 * thread. The memory of the list itself is only read.
 *
 * A tensor is its number of elements, the arrays of _step, its own options (NULL for those of the call), and
 * its storage (NULL if all its arrays are floats). So parameter groups (no decay on biases, another lr for
 * some layers) are one list in which the tensors of a group point to the same options. A `step` of 0 among a
 * tensor's own options means that of the call, so that one counter serves all groups; another number is the
 * tensor's own. Its own `threads` is checked but not used. All other options are its own, lr too: where lr
 * changes between steps, a group's options are made anew before each step, from a copy of the call's. What is
 * computed from the options is computed anew for each tensor whose options are at another address than those
 * of the tensor before it. The options of the call are needed and checked even if no tensor uses them, and
 * with `count` 0.
 *
 * Every array and the options of every tensor are checked as in _step before anything is changed. Two tensors
 * may use the same gradient. Any other overlap between tensors is undefined behaviour, of which only that
 * between neighbours in the list is found. GLISSADE_NULL_TENSORS if `tensors` is NULL and `count` is not 0;
 * GLISSADE_BAD_N also if all tensors together or the list itself cannot lie in memory;
 * GLISSADE_BAD_STRUCT_SIZE also if two tensors begin with different sizes.
 *
 * glissade_<name>_step_many_clipped(options, count, tensors, max_norm, norm) first reads all gradients once
 * for their norm. Where one is not finite it returns GLISSADE_NOT_FINITE and has changed no array: skip the
 * step, and lower the loss scale. Else it takes the step with the gradients multiplied by min(1, max_norm /
 * (N + 1e-6)), as torch.nn.utils.clip_grad_norm_ does, where N is their norm times |grad_scale|; the product
 * of the two factors is rounded once. That costs no further pass over memory. The options of the call and of
 * all tensors must have the same grad_scale; else GLISSADE_UNEQUAL_GRAD_SCALE. max_norm is at least 0
 * (INFINITY: do not clip, only test); else GLISSADE_BAD_MAX_NORM. *norm, unless norm is NULL, becomes N
 * whenever the gradients were read.
 *
 * glissade_<name>_step_many_trust(options, count, tensors, trust, ratios) takes the step on one tensor after the
 * other, with the lr, or the grad_scale and weight_decay, of each multiplied by its trust ratio. The norms are in
 * double and added in the order of glissade_grad_norm, so the ratios have the same bits everywhere; the products,
 * in double and at most FLT_MAX in magnitude, take the place of the options. For the norms LAMB reads all arrays,
 * with a step on copies of their elements, and LARS param and grad; the step reads them again. A part of a tensor,
 * in a call of its own, has another ratio than the whole. Threads share a tensor, so small ones are computed by
 * the calling thread. What the papers leave out, such as biases, takes _step_many. ratios, unless it is NULL, is
 * `count` doubles that the ratios are written to. GLISSADE_NULL_TRUST, GLISSADE_BAD_STRUCT_SIZE,
 * GLISSADE_BAD_COEFFICIENT, GLISSADE_BAD_EPS, GLISSADE_BAD_MAX_RATIO, GLISSADE_BAD_OF_GRADIENT.
 *
 * glissade_<name>_step_share(options, count, tensors, share, shares) takes one of `shares` equal parts of the
 * step, for callers with threads of their own: after one call for each share from 0 to shares - 1, in any order
 * or at once, the step is done, with the bits of _step_many. It computes on the calling thread, whatever
 * `threads` is, and checks the whole list each time. GLISSADE_BAD_SHARE if share is not less than shares.
 *
 * glissade_<name>_step_rows(options, count, tables, rows) takes the step on a few rows of each table, as the
 * gradient of an embedding names them. Table i is tables[i], as in a list above, of n / width rows one after the
 * other; rows[i] names those to update. Only `grad` differs: it is count * width floats, the gradient rows in the
 * order of the indices. No other row of param and of the states is read or written, so their averages stand still
 * and do not decay, and `step` is that of the whole: the named rows get the bits that a step on them alone gives.
 * The threads share the named rows evenly. The indices may not overlap an array that is written. Faults
 * beside those of the list: GLISSADE_NULL_ROWS if `rows` is NULL and `count` is not 0, GLISSADE_BAD_STRUCT_SIZE also
 * if two of `rows` begin with different sizes, GLISSADE_STORED_ROWS if a table has a storage, GLISSADE_BAD_ROW_WISE,
 * GLISSADE_BAD_WIDTH, GLISSADE_BAD_COUNT, GLISSADE_NULL_INDICES, and of the indices the first fault:
 * GLISSADE_BAD_INDEX if one is not that of a row, GLISSADE_UNSORTED_INDICES if it is not larger than the one before.
 *
 * glissade_<name>_check(options, count, tensors, index) returns what _step_many would, but for the instruction
 * set, and changes nothing. *index, unless index is NULL, becomes the number of the tensor at fault, or `count`
 * where there is none.
 *
 * glissade_<name>_reset_many(options, count, tensors) does what _reset does, for stored states too, encoded as in
 * step 0; param, grad and copy are neither needed nor touched.
 *
 * glissade_<name>_preset(options, struct_size, preset) sets options, of struct_size = sizeof(glissade_<name>)
 * bytes, to a preset of its header by the name that presets.inc has for it, such as "torch", for languages that see
 * no macros. GLISSADE_UNKNOWN_PRESET for another name or NULL, GLISSADE_NULL_OPTIONS, GLISSADE_BAD_STRUCT_SIZE.
 */
#define GLISSADE_FUNCTIONS(name)                                                                             \
  GLISSADE_API glissade_status glissade_##name##_step_many(const glissade_##name *options, size_t count,     \
                                                           const glissade_##name##_tensor *tensors);         \
  GLISSADE_API glissade_status glissade_##name##_step_many_clipped(                                          \
      const glissade_##name *options, size_t count, const glissade_##name##_tensor *tensors,                 \
      double max_norm, double *norm);                                                                        \
  GLISSADE_API glissade_status glissade_##name##_step_many_trust(                                            \
      const glissade_##name *options, size_t count, const glissade_##name##_tensor *tensors,                 \
      const glissade_trust *trust, double *ratios);                                                          \
  GLISSADE_API glissade_status glissade_##name##_step_share(const glissade_##name *options, size_t count,    \
                                                            const glissade_##name##_tensor *tensors,         \
                                                            size_t share, size_t shares);                    \
  GLISSADE_API glissade_status glissade_##name##_step_rows(const glissade_##name *options, size_t count,     \
                                                           const glissade_##name##_tensor *tables,           \
                                                           const glissade_rows *rows);                       \
  GLISSADE_API glissade_status glissade_##name##_check(                                                      \
      const glissade_##name *options, size_t count, const glissade_##name##_tensor *tensors, size_t *index); \
  GLISSADE_API glissade_status glissade_##name##_reset_many(const glissade_##name *options, size_t count,    \
                                                            const glissade_##name##_tensor *tensors);        \
  GLISSADE_API glissade_status glissade_##name##_preset(glissade_##name *options, size_t struct_size,        \
                                                        const char *preset)

#include "optimizers/adabelief.h"
#include "optimizers/adadelta.h"
#include "optimizers/adagrad.h"
#include "optimizers/adam.h"
#include "optimizers/adamax.h"
#include "optimizers/adan.h"
#include "optimizers/ademamix.h"
#include "optimizers/adopt.h"
#include "optimizers/asgd.h"
#include "optimizers/lion.h"
#include "optimizers/nadam.h"
#include "optimizers/radam.h"
#include "optimizers/rmsprop.h"
#include "optimizers/rprop.h"
#include "optimizers/schedule_free.h"
#include "optimizers/sgd.h"
#include "optimizers/yogi.h"

/* An array of gradients. */
typedef struct glissade_grad {
  size_t struct_size; /* sizeof(glissade_grad) */
  size_t n;
  const float *grad;
  glissade_array stored; /* bf16 or fp16: stands for grad, as in glissade_storage */
} glissade_grad;

/* What glissade_grad_norm finds. */
typedef struct glissade_norm {
  size_t struct_size; /* sizeof(glissade_norm), set by the caller */
  double norm; /* the Euclidean norm of all elements; if one is not finite, NaN or infinity as in their sum */
  double max_abs;        /* the largest magnitude; if an element is not finite, the same as norm */
  double sum_of_squares; /* of which norm is the root; over the parts of a model it adds up */
  int finite;            /* 1 if every element is finite, else 0 */
} glissade_norm;

/*
 * The norm of the gradients in `count` arrays together, in one pass that only reads.
 *
 * The squares are exact and are added in double: in blocks of 16,384 elements from the start of each
 * array, within a block in 32 sums side by side that are then added in pairs, the second half to the
 * first; consecutive blocks in at most 1,024 sums, the first ones of one block more if need be; and those
 * in order. None of that depends on the instruction set, the alignment or the number of threads, so
 * neither does a bit of the result. Nothing overflows, and the relative error of the norm is below 1e-12
 * for fewer than 1e11 elements.
 *
 * `threads` as in the options of a step. Returns GLISSADE_NULL_RESULT, GLISSADE_BAD_STRUCT_SIZE,
 * GLISSADE_BAD_THREADS, GLISSADE_NULL_TENSORS if grads is NULL and count is not 0, GLISSADE_NULL_GRAD,
 * GLISSADE_BAD_GRAD_TYPE, GLISSADE_MISALIGNED_ARRAY, GLISSADE_BAD_N or GLISSADE_UNAVAILABLE_ISA, and then
 * leaves *result as it was. The norm of nothing is 0. This, a clipped step and a step on stored arrays take
 * up to 22 KiB of stack, one by trust ratios up to 28, every other function less than 4.
 */
GLISSADE_API glissade_status glissade_grad_norm(size_t count, const glissade_grad *grads, int threads,
                                                glissade_norm *result);

#ifdef __cplusplus
}
#endif

#endif
