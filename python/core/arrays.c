/* The memory of Python objects: NumPy's through the buffer protocol, torch's and others' through DLPack. */
#include "arrays.h"
#include "dlpack.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct views { /* of buffers; they may not move, since their shape may point into them */
  struct views *next;
  int count;
  Py_buffer view[32];
};

int hold(struct holds *holds, PyObject *object) {
  if (holds->count == holds->capacity) {
    const size_t capacity = 2 * holds->capacity + 64;
    PyObject **objects = realloc(holds->objects, capacity * sizeof *objects);
    if (!objects) return PyErr_NoMemory(), -1;
    holds->objects = objects;
    holds->capacity = capacity;
  }
  Py_INCREF(object);
  holds->objects[holds->count++] = object;
  return 0;
}

void let_go(struct holds *holds) {
  while (holds->views) {
    struct views *views = holds->views;
    holds->views = views->next;
    while (views->count)
      PyBuffer_Release(&views->view[--views->count]);
    free(views);
  }
  for (size_t i = 0; i < holds->count; ++i)
    Py_DECREF(holds->objects[i]);
  holds->count = 0;
}

void release(struct holds *holds) {
  let_go(holds);
  free(holds->objects);
  *holds = (struct holds){0};
}

int unfit(PyObject *exception, struct place place, const char *format, ...) {
  va_list values;
  va_start(values, format);
  PyObject *fault = PyUnicode_FromFormatV(format, values);
  va_end(values);
  if (!fault) return -1;
  if (place.index < 0)
    PyErr_Format(exception, "%s: %U", place.array, fault);
  else
    PyErr_Format(exception, "%s of param %zd: %U", place.array, place.index, fault);
  Py_DECREF(fault);
  return -1;
}

/* How the objects of a type lend their memory. */
struct way {
  PyObject *type;
  enum { BY_BUFFER, BY_EXCHANGE, BY_LOCAL, BY_CAPSULE, BY_NOTHING } kind; /* BY_BUFFER: or by __dlpack__ */
  const struct dl_exchange *exchange;
  bool of_torch;
};
static struct way known[16];
static size_t known_count;

static struct {
  PyObject *classify, *alike, *to_capsule;
  PyCFunction is_neg;
} torch;

PyObject *know_torch(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *is_neg;
  if (!PyArg_ParseTuple(arguments, "OOOO", &torch.classify, &torch.alike, &is_neg, &torch.to_capsule))
    return NULL;
  Py_INCREF(torch.classify);
  Py_INCREF(torch.alike);
  Py_INCREF(torch.to_capsule);
  torch.is_neg = PyCFunction_GetFunction(is_neg); /* takes no argument but the tensor */
  if (!torch.is_neg) return NULL;
  known_count = 0;
  Py_RETURN_NONE;
}

static const struct dl_exchange *exchange_of(PyObject *type) {
  PyObject *capsule = PyObject_GetAttrString(type, "__dlpack_c_exchange_api__");
  if (!capsule) return PyErr_Clear(), NULL;
  const struct dl_exchange *exchange = PyCapsule_GetPointer(capsule, "dlpack_exchange_api");
  if (!exchange) PyErr_Clear();
  Py_DECREF(capsule); /* the type keeps it */
  return exchange && exchange->major == 1 && exchange->borrow ? exchange : NULL;
}

/* Whether a class or one that it inherits from has this name. */
static int inherits(PyObject *type, const char *quoted) {
  PyObject *all = PyObject_GetAttrString(type, "__mro__");
  PyObject *text = all ? PyObject_Str(all) : NULL;
  PyObject *name = PyUnicode_FromString(quoted);
  const int answer = text && name ? PyUnicode_Contains(text, name) : -1;
  Py_XDECREF(name);
  Py_XDECREF(text);
  Py_XDECREF(all);
  return answer;
}

static int find_way(PyObject *type, struct way *way) {
  *way = (struct way){type, BY_BUFFER, NULL, false};
  const int is_tensor = inherits(type, "'torch.Tensor'");
  if (is_tensor < 0) return -1;
  way->exchange = exchange_of(type);
  if (!is_tensor) {
    if (way->exchange) way->kind = BY_EXCHANGE;
    return 0;
  }
  way->of_torch = true;
  if (!torch.classify) { /* glissade.torch knows which tensors are fake or distributed */
    PyObject *module = PyImport_ImportModule("glissade.torch");
    Py_XDECREF(module);
    if (!module) return -1;
  }
  PyObject *answer = PyObject_CallFunctionObjArgs(torch.classify, type, NULL);
  const long lends = answer ? PyLong_AsLong(answer) : -1;
  Py_XDECREF(answer);
  if (lends < 0) return -1;
  way->kind = lends == LENDS_LOCAL    ? BY_LOCAL
              : lends != LENDS_ITSELF ? BY_NOTHING
              : way->exchange         ? BY_EXCHANGE
                                      : BY_CAPSULE;
  return 0;
}

