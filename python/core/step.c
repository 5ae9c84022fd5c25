/* Steps on the arrays of Python objects: what they lend is gathered, and glissade called once for all. */
#include "step.h"
#include "arrays.h"
#include "dlpack.h"
#include "kept.h"
#include "storage.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool one_thread;
static PyObject *increment_version, *tensor_class; /* of torch, once known */
static PyObject *key_params, *key_grad, *key_step, *key_mu_product, *key_betas, *key_capturable,
    *key_differentiable, *key_remainder;

/* What step() is asked for. */
struct request {
  PyObject *groups, *states, *grads, *preset;
  PyObject *fresh; /* NULL, or a dict by param of state arrays that no step was taken with */
  PyObject *rest;  /* NULL, or a list for the params that are left aside */
  int threads;
  int counted; /* whether all states have the number of the step, not those alone that are stored */
  int signs;   /* whether params may be negated views */
  bool norm;   /* whether the norm of the gradients is asked for */
};

/* An array of one number; data = NULL: none. */
struct number {
  void *data;
  int code, bits; /* as in struct array */
};

/* One tensor of a call, beside what glissade is told of it. */
struct extra {
  PyObject *param;
  Py_ssize_t index, group;
  const char *begin, *end;     /* of the param's memory */
  struct number step, product; /* of its state */
  int64_t t;                   /* which step this is */
  float momentum;              /* the factor of the product */
};

/* Where the param of a tensor lies. */
struct span {
  const char *begin, *end;
  size_t index;
};

enum { GRADS = AS_FLOAT32 | AS_BFLOAT16 | AS_FLOAT16 };

struct call {
  const struct optimizer *optimizer;
  size_t most, count, slots;
  char *memory; /* in which the following lie */
  size_t size;
  char *tensors, *options;    /* a struct of the C API for each, and room for as many options */
  glissade_storage *storages; /* as many, once one is needed */
  struct extra *extras;
  struct span *spans;
  struct holds holds;
  struct kept *kept; /* of the states, or NULL */
  /* of the group that is gathered: */
  char *group_options;
  unsigned needed; /* which state arrays the options need */
  struct storing storing;
  bool new_slot, has_product;
  int64_t product_t; /* NAdam's momenta: the step for which the following are known */
  float product, momentum;
};

/* The memory of the last call, for the next: to allocate so much takes longer than many a step, since malloc tidies up
   what a backward has freed. Whoever has the GIL may take it. */
static struct {
  char *memory;
  size_t size;
  struct holds holds;
} spare;

static int begin(struct call *call, const struct optimizer *optimizer, size_t most) {
  *call = (struct call){.optimizer = optimizer,
                        .most = most,
                        .has_product = !strcmp(optimizer->name, "nadam"),
                        .memory = spare.memory,
                        .size = spare.size,
                        .holds = spare.holds};
  memset(&spare, 0, sizeof spare);
  const size_t size = (most + 1) * (optimizer->tensor_size + optimizer->options_size + sizeof *call->extras +
                                    sizeof *call->spans);
  if (call->size < size) {
    free(call->memory);
    call->memory = malloc(size);
    call->size = call->memory ? size : 0;
    if (!call->memory) return PyErr_NoMemory(), -1;
  }
  call->extras = (struct extra *)(void *)call->memory;
  call->spans = (struct span *)(void *)(call->extras + most);
  call->tensors = (char *)(call->spans + most);
  call->options = call->tensors + most * optimizer->tensor_size;
  call->group_options = call->options + most * optimizer->options_size;
  return 0;
}

static void end(struct call *call) {
  free(call->storages);
  give_back_kept(call->kept);
  let_go(&call->holds);
  if (spare.memory || spare.holds.objects) { /* of a call that began and ended during this one */
    free(call->memory);
    release(&call->holds);
    return;
  }
  spare.memory = call->memory;
  spare.size = call->size;
  spare.holds = call->holds;
}

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

