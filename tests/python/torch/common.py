"""What the tests of glissade.torch share: params and gradients, and torch with correctly rounded roots."""
import glissade.torch
import torch
from torch.utils._python_dispatch import TorchDispatchMode


class RoundedRoots(TorchDispatchMode):
    """Correctly rounded square roots of floats, in place of the vector maths library's, which are not."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        aten, packet = torch.ops.aten, func.overloadpacket
        if packet in (aten.sqrt, aten.sqrt_) and args[0].dtype == torch.float32:
            root = args[0].double().sqrt().float()
            return root if packet is aten.sqrt else args[0].copy_(root)
        return func(*args, **kwargs or {})


def ours(name, params, **options):
    return getattr(glissade.torch, name)(params, **options)


def of_torch(name, params, **options):
    """torch's loop; its other modes differ from it in the last bits."""
    return getattr(torch.optim, name)(params, **{"foreach": False, **options})


def make_params(seed=0, dtype=torch.float32, shapes=((3, 5), (7,), (), (2, 3, 4), (0,))):
    random = torch.Generator().manual_seed(seed)
    real = torch.float64 if dtype.is_complex else torch.float32
    params = []
    for shape in shapes:
        values = torch.randn(shape, generator=random, dtype=real)
        if dtype.is_complex:
            values = torch.complex(values, torch.randn(shape, generator=random, dtype=real))
        params.append(torch.nn.Parameter(values.to(dtype)))
    return params


def give_grads(params, seed):
    """The same gradients to each of several lists of params."""
    for i, of_all in enumerate(zip(*params)):
        random = torch.Generator().manual_seed(1000 * seed + i)
        p = of_all[0]
        grad = torch.randn(p.shape, generator=random, dtype=torch.float32)
        if p.dtype.is_complex:
            grad = torch.complex(grad, torch.randn(p.shape, generator=random))
        for p in of_all:
            p.grad = torch.empty_like(p).copy_(grad)


def same(a, b):
    """Whether two lists of tensors, state dicts and so on have the same types and bits."""
    if isinstance(a, torch.Tensor):
        return (isinstance(b, torch.Tensor) and a.dtype == b.dtype and a.shape == b.shape and a.stride() == b.stride()
                and torch.equal(a.detach(), b.detach()))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def without(state_dict, *options):
    return {**state_dict, "param_groups": [{key: value for key, value in group.items() if key not in options}
                                           for group in state_dict["param_groups"]]}