static const struct way *way_of(PyObject *object) {
  PyObject *type = (PyObject *)Py_TYPE(object);
  for (size_t i = 0; i < known_count; ++i)
    if (known[i].type == type) return &known[i];
  struct way found;
  if (find_way(type, &found)) return NULL;
  if (known_count == sizeof known / sizeof *known) { /* no program has so many types of arrays */
    while (known_count)
      Py_DECREF(known[--known_count].type);
  }
  Py_INCREF(type);
  known[known_count] = found;
  return &known[known_count++];
}

static int describe(struct place place, const struct dl_tensor *tensor, struct array *out) {
  if (tensor->device_type != DL_CPU && tensor->device_type != DL_CUDA_HOST)
    return unfit(PyExc_ValueError, place, "is not in the memory of the CPU");
  *out = (struct array){(char *)tensor->data + tensor->byte_offset,
                        1,
                        tensor->shape,
                        tensor->strides,
                        tensor->bits / 8,
                        tensor->ndim,
                        tensor->lanes == 1 ? tensor->code : DL_OPAQUE,
                        tensor->bits,
                        0,
                        false,
                        NULL,
                        NULL};
  return 0;
}

/* A capsule that is not consumed keeps the memory for as long as it is held. */
static int lend_capsule(struct holds *holds, struct place place, PyObject *capsule, struct array *out) {
  if (!capsule) return -1;
  const int held = hold(holds, capsule);
  Py_DECREF(capsule);
  if (held) return -1;
  if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
    const struct dl_versioned *versioned = PyCapsule_GetPointer(capsule, "dltensor_versioned");
    if (versioned->major != 1) return unfit(PyExc_BufferError, place, "comes by a newer DLPack");
    if (versioned->flags & DL_COPIED) return unfit(PyExc_BufferError, place, "can only be lent as a copy");
    if (describe(place, &versioned->tensor, out)) return -1;
    out->read_only = versioned->flags & DL_READ_ONLY;
    return 0;
  }
  const struct dl_tensor *tensor = PyCapsule_GetPointer(capsule, "dltensor");
  return tensor ? describe(place, tensor, out) : -1;
}

static int lend_method(struct holds *holds, struct place place, PyObject *object, struct array *out) {
  PyObject *method = PyObject_GetAttrString(object, "__dlpack__");
  if (!method) {
    PyErr_Clear();
    return unfit(PyExc_TypeError, place, "%R is no array: it has neither the buffer protocol nor DLPack",
                 (PyObject *)Py_TYPE(object));
  }
  PyObject *none = PyTuple_New(0), *named = Py_BuildValue("{s(ii)}", "max_version", 1, 0);
  PyObject *capsule = none && named ? PyObject_Call(method, none, named) : NULL;
  if (!capsule && PyErr_ExceptionMatches(PyExc_TypeError)) { /* older than DLPack 1 */
    PyErr_Clear();
    capsule = PyObject_CallFunctionObjArgs(method, NULL);
  }
  Py_XDECREF(named);
  Py_XDECREF(none);
  Py_DECREF(method);
  return lend_capsule(holds, place, capsule, out);
}

static int lend_buffer(struct holds *holds, struct place place, PyObject *object, struct array *out);

/* The bfloat16 of ml_dtypes, which NumPy does not lend (ValueError), by a view of another type. */
static int lend_bfloat16(struct holds *holds, struct place place, PyObject *object, struct array *out) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyObject *dtype = PyObject_GetAttrString(object, "dtype");
  PyObject *name = dtype ? PyObject_GetAttrString(dtype, "name") : NULL;
  const bool is_bfloat16 =
      name && PyUnicode_Check(name) && !PyUnicode_CompareWithASCIIString(name, "bfloat16");
  PyObject *view = is_bfloat16 ? PyObject_CallMethod(object, "view", "s", "uint16") : NULL;
  Py_XDECREF(name);
  Py_XDECREF(dtype);
  PyErr_Restore(type, value, traceback);
  if (!view) return -1;
  PyErr_Clear();
  const int status = lend_buffer(holds, place, view, out);
  Py_DECREF(view);
  return status;
}