/* Begins a group: its options, and which state arrays they need, as the check of a tensor that lacks one says. */
static int begin_group(struct call *call, PyObject *preset, PyObject *group, int threads) {
  const struct optimizer *o = call->optimizer;
  PyObject *const torch_alone[] = {key_capturable, key_differentiable};
  for (size_t i = 0; i < 2; ++i) {
    PyObject *value = PyDict_GetItemWithError(group, torch_alone[i]);
    const int set = value ? PyObject_IsTrue(value) : PyErr_Occurred() ? -1 : 0;
    if (set > 0) PyErr_Format(PyExc_ValueError, "%U is True", torch_alone[i]);
    if (set) return -1;
  }
  if (read_options(o, preset, group, call->group_options) || read_storing(group, &call->storing)) return -1;
  memcpy(call->group_options + o->threads, &(int){one_thread ? 1 : threads}, sizeof threads);
  int64_t t;
  memcpy(&t, call->group_options + o->step, sizeof t);
  if (t < 1) memcpy(call->group_options + o->step, &(int64_t){1}, sizeof t); /* each param has its own */

  float numbers[2 + MOST_STATES];
  char tensor[16 * sizeof(void *)] = {0};
  memcpy(tensor, &o->tensor_size, sizeof(size_t));
  memcpy(tensor + o->n, &(size_t){1}, sizeof(size_t));
  memcpy(tensor + o->param, &(float *){numbers}, sizeof(float *));
  memcpy(tensor + o->grad, &(float *){numbers + 1}, sizeof(float *));
  for (size_t i = 0; i < o->states; ++i)
    memcpy(tensor + o->state[i].offset, &(float *){numbers + 2 + i}, sizeof(float *));
  const glissade_status status = o->check(call->group_options, 1, tensor, NULL);
  if (status) return fail(status);
  call->needed = 0;
  for (size_t i = 0; i < o->states; ++i) {
    memcpy(tensor + o->state[i].offset, &(float *){NULL}, sizeof(float *));
    if (o->check(call->group_options, 1, tensor, NULL)) call->needed |= 1u << i;
    memcpy(tensor + o->state[i].offset, &(float *){numbers + 2 + i}, sizeof(float *));
  }
  call->new_slot = true;
  call->product_t = 0;
  return 0;
}

/* The options for step number t of the group: those of the tensor before, if they are the same. */
static const char *options_for(struct call *call, int64_t t) {
  const struct optimizer *o = call->optimizer;
  char *last = call->options + (call->slots - 1) * o->options_size;
  int64_t of_last = 0;
  if (!call->new_slot) memcpy(&of_last, last + o->step, sizeof of_last);
  if (call->new_slot || of_last != t) {
    last = call->options + call->slots++ * o->options_size;
    memcpy(last, call->group_options, o->options_size);
    memcpy(last + o->step, &t, sizeof t);
    call->new_slot = false;
  }
  return last;
}

/* The number of a step that was counted in an array of one element, or -1. */
static int64_t read_count(const struct number *a) {
  if (a->code == DL_INT && a->bits == 64) return *(const int64_t *)a->data;
  if (a->code != DL_FLOAT || (a->bits != 32 && a->bits != 64)) return -1;
  const double count = a->bits == 32 ? (double)*(const float *)a->data : *(const double *)a->data;
  return count >= 0 && count < 0x1p62 && count == floor(count) ? (int64_t)count : -1;
}

static void write_count(const struct number *a, int64_t count) {
  if (a->code == DL_INT)
    *(int64_t *)a->data = count;
  else if (a->bits == 32)
    *(float *)a->data = (float)count;
  else
    *(double *)a->data = (double)count;
}

static int lend_number(struct holds *holds, struct place place, PyObject *object, struct number *out) {
  struct array array;
  if (lend(holds, place, object, &array)) return -1;
  if (array.n != 1) return unfit(PyExc_ValueError, place, "is not a single number");
  if (array.read_only) return unfit(PyExc_ValueError, place, "is read-only");
  *out = (struct number){array.data, array.code, array.bits};
  return 0;
}

/* torch's NAdam keeps the product of its momenta, which glissade computes from the number of the step. */
static int lend_product(struct call *call, PyObject *state, struct extra *extra) {
  PyObject *object = PyDict_GetItemWithError(state, key_mu_product);
  if (!object) return PyErr_Occurred() ? -1 : 0;
  const struct place place = {"mu_product", extra->index};
  struct number *product = &extra->product;
  if (lend_number(&call->holds, place, object, product)) return -1;
  if (call->product_t != extra->t) {
    glissade_nadam options;
    memcpy(&options, call->group_options, sizeof options);
    options.step = call->product_t = extra->t;
    call->momentum = nadam_momentum(&options);
    --options.step;
    call->product = nadam_product(&options);
  }
  extra->momentum = call->momentum;
  float found = -1;
  if (product->code == DL_FLOAT && product->bits == 32) memcpy(&found, product->data, sizeof found);
  const bool vanished = call->product < 0x1p-54f && found >= 0 && found < 0x1p-54f; /* beside 1 */
  return found == call->product || vanished
             ? 0
             : unfit(PyExc_ValueError, place,
                     "is not what beta1 and momentum_decay give: one of them has changed");
}

