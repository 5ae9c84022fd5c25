/* What the lists of the C API say of each optimizer: its functions, structs, state arrays, options and presets. */
#ifndef GLISSADE_OPTIMIZERS_H
#define GLISSADE_OPTIMIZERS_H

#include <glissade/glissade.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MOST_STATES = 4, MOST_FIELDS = 24, MOST_PRESETS = 8 };

struct field {               /* of an options struct */
  const char *name, *values; /* which values it may have: a word of options.inc */
  size_t offset;
  enum { REAL, WHOLE, WIDE } kind; /* double, int, int64_t */
  struct _object *key;             /* the name as a Python string; kept by optimizer_keys() */
};

struct state { /* an array of the tensor struct */
  const char *name;
  size_t offset;
  int q8;         /* its glissade_type in 8 bits */
  char scale[40]; /* the name of its scales */
  struct _object *key, *scale_key;
};

struct optimizer {
  const char *name;
  size_t options_size, tensor_size;
  size_t n, param, grad, options, storage; /* where they stand in the tensor */
  size_t step, threads;                    /* where they stand in the options */
  size_t states, fields, presets;
  struct state state[MOST_STATES];
  struct field field[MOST_FIELDS];
  const char *preset[MOST_PRESETS]; /* the first is the default */
  glissade_status (*step_many)(const void *options, size_t count, const void *tensors);
  glissade_status (*step_many_clipped)(const void *options, size_t count, const void *tensors,
                                       double max_norm, double *norm);
  glissade_status (*check)(const void *options, size_t count, const void *tensors, size_t *index);
  glissade_status (*reset)(const void *options, size_t n, float *const *states);
  glissade_status (*set_preset)(void *options, size_t size, const char *preset);
};

/* The optimizers, in the order of their list. Call it once before all else. */
struct optimizer *list_optimizers(size_t *count);

/* Of the options of NAdam: the product of the momenta up to `step`, and the momentum of that step, as floats. */
float nadam_product(const glissade_nadam *options);
float nadam_momentum(const glissade_nadam *options);

#ifdef __cplusplus
}
#endif

#endif
