// What each status means, in words.
#include "glissade/glissade.h"

const char *glissade_status_message(glissade_status status) {
  switch (status) {
  case GLISSADE_OK:
    return "success";
  case GLISSADE_NULL_OPTIONS:
    return "options is NULL";
  case GLISSADE_BAD_STRUCT_SIZE:
    return "struct_size is not the size of the options struct; start from a preset";
  case GLISSADE_BAD_N:
    return "n is so large that the arrays cannot lie in memory";
  case GLISSADE_NULL_PARAM:
    return "param is NULL";
  case GLISSADE_NULL_GRAD:
    return "grad is NULL";
  case GLISSADE_MISALIGNED_ARRAY:
    return "the address of an array is not a multiple of 4";
  case GLISSADE_OVERLAPPING_ARRAYS:
    return "two of the arrays param, grad and the state overlap";
  case GLISSADE_UNAVAILABLE_ISA:
    return "the instruction set named by GLISSADE_ISA or given to glissade_use_isa is unknown or cannot run "
           "here";
  case GLISSADE_BAD_THREADS:
    return "threads must be at least 0";
  case GLISSADE_BAD_STEP:
    return "step must be at least 1 where the options need the number of the step";
  case GLISSADE_BAD_LR:
    return "lr must be finite and at least 0";
  case GLISSADE_BAD_WEIGHT_DECAY:
    return "weight_decay must be finite and at least 0";
  case GLISSADE_BAD_GRAD_SCALE:
    return "grad_scale must be finite";
  case GLISSADE_BAD_MAXIMIZE:
    return "maximize must be 0 or 1";
  case GLISSADE_BAD_FLUSH_SUBNORMALS:
    return "flush_subnormals must be 0 or 1";
  case GLISSADE_BAD_EPS:
    return "eps must be finite and at least 0";
  case GLISSADE_BAD_ALPHA:
    return "alpha must be at least 0 and less than 1";
  case GLISSADE_BAD_MOMENTUM:
    return "momentum must be finite and at least 0";
  case GLISSADE_BAD_NESTEROV:
    return "nesterov must be 0 or 1";
  case GLISSADE_BAD_CENTERED:
    return "centered must be 0 or 1";
  case GLISSADE_BAD_EPS_IN_SQRT:
    return "eps_in_sqrt must be 0 or 1";
  case GLISSADE_BAD_LR_IN_MOMENTUM:
    return "lr_in_momentum must be 0 or 1";
  case GLISSADE_BAD_DECOUPLED_WEIGHT_DECAY:
    return "decoupled_weight_decay must be 0 or 1";
  case GLISSADE_BAD_BIAS_CORRECTION:
    return "bias_correction must be 0 or 1";
  case GLISSADE_BAD_INITIAL_SQUARE_AVG:
    return "initial_square_avg must be finite and at least 0";
  case GLISSADE_NULL_SQUARE_AVG:
    return "square_avg is NULL";
  case GLISSADE_NULL_GRAD_AVG:
    return "grad_avg is NULL, which centered = 1 needs";
  case GLISSADE_NULL_MOMENTUM_BUFFER:
    return "momentum_buffer is NULL, which a momentum other than 0 needs";
  case GLISSADE_BAD_LR_DECAY:
    return "lr_decay must be finite and at least 0";
  case GLISSADE_BAD_INITIAL_ACCUMULATOR_VALUE:
    return "initial_accumulator_value must be finite and at least 0";
  case GLISSADE_BAD_RHO:
    return "rho must be at least 0 and less than 1";
  case GLISSADE_BAD_DAMPENING:
    return "dampening must be finite";
  case GLISSADE_BAD_BUFFER_FROM_ZERO:
    return "buffer_from_zero must be 0 or 1";
  case GLISSADE_BAD_BETA1:
    return "beta1 must be at least 0 and less than 1";
  case GLISSADE_BAD_BETA2:
    return "beta2 must be at least 0 and less than 1";
  case GLISSADE_BAD_AMSGRAD:
    return "amsgrad must be 0 or 1";
  case GLISSADE_BAD_MOMENTUM_DECAY:
    return "momentum_decay must be finite and at least 0";
  case GLISSADE_NULL_SUM:
    return "sum is NULL";
  case GLISSADE_NULL_ACC_DELTA:
    return "acc_delta is NULL";
  case GLISSADE_NULL_EXP_AVG:
    return "exp_avg is NULL";
  case GLISSADE_NULL_EXP_AVG_SQ:
    return "exp_avg_sq is NULL";
  case GLISSADE_NULL_MAX_EXP_AVG_SQ:
    return "max_exp_avg_sq is NULL, which amsgrad = 1 needs";
  case GLISSADE_NULL_EXP_INF:
    return "exp_inf is NULL";
  case GLISSADE_NULL_TENSORS:
    return "the list of tensors is NULL, and its count is not 0";
  case GLISSADE_NULL_RESULT:
    return "result is NULL";
  case GLISSADE_BAD_MAX_NORM:
    return "max_norm must be at least 0";
  case GLISSADE_NOT_FINITE:
    return "a gradient is not finite, so the step was skipped";
  }
  return "no status of this version of glissade";
}
