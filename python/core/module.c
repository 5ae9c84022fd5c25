/* The extension glissade._core, from which the Python files of the package make theirs. */
#define _GNU_SOURCE /* dladdr */
#include "arrays.h"
#include "optimizers.h"
#include "options.h"
#include "step.h"
#include "storage.h"
#include <string.h>
#ifdef _OPENMP
#  include <dlfcn.h>
#  include <omp.h>
#endif

static struct optimizer *optimizers;
static size_t optimizer_count;

const struct optimizer *optimizer_named(PyObject *name) {
  for (size_t i = 0; i < optimizer_count; ++i)
    if (PyUnicode_CompareWithASCIIString(name, optimizers[i].name) == 0) return &optimizers[i];
  PyErr_Format(PyExc_ValueError, "no optimizer is called %R", name);
  return NULL;
}

static PyObject *value_of(const struct field *field, const char *options) {
  const void *at = options + field->offset;
  switch (field->kind) {
  case REAL:
    return PyFloat_FromDouble(*(const double *)at);
  case WHOLE:
    return strcmp(field->values, "flag") ? PyLong_FromLong(*(const int *)at)
                                         : PyBool_FromLong(*(const int *)at);
  default:
    return PyLong_FromLongLong(*(const int64_t *)at);
  }
}

/* Puts a new reference under a name; -1 with an exception. */
static int put(PyObject *dict, const char *name, PyObject *value) {
  const int fault = !value || PyDict_SetItemString(dict, name, value);
  Py_XDECREF(value);
  return fault ? -1 : 0;
}

static PyObject *describe_preset(const struct optimizer *o, const char *preset) {
  char options[512];
  PyObject *values = PyDict_New();
  int fault = !values || o->set_preset(options, o->options_size, preset);
  for (size_t i = 0; !fault && i < o->fields; ++i)
    fault = put(values, o->field[i].name, value_of(&o->field[i], options));
  if (!fault) return values;
  Py_XDECREF(values);
  return NULL;
}

static PyObject *describe_optimizer(const struct optimizer *o) {
  PyObject *states = PyDict_New(), *values = PyDict_New(), *presets = PyDict_New();
  int fault = !states || !values || !presets;
  for (size_t i = 0; !fault && i < o->states; ++i)
    fault = put(states, o->state[i].name,
                PyUnicode_FromString(o->state[i].q8 == GLISSADE_Q8_SIGNED ? "int8" : "uint8"));
  for (size_t i = 0; !fault && i < o->fields; ++i)
    fault = put(values, o->field[i].name, PyUnicode_FromString(o->field[i].values));
  for (size_t i = 0; !fault && i < o->presets; ++i)
    fault = put(presets, o->preset[i], describe_preset(o, o->preset[i]));
  PyObject *all =
      fault ? NULL : Py_BuildValue("{sOsOsO}", "states", states, "options", values, "presets", presets);
  Py_XDECREF(states);
  Py_XDECREF(values);
  Py_XDECREF(presets);
  return all;
}

/* optimizers(): of each by name its state arrays with the type of their codes in 8 bits, the values that its options may
   have, and its presets. */
static PyObject *describe(PyObject *module, PyObject *nothing) {
  (void)module;
  (void)nothing;
  PyObject *all = PyDict_New();
  int fault = !all;
  for (size_t i = 0; !fault && i < optimizer_count; ++i)
    fault = put(all, optimizers[i].name, describe_optimizer(&optimizers[i]));
  if (!fault) return all;
  Py_XDECREF(all);
  return NULL;
}

/* states(optimizer, preset, options): the names of the state arrays that these options need, each with the number that
   it starts from. */
