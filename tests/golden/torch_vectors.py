"""Makes <optimizer>.torch.txt, the results of torch.optim that glissade must reproduce bit for bit.

    python3 -m venv env && env/bin/pip install numpy torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu
    env/bin/python tests/golden/torch_vectors.py

The CPU must have AVX2 or AVX-512, which give the same files; without FMA instructions torch rounds otherwise.

PyTorch takes the square roots of its unfused optimizers from a vector maths library that is 1 ulp off for many
values. Here a dispatch mode replaces them by correctly rounded ones: the root in double, rounded to float, is the
correctly rounded root of a float. Stored is what the loop over single tensors (foreach=False, fused=False)
computes in this mode. Each case is also run in torch's other modes, and the script stops unless

- foreach gives the same bits, for all but NAdam, RAdam and ASGD, whose foreach code is another formula;
- fused gives the same bits for Adagrad and SGD without momentum, and for Adam, AdamW and SGD with momentum in
  whole registers (as installed: the roots of its kernels are correctly rounded). In the last elements, which they
  take one by one, the kernels of these three round otherwise than in registers.
"""

from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode

import vector_file
from torch_cases import LAST, OPTIMIZERS, cases, rectified_from
from vector_file import N

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


PAIRS = {"betas": ("beta1", "beta2"), "etas": ("etaminus", "etaplus"), "step_sizes": ("step_size_min", "step_size_max")}
RENAMED = {"power": "alpha"}


def arguments_of(options):
    """torch's arguments from ours."""
    arguments = {RENAMED.get(name, name): x for name, x in options.items() if name not in sum(PAIRS.values(), ())}
    for name, pair in PAIRS.items():
        if pair[0] in options:
            arguments[name] = tuple(options[one] for one in pair)
    return arguments


def floats(array):
    return torch.tensor(array, dtype=torch.float32)


def run(optimizer, options, steps, mode):
    """The arrays after each of `steps`."""
    param = torch.nn.Parameter(floats(vector_file.first_param()))
    torch_optimizer = getattr(torch.optim, optimizer["class"])([param], **arguments_of(options), **mode)
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


def main():
    assert torch.__version__.startswith("2.13."), torch.__version__
    assert torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
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
        made_by = f"torch.optim.{optimizer['class']} {torch.__version__.split('+')[0]}, torch_vectors.py"
        vector_file.write(Path(__file__).with_name(f"{name}.torch.txt"), made_by, stored)


if __name__ == "__main__":
    main()
