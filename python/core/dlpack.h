/* The binary interface of DLPack 1 (dmlc/dlpack, include/dlpack/dlpack.h), as far as arrays are read through it. */
#ifndef GLISSADE_DLPACK_H
#define GLISSADE_DLPACK_H

#include <stdint.h>

enum { DL_CPU = 1, DL_CUDA_HOST = 3 };
enum { DL_INT, DL_UINT, DL_FLOAT, DL_OPAQUE, DL_BFLOAT, DL_COMPLEX, DL_BOOL };
enum { DL_READ_ONLY = 1, DL_COPIED = 2 }; /* among the flags */

struct dl_tensor {
  void *data;
  int32_t device_type, device_id;
  int32_t ndim;
  uint8_t code, bits;
  uint16_t lanes;
  int64_t *shape, *strides; /* strides in elements, or NULL for rows one after the other */
  uint64_t byte_offset;
};

/* In a capsule "dltensor_versioned"; one "dltensor", of older producers, holds a dl_tensor first. */
struct dl_versioned {
  uint32_t major, minor;
  void *context;
  void (*deleter)(struct dl_versioned *);
  uint64_t flags;
  struct dl_tensor tensor;
};

/* In the capsule "dlpack_exchange_api" of a type: a tensor without owner, for as long as the object is held. */
struct dl_exchange {
  uint32_t major, minor;
  void *previous;
  void *allocate, *to_managed, *from_managed;
  int (*borrow)(void *object, struct dl_tensor *out);
  void *stream;
};

#endif