static int lend_buffer(struct holds *holds, struct place place, PyObject *object, struct array *out) {
  struct views *views = holds->views;
  if (!views || views->count == sizeof views->view / sizeof *views->view) {
    views = malloc(sizeof *views);
    if (!views) return PyErr_NoMemory(), -1;
    views->next = holds->views;
    views->count = 0;
    holds->views = views;
  }
  Py_buffer *view = &views->view[views->count];
  if (PyObject_GetBuffer(object, view, PyBUF_STRIDES | PyBUF_FORMAT)) {
    const bool of_numpy = PyErr_ExceptionMatches(PyExc_ValueError);
    if (!of_numpy && !PyErr_ExceptionMatches(PyExc_TypeError)) return -1;
    if (!of_numpy) return PyErr_Clear(), lend_method(holds, place, object, out);
    return lend_bfloat16(holds, place, object, out);
  }
  ++views->count;
  const char *format = view->format ? view->format : "B";
  if (strchr("@=<", *format) && *format) ++format;
  const char letter = format[0] && !format[1] ? *format : '?';
  *out = (struct array){view->buf,
                        1,
                        (const int64_t *)view->shape,
                        (const int64_t *)view->strides,
                        1,
                        view->ndim,
                        strchr("efdg", letter)     ? DL_FLOAT
                        : strchr("bhilqn", letter) ? DL_INT
                        : strchr("BHILQN", letter) ? DL_UINT
                                                   : DL_OPAQUE,
                        (int)view->itemsize * 8,
                        0,
                        view->readonly,
                        NULL,
                        NULL};
  return 0;
}

static int lend_tensor(struct holds *holds, struct place place, const struct way *way, PyObject *object,
                       struct array *out) {
  if (way->kind == BY_CAPSULE) {
    PyObject *capsule = PyObject_CallFunctionObjArgs(torch.to_capsule, object, NULL);
    if (lend_capsule(holds, place, capsule, out)) return -1;
  } else {
    struct dl_tensor tensor;
    if (way->exchange->borrow(object, &tensor)) {
      PyErr_Clear(); /* a page of C++ */
      return unfit(PyExc_TypeError, place, "%R has no memory that a CPU can use",
                   (PyObject *)Py_TYPE(object));
    }
    if (hold(holds, object) || describe(place, &tensor, out)) return -1;
  }
  if (way->of_torch) out->tensor = object;
  return 0;
}

int lend(struct holds *holds, struct place place, PyObject *object, struct array *out) {
  const struct way *way = way_of(object);
  if (!way) return -1;
  switch (way->kind) {
  case BY_LOCAL: {
    PyObject *local = PyObject_GetAttrString(object, "_local_tensor");
    if (!local) return -1;
    const struct way *local_way = way_of(local);
    const bool usable = local_way && (local_way->kind == BY_EXCHANGE || local_way->kind == BY_CAPSULE);
    const int status = usable ? lend_tensor(holds, place, local_way, local, out)
                              : unfit(PyExc_TypeError, place, "has no local part of its own");
    Py_DECREF(local);
    if (!status) out->whole = object;
    if (status || hold(holds, object)) return -1;
    break;
  }
  case BY_EXCHANGE:
  case BY_CAPSULE:
    if (lend_tensor(holds, place, way, object, out)) return -1;
    break;
  case BY_BUFFER:
    if (lend_buffer(holds, place, object, out)) return -1;
    break;
  case BY_NOTHING:
    return unfit(PyExc_TypeError, place, "%R has no memory that a CPU can use", (PyObject *)Py_TYPE(object));
  }
  for (int i = 0; i < out->ndim; ++i)
    out->n *= (size_t)out->shape[i];
  return 0;
}

bool look(PyObject *tensor, const struct plain *like, struct plain *out) {
  const struct way *way = way_of(tensor);
  struct dl_tensor found;
  if (!way || way->kind != BY_EXCHANGE || !way->of_torch || way->exchange->borrow(tensor, &found)) {
    PyErr_Clear();
    return false;
  }
  bool plain = found.device_type == DL_CPU && found.code == DL_FLOAT && found.bits == 32 &&
               found.lanes == 1 && (!like || like->ndim == found.ndim);
  int64_t n = 1;
  for (int i = found.ndim; plain && i-- > 0; n *= found.shape[i])
    plain = found.strides[i] == n && (!like || like->shape[i] == found.shape[i]);
  *out = (struct plain){(char *)found.data + found.byte_offset, (size_t)n, found.ndim, found.shape};
  return plain;
}

bool is_not_negated(PyObject *tensor) {
  PyObject *answer = torch.is_neg(tensor, NULL);
  if (!answer) PyErr_Clear();
  Py_XDECREF(answer);
  return answer == Py_False;
}

