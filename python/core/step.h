/* The functions of the extension that take steps. */
#ifndef GLISSADE_STEP_H
#define GLISSADE_STEP_H

#include "optimizers.h"
#include "python.h"

/* The optimizer of that name, or NULL with an exception. */
const struct optimizer *optimizer_named(PyObject *name);

/* Sets the options to a preset, then to the values of a dict that has some of their names, and `betas` for beta1 and
   beta2; the other keys of the dict are somebody else's. */
int read_options(const struct optimizer *optimizer, PyObject *preset, PyObject *values, char *options);

/* ValueError with the message of a status. */
int fail(glissade_status status);

/* The strings that steps look up; -1 with an exception. Call it once before all else. */
int intern_keys(void);

extern PyMethodDef step_functions[];

#endif
