/* The tensors of an optimizer's state that are kept from one step to the next, so that torch need not be asked for each
   anew. */
#ifndef GLISSADE_KEPT_H
#define GLISSADE_KEPT_H

#include "arrays.h"

/* What takes torch longest is to find the tensor that an object of Python stands for. Of one that is held in C++ all
   that may have changed meanwhile (where it lies, its type and shape) is read anew in a third of the time. So they are
   known by their objects and held both ways: one that the optimizer drops lives on until its next step. Params are not
   held so: their hooks may refer to the optimizer, and Python could not collect the two. */
struct kept;

/* keep(): a capsule for the tensors of one optimizer. */
PyObject *keep(PyObject *module, PyObject *nothing);

/* What the capsule keeps, for a step on that many params with `each` tensors; NULL without an exception where nothing
   is kept: the capsule is None, another step is using it, or torch lacks the functions. */
struct kept *take_kept(PyObject *capsule, struct holds *holds, size_t params, size_t each);
void give_back_kept(struct kept *kept);

/* Forgets the tensors of a param; their objects are held as long as those of the step. */
int forget_kept(struct kept *kept, struct holds *holds, size_t param);

/* look() at tensor number `which` of a param's state, which is held for as long as the step takes: 1 where it is plain,
   else 0, or -1 with an exception. */
int look_at_kept(struct kept *kept, struct holds *holds, size_t param, size_t which, PyObject *tensor,
                 const struct plain *like, struct plain *out);

#endif