/* What the tensor that is added is told of its stored arrays. */
static glissade_storage *storage_of(struct call *call, char *tensor, Py_ssize_t index) {
  glissade_storage *storage;
  memcpy(&storage, tensor + call->optimizer->storage, sizeof storage);
  if (storage) return storage;
  if (!call->storages && !(call->storages = malloc(call->most * sizeof *storage)))
    return PyErr_NoMemory(), NULL;
  storage = &call->storages[call->count];
  *storage = (glissade_storage){.struct_size = sizeof *storage, .seed = call->storing.seed + (uint64_t)index};
  memcpy(tensor + call->optimizer->storage, &storage, sizeof storage);
  return storage;
}

/* Puts an array where the tensor has it: its own pointer to floats, or that member of its storage. */
static int put(struct call *call, char *tensor, Py_ssize_t index, size_t offset, size_t member,
               const struct array *array, int type, void *extra) {
  if (type == GLISSADE_FLOAT32) return memcpy(tensor + offset, &array->data, sizeof array->data), 0;
  glissade_storage *storage = storage_of(call, tensor, index);
  if (!storage) return -1;
  memcpy((char *)storage + member, &(glissade_array){type, array->data, extra}, sizeof(glissade_array));
  return 0;
}

/* The value under a key of a param's state, which mostly is the next one; NULL without an exception if there is none. */
static PyObject *next_of(PyObject *state, Py_ssize_t *next, PyObject *key) {
  PyObject *found, *value;
  Py_ssize_t here = *next;
  if (PyDict_Next(state, &here, &found, &value) && found == key) {
    *next = here;
    return value;
  }
  value = PyDict_GetItemWithError(state, key);
  if (!value) PyErr_Clear();
  return value;
}

/* Begins what glissade is told of a param. */
static void clear(const struct call *call, char *tensor, struct extra *extra) {
  *extra = (struct extra){.param = extra->param, .index = extra->index, .group = extra->group, .t = 1};
  memset(tensor, 0, call->optimizer->tensor_size);
  memcpy(tensor, &call->optimizer->tensor_size, sizeof(size_t));
}

/* Fills in what glissade is told of a param whose tensors are all plain, as nearly all are. 0 without an exception where
   they are not, or something is wrong with them: then fill() begins anew. */
static int fill_plain(struct call *call, PyObject *param, PyObject *grad, PyObject *state,
                      const struct request *r, char *tensor, struct extra *extra) {
  const struct optimizer *o = call->optimizer;
  const size_t at = (size_t)extra->index;
  struct plain p, other;
  if (call->storing.any || (!state && (r->counted || call->needed)) || !look(param, NULL, &p) ||
      !look(grad, &p, &other) || !is_not_negated(grad) || (r->signs && !is_not_negated(param)))
    return 0;
  clear(call, tensor, extra);
  memcpy(tensor + o->n, &p.n, sizeof p.n);
  memcpy(tensor + o->param, &p.data, sizeof p.data);
  memcpy(tensor + o->grad, &other.data, sizeof other.data);
  extra->begin = p.data;
  extra->end = extra->begin + p.n * sizeof(float);
  Py_ssize_t next = 0;
  if (r->counted) {
    static const struct plain number = {.n = 1};
    PyObject *step = next_of(state, &next, key_step);
    const int found = step ? look_at_kept(call->kept, &call->holds, at, 0, step, &number, &other) : 0;
    if (found < 1) return found;
    extra->step = (struct number){other.data, DL_FLOAT, 32};
    extra->t = read_count(&extra->step) + 1;
    if (extra->t < 1) return 0;
    if (call->has_product && lend_product(call, state, extra)) return -1;
  } else if (call->needed)
    extra->t = 2; /* SGD's buffer exists, so its first step was taken */
  for (size_t i = 0; i < o->states; ++i) {
    if (!(call->needed & 1u << i)) continue;
    PyObject *array = next_of(state, &next, o->state[i].key);
    const int found = array ? look_at_kept(call->kept, &call->holds, at, i + 1, array, &p, &other) : 0;
    if (found < 1) return found;
    memcpy(tensor + o->state[i].offset, &other.data, sizeof other.data);
  }
  return hold(&call->holds, grad) ? -1 : 1;
}

