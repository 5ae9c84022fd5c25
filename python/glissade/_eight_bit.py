"""States in 8 bits, of bitsandbytes, torchao and our own, as float32."""
import torch

from . import _storage


def _decoded(codes, qmap, scales, block):
    """Each code stands for a value of the map, times the scale of its block."""
    values = qmap[codes.flatten().long()]
    return (values * scales.repeat_interleave(block)[:values.numel()]).view(codes.shape)


def _of_param(state, names):
    state = {**state, **state.get("__bnb_optimizer_quant_state__", {})}
    decoded = {}
    for key, value in state.items():
        if key in ("state1", "state2"):
            if value.dtype == torch.uint8:
                value = _decoded(value, state["qmap" + key[-1]], state["absmax" + key[-1]], 256)
            decoded[names[int(key[-1]) - 1]] = value
        elif f"{key}_scale" in state:
            decoded[key] = _storage.as_float32(torch, state, key)
        elif key == "remainder" or key.endswith("_scale") and key[:-6] in state:
            pass
        elif type(value).__name__ == "OptimState8bit":
            decoded[key] = _decoded(value.codes, value.qmap, value.scale, value.block_size)
        elif key == "step" or isinstance(value, torch.Tensor) and "state1" not in state:
            decoded[key] = value
    return decoded


def float32_state(state_dict, names=("exp_avg", "exp_avg_sq")):
    """The state_dict() of an 8-bit optimizer of bitsandbytes or torchao, or of one with `state_dtype`, with float32
    states, for the load_state_dict of glissade.torch's or torch.optim's class of the same name. What is float32 or
    bfloat16 already stays as it is, and so do param groups but for our options of storage.

    `names` are torch's for the states that bitsandbytes numbers: those of Adam and AdamW; ("exp_avg",) for Lion,
    ("square_avg",) for RMSprop, ("sum",) for Adagrad, ("momentum_buffer",) for SGD."""
    groups = [{key: value for key, value in group.items() if key not in _storage.OPTIONS}
              for group in state_dict["param_groups"]]
    return {**state_dict, "state": {i: _of_param(state, names) for i, state in state_dict["state"].items()},
            "param_groups": groups}
