/* Arrays of 16 and 8 bits: as which glissade_type an array of Python stands, and those to and from float32. */
#include "storage.h"
#include "options.h"
#include <string.h>

static PyObject *key_bf16_params, *key_seed;

int read_storing(PyObject *group, struct storing *out) {
  *out = (struct storing){0};
  PyObject *seed = PyDict_GetItemWithError(group, key_seed);
  if (!seed) return PyErr_Occurred() ? -1 : 0;
  out->any = true;
  out->seed = PyLong_AsUnsignedLongLong(seed);
  PyObject *params = PyErr_Occurred() ? NULL : PyDict_GetItemWithError(group, key_bf16_params);
  if (params && PyUnicode_Check(params))
    out->bf16_params =
        PyUnicode_CompareWithASCIIString(params, "split") ? GLISSADE_BF16_STOCHASTIC : GLISSADE_SPLIT;
  return PyErr_Occurred() ? -1 : 0;
}

int type_of(const struct array *array, int of_bfloat16) {
  switch (array->type) {
  case AS_BFLOAT16:
    return of_bfloat16;
  case AS_FLOAT16:
    return GLISSADE_FP16;
  case AS_INT8:
    return GLISSADE_Q8_SIGNED;
  case AS_UINT8:
    return GLISSADE_Q8_UNSIGNED;
  default:
    return GLISSADE_FLOAT32;
  }
}

int lend_extra(struct holds *holds, struct place place, PyObject *state, PyObject *key, int type,
               const struct array *array, void **extra) {
  *extra = NULL;
  if (type == GLISSADE_FLOAT32) return 0;
  size_t data, bytes;
  const glissade_status status = glissade_state_bytes(type, array->n, &data, &bytes);
  if (status) return fail(status);
  if (!bytes) return 0;
  PyObject *object = state ? PyDict_GetItemWithError(state, key) : NULL;
  if (!object) return PyErr_Occurred() ? -1 : unfit(PyExc_ValueError, place, "is missing in the state");
  struct array found;
  if (type == GLISSADE_SPLIT ? lend_beside(holds, place, object, AS_INT16, true, array, &found)
                             : lend_array(holds, place, object, AS_UINT8, true, &found))
    return -1;
  if (found.n * (size_t)(found.bits / 8) != bytes)
    return unfit(PyExc_ValueError, place, "has %zu elements, not a byte for each 256", found.n);
  *extra = found.data;
  return 0;
}

/* Lends float32 numbers, which are `written` or else only read, and as what they are stored. */
static int lend_both(struct holds *holds, PyObject *floats, PyObject *stored, PyObject *scales, bool written,
                     struct array *numbers, glissade_array *array) {
  static const unsigned types = AS_FLOAT32 | AS_BFLOAT16 | AS_FLOAT16 | AS_INT8 | AS_UINT8;
  const struct place place = {"the stored array", -1};
  struct array found;
  if (lend_array(holds, (struct place){"the floats", -1}, floats, AS_FLOAT32, written, numbers) ||
      lend_beside(holds, place, stored, types, !written, numbers, &found))
    return -1;
  PyObject *state = Py_BuildValue("{OO}", key_seed, scales); /* under any key */
  *array = (glissade_array){type_of(&found, GLISSADE_BF16_STOCHASTIC), found.data, NULL};
  const int fault = !state || lend_extra(holds, (struct place){"scales", -1}, state, key_seed, array->type,
                                         &found, &array->extra);
  Py_XDECREF(state);
  return fault ? -1 : 0;
}

/* encode(floats, stored, scales, seed, step): writes float32 numbers to an array of another type; scales None if that
   has none. */
static PyObject *encode(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *floats, *stored, *scales;
  unsigned long long seed;
  long long step;
  if (!PyArg_ParseTuple(arguments, "OOOKL", &floats, &stored, &scales, &seed, &step)) return NULL;
  struct holds holds = {0};
  struct array numbers;
  glissade_array array;
  int status = lend_both(&holds, floats, stored, scales, false, &numbers, &array);
  const glissade_status found =
      status ? GLISSADE_OK : glissade_encode(numbers.n, numbers.data, &array, seed, step, 0, 1);
  if (found) status = fail(found);
  release(&holds);
  return status ? NULL : (Py_INCREF(Py_None), Py_None);
}

/* decode(stored, scales, floats): the other way. */
static PyObject *decode(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *floats, *stored, *scales;
  if (!PyArg_ParseTuple(arguments, "OOO", &stored, &scales, &floats)) return NULL;
  struct holds holds = {0};
  struct array numbers;
  glissade_array array;
  int status = lend_both(&holds, floats, stored, scales, true, &numbers, &array);
  const glissade_status found = status ? GLISSADE_OK : glissade_decode(numbers.n, &array, numbers.data, 1);
  if (found) status = fail(found);
  release(&holds);
  return status ? NULL : (Py_INCREF(Py_None), Py_None);
}

int intern_storage_keys(void) {
  return (key_bf16_params = PyUnicode_InternFromString("bf16_params")) &&
                 (key_seed = PyUnicode_InternFromString("seed"))
             ? 0
             : -1;
}

PyMethodDef storage_functions[] = {
    {"encode", encode, METH_VARARGS, NULL}, {"decode", decode, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
