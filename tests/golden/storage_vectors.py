"""Makes storage.txt: steps on stored arrays that glissade must reproduce bit for bit.

In the environment of torch_vectors.py, which says how to make it:

    env/bin/python tests/golden/storage_vectors.py

Each step decodes the arrays by ../storage/formats.py, takes one step of torch.optim in float32 on them (in the loop over
single tensors, with correctly rounded roots, as torch_vectors.py), and encodes them again. The copy is what torch's own
conversion makes of param. Lion, which torch has not, is the code of its paper in torch.
"""

import sys
from pathlib import Path

import numpy as np
import torch

sys.path.append(str(Path(__file__).parents[1] / "storage"))

import formats
from torch_cases import OPTIMIZERS
from torch_vectors import RoundedRoots, arguments_of
from vector_file import mixed, ordinary_float

N, LAST, SEED, OFFSET = 300, 25, 2026, 512
FLOAT32, Q8 = 0, -8

OPTIONS = {
    "rmsprop": dict(lr=0.01, alpha=0.9, eps=1e-8, weight_decay=0.01, momentum=0.9, centered=True),
    "adagrad": dict(lr=0.1, lr_decay=0.01, weight_decay=0.01, initial_accumulator_value=0.1, eps=1e-10),
    "adadelta": dict(lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.01),
    "sgd": dict(lr=0.01, momentum=0.9, dampening=0.1, weight_decay=0.01),
    "adam": dict(lr=0.01, beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=0.01, amsgrad=True),
    "adamax": dict(lr=0.01, beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=0.01),
    "nadam": dict(lr=0.01, beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=0.01, momentum_decay=4e-3),
    "radam": dict(lr=0.01, beta1=0.9, beta2=0.99, eps=1e-8, weight_decay=0.01),
    "rprop": dict(lr=0.01, etaminus=0.5, etaplus=1.2, step_size_min=1e-6, step_size_max=50.0),
    "asgd": dict(lr=0.01, lambd=0.1, power=0.75, t0=10.0, weight_decay=0.01),
    "lion": dict(lr=0.01, beta1=0.9, beta2=0.99, weight_decay=0.01),
}
NOT_NEGATIVE = ("square_avg", "acc_delta", "sum", "exp_avg_sq", "max_exp_avg_sq", "exp_inf", "step_size")


def first_param():
    return np.array([ordinary_float(mixed(i)) for i in range(N)], np.float32)


def grad(step):
    return np.array([ordinary_float(mixed((step * 1000003 + i) & 0xFFFFFFFF)) for i in range(N)], np.float32)


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr, betas, weight_decay, foreach):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if not self.state[p]:
                    self.state[p]["exp_avg"] = torch.zeros_like(p)
                m = self.state[p]["exp_avg"]
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(m.mul(beta1).add_(p.grad, alpha=1 - beta1).sign_(), alpha=-group["lr"])
                m.mul_(beta2).add_(p.grad, alpha=1 - beta2)


class Stored:
    """An array, encoded; number a among those that take random bits."""

    def __init__(self, kind, a, floats, step):
        self.kind, self.a = kind, a
        self.encode(floats, step)

    def encode(self, floats, step):
        floats = floats.astype(np.float32)
        if self.kind == FLOAT32:
            self.data, self.extra = floats.tobytes(), b""
        else:
            random = formats.random_bits(N, SEED, step, OFFSET, self.a)
            self.data, self.extra = formats.encode(self.kind, floats, random)

    def decode(self):
        if self.kind == FLOAT32:
            return np.frombuffer(self.data, np.float32).copy()
        return np.array(formats.decode(self.kind, N, self.data, self.extra), np.float32)


def run(name, param_kind, grad_kind, state_kind, copy_kind):
    """The lines of a case: param, the states that are stored and the copy after the last step."""
    options = arguments_of(OPTIONS[name])
    states = ("exp_avg",) if name == "lion" else OPTIMIZERS[name]["states"]
    make = Lion if name == "lion" else getattr(torch.optim, OPTIMIZERS[name]["class"])
    param = torch.nn.Parameter(torch.zeros(N))
    optimizer = make([param], **options, foreach=False)
    stored = {"param": Stored(param_kind, 0, first_param(), 0)}
    low = {formats.BF16: torch.bfloat16, formats.FP16: torch.float16}
    for step in range(1, LAST + 1):
        for key, array in stored.items():
            (param.data if key == "param" else optimizer.state[param][key]).copy_(torch.from_numpy(array.decode()))
        param.grad = torch.from_numpy(grad(step))
        if grad_kind != FLOAT32:
            param.grad = param.grad.to(low[grad_kind]).float()
        with RoundedRoots():
            optimizer.step()
        stored["param"].encode(param.detach().numpy(), step)
        for a, key in enumerate(states, 1):
            if optimizer.state[param].get(key) is None:
                continue
            floats = optimizer.state[param][key].numpy()
            kind = state_kind
            if kind == Q8:
                kind = formats.Q8_UNSIGNED if key in NOT_NEGATIVE else formats.Q8_SIGNED
            if key in stored:
                stored[key].encode(floats, step)
            else:
                stored[key] = Stored(kind, a, floats, step)
    numbers = (" ".join(f"{key}={float(x)!r}" for key, x in OPTIONS[name].items()))
    lines = [f"case {name} {param_kind} {grad_kind} {state_kind} {copy_kind} {numbers}"]
    for key, array in stored.items():
        if key == "param" or state_kind != FLOAT32:
            lines.append(f"{key} {array.data.hex()}{array.extra.hex()}")
    if copy_kind != FLOAT32:
        lines.append(f"copy {param.detach().to(low[copy_kind]).view(torch.uint8).numpy().tobytes().hex()}")
    return lines


def main():
    assert torch.__version__.startswith("2.13."), torch.__version__
    lines = [f"# torch {torch.__version__.split('+')[0]}, storage_vectors.py; n = {N}; format: README.md"]
    for name in OPTIMIZERS:
        lines += run(name, FLOAT32, formats.BF16, FLOAT32, formats.BF16)
        lines += run(name, FLOAT32, formats.FP16, FLOAT32, formats.FP16)
    for name in ("rmsprop", "adam", "sgd"):
        lines += run(name, formats.SPLIT, formats.BF16, FLOAT32, FLOAT32)
    for name in ("rmsprop", "adam", "lion"):
        lines += run(name, FLOAT32, formats.BF16, formats.BF16_STOCHASTIC, FLOAT32)
        lines += run(name, FLOAT32, formats.BF16, Q8, FLOAT32)
        lines += run(name, formats.BF16_STOCHASTIC, formats.BF16, Q8, FLOAT32)
    path = Path(__file__).with_name("storage.txt")
    path.write_text("\n".join(lines) + "\n")
    print(f"{path.name}: {sum(line.startswith('case') for line in lines)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
