/* What glissade is told of one param: its arrays, as they are lent. */
#include "call.h"
#include "dlpack.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static PyObject *key_step, *key_mu_product, *key_remainder;

/* The number of a step that was counted in an array of one element, or -1. */
static int64_t read_count(const struct number *a) {
  if (a->code == DL_INT && a->bits == 64) return *(const int64_t *)a->data;
  if (a->code != DL_FLOAT || (a->bits != 32 && a->bits != 64)) return -1;
  const double count = a->bits == 32 ? (double)*(const float *)a->data : *(const double *)a->data;
  return count >= 0 && count < 0x1p62 && count == floor(count) ? (int64_t)count : -1;
}

void write_count(const struct number *a, int64_t count) {
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

int put(struct call *call, char *tensor, Py_ssize_t index, size_t offset, size_t member,
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
  extra->step.data = extra->product.data = NULL; /* nothing else of the two is read then */
  extra->t = 1;
  memset(tensor, 0, call->optimizer->tensor_size);
  memcpy(tensor, &call->optimizer->tensor_size, sizeof(size_t));
}

int fill_plain(struct call *call, PyObject *param, PyObject *grad, PyObject *state, const struct request *r,
               char *tensor, struct extra *extra) {
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

int fill(struct call *call, PyObject *param, PyObject *grad, PyObject *state, const struct request *r,
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

int intern_fill_keys(void) {
  return (key_step = PyUnicode_InternFromString("step")) &&
                 (key_mu_product = PyUnicode_InternFromString("mu_product")) &&
                 (key_remainder = PyUnicode_InternFromString("remainder"))
             ? 0
             : -1;
}
