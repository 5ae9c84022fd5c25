"""States and params in 16 or 8 bits: the options that ask for them, and a param's state to and from float32."""
from ._family import TABLE
from ._runtime import _core

OPTIONS = {"state_dtype": (None, "float32", "bf16", "q8"), "bf16_params": (None, "stochastic", "split"),
           "seed": None}
DOC = """    state_dtype: as what the state is stored: "float32", "bf16" (2 bytes) or "q8" (1 byte), rounded stochastically
    bf16_params: how params of bfloat16 are updated: "stochastic", rounded so, or "split", in exact float32, of which
        the state has the lower halves, "remainder"
    seed: of the random bits of the first param, the next has the next seed: a whole number of 64 bits (default 0)"""


def of_group(options):
    """The options of storage among these, whole and checked; none of them if nothing is to be stored otherwise."""
    for name, values in OPTIONS.items():
        value = options.get(name)
        if values and value not in values:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, values))}, not {value!r}")
    state_dtype, bf16_params, seed = map(options.get, OPTIONS)
    if seed is not None and not (isinstance(seed, int) and 0 <= seed < 1 << 64):
        raise ValueError(f"seed must be a whole number of 64 bits, not {seed!r}")
    if state_dtype in (None, "float32") and bf16_params is None:
        return {}
    return {"state_dtype": state_dtype or "float32", "bf16_params": bf16_params, "seed": seed or 0}


def blocks(size):
    """The shape of the scales of an array in 8 bits."""
    return (-(-size // 256),)


def as_float32(module, state, name):
    """An array of a param's state in float32. `module` is numpy or torch."""
    value = state[name]
    if value.dtype == module.float32:
        return value
    floats = module.empty_like(value, dtype=module.float32)
    _core.decode(value, state.get(f"{name}_scale"), floats)
    return floats


def store(module, optimizer, state, options, seed):
    """Brings a param's state into the form that the options of its group ask for."""
    bf16 = module.bfloat16 if hasattr(module, "bfloat16") else module.uint16  # NumPy has none
    for name, in_8_bits in TABLE[optimizer]["states"].items():
        wanted = {"float32": module.float32, "bf16": bf16,
                  "q8": getattr(module, in_8_bits)}[options.get("state_dtype", "float32")]
        found = None if state.get(name) is None else state[name].dtype
        if found == wanted or found not in (module.float32, bf16, module.int8, module.uint8):
            continue
        floats, scales = as_float32(module, state, name), None
        state.pop(f"{name}_scale", None)
        state[name] = floats
        if wanted == module.float32:
            continue
        stored = module.empty_like(floats, dtype=wanted)
        if options["state_dtype"] == "q8":
            scales = state[f"{name}_scale"] = module.empty(blocks(floats.nbytes // 4), dtype=module.uint8)
        _core.encode(floats, stored, scales, seed, int(state["step"]))
        state[name] = stored
