/* What is gathered for one call of glissade: its tensors, and what else is known of them. */
#ifndef GLISSADE_CALL_H
#define GLISSADE_CALL_H

#include "arrays.h"
#include "kept.h"
#include "optimizers.h"
#include "storage.h"

enum { GRADS = AS_FLOAT32 | AS_BFLOAT16 | AS_FLOAT16 };

/* What step() is asked for. */
struct request {
  PyObject *groups, *states, *grads, *preset;
  PyObject *fresh; /* NULL, or a dict by param of state arrays that no step was taken with */
  PyObject *rest;  /* NULL, or a list for the params that are left aside */
  int threads;
  int counted; /* whether all states have the number of the step, not those alone that are stored */
  int signs;   /* whether params may be negated views */
  bool norm;   /* whether the norm of the gradients is asked for */
};

/* An array of one number; data = NULL: none. */
struct number {
  void *data;
  int code, bits; /* as in struct array */
};

/* One tensor of a call, beside what glissade is told of it. */
struct extra {
  PyObject *param;
  Py_ssize_t index, group;
  const char *begin, *end;     /* of the param's memory */
  struct number step, product; /* of its state */
  int64_t t;                   /* which step this is */
  float momentum;              /* the factor of the product */
};

/* Where the param of a tensor lies. */
struct span {
  const char *begin, *end;
  size_t index;
};

struct call {
  const struct optimizer *optimizer;
  size_t most, count, slots;
  char *memory; /* in which the following lie */
  size_t size;
  char *tensors, *options;    /* a struct of the C API for each, and room for as many options */
  glissade_storage *storages; /* as many, once one is needed */
  struct extra *extras;
  struct span *spans;
  struct holds holds;
  struct kept *kept; /* of the states, or NULL */
  bool has_product;  /* NAdam's */
  /* of the group that is gathered: */
  char *group_options;
  unsigned needed; /* which state arrays the options need */
  struct storing storing;
  bool new_slot;
  int64_t product_t; /* NAdam's momenta: the step for which the following are known */
  float product, momentum;
};

/* Makes room for that many tensors. end() is due in any case. */
int begin(struct call *call, const struct optimizer *optimizer, size_t most);
void end(struct call *call);

/* Adds all params that have a gradient, and leaves those aside that cannot be used, if there is a list for them. */
int gather(struct call *call, const struct request *r);

/* What the steps on a list leave aside: (group, param, exception) each, from the exception that is set. */
int leave(PyObject *rest, Py_ssize_t group, PyObject *param);

/* How many threads a step takes that was asked to take so many: one in the child of a fork. */
int threads_for(int threads);
PyObject *use_one_thread(PyObject *module, PyObject *nothing);

/* Fills in what glissade is told of a param whose tensors are all plain, as nearly all are. 0 without an exception where
   they are not, or something is wrong with them: then fill() begins anew. */
int fill_plain(struct call *call, PyObject *param, PyObject *grad, PyObject *state, const struct request *r,
               char *tensor, struct extra *extra);

/* The same for all other arrays; -1 with an exception for those that glissade cannot do. */
int fill(struct call *call, PyObject *param, PyObject *grad, PyObject *state, const struct request *r,
         char *tensor, struct extra *extra);

/* Puts an array where the tensor has it: its own pointer to floats, or that member of its storage. */
int put(struct call *call, char *tensor, Py_ssize_t index, size_t offset, size_t member,
        const struct array *array, int type, void *extra);

/* Writes the number of a step that was counted in an array of one element. */
void write_count(const struct number *a, int64_t count);

int intern_fill_keys(void);
int intern_gather_keys(void);

#endif
