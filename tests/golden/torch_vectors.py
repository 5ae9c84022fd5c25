"""Makes <optimizer>.torch.txt, the results of torch.optim that glissade must reproduce bit for bit.

    python3 -m venv env && env/bin/pip install numpy torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu
    env/bin/python tests/golden/torch_vectors.py

(torch of PyPI serves as well: only the CPU is used.)

PyTorch takes the square roots of its unfused optimizers from a vector maths library that is 1 ulp off for many
values. Here a dispatch mode replaces them by correctly rounded ones: the root in double, rounded to float, is the
correctly rounded root of a float. Stored is what the loop over single tensors (foreach=False, fused=False)
computes in this mode. Each case is also run in torch's other modes, and the script stops unless

- foreach gives the same bits, for all but NAdam and RAdam, whose foreach code is another formula;
- fused gives the same bits for Adagrad and SGD without momentum, and for Adam, AdamW and SGD with momentum in
  whole registers (as installed: the roots of its kernels are correctly rounded). In the last elements, which they
  take one by one, the kernels of these three round otherwise than in registers.
"""

from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode

import vector_file
from vector_file import N

LAST = 25
REGISTERS = N // 16 * 16  # elements that fused kernels take in whole registers
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
    assert (roots.count > 0) == (optimizer["root"](options) and not mode.get("fused", False))
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
    """The first step that RAdam rectifies, if any."""
    beta2 = options["beta2"]
    rho_inf = 2 / (1 - beta2) - 1
    for step in range(1, LAST + 1):
        if rho_inf - 2 * step * beta2**step / (1 - beta2**step) > 5:
            return step
    return None


# `root` says whether a square root is taken. `defaults` are torch's. `varied` and `switched` are those of vector_file.combinations, `odd` are further cases as
# changes of the defaults.
BETAS = {"beta1": (0.9, 0.95, 0.3, 0.0, 0.77, 0.5), "beta2": (0.999, 0.99, 0.9999, 0.9, 0.61)}
DECAY = {"weight_decay": (0.0, 0.01, 0.3, 1e-5, 1.7)}
MAXIMIZE = {"maximize": (False, True)}
DECOUPLED = {"decoupled_weight_decay": (False, True)}