int check_sign(struct place place, const struct array *a) {
  PyObject *answer = a->tensor ? torch.is_neg(a->tensor, NULL) : PyBool_FromLong(0);
  if (!answer) return -1;
  Py_DECREF(answer);
  return answer == Py_True ? unfit(PyExc_ValueError, place, "is a negated view") : 0;
}

/* Finds the type of an array, which has to be one of these. */
static int check_type(struct place place, unsigned types, struct array *a) {
  static const char *const codes[] = {"int", "uint", "float", "opaque", "bfloat", "complex", "bool"};
  static const struct {
    int code, bits;
    unsigned type;
    const char *name;
  } known_types[] = {{DL_FLOAT, 32, AS_FLOAT32, "float32"}, {DL_BFLOAT, 16, AS_BFLOAT16, "bfloat16"},
                     {DL_UINT, 16, AS_BFLOAT16, NULL},      {DL_FLOAT, 16, AS_FLOAT16, "float16"},
                     {DL_INT, 16, AS_INT16, "int16"},       {DL_INT, 8, AS_INT8, "int8"},
                     {DL_UINT, 8, AS_UINT8, "uint8"}};
  const size_t count = sizeof known_types / sizeof *known_types;
  for (size_t i = 0; i < count; ++i)
    if (known_types[i].code == a->code && known_types[i].bits == a->bits && (known_types[i].type & types)) {
      a->type = known_types[i].type;
      return 0;
    }
  char allowed[64] = "";
  for (size_t i = 0; i < count; ++i)
    if (known_types[i].name && (known_types[i].type & types)) {
      if (*allowed) strcat(allowed, " or ");
      strcat(allowed, known_types[i].name);
    }
  const char *code = (size_t)a->code < sizeof codes / sizeof *codes ? codes[a->code] : "unknown";
  return unfit(PyExc_TypeError, place, "is %s%d, not %s", code, a->bits, allowed);
}

/* Whether the elements fill their memory, in some order of the dimensions. */
static bool is_dense(const struct array *a) {
  if (!a->strides || a->n <= 1) return true;
  int64_t expected = a->bits / 8;
  for (int found = -1, left = a->ndim; left > 0; --left) {
    found = -1;
    for (int i = a->ndim; i-- > 0;)
      if (a->shape[i] != 1 && a->strides[i] * a->stride_unit == expected) found = i;
    if (found < 0) break;
    expected *= a->shape[found];
  }
  return expected == (int64_t)a->n * (a->bits / 8);
}

static int64_t stride_of(const struct array *a, int dimension) {
  if (a->strides) return a->strides[dimension] * a->stride_unit;
  int64_t stride = a->bits / 8;
  for (int i = a->ndim; --i > dimension;)
    stride *= a->shape[i];
  return stride;
}

int lend_array(struct holds *holds, struct place place, PyObject *object, unsigned types, bool written,
               struct array *out) {
  if (lend(holds, place, object, out) || check_type(place, types, out)) return -1;
  if (!is_dense(out)) return unfit(PyExc_ValueError, place, "is not contiguous");
  return written && out->read_only ? unfit(PyExc_ValueError, place, "is read-only") : 0;
}

static int is_alike(struct place place, const struct array *param, const struct array *other) {
  if (!param->whole && !other->whole) return 0;
  PyObject *answer = param->whole && other->whole
                         ? PyObject_CallFunctionObjArgs(torch.alike, param->whole, other->whole, NULL)
                         : PyBool_FromLong(0);
  if (!answer) return -1;
  Py_DECREF(answer);
  return answer == Py_True ? 0 : unfit(PyExc_ValueError, place, "is not distributed as its param is");
}

int lend_beside(struct holds *holds, struct place place, PyObject *object, unsigned types, bool written,
                const struct array *param, struct array *out) {
  if (lend(holds, place, object, out) || check_type(place, types, out)) return -1;
  if (written && out->read_only) return unfit(PyExc_ValueError, place, "is read-only");
  if (is_alike(place, param, out)) return -1;
  bool same = out->ndim == param->ndim;
  for (int i = 0; same && i < out->ndim; ++i)
    same = out->shape[i] == param->shape[i];
  if (!same) return unfit(PyExc_ValueError, place, "has another shape than its param");
  if (out->n > 1)
    for (int i = 0; i < out->ndim; ++i)
      if (out->shape[i] != 1 && stride_of(out, i) * param->bits != stride_of(param, i) * out->bits)
        return unfit(PyExc_ValueError, place,
                     "does not lie in memory as its param does (contiguous, same order)");
  return 0;
}
