/* The memory that Python objects lend, through DLPack or the buffer protocol, and for how long it is held. */
#ifndef GLISSADE_ARRAYS_H
#define GLISSADE_ARRAYS_H

#include "python.h"
#include <stdbool.h>
#include <stdint.h>

/* What elements an array has: one bit, or those that a place allows. */
enum {
  AS_FLOAT32 = 1,
  AS_BFLOAT16 = 2, /* also unsigned integers of 16 bits, since NumPy has no such type */
  AS_FLOAT16 = 4,
  AS_INT16 = 8,
  AS_INT8 = 16,
  AS_UINT8 = 32
};

/* An array as its object describes it. What the pointers point to belongs to the object. */
struct array {
  void *data;
  size_t n;
  const int64_t *shape, *strides; /* strides NULL: rows one after the other */
  int64_t stride_unit;            /* strides times this are in bytes */
  int ndim;
  int code, bits; /* the type as in DLPack */
  unsigned type;  /* as above, of an array that a place allows */
  bool read_only;
  PyObject *whole;  /* the distributed tensor of which this is the local part, or NULL */
  PyObject *tensor; /* the tensor of torch that has the memory, or NULL */
};

/* Whose memory an error message speaks of: `array`, "of param <index>" unless that is negative. */
struct place {
  const char *array;
  Py_ssize_t index;
};

/* What stays alive until the step is over. */
struct holds {
  PyObject **objects;
  size_t count, capacity;
  struct views *views;
};
int hold(struct holds *holds, PyObject *object);
void let_go(struct holds *holds); /* of all, keeping the memory for the next */
void release(struct holds *holds);

/* Sets an exception, "grad of param 3: " and the message; returns -1. */
int unfit(PyObject *exception, struct place place, const char *format, ...);

/* Describes the memory of an object and holds it. -1 with an exception where a CPU cannot use it as it is. */
int lend(struct holds *holds, struct place place, PyObject *object, struct array *out);

/* The same for an array without gaps, of one of these types. */
int lend_array(struct holds *holds, struct place place, PyObject *object, unsigned types, bool written,
               struct array *out);

/* The same for one that goes with a param element by element: of the same shape and order in memory. */
int lend_beside(struct holds *holds, struct place place, PyObject *object, unsigned types, bool written,
                const struct array *param, struct array *out);

/* ValueError for a negated view of torch, which has other signs in memory. */
int check_sign(struct place place, const struct array *array);

/* A tensor of torch as nearly all are: float32 in the memory of the CPU, row after row. */
struct plain {
  void *data;
  size_t n;
  int ndim;
  const int64_t *shape; /* the tensor's own */
};

/* Whether a tensor is plain, and of the same shape as `like` unless that is NULL. If not, lend() says why; here there is
   no exception. Nothing is held. */
bool look(PyObject *tensor, const struct plain *like, struct plain *out);

/* Whether it is certain that a tensor is no negated view. */
bool is_not_negated(PyObject *tensor);

/* know_torch(classify, alike, is_neg, to_capsule): what glissade.torch tells of its tensors. classify(type) is how
   they lend memory, alike(a, b) whether two distributed tensors lie alike, is_neg a method of some tensor, to_capsule
   exports a tensor of a torch without the exchange API. */
enum { LENDS_NOTHING, LENDS_ITSELF, LENDS_LOCAL };
PyObject *know_torch(PyObject *module, PyObject *arguments);

#endif
