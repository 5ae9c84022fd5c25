/* The params of a step and their options, group by group. */
#include "call.h"
#include "options.h"
#include <stdlib.h>
#include <string.h>

static bool one_thread;
static descrgetfunc get_by_descriptor; /* of an attribute that is written in C */

struct getter {
  const PyTypeObject *type;
  PyObject *descriptor; /* NULL: in some other way */
};
static PyObject *key_params, *key_grad, *key_capturable, *key_differentiable;

/* The memory of the last call, for the next: to allocate so much takes longer than many a step, since malloc tidies up
   what a backward has freed. Whoever has the GIL may take it. */
static struct {
  char *memory;
  size_t size;
  struct holds holds;
} spare;

int begin(struct call *call, const struct optimizer *optimizer, size_t most) {
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

void end(struct call *call) {
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
  memcpy(call->group_options + o->threads, &(int){threads_for(threads)}, sizeof threads);
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

/* Adds a param that has a gradient. `state` is its dict or NULL. */
static int add(struct call *call, Py_ssize_t group, Py_ssize_t index, PyObject *param, PyObject *grad,
               PyObject *state, const struct request *r) {
  const struct optimizer *o = call->optimizer;
  if (call->count == call->most)
    return PyErr_SetString(PyExc_RuntimeError, "the lists of params have changed"), -1;
  char *tensor = call->tensors + call->count * o->tensor_size;
  struct extra *extra = &call->extras[call->count];
  extra->param = param;
  extra->index = index;
  extra->group = group;
  const int filled = fill_plain(call, param, grad, state, r, tensor, extra);
  if (filled < 0 || (!filled && forget_kept(call->kept, &call->holds, (size_t)index)) ||
      (!filled && fill(call, param, grad, state, r, tensor, extra)))
    return -1;
  const char *options = options_for(call, extra->t);
  memcpy(tensor + o->options, &options, sizeof options);
  ++call->count;
  return hold(&call->holds, param);
}

int leave(PyObject *rest, Py_ssize_t group, PyObject *param) {
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

/* What the attribute `grad` of a type is where its instances have it from C; NULL if they have it in another way. Metaclasses
   come first where a type is asked, so its own must lack it: the last one that did is known. */
static PyObject *descriptor_of(PyTypeObject *type) {
  static PyTypeObject *lacks_it;
  const getattrofunc usual = PyObject_GenericGetAttr;
  void *own = PyType_GetSlot(type, Py_tp_getattro);
  if (memcmp(&own, &usual, sizeof own)) return NULL;
  if (Py_TYPE(type) != lacks_it) {
    PyObject *of_metaclass = PyObject_GetAttr((PyObject *)Py_TYPE(type), key_grad);
    Py_XDECREF(of_metaclass);
    if (of_metaclass || !PyErr_ExceptionMatches(PyExc_AttributeError)) return NULL;
    PyErr_Clear();
    Py_XDECREF(lacks_it);
    lacks_it = Py_TYPE(type);
    Py_INCREF(lacks_it);
  }
  PyObject *descriptor = PyObject_GetAttr((PyObject *)type, key_grad);
  if (!descriptor && PyErr_ExceptionMatches(PyExc_AttributeError)) PyErr_Clear();
  if (descriptor && Py_TYPE(descriptor) != &PyGetSetDescr_Type) Py_CLEAR(descriptor);
  return descriptor;
}

/* The attribute `grad` of a param: to look up how its type gives it takes longer than to get it, so that is done once for
   params of the same type. */
static PyObject *grad_of(struct call *call, PyObject *param, struct getter *getter) {
  PyTypeObject *type = Py_TYPE(param);
  if (getter->type != type) {
    PyObject *descriptor = descriptor_of(type);
    const bool fault = PyErr_Occurred() || hold(&call->holds, (PyObject *)type) ||
                       (descriptor && hold(&call->holds, descriptor));
    Py_XDECREF(descriptor);
    if (fault) return NULL;
    *getter = (struct getter){type, descriptor};
  }
  return getter->descriptor ? get_by_descriptor(getter->descriptor, param, (PyObject *)type)
                            : PyObject_GetAttr(param, key_grad);
}

int gather(struct call *call, const struct request *r) {
  Py_ssize_t index = 0, next = 0;
  struct getter getter = {NULL, NULL};
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
          r->grads == Py_None ? grad_of(call, param, &getter) : PySequence_GetItem(r->grads, index);
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

int threads_for(int threads) { return one_thread ? 1 : threads; }

PyObject *use_one_thread(PyObject *module, PyObject *nothing) {
  (void)module;
  (void)nothing;
  one_thread = true;
  Py_RETURN_NONE;
}

int intern_gather_keys(void) {
  void *slot = PyType_GetSlot(&PyGetSetDescr_Type, Py_tp_descr_get);
  memcpy(&get_by_descriptor, &slot, sizeof get_by_descriptor);
  return (key_params = PyUnicode_InternFromString("params")) &&
                 (key_grad = PyUnicode_InternFromString("grad")) &&
                 (key_capturable = PyUnicode_InternFromString("capturable")) &&
                 (key_differentiable = PyUnicode_InternFromString("differentiable"))
             ? 0
             : -1;
}
