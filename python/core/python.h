/* Python's headers: the limited API, so that one file serves all versions. */
#ifndef GLISSADE_PYTHON_H
#define GLISSADE_PYTHON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#if defined(Py_LIMITED_API) && Py_LIMITED_API < 0x030B0000
/* The buffer protocol joined the limited API with 3.11, as it had always been. */
typedef struct {
  void *buf;
  PyObject *obj;
  Py_ssize_t len, itemsize;
  int readonly, ndim;
  char *format;
  Py_ssize_t *shape, *strides, *suboffsets;
  void *internal;
} Py_buffer;
PyAPI_FUNC(int) PyObject_GetBuffer(PyObject *object, Py_buffer *view, int flags);
PyAPI_FUNC(void) PyBuffer_Release(Py_buffer *view);
#  define PyBUF_STRIDES 0x18
#  define PyBUF_FORMAT 4
#endif

#endif