OPTIMIZERS = {
    "rmsprop": {
        "class": torch.optim.RMSprop,
        "states": ("square_avg", "grad_avg", "momentum_buffer"),
        "root": lambda options: True,
        "defaults": dict(lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False, maximize=False),
        "varied": {"lr": (1e-2, 1e-3, 0.07, 3e-4), "alpha": (0.99, 0.9, 0.95, 0.999, 0.37), "eps": (1e-8, 1e-5, 0.013)},
        "switched": {**DECAY, "momentum": (0.0, 0.9, 0.99, 0.35, 1.25), "centered": (False, True), **MAXIMIZE},
        "odd": [dict(eps=0.0), dict(eps=1e-50), dict(eps=1e-40), dict(eps=1.0), dict(lr=0.0), dict(alpha=0.0), dict(alpha=0.5),
                dict(lr=17.3, momentum=0.5, weight_decay=0.001), dict(alpha=0.123456789, centered=True, eps=1e-7)],
    },
    "adagrad": {
        "class": torch.optim.Adagrad,
        "states": ("sum",),
        "root": lambda options: True,
        "defaults": dict(lr=1e-2, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, eps=1e-10, maximize=False),
        "varied": {"lr": (1e-2, 0.1, 0.5, 3e-3), "eps": (1e-10, 1e-6, 0.021)},
        "switched": {"lr_decay": (0.0, 0.01, 0.3, 1e-4), **DECAY, "initial_accumulator_value": (0.0, 0.1, 1.0, 1e-9), **MAXIMIZE},
        "odd": [dict(eps=0.0), dict(eps=1e-50), dict(eps=1.0), dict(lr=0.0), dict(lr=1.0, lr_decay=7.0), dict(lr=11.1, weight_decay=2.0)],
        "fused_count": lambda options: N,
    },
    "adadelta": {
        "class": torch.optim.Adadelta,
        "states": ("square_avg", "acc_delta"),
        "root": lambda options: True,
        "defaults": dict(lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0, maximize=False),
        "varied": {"lr": (1.0, 0.5, 0.03, 2.5), "rho": (0.9, 0.95, 0.99, 0.45), "eps": (1e-6, 1e-8, 1e-3)},
        "switched": {**DECAY, **MAXIMIZE},
        "odd": [dict(eps=1e-30), dict(eps=1e-40), dict(eps=0.0), dict(eps=1.0), dict(lr=0.0), dict(rho=0.0), dict(rho=0.5), dict(rho=0.999),
                dict(rho=0.95, eps=1e-5, weight_decay=0.1), dict(rho=0.123456789, lr=3.3), dict(rho=0.95, maximize=True, weight_decay=0.02)],
    },
    "sgd": {
        "class": torch.optim.SGD,
        "states": ("momentum_buffer",),
        "root": lambda options: False,
        "defaults": dict(lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False),
        "varied": {"lr": (1e-3, 0.01, 0.1, 0.7)},
        "switched": {"momentum": (0.0, 0.9, 0.99, 0.35, 1.1), "dampening": (0.0, 0.1, 0.9, 0.5), **DECAY, "nesterov": (False, True), **MAXIMIZE},
        "allowed": lambda options: not options["nesterov"] or (options["momentum"] > 0 and options["dampening"] == 0),
        "odd": [dict(lr=0.0), dict(lr=1e-50, momentum=0.9), dict(momentum=0.9, dampening=1.0), dict(momentum=0.5, dampening=-0.25),
                dict(momentum=1e-4, nesterov=True), dict(lr=1.0, weight_decay=1.0)],
        "fused_count": lambda options: REGISTERS if options["momentum"] else N,
    },
    "adam": {
        "class": torch.optim.Adam,
        "states": ("exp_avg", "exp_avg_sq", "max_exp_avg_sq"),
        "root": lambda options: True,
        "defaults": dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False, decoupled_weight_decay=False),
        "varied": {"lr": (1e-3, 0.01, 0.1, 3e-4), **BETAS, "eps": (1e-8, 1e-5, 0.013)},
        "switched": {**DECAY, "amsgrad": (False, True), **MAXIMIZE, **DECOUPLED},
        "odd": [dict(weight_decay=1e-2, decoupled_weight_decay=True), dict(eps=0.0), dict(eps=1e-50), dict(eps=1.0), dict(lr=0.0), dict(beta1=0.0), dict(beta2=0.0),
                dict(beta1=0.0, beta2=0.0), dict(beta1=0.5, beta2=0.5), dict(beta1=0.123456789, beta2=0.987654321), dict(beta2=0.7, amsgrad=True),
                dict(lr=2.0, weight_decay=0.7, decoupled_weight_decay=True)],
        "fused_count": lambda options: REGISTERS,
    },
    "adamax": {
        "class": torch.optim.Adamax,
        "states": ("exp_avg", "exp_inf"),
        "root": lambda options: False,
        "defaults": dict(lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, maximize=False),
        "varied": {"lr": (2e-3, 0.01, 0.1, 3e-4), **BETAS, "eps": (1e-8, 1e-5, 0.013)},
        "switched": {**DECAY, **MAXIMIZE},
        "odd": [dict(eps=0.0), dict(eps=1e-50), dict(eps=1.0), dict(lr=0.0), dict(beta1=0.0), dict(beta2=0.0), dict(beta1=0.5, beta2=0.5),
                dict(beta1=0.123456789, beta2=0.7), dict(beta1=0.3, beta2=0.8, weight_decay=0.1), dict(beta1=0.99, maximize=True, weight_decay=0.01)],
    },
    "nadam": {
        "class": torch.optim.NAdam,
        "states": ("exp_avg", "exp_avg_sq"),
        "root": lambda options: True,
        "defaults": dict(lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, momentum_decay=4e-3, decoupled_weight_decay=False, maximize=False),
        "varied": {"lr": (2e-3, 0.01, 0.1, 3e-4), **BETAS, "eps": (1e-8, 1e-5, 0.013), "momentum_decay": (4e-3, 0.1, 0.0, 1.0, 20.0)},
        "switched": {**DECAY, **DECOUPLED, **MAXIMIZE},
        "odd": [dict(eps=0.0), dict(eps=1e-50), dict(eps=1.0), dict(lr=0.0), dict(beta1=0.0), dict(beta2=0.0), dict(beta1=0.5, beta2=0.5),
                dict(beta1=0.123456789, beta2=0.7), dict(momentum_decay=0.0), dict(beta1=0.99999, momentum_decay=50.0), dict(weight_decay=1e-2, decoupled_weight_decay=True)],
        "foreach_agrees": False,
    },
    "radam": {
        "class": torch.optim.RAdam,
        "states": ("exp_avg", "exp_avg_sq"),
        "root": lambda options: rectified_from(options) is not None,
        "defaults": dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, decoupled_weight_decay=False, maximize=False),
        "varied": {"lr": (1e-3, 0.01, 0.1, 3e-4), "beta1": BETAS["beta1"], "beta2": (0.999, 0.99, 0.9999, 0.9, 0.75), "eps": (1e-8, 1e-5, 0.013)},
        "switched": {**DECAY, **DECOUPLED, **MAXIMIZE},
        "odd": [dict(eps=0.0), dict(eps=1e-50), dict(eps=1.0), dict(lr=0.0), dict(beta1=0.0), dict(beta2=0.0), dict(beta2=0.6), dict(beta2=0.7), dict(beta2=0.8),
                dict(beta1=0.123456789, beta2=0.95), dict(weight_decay=1e-2, decoupled_weight_decay=True)],
        "foreach_agrees": False,
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
            if name == "radam" and (switch := rectified_from(options)):
                steps |= {switch - 1, switch}
            loop = run(optimizer, options, sorted(steps), {"foreach": False})
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
