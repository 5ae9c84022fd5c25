"""The library through ctypes: structs, presets and functions as the headers declare them."""
import ctypes
import pathlib
import re

OPTIMIZERS = pathlib.Path(__file__).parents[2] / "include" / "glissade" / "optimizers"
HEADER = "".join(header.read_text() for header in sorted(OPTIMIZERS.glob("*.h")))
TYPES = {"size_t": ctypes.c_size_t, "double": ctypes.c_double, "int": ctypes.c_int, "int64_t": ctypes.c_int64}


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def options_type(optimizer):
    body = re.search(rf"typedef struct glissade_{optimizer} \{{(.*?)\}} glissade_{optimizer};", HEADER, re.S).group(1)
    fields = [(name, TYPES[kind]) for kind, names in re.findall(r"(\w+)\s+([\w, ]+);", without_comments(body))
              for name in names.split(", ")]
    return type(optimizer, (ctypes.Structure,), {"_fields_": fields})


FLOAT32, BF16, BF16_STOCHASTIC, Q8_SIGNED, Q8_UNSIGNED = 0, 1, 4, 5, 6


class Array(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("data", ctypes.c_void_p), ("extra", ctypes.c_void_p)]


class Storage(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("param", Array), ("grad", Array), ("states", Array * 4), ("copy", Array),
                ("seed", ctypes.c_uint64), ("offset", ctypes.c_uint64)]


class AdamTensor(ctypes.Structure):
    _fields_ = ([("struct_size", ctypes.c_size_t), ("n", ctypes.c_size_t)]
                + [(name, ctypes.c_void_p) for name in ("param", "grad", "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "options",
                                                        "storage")])


class Library:
    def __init__(self, path):
        self.library = ctypes.CDLL(path)
        self.library.glissade_status_message.restype = ctypes.c_char_p

    def has(self, optimizer):
        return hasattr(self.library, f"glissade_{optimizer}_step")

    def options(self, optimizer, preset, changes, threads):
        options = options_type(optimizer)()
        values = re.search(rf"#define GLISSADE_{preset}\b.*?\{{(.*?)\}}", HEADER, re.S).group(1).replace("\\\n", "").split(",")
        for (name, kind), value in zip(options._fields_, values):
            setattr(options, name, ctypes.sizeof(options) if name == "struct_size" else
                    float(value) if kind is ctypes.c_double else int(value))
        for name, value in changes.items():
            setattr(options, name, value)
        options.threads = threads
        return options

    def adamw_stepper(self, changes, threads, params, grads, state_types):
        """A function that takes one step on tensors of torch, float32 params with gradients of float32 or bfloat16, with
        states stored as these two numbers of glissade_type."""
        import torch

        options = self.options("adam", "ADAMW_TORCH", changes, threads)
        step, reset = self.library.glissade_adam_step_many, self.library.glissade_adam_reset_many
        for function in (step, reset):
            function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
        storages, keep, given = [], [], (AdamTensor * len(params))()
        for i, (p, g) in enumerate(zip(params, grads)):
            storage = Storage(struct_size=ctypes.sizeof(Storage), seed=i)
            if g.dtype == torch.bfloat16:
                storage.grad = Array(BF16, g.data_ptr(), None)
            floats = []
            for k, kind in enumerate(state_types):
                data, extra = ctypes.c_size_t(), ctypes.c_size_t()
                self.check(self.library.glissade_state_bytes(kind, ctypes.c_size_t(p.numel()), ctypes.byref(data),
                                                             ctypes.byref(extra)))
                memory = [torch.empty(size.value, dtype=torch.uint8) for size in (data, extra)]
                keep.append(memory)
                floats.append(memory[0].data_ptr() if kind == FLOAT32 else None)
                if kind != FLOAT32:
                    storage.states[k] = Array(kind, *(m.data_ptr() if m.numel() else None for m in memory))
            storages.append(storage)
            given[i] = AdamTensor(ctypes.sizeof(AdamTensor), p.numel(), p.data_ptr(), g.data_ptr(), *floats, None, None,
                                  ctypes.addressof(storage))
        self.check(reset(ctypes.byref(options), len(given), given))

        def many(keep=(params, grads, keep, storages)):
            options.step += 1
            self.check(step(ctypes.byref(options), len(given), given))

        return many

    def steppers(self, optimizer, preset, changes, threads, params, grads):
        """Two functions that take one step, in one call and in one call for each tensor. They update `params`, arrays of
        numpy, and share their state."""
        import numpy

        options = self.options(optimizer, preset, changes, threads)
        step, step_many, reset = (getattr(self.library, f"glissade_{optimizer}_{name}")
                                  for name in ("step", "step_many", "reset"))
        prose = re.search(rf"glissade_{optimizer}_reset\((.*?)\);", HEADER, re.S).group(1)
        states = prose.count("float *")
        pointer = ctypes.c_void_p
        step.argtypes = [pointer, ctypes.c_size_t] + [pointer] * (2 + states)
        step_many.argtypes = [pointer, ctypes.c_size_t, pointer]
        reset.argtypes = [pointer, ctypes.c_size_t] + [pointer] * states
        fields = ([("struct_size", ctypes.c_size_t), ("n", ctypes.c_size_t)]
                  + [(f"array{i}", pointer) for i in range(2 + states)] + [("options", pointer), ("storage", pointer)])
        tensor = type("tensor", (ctypes.Structure,), {"_fields_": fields})
        state = [[numpy.empty_like(p) for _ in range(states)] for p in params]
        arguments = [(p.size, p.ctypes.data, g.ctypes.data, *(x.ctypes.data for x in s))
                     for p, g, s in zip(params, grads, state)]
        tensors = (tensor * len(params))(*(tensor(ctypes.sizeof(tensor), *a) for a in arguments))
        given = ctypes.byref(options)
        for p, s in zip(params, state):
            self.check(reset(given, p.size, *(x.ctypes.data for x in s)))

        def many(keep=(params, grads, state)):
            options.step += 1
            self.check(step_many(given, len(tensors), tensors))

        def one_by_one(keep=(params, grads, state)):
            options.step += 1
            for a in arguments:
                self.check(step(given, *a))

        return many, one_by_one

    def check(self, status):
        if status:
            raise RuntimeError(self.library.glissade_status_message(status).decode())
