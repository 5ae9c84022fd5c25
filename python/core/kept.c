/* Tensors that are held in C++ between steps, and read through the functions of torch's stable C interface. */
#define _GNU_SOURCE /* RTLD_NOLOAD */
#include "kept.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* From torch/csrc/inductor/aoti_torch/c/shim.h: each returns 0, or an error. */
static struct {
  int (*get_data_ptr)(void *tensor, void **data);
  int (*get_sizes)(void *tensor, int64_t **sizes), (*get_strides)(void *tensor, int64_t **strides);
  int (*get_dim)(void *tensor, int64_t *dim);
  int (*get_dtype)(void *tensor, int32_t *dtype), (*get_device_type)(void *tensor, int32_t *type);
  int (*delete_tensor_object)(void *tensor);
  int32_t (*dtype_float32)(void), (*device_type_cpu)(void);
} torch;
static int32_t float32, cpu;
static PyObject *hold_in_cpp; /* of a tensor: a capsule with a new pointer, which is the caller's */

static bool find_torch(void) {
  static enum { UNKNOWN, MISSING, FOUND } torch_is;
  if (torch_is != UNKNOWN) return torch_is == FOUND;
  torch_is = MISSING;
  const struct {
    void *function;
    const char *name;
  } functions[] = {{&torch.get_data_ptr, "aoti_torch_get_data_ptr"},
                   {&torch.get_sizes, "aoti_torch_get_sizes"},
                   {&torch.get_strides, "aoti_torch_get_strides"},
                   {&torch.get_dim, "aoti_torch_get_dim"},
                   {&torch.get_dtype, "aoti_torch_get_dtype"},
                   {&torch.get_device_type, "aoti_torch_get_device_type"},
                   {&torch.delete_tensor_object, "aoti_torch_delete_tensor_object"},
                   {&torch.dtype_float32, "aoti_torch_dtype_float32"},
                   {&torch.device_type_cpu, "aoti_torch_device_type_cpu"}};
  void *library = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) {
    void *found = library ? dlsym(library, functions[i].name) : NULL;
    if (!found) return false;
    memcpy(functions[i].function, &found, sizeof found);
  }
  float32 = torch.dtype_float32();
  cpu = torch.device_type_cpu();
  PyObject *module = PyImport_ImportModule("torch._C._aoti");
  hold_in_cpp = module ? PyObject_GetAttrString(module, "unsafe_alloc_void_ptr_from_tensor") : NULL;
  Py_XDECREF(module);
  if (!hold_in_cpp) return PyErr_Clear(), false;
  torch_is = FOUND;
  return true;
}

struct one {
  PyObject *object;
  void *tensor;
  const char *sizes; /* where its sizes and its memory were, to fetch them early, never to read them */
  const void *data;
};
struct kept {
  bool taken;
  size_t count, each;
  struct one *all;
};

/* The object outlives the tensor, and is dropped when it can do no harm that this runs anybody's code. */
static int forget(struct one *one, struct holds *holds) {
  if (!one->object) return 0;
  PyObject *object = one->object;
  torch.delete_tensor_object(one->tensor);
  *one = (struct one){0};
  const int status = holds ? hold(holds, object) : 0;
  Py_DECREF(object);
  return status;
}

static void free_kept(PyObject *capsule) {
  struct kept *kept = PyCapsule_GetPointer(capsule, NULL);
  for (size_t i = 0; i < kept->count; ++i)
    forget(&kept->all[i], NULL);
  free(kept->all);
  free(kept);
}

PyObject *keep(PyObject *module, PyObject *nothing) {
  (void)module;
  (void)nothing;
  struct kept *kept = calloc(1, sizeof *kept);
  if (!kept) return PyErr_NoMemory();
  PyObject *capsule = PyCapsule_New(kept, NULL, free_kept);
  if (!capsule) free(kept);
  return capsule;
}

struct kept *take_kept(PyObject *capsule, struct holds *holds, size_t params, size_t each) {
  if (capsule == Py_None || !find_torch()) return NULL;
  struct kept *kept = PyCapsule_GetPointer(capsule, NULL);
  if (!kept || kept->taken) return PyErr_Clear(), NULL;
  const size_t count = params * each;
  for (; kept->count > count; --kept->count)
    if (forget(&kept->all[kept->count - 1], holds)) return PyErr_Clear(), NULL;
  if (kept->count < count) {
    struct one *all = realloc(kept->all, count * sizeof *all);
    if (!all) return NULL;
    memset(all + kept->count, 0, (count - kept->count) * sizeof *all);
    kept->all = all;
    kept->count = count;
  }
  kept->each = each;
  kept->taken = true;
  return kept;
}

void give_back_kept(struct kept *kept) {
  if (kept) kept->taken = false;
}

/* Where a tensor is kept; NULL: nowhere. */
static struct one *place_of(struct kept *kept, size_t param, size_t which) {
  const size_t at = kept ? param * kept->each + which : 0;
  return kept && at < kept->count ? &kept->all[at] : NULL;
}

int forget_kept(struct kept *kept, struct holds *holds, size_t param) {
  struct one *one;
  for (size_t i = 0; kept && i < kept->each; ++i)
    if ((one = place_of(kept, param, i)) && forget(one, holds)) return -1;
  return 0;
}

/* Fetches what will be read of a tensor into the cache: its sizes lie amid the rest. */
static void fetch(const struct one *one) {
  if (!one || !one->sizes) return;
  for (int line = -1; line <= 1; ++line)
    __builtin_prefetch(one->sizes + 64 * line);
  __builtin_prefetch(one->data);
}

/* Looks at a tensor as any other, and keeps it. */
static int begin_to_keep(struct one *one, struct holds *holds, PyObject *tensor) {
  if (forget(one, holds)) return -1;
  PyObject *capsule = PyObject_CallFunctionObjArgs(hold_in_cpp, tensor, NULL);
  one->tensor = capsule ? PyCapsule_GetPointer(capsule, NULL) : NULL;
  Py_XDECREF(capsule);
  if (!one->tensor) return PyErr_Clear(), 0; /* it works without */
  Py_INCREF(tensor);
  one->object = tensor;
  return 0;
}

int look_at_kept(struct kept *kept, struct holds *holds, size_t param, size_t which, PyObject *tensor,
                 const struct plain *like, struct plain *out) {
  struct one *one = place_of(kept, param, which);
  if (!one || one->object != tensor) {
    if (!look(tensor, like, out)) return 0;
    return hold(holds, tensor) || (one && begin_to_keep(one, holds, tensor)) ? -1 : 1;
  }
  fetch(place_of(kept, param + 3, which)); /* several are on their way at once */
  int64_t *sizes, *strides, dim, n = 1;
  int32_t dtype, device;
  if (torch.get_dtype(one->tensor, &dtype) || dtype != float32 ||
      torch.get_device_type(one->tensor, &device) || device != cpu || torch.get_dim(one->tensor, &dim) ||
      dim != like->ndim || torch.get_sizes(one->tensor, &sizes) || torch.get_strides(one->tensor, &strides) ||
      torch.get_data_ptr(one->tensor, &out->data))
    return 0;
  for (int64_t i = dim; i-- > 0; n *= sizes[i])
    if (strides[i] != n || sizes[i] != like->shape[i]) return 0;
  one->sizes = (const char *)sizes;
  one->data = out->data;
  out->n = (size_t)n;
  out->ndim = (int)dim;
  out->shape = sizes;
  return 1;
}
