"""A program outside of glissade, in Python: prints one parameter after one step of AdaGrad by the shared library."""
import ctypes
import sys


class Adagrad(ctypes.Structure):  # glissade_adagrad
    _fields_ = [("struct_size", ctypes.c_size_t),
                *((name, ctypes.c_double) for name in ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps",
                                                       "grad_scale")),
                *((name, ctypes.c_int) for name in ("maximize", "flush_subnormals", "threads")),
                ("step", ctypes.c_int64)]


library = ctypes.CDLL(sys.argv[1])
library.glissade_status_message.restype = ctypes.c_char_p
options = Adagrad(struct_size=ctypes.sizeof(Adagrad), lr=0.125, grad_scale=1)
one = ctypes.c_float * 1
param, grad, total = one(1), one(2), one(0)
status = library.glissade_adagrad_step(ctypes.byref(options), ctypes.c_size_t(1), param, grad, total)
sys.exit(library.glissade_status_message(status).decode()) if status else print(param[0])
