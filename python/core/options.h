/* The options of an optimizer, from a dict of Python. */
#ifndef GLISSADE_OPTIONS_H
#define GLISSADE_OPTIONS_H

#include "optimizers.h"
#include "python.h"

/* Sets the options to a preset, then to the values of a dict that has some of their names, and `betas` for beta1 and
   beta2; the other keys of the dict are somebody else's. */
int read_options(const struct optimizer *optimizer, PyObject *preset, PyObject *values, char *options);

/* ValueError with the message of a status; returns -1. */
int fail(glissade_status status);

int intern_option_keys(void);

#endif
