"""One step on the arrays of one param, as functions: rmsprop_step and so on; and the norm of gradients."""
import inspect

from ._family import CLASSES, TABLE, check_names, describe, keywords, options_of
from ._runtime import _core


def _make_step(name, optimizer, preset):
    states = TABLE[optimizer]["states"]
    options = options_of(optimizer)
    always = _core.states(optimizer, preset, {})
    arrays = [inspect.Parameter(array, inspect.Parameter.POSITIONAL_OR_KEYWORD,
                                default=inspect.Parameter.empty if array in always else None)
              for array in ("param", "grad", *states)]
    arrays[0], arrays[1] = (p.replace(default=inspect.Parameter.empty) for p in arrays[:2])
    signature = inspect.Signature(arrays + [inspect.Parameter("preset", inspect.Parameter.KEYWORD_ONLY,
                                                              default=preset)]
                                  + keywords(optimizer, preset, options))
    positions = {"param": 0, "grad": 1, **{array: 2 + i for i, array in enumerate(states)}}

    def step(*given, preset=preset, **named):
        if len(given) == len(positions) and not positions.keys() & named.keys():
            arrays = given
        else:
            bound = signature.bind(*given, **named).arguments
            arrays = tuple(bound.get(array) for array in positions)
            named = {key: value for key, value in named.items() if key not in positions}
        for key in named:
            if key not in options:
                check_names(step.__name__, named, options)
        _core.step_arrays(optimizer, preset, named, arrays)

    step.__name__ = step.__qualname__ = f"{optimizer}_step"
    step.__module__ = "glissade"
    step.__signature__ = signature
    step.__doc__ = f"""One step of {name} on one param, in place and without a copy; the GIL is released.

All arrays are float32, `grad` also bfloat16 or float16, of the same shape (any) and order in memory without gaps, and lent
through the buffer protocol (NumPy, array.array, memoryview) or DLPack (torch and others). No two may overlap. `param` and
the state are written, `grad` is only read. What the options do not need may be None.

Arguments:
    param, grad: the params and their gradients
    {", ".join(states)}: the state, {"0" if not any(always.values()) else "initial values"} before the first step
    preset: whose defaults the other options have: {", ".join(map(repr, TABLE[optimizer]["presets"]))}
{describe(optimizer, preset, options)}

TypeError or ValueError names the argument that is wrong, and then nothing was changed. The formula:
docs/optimizers.md and optimizers/{optimizer}.h of the C library.
"""
    return step


STEPS = {f"{optimizer}_step": _make_step(name, optimizer, preset)
         for name, (optimizer, preset) in reversed(CLASSES.items())}


def grad_norm(grads, threads=0):
    """The Euclidean norm of all gradients together, as a float: the same bits with any number of threads.

    `grads` is a sequence of arrays of float32, bfloat16 or float16 of any shapes, without gaps; they are only read. If an
    element is not finite, neither is the norm.
    """
    return _core.grad_norm(grads, threads)[0]
