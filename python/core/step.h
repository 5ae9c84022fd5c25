/* The functions of the extension that take steps. */
#ifndef GLISSADE_STEP_H
#define GLISSADE_STEP_H

#include "optimizers.h"
#include "python.h"

/* The optimizer of that name, or NULL with an exception. */
const struct optimizer *optimizer_named(PyObject *name);

/* The strings that steps look up; -1 with an exception. Call it once before all else. */
int intern_keys(void);

extern PyMethodDef step_functions[];

#endif
