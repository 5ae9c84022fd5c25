/* Steps on the arrays of Python objects: what they lend is gathered, and glissade called once for all. */
#include "step.h"
#include "call.h"
#include "options.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static PyObject *increment_version, *tensor_class; /* of torch, once known */
static PyObject *key_params;

static void drop(struct call *call, size_t index) {
  const size_t size = call->optimizer->tensor_size, after = --call->count - index;
  memmove(call->tensors + index * size, call->tensors + (index + 1) * size, after * size);
  memmove(call->extras + index, call->extras + index + 1, after * sizeof *call->extras);
}

/* Leaves tensor number `index` aside, or raises. */
static int refuse(const struct call *call, const struct request *r, size_t index, const char *why) {
  const struct extra *extra = &call->extras[index];
  unfit(PyExc_ValueError, (struct place){"memory", extra->index}, "%s", why);
  return r->rest ? leave(r->rest, extra->group, extra->param) : -1;
}

static int by_address(const void *a, const void *b) {
  const char *const x = ((const struct span *)a)->begin, *const y = ((const struct span *)b)->begin;
  return (x > y) - (x < y);
}

/* A tensor whose param shares memory with that of an earlier one, or count: threads may not write to both at once. */
static size_t find_shared(const struct call *call) {
  static size_t *order, ordered; /* the last sorted list's, which is mostly also this one's */
  const size_t count = call->count;
  size_t found = count;
  bool in_order = true;
  for (size_t i = 0; i < count; ++i) {
    struct span *span = &call->spans[i];
    const size_t index = count == ordered ? order[i] : i;
    *span = (struct span){call->extras[index].begin, call->extras[index].end, index};
    if (i && span->begin < span[-1].end) in_order = false;
  }
  if (in_order) return found;
  qsort(call->spans, count, sizeof *call->spans, by_address);
  size_t *sorted = realloc(order, count * sizeof *order);
  if (sorted) order = sorted;
  ordered = sorted ? count : 0;
  for (size_t i = 0; i < ordered; ++i)
    order[i] = call->spans[i].index;
  for (size_t i = 1; i < call->count; ++i) {
    const struct span *span = &call->spans[i];
    if (span->begin < span[-1].end && span->begin != span->end)
      return span->index > span[-1].index ? span->index : span[-1].index;
  }
  return found;
}

/* Calls glissade, again and again without a tensor that it refuses if that can be left aside. */
static int take(struct call *call, const struct request *r, bool partial, const double *max_norm,
                double *norm) {
  const struct optimizer *o = call->optimizer;
  while (call->count) {
    glissade_status status;
    size_t index = find_shared(call);
    if (index < call->count) {
      if (refuse(call, r, index, "shares memory with another param")) return -1;
      if (!partial) return 1;
      drop(call, index);
      continue;
    }
    Py_BEGIN_ALLOW_THREADS;
    status = max_norm ? o->step_many_clipped(call->options, call->count, call->tensors, *max_norm, norm)
                      : o->step_many(call->options, call->count, call->tensors);
    Py_END_ALLOW_THREADS;
    if (status == GLISSADE_NOT_FINITE) return 1;
    if (status == GLISSADE_OK) break;
    if (o->check(call->options, call->count, call->tensors, &index) != status || index == call->count)
      return fail(status);
    const struct extra *at_fault = &call->extras[index];
    unfit(PyExc_ValueError, (struct place){"an array", at_fault->index}, "%s",
          glissade_status_message(status));
    if (!r->rest || leave(r->rest, at_fault->group, at_fault->param)) return -1;
    if (!partial) return 1;
    drop(call, index);
  }
  return 0;
}

/* Tells autograd that the params from `first` on were written to, as many as fit a list that Python allocates itself:
   malloc would tidy up, as above. Returns the next one, or 0 with an exception. */
static size_t tell_autograd(const struct call *call, size_t first) {
  enum { MOST = 512 / sizeof(PyObject *) };
  PyObject *tensors[MOST];
  Py_ssize_t count = 0;
  PyTypeObject *type = NULL;
  bool of_torch = false;
  for (; first < call->count && count < MOST; ++first) {
    PyObject *param = call->extras[first].param;
    if (Py_TYPE(param) != type) {
      type = Py_TYPE(param);
      of_torch = PyType_IsSubtype(type, (PyTypeObject *)tensor_class);
    }
    if (of_torch) tensors[count++] = param;
  }
  if (!count) return first; /* they are of NumPy's classes */
  PyObject *list = PyList_New(count);
  for (Py_ssize_t i = 0; list && i < count; ++i) {
    Py_INCREF(tensors[i]);
    PyList_SetItem(list, i, tensors[i]);
  }
  PyObject *done = list ? PyObject_CallFunctionObjArgs(increment_version, list, NULL) : NULL;
  Py_XDECREF(list);
  Py_XDECREF(done);
  return done ? first : 0;
}

