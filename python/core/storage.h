/* Arrays of 16 and 8 bits: as which glissade_type an array of Python stands, and those to and from float32. */
#ifndef GLISSADE_STORAGE_H
#define GLISSADE_STORAGE_H

#include "arrays.h"
#include <glissade/glissade.h>

/* How the arrays of a group are stored, from its options bf16_params and seed. */
struct storing {
  bool any;        /* whether it has them; then its states may be stored, and have the number of the step */
  int bf16_params; /* the glissade_type of params of bfloat16; 0: glissade cannot do them */
  uint64_t seed;   /* of the first of all params */
};
int read_storing(PyObject *group, struct storing *out);

/* The glissade_type of an array, of which bfloat16 leaves several open. */
int type_of(const struct array *array, int of_bfloat16);

/* Lends what a split or Q8 array has beside its data, the remainders or scales under `key` in the dict `state`. */
int lend_extra(struct holds *holds, struct place place, PyObject *state, PyObject *key, int type,
               const struct array *array, void **extra);

int intern_storage_keys(void);

extern PyMethodDef storage_functions[];

#endif