/* The same for all other arrays; -1 with an exception for those that glissade cannot do. */
static int fill(struct call *call, PyObject *param, PyObject *grad, PyObject *state, const struct request *r,
                char *tensor, struct extra *extra) {
  const struct optimizer *o = call->optimizer;
  const Py_ssize_t index = extra->index;
  struct array p, g, s;
  clear(call, tensor, extra);
  const struct storing *storing = &call->storing;
  const unsigned params = storing->bf16_params ? AS_FLOAT32 | AS_BFLOAT16 : AS_FLOAT32;
  const unsigned states = storing->any ? AS_FLOAT32 | AS_BFLOAT16 | AS_INT8 | AS_UINT8 : AS_FLOAT32;
  void *extra_data = NULL;
  if (lend_array(&call->holds, (struct place){"param", index}, param, params, true, &p) ||
      lend_beside(&call->holds, (struct place){"grad", index}, grad, GRADS, false, &p, &g) ||
      check_sign((struct place){"grad", index}, &g) ||
      (r->signs && check_sign((struct place){"param", index}, &p)))
    return -1;
  if (p.whole && r->norm)
    return unfit(PyExc_ValueError, (struct place){"param", index},
                 "is distributed, so its norm is not known here");
  memcpy(tensor + o->n, &p.n, sizeof p.n);
  extra->begin = p.data;
  extra->end = extra->begin + p.n * (size_t)(p.bits / 8);
  int type = type_of(&p, storing->bf16_params);
  if (lend_extra(&call->holds, (struct place){"remainder", index}, state, key_remainder, type, &p,
                 &extra_data) ||
      put(call, tensor, index, o->param, offsetof(glissade_storage, param), &p, type, extra_data) ||
      put(call, tensor, index, o->grad, offsetof(glissade_storage, grad), &g, type_of(&g, GLISSADE_BF16),
          NULL))
    return -1;

  const bool counted = r->counted || storing->any;
  if (counted) {
    const struct place place = {"step", index};
    PyObject *step = state ? PyDict_GetItemWithError(state, key_step) : NULL;
    if (!step) return PyErr_Occurred() ? -1 : unfit(PyExc_ValueError, place, "is missing in the state");
    if (lend_number(&call->holds, place, step, &extra->step)) return -1;
    extra->t = read_count(&extra->step) + 1;
    if (extra->t < 1) return unfit(PyExc_ValueError, place, "is no count of steps");
    if (call->has_product && lend_product(call, state, extra)) return -1;
  }
  for (size_t i = 0; i < o->states; ++i) {
    if (!(call->needed & 1u << i)) continue;
    const struct place place = {o->state[i].name, index};
    PyObject *array = state ? PyDict_GetItemWithError(state, o->state[i].key) : NULL;
    if (!counted) extra->t = 2; /* SGD's buffer exists, so its first step was taken */
    if ((!array || array == Py_None) && r->fresh) {
      array = PyDict_GetItemWithError(r->fresh, param);
      extra->t = 1;
    }
    if (!array || array == Py_None)
      return PyErr_Occurred() ? -1 : unfit(PyExc_ValueError, place, "is missing in the state");
    if (lend_beside(&call->holds, place, array, states, true, &p, &s)) return -1;
    type = type_of(&s, GLISSADE_BF16_STOCHASTIC);
    if (lend_extra(&call->holds, (struct place){o->state[i].scale, index}, state, o->state[i].scale_key, type,
                   &s, &extra_data) ||
        put(call, tensor, index, o->state[i].offset,
            offsetof(glissade_storage, states) + i * sizeof(glissade_array), &s, type, extra_data))
      return -1;
  }
  return 0;
}

/* Adds a param that has a gradient. `state` is its dict or NULL. */
static int add(struct call *call, Py_ssize_t group, Py_ssize_t index, PyObject *param, PyObject *grad,
               PyObject *state, const struct request *r) {
  const struct optimizer *o = call->optimizer;
  if (call->count == call->most)
    return PyErr_SetString(PyExc_RuntimeError, "the lists of params have changed"), -1;
  char *tensor = call->tensors + call->count * o->tensor_size;
  struct extra *extra = &call->extras[call->count];
  *extra = (struct extra){.param = param, .index = index, .group = group};
  const int filled = fill_plain(call, param, grad, state, r, tensor, extra);
  if (filled < 0 || (!filled && forget_kept(call->kept, &call->holds, (size_t)index)) ||
      (!filled && fill(call, param, grad, state, r, tensor, extra)))
    return -1;
  const char *options = options_for(call, extra->t);
  memcpy(tensor + o->options, &options, sizeof options);
  ++call->count;
  return hold(&call->holds, param);
}