static PyObject *states(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *name, *preset, *values;
  if (!PyArg_ParseTuple(arguments, "UUO!", &name, &preset, &PyDict_Type, &values)) return NULL;
  const struct optimizer *o = optimizer_named(name);
  char options[512];
  if (!o || read_options(o, preset, values, options)) return NULL;
  float numbers[MOST_STATES] = {0}, *arrays[MOST_STATES];
  for (size_t i = 0; i < MOST_STATES; ++i)
    arrays[i] = numbers + i;
  const glissade_status status = o->reset(options, 1, arrays);
  if (status) return fail(status), NULL;
  PyObject *all = PyDict_New();
  int fault = !all;
  for (size_t i = 0; !fault && i < o->states; ++i) {
    arrays[i] = NULL;
    if (o->reset(options, 1, arrays))
      fault = put(all, o->state[i].name, PyFloat_FromDouble((double)numbers[i]));
    arrays[i] = numbers + i;
  }
  if (!fault) return all;
  Py_XDECREF(all);
  return NULL;
}

static PyObject *isa(PyObject *module, PyObject *nothing) {
  (void)module;
  (void)nothing;
  const char *name = glissade_isa();
  if (name) return PyUnicode_FromString(name);
  return fail(GLISSADE_UNAVAILABLE_ISA), NULL;
}

static PyObject *isas(PyObject *module, PyObject *nothing) {
  (void)module;
  (void)nothing;
  PyObject *all = PyList_New(0);
  const char *name;
  for (size_t i = 0; all && (name = glissade_isa_at(i)); ++i) {
    PyObject *text = PyUnicode_FromString(name);
    if (!text || PyList_Append(all, text)) {
      Py_DECREF(all);
      all = NULL;
    }
    Py_XDECREF(text);
  }
  return all;
}

static PyObject *use_isa(PyObject *module, PyObject *arguments) {
  (void)module;
  const char *name;
  if (!PyArg_ParseTuple(arguments, "z", &name)) return NULL;
  const glissade_status status = glissade_use_isa(name);
  if (status) return fail(status), NULL;
  Py_RETURN_NONE;
}

/* openmp(): the file of the OpenMP runtime that this extension calls, or None, and how many threads it would use. */
static PyObject *openmp(PyObject *module, PyObject *nothing) {
  (void)module;
  (void)nothing;
#ifdef _OPENMP
  Dl_info found;
  void *address;
  int (*const function)(void) = omp_get_max_threads;
  memcpy(&address, &function, sizeof address);
  return Py_BuildValue("(zi)", dladdr(address, &found) ? found.dli_fname : NULL, omp_get_max_threads());
#else
  return Py_BuildValue("(Oi)", Py_None, 1);
#endif
}

static PyMethodDef functions[] = {{"optimizers", describe, METH_NOARGS, NULL},
                                  {"states", states, METH_VARARGS, NULL},
                                  {"isa", isa, METH_NOARGS, NULL},
                                  {"isas", isas, METH_NOARGS, NULL},
                                  {"use_isa", use_isa, METH_VARARGS, NULL},
                                  {"openmp", openmp, METH_NOARGS, NULL},
                                  {NULL, NULL, 0, NULL}};

static int prepare(PyObject *module) {
  optimizers = list_optimizers(&optimizer_count);
  for (size_t i = 0; i < optimizer_count; ++i) {
    struct optimizer *o = &optimizers[i];
    for (size_t j = 0; j < o->states; ++j) {
      struct state *state = &o->state[j];
      if (!(state->key = PyUnicode_InternFromString(state->name)) ||
          !(state->scale_key = PyUnicode_InternFromString(state->scale)))
        return -1;
    }
    for (size_t j = 0; j < o->fields; ++j)
      if (!(o->field[j].key = PyUnicode_InternFromString(o->field[j].name))) return -1;
  }
  return intern_keys() || intern_storage_keys() || PyModule_AddFunctions(module, step_functions) ||
         PyModule_AddFunctions(module, storage_functions) ||
         PyModule_AddStringConstant(module, "__version__", glissade_version());
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)(uintptr_t)prepare}, {0, NULL}};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "glissade._core", NULL, 0, functions, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&definition); }
