"""Which tensors of torch lend their memory, and how."""
import torch

NOTHING, ITSELF, LOCAL = range(3)  # of arrays.h


def lends(type):
    """How the tensors of a class lend their memory."""
    if any(base.__name__ == "DTensor" and base.__module__.startswith("torch.distributed") for base in type.__mro__):
        return LOCAL
    plain = (torch.Tensor.__torch_function__.__func__, torch._C._disabled_torch_function_impl)
    function = type.__torch_function__
    return ITSELF if (type.__torch_dispatch__ is torch.Tensor.__torch_dispatch__
                      and getattr(function, "__func__", function) in plain) else NOTHING


def alike(a, b):
    """Whether two distributed tensors have the same elements in their local parts, and all of their sum."""
    return (a.device_mesh == b.device_mesh and a.placements == b.placements
            and not any(placement.is_partial() for placement in a.placements))