/* What the steps on a list leave aside: (group, param, exception) each. */
static int leave(PyObject *rest, Py_ssize_t group, PyObject *param) {
  if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError) &&
      !PyErr_ExceptionMatches(PyExc_BufferError) && !PyErr_ExceptionMatches(PyExc_RuntimeError))
    return -1;
  PyObject *type, *reason, *traceback;
  PyErr_Fetch(&type, &reason, &traceback);
  PyErr_NormalizeException(&type, &reason, &traceback);
  PyObject *left = Py_BuildValue("(nOO)", group, param, reason);
  Py_XDECREF(type);
  Py_XDECREF(reason);
  Py_XDECREF(traceback);
  const int fault = !left || PyList_Append(rest, left);
  Py_XDECREF(left);
  return fault ? -1 : 0;
}

/* The dict of a param's state. Where `states` is a dict by param, it mostly has them in the order of the groups, and
   following that order takes no hashing of tensors. */
static PyObject *state_of(PyObject *states, PyObject *param, Py_ssize_t index, Py_ssize_t *next) {
  if (PyList_Check(states)) return PyList_GetItem(states, index);
  PyObject *key, *state;
  Py_ssize_t here = *next;
  if (PyDict_Next(states, &here, &key, &state) && key == param) {
    *next = here;
    return state;
  }
  return PyDict_GetItemWithError(states, param);
}

/* Adds all params that have a gradient, and leaves those aside that cannot be used, if there is a list for them. */
static int gather(struct call *call, const struct request *r) {
  Py_ssize_t index = 0, next = 0;
  for (Py_ssize_t group = 0; group < PyList_Size(r->groups); ++group) {
    PyObject *options = PyList_GetItem(r->groups, group);
    PyObject *params = PyDict_GetItemWithError(options, key_params);
    if (!params) return PyErr_SetString(PyExc_KeyError, "params"), -1;
    PyObject *fault = NULL; /* of the group's options */
    if (begin_group(call, r->preset, options, r->threads)) {
      if (!r->rest) return -1;
      PyObject *type, *traceback;
      PyErr_Fetch(&type, &fault, &traceback);
      PyErr_NormalizeException(&type, &fault, &traceback);
      Py_XDECREF(type);
      Py_XDECREF(traceback);
    }
    int status = 0;
    for (Py_ssize_t i = 0; !status && i < PyList_Size(params); ++i, ++index) {
      PyObject *param = PyList_GetItem(params, i);
      PyObject *grad =
          r->grads == Py_None ? PyObject_GetAttr(param, key_grad) : PySequence_GetItem(r->grads, index);
      if (!grad) status = -1;
      if (grad && grad != Py_None) {
        PyObject *state = state_of(r->states, param, index, &next);
        if (fault)
          PyErr_SetObject((PyObject *)Py_TYPE(fault), fault);
        else if (state || !PyErr_Occurred())
          status = add(call, group, index, param, grad, state, r);
        if (PyErr_Occurred()) status = r->rest ? leave(r->rest, group, param) : -1;
      } else if (grad)
        status = forget_kept(call->kept, &call->holds, (size_t)index);
      Py_XDECREF(grad);
    }
    Py_XDECREF(fault);
    if (status) return -1;
  }
  return 0;
}

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
  for (; first < call->count && count < MOST; ++first) {
    PyObject *param = call->extras[first].param;
    if (PyType_IsSubtype(Py_TYPE(param), (PyTypeObject *)tensor_class)) tensors[count++] = param;
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
    if (one_thread) memcpy(call.options + o->threads, &(int){1}, sizeof(int));
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
    found = glissade_grad_norm((size_t)count, list, one_thread ? 1 : threads, &norm);
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

static PyObject *use_one_thread(PyObject *module, PyObject *nothing) {
  (void)module;
  (void)nothing;
  one_thread = true;
  Py_RETURN_NONE;
}

int intern_keys(void) {
  const struct {
    PyObject **key;
    const char *text;
  } keys[] = {{&key_params, "params"},
              {&key_grad, "grad"},
              {&key_step, "step"},
              {&key_betas, "betas"},
              {&key_capturable, "capturable"},
              {&key_differentiable, "differentiable"},
              {&key_mu_product, "mu_product"},
              {&key_remainder, "remainder"}};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i)
    if (!(*keys[i].key = PyUnicode_InternFromString(keys[i].text))) return -1;
  return 0;
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