static int count_steps(const struct call *call) {
  for (size_t i = 0; i < call->count; ++i) {
    const struct extra *extra = &call->extras[i];
    if (extra->step.data) write_count(&extra->step, extra->t);
    if (extra->product.data) *(float *)extra->product.data *= extra->momentum;
  }
  for (size_t i = 0; increment_version && i < call->count;)
    if (!(i = tell_autograd(call, i))) return -1;
  return 0;
}

static int to_threads(PyObject *object, void *threads) {
  if (PyLong_Check(object)) {
    const long value = PyLong_AsLong(object);
    if (value >= INT_MIN && value <= INT_MAX && !PyErr_Occurred()) return *(int *)threads = (int)value, 1;
    PyErr_Clear();
  }
  PyErr_Format(PyExc_TypeError, "threads must be an int, not %R", object);
  return 0;
}

/* step(optimizer, preset, groups, states, grads, threads, max_norm, fresh, counted, signs, aside, kept): one step on the
   params of the groups. `states` is a list of dicts for all params in order, or a dict by param; `grads` a sequence of
   as many, or None for the attributes `grad`; `kept` what keep() has made for these states, or None. With `aside`
   "raise" a param that cannot be used raises, with "none" or "rest" it is returned in a list of (group, param,
   exception), and the step is not taken at all or for all others. Returns that list or None, and the norm or None. */
static PyObject *step(PyObject *module, PyObject *arguments) {
  (void)module;
  const char *aside;
  PyObject *name, *max_norm, *kept;
  struct request r = {0};
  if (!PyArg_ParseTuple(arguments, "UUO!OOO&OOppsO", &name, &r.preset, &PyList_Type, &r.groups, &r.states,
                        &r.grads, to_threads, &r.threads, &max_norm, &r.fresh, &r.counted, &r.signs, &aside,
                        &kept))
    return NULL;
  const struct optimizer *o = optimizer_named(name);
  const double limit = max_norm == Py_None ? 0 : PyFloat_AsDouble(max_norm);
  if (!o || PyErr_Occurred()) return NULL;
  if (r.fresh == Py_None) r.fresh = NULL;
  r.norm = max_norm != Py_None;
  size_t most = 0;
  for (Py_ssize_t i = 0; i < PyList_Size(r.groups); ++i) {
    PyObject *group = PyList_GetItem(r.groups, i);
    PyObject *params = PyDict_Check(group) ? PyDict_GetItemWithError(group, key_params) : NULL;
    if (!params || !PyList_Check(params)) {
      if (!PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "param_groups must be dicts with a list \"params\"");
      return NULL;
    }
    most += (size_t)PyList_Size(params);
  }
  if (strcmp(aside, "raise") && !(r.rest = PyList_New(0))) return NULL;

  struct call call;
  double norm = 0;
  int status = begin(&call, o, most);
  if (!status) call.kept = take_kept(kept, &call.holds, most, 1 + o->states);
  if (!status) status = gather(&call, &r);
  const bool partial = !strcmp(aside, "rest");
  if (!status && (partial || !r.rest || !PyList_Size(r.rest)))
    status = take(&call, &r, partial, r.norm ? &limit : NULL, &norm);
  else if (!status)
    status = 1;
  if (!status) status = count_steps(&call);
  end(&call);
  PyObject *result = NULL;
  if (status >= 0)
    result = max_norm == Py_None
                 ? Py_BuildValue("(OO)", r.rest && PyList_Size(r.rest) ? r.rest : Py_None, Py_None)
                 : Py_BuildValue("(Od)", r.rest && PyList_Size(r.rest) ? r.rest : Py_None, norm);
  Py_XDECREF(r.rest);
  return result;
}

/* step_arrays(optimizer, preset, options, arrays): one step on param, grad and states; None for one that is not there. */
static PyObject *step_arrays(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *name, *preset, *options, *arrays;
  if (!PyArg_ParseTuple(arguments, "UOO!O!", &name, &preset, &PyDict_Type, &options, &PyTuple_Type, &arrays))
    return NULL;
  if (!PyUnicode_Check(preset)) return PyErr_Format(PyExc_TypeError, "preset must be a str, not %R", preset);
  const struct optimizer *o = optimizer_named(name);
  struct call call;
  if (!o) return NULL;
  int status = begin(&call, o, 1);
  if (!status) status = read_options(o, preset, options, call.options);
  struct array p, other;
  if (!status)
    status = lend_array(&call.holds, (struct place){"param", -1}, PyTuple_GetItem(arrays, 0), AS_FLOAT32,
                        true, &p) ||
                     check_sign((struct place){"param", -1}, &p)
                 ? -1
                 : 0;
  if (!status) {
    int threads;
    memcpy(&threads, call.options + o->threads, sizeof threads);
    memcpy(call.options + o->threads, &(int){threads_for(threads)}, sizeof threads);
    memset(call.tensors, 0, o->tensor_size);
    memcpy(call.tensors, &o->tensor_size, sizeof(size_t));
    memcpy(call.tensors + o->n, &p.n, sizeof p.n);
    memcpy(call.tensors + o->param, &p.data, sizeof p.data);
  }
  for (size_t i = 0; !status && i <= o->states; ++i) {
    PyObject *array = PyTuple_GetItem(arrays, (Py_ssize_t)i + 1);
    if (!array) status = -1;
    if (!array || array == Py_None) continue;
    const struct place place = {i ? o->state[i - 1].name : "grad", -1};
    status = lend_beside(&call.holds, place, array, i ? AS_FLOAT32 : GRADS, i > 0, &p, &other) ||
                     check_sign(place, &other) ||
                     put(&call, call.tensors, 0, i ? o->state[i - 1].offset : o->grad,
                         offsetof(glissade_storage, grad), &other, type_of(&other, GLISSADE_BF16), NULL)
                 ? -1
                 : 0;
  }
  glissade_status found = GLISSADE_OK;
  if (!status) {
    Py_BEGIN_ALLOW_THREADS;
    found = o->step_many(call.options, 1, call.tensors);
    Py_END_ALLOW_THREADS;
  }
  if (found) status = fail(found);
  end(&call);
  if (status) return NULL;
  Py_RETURN_NONE;
}

