"""Makes <optimizer>.torch.txt, the results of torch.optim that glissade must reproduce bit for bit.

    python3 -m venv env && env/bin/pip install numpy torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu
    env/bin/python tests/golden/torch_vectors.py

(torch of PyPI serves as well: only the CPU is used.)

PyTorch takes the square roots of its unfused optimizers from a vector maths library that is 1 ulp off for many
values. Here a dispatch mode replaces them by correctly rounded ones: the root in double, rounded to float, is the
correctly rounded root of a float. Stored is what the loop over single tensors (foreach=False, fused=False)
computes in this mode. Each case is also run in torch's other modes, and the script stops unless

- foreach gives the same bits, for all but NAdam and RAdam, whose foreach code is another formula;
- fused gives the same bits for Adam, AdamW, Adagrad and SGD without momentum (as installed: the roots of its
  kernels are correctly rounded). SGD with momentum rounds differently in the last elements, which its kernel
  takes one by one, so there only whole registers are compared.
"""

from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode

import vector_file
from vector_file import N

LAST = 25
aten = torch.ops.aten


class RoundedRoots(TorchDispatchMode):
    """Correctly rounded square roots of floats."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        def root(x):
            assert x.dtype == torch.float32
            self.count += 1
            return x.double().sqrt().float()

        packet = func.overloadpacket
        if packet == aten.sqrt:
            return root(args[0])
        if packet == aten.sqrt_:
            return args[0].copy_(root(args[0]))
        if packet == aten._foreach_sqrt:
            return [root(x) for x in args[0]]
        if packet == aten._foreach_sqrt_:
            for x in args[0]:
                x.copy_(root(x))
            return None
        assert "sqrt" not in str(packet), packet
        return func(*args, **(kwargs or {}))


def betas_joined(options):
    """torch's arguments from ours."""
    arguments = {name: x for name, x in options.items() if name not in ("beta1", "beta2")}
    if "beta1" in options:
        arguments["betas"] = (options["beta1"], options["beta2"])
    return arguments


def floats(array):
    return torch.tensor(array, dtype=torch.float32)


def run(optimizer, options, steps, mode):
    """The arrays after each of `steps`."""
    param = torch.nn.Parameter(floats(vector_file.first_param()))
    torch_optimizer = optimizer["class"]([param], **betas_joined(options), **mode)
    stored = {}
    with RoundedRoots() as roots:
        for step in range(1, max(steps) + 1):
            param.grad = floats(vector_file.grad(step))
            torch_optimizer.step()
            if step in steps:
                state = torch_optimizer.state[param]
                arrays = {"param": param.detach()}
                arrays |= {name: state[name] for name in optimizer["states"] if state.get(name) is not None}
                stored[step] = {name: array.clone() for name, array in arrays.items()}
    assert (roots.count > 0) == (optimizer.get("root", True) and not mode.get("fused", False))
    for arrays in stored.values():
        assert all(array.isfinite().all() for array in arrays.values()), options
    return stored


def same_bits(a, b, count):
    return all(
        torch.equal(a[step][name][:count].view(torch.int32), b[step][name][:count].view(torch.int32))
        for step in a
        for name in a[step]
    )


def rectified_from(options):
    """The first step that RAdam rectifies, or 1."""
    beta2 = options["beta2"]
    rho_inf = 2 / (1 - beta2) - 1
    for step in range(1, LAST + 1):
        if rho_inf - 2 * step * beta2**step / (1 - beta2**step) > 5:
            return step
    return 1


# `defaults` are torch's. `varied` and `switched` are those of vector_file.combinations, `odd` are further cases as
# changes of the defaults.
BETAS = {"beta1": (0.9, 0.95, 0.3, 0.0, 0.77, 0.5), "beta2": (0.999, 0.99, 0.9999, 0.9, 0.61)}
DECAY = {"weight_decay": (0.0, 0.01, 0.3, 1e-5, 1.7)}
MAXIMIZE = {"maximize": (False, True)}
DECOUPLED = {"decoupled_weight_decay": (False, True)}

OPTIMIZERS = {
    "rmsprop": {
        "class": torch.optim.RMSprop,
        "states": ("square_avg", "grad_avg", "momentum_buffer"),
        "defaults": dict(lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False, maximize=False),
        "varied": {"lr": (1e-2, 1e-3, 0.07, 3e-4), "alpha": (0.99, 0.9, 0.95, 0.999, 0.37), "eps": (1e-8, 1e-5, 0.013)},
        "switched": {**DECAY, "momentum": (0.0, 0.9, 0.99, 0.35, 1.25), "centered": (False, True), **MAXIMIZE},
        "odd": [dict(eps=0.0), dict(eps=1e-50), dict(eps=1e-40), dict(eps=1.0), dict(lr=0.0), dict(alpha=0.0), dict(alpha=0.5),
                dict(lr=17.3, momentum=0.5, weight_decay=0.001), dict(alpha=0.123456789, centered=True, eps=1e-7)],
    },
}


def cases(optimizer):
    listed = [optimizer["defaults"]]
    listed += vector_file.combinations(
        optimizer["varied"], optimizer["switched"], optimizer.get("allowed", lambda options: True)
    )
    listed += [optimizer["defaults"] | odd for odd in optimizer["odd"]]
    return [{name: options[name] for name in optimizer["defaults"]} for options in listed]


def main():
    assert torch.__version__.startswith("2.13."), torch.__version__
    for name, optimizer in OPTIMIZERS.items():
        stored = []
        for options in cases(optimizer):
            steps = {1, LAST}
            if name == "radam":
                switch = rectified_from(options)
                steps |= {max(1, switch - 1), switch}
            loop = run(optimizer, options, sorted(steps), {"foreach": False} | optimizer.get("loop", {}))
            if optimizer.get("foreach_agrees", True):
                assert same_bits(loop, run(optimizer, options, steps, {"foreach": True}), N), options
            if "fused_count" in optimizer:
                fused = run(optimizer, options, steps, {"fused": True})
                assert same_bits(loop, fused, optimizer["fused_count"](options)), options
            stored.append((options, loop))
        made_by = f"torch.optim.{optimizer['class'].__name__} {torch.__version__.split('+')[0]}, torch_vectors.py"
        vector_file.write(Path(__file__).with_name(f"{name}.torch.txt"), made_by, stored)


if __name__ == "__main__":
    main()
