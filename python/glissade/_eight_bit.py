"""The 8-bit states of bitsandbytes and torchao as float32."""
import torch


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
        elif type(value).__name__ == "OptimState8bit":
            decoded[key] = _decoded(value.codes, value.qmap, value.scale, value.block_size)
        elif key == "step" or isinstance(value, torch.Tensor) and "state1" not in state:
            decoded[key] = value
    return decoded


def float32_state(state_dict, names=("exp_avg", "exp_avg_sq")):
    """The state_dict() of an 8-bit optimizer of bitsandbytes or torchao with float32 states, for the load_state_dict of
    glissade.torch's or torch.optim's class of the same name. Param groups and what is float32 already stay as they are.

    `names` are torch's for the states that bitsandbytes numbers: those of Adam and AdamW; ("exp_avg",) for Lion,
    ("square_avg",) for RMSprop, ("sum",) for Adagrad, ("momentum_buffer",) for SGD."""
    return {**state_dict, "state": {i: _of_param(state, names) for i, state in state_dict["state"].items()}}
