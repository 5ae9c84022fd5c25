/* The options of an optimizer, from a dict of Python. */
#include "options.h"
#include <string.h>

static PyObject *key_betas;

int fail(glissade_status status) {
  PyErr_SetString(PyExc_ValueError, glissade_status_message(status));
  return -1;
}

static int read_option(const struct field *field, PyObject *value, char *options) {
  void *at = options + field->offset;
  if (field->kind == REAL) {
    const double x = PyFloat_AsDouble(value); /* also of a tensor */
    if (x == -1 && PyErr_Occurred()) {
      if (PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "%s must be a number, not %R", field->name, value);
      }
      return -1;
    }
    memcpy(at, &x, sizeof x);
    return 0;
  }
  const long long whole = PyLong_Check(value) ? PyLong_AsLongLong(value) : -1;
  if (whole == -1 && PyErr_Occurred()) return -1;
  if (!PyLong_Check(value) || (field->kind == WHOLE && whole != (int)whole)) {
    PyErr_Format(PyExc_TypeError, "%s must be %s, not %R", field->name,
                 strcmp(field->values, "flag") ? "an int" : "True or False", value);
    return -1;
  }
  if (field->kind == WHOLE)
    memcpy(at, &(int){(int)whole}, sizeof(int));
  else
    memcpy(at, &(int64_t){whole}, sizeof(int64_t));
  return 0;
}

int read_options(const struct optimizer *optimizer, PyObject *preset, PyObject *values, char *options) {
  PyObject *name = PyUnicode_AsUTF8String(preset);
  if (!name) return -1;
  const glissade_status status =
      optimizer->set_preset(options, optimizer->options_size, PyBytes_AsString(name));
  Py_DECREF(name);
  if (status) return fail(status);

  PyObject *pair = PyDict_GetItemWithError(values, key_betas);
  if (!pair && PyErr_Occurred()) return -1;
  for (size_t i = 0; i < optimizer->fields; ++i) {
    const struct field *field = &optimizer->field[i];
    PyObject *value = PyDict_GetItemWithError(values, field->key);
    if (!value && PyErr_Occurred()) return -1;
    if (value) {
      if (read_option(field, value, options)) return -1;
    } else if (pair && !strncmp(field->name, "beta", 4)) {
      value = PySequence_GetItem(pair, field->name[4] - '1');
      const int fault = !value || read_option(field, value, options);
      Py_XDECREF(value);
      if (fault) return -1;
    }
  }
  return 0;
}

int intern_option_keys(void) { return (key_betas = PyUnicode_InternFromString("betas")) ? 0 : -1; }