/* check_params(params, first, bfloat16): raises unless a step could write to each, the first of which has that number. */
static PyObject *check_params(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *params;
  Py_ssize_t first;
  int bfloat16, status = 0;
  if (!PyArg_ParseTuple(arguments, "O!np", &PyList_Type, &params, &first, &bfloat16)) return NULL;
  struct holds holds = {0};
  for (Py_ssize_t i = 0; !status && i < PyList_Size(params); ++i) {
    struct array array;
    status = lend_array(&holds, (struct place){"param", first + i}, PyList_GetItem(params, i),
                        bfloat16 ? AS_FLOAT32 | AS_BFLOAT16 : AS_FLOAT32, true, &array);
  }
  release(&holds);
  return status ? NULL : (Py_INCREF(Py_None), Py_None);
}

/* grad_norm(grads, threads): the norm of arrays together, the largest magnitude, and whether all is finite. */
static PyObject *grad_norm(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *grads;
  int threads;
  if (!PyArg_ParseTuple(arguments, "OO&", &grads, to_threads, &threads)) return NULL;
  const Py_ssize_t count = PySequence_Size(grads);
  if (count < 0) return PyErr_Format(PyExc_TypeError, "grads must be a sequence, not %R", grads);
  glissade_grad *list = calloc((size_t)count + 1, sizeof *list);
  struct holds holds = {0};
  int status = list ? 0 : (PyErr_NoMemory(), -1);
  for (Py_ssize_t i = 0; !status && i < count; ++i) {
    PyObject *grad = PySequence_GetItem(grads, i);
    struct array array;
    const struct place place = {"grad", i};
    status =
        grad && !lend_array(&holds, place, grad, GRADS, false, &array) && !check_sign(place, &array) ? 0 : -1;
    if (!status)
      list[i] = (glissade_grad){.struct_size = sizeof *list,
                                .n = array.n,
                                .grad = array.data,
                                .stored = {type_of(&array, GLISSADE_BF16), array.data, NULL}};
    Py_XDECREF(grad);
  }
  glissade_norm norm = {.struct_size = sizeof norm};
  glissade_status found = GLISSADE_OK;
  if (!status) {
    Py_BEGIN_ALLOW_THREADS;
    found = glissade_grad_norm((size_t)count, list, threads_for(threads), &norm);
    Py_END_ALLOW_THREADS;
  }
  if (found) status = fail(found);
  release(&holds);
  free(list);
  return status ? NULL : Py_BuildValue("(ddO)", norm.norm, norm.max_abs, norm.finite ? Py_True : Py_False);
}

static PyObject *use_increment_version(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *function, *of;
  if (!PyArg_ParseTuple(arguments, "OO!", &function, &PyType_Type, &of)) return NULL;
  Py_INCREF(function);
  Py_INCREF(of);
  Py_XDECREF(increment_version);
  Py_XDECREF(tensor_class);
  increment_version = function;
  tensor_class = of;
  Py_RETURN_NONE;
}

int intern_keys(void) {
  if (!(key_params = PyUnicode_InternFromString("params"))) return -1;
  return intern_option_keys() || intern_gather_keys() || intern_fill_keys();
}

PyMethodDef step_functions[] = {{"step", step, METH_VARARGS, NULL},
                                {"step_arrays", step_arrays, METH_VARARGS, NULL},
                                {"check_params", check_params, METH_VARARGS, NULL},
                                {"grad_norm", grad_norm, METH_VARARGS, NULL},
                                {"know_torch", know_torch, METH_VARARGS, NULL},
                                {"use_increment_version", use_increment_version, METH_VARARGS, NULL},
                                {"use_one_thread", use_one_thread, METH_NOARGS, NULL},
                                {"keep", keep, METH_NOARGS, NULL},
                                {NULL, NULL, 0, NULL}};
