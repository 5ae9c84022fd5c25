"""Makes adam.lamb.txt and sgd.lars.txt, which steps by trust ratios must follow to within 2e-6.

    python3 -m venv env && env/bin/pip install torch==2.13.0
    env/bin/pip install --no-deps timm==1.0.31
    env/bin/python tests/golden/trust_vectors.py

timm adapts what has no weight decay only if it is told to; the script always does. The names that begin with trust_ are
fields of glissade_trust.
"""

import importlib.metadata
from pathlib import Path

import torch

import timm_alone
import vector_file

LAST = 20


def lamb(param, o):
    return timm_alone.optimizer("lamb", "Lamb")(
        [param],
        lr=o["lr"],
        betas=(o["beta1"], o["beta2"]),
        eps=o["eps"],
        weight_decay=o["weight_decay"],
        bias_correction=not o["no_bias_correction"],
        max_grad_norm=None,
        trust_clip=o["trust_max_ratio"] == 1,
        always_adapt=True,
    )


def lars(param, o):
    return timm_alone.optimizer("lars", "Lars")(
        [param],
        lr=o["lr"],
        momentum=o["momentum"],
        dampening=o["dampening"],
        weight_decay=o["weight_decay"],
        nesterov=o["nesterov"],
        trust_coeff=o["trust_coefficient"],
        eps=o["trust_eps"],
        always_adapt=True,
    )


def arrays_of(make, names, o):
    param = torch.nn.Parameter(torch.tensor(vector_file.first_param()))
    optimizer = make(param, o)
    for step in range(1, LAST + 1):
        param.grad = torch.tensor(vector_file.grad(step))
        optimizer.step()
    arrays = {"param": param.detach()} | optimizer.state[param]
    return {name: arrays[name].tolist() for name in names if arrays.get(name) is not None}


LAMB = {
    "fixed": {"decoupled_weight_decay": True, "trust_of_gradient": 0.0, "trust_coefficient": 1.0, "trust_eps": 0.0},
    "varied": {"lr": (1e-3, 0.01, 0.07), "beta1": (0.9, 0.5), "beta2": (0.999, 0.9), "eps": (1e-6, 1e-3)},
    "switched": {
        "weight_decay": (0.0, 0.01, 0.3),
        "no_bias_correction": (False, True),
        "trust_max_ratio": (0.0, 1.0),
    },
    "allowed": lambda o: True,
}
LARS = {
    "fixed": {"trust_of_gradient": 1.0, "trust_max_ratio": 0.0},
    "varied": {"lr": (0.1, 1.0, 10.0), "trust_coefficient": (1e-3, 0.02), "trust_eps": (1e-8, 0.1)},
    "switched": {
        "weight_decay": (0.0, 1e-4, 0.3),
        "momentum": (0.0, 0.9, 0.5),
        "dampening": (0.0, 0.1),
        "nesterov": (False, True),
    },
    "allowed": lambda o: (o["momentum"] or not o["nesterov"] and not o["dampening"])
    and not (o["nesterov"] and o["dampening"]),
}


def main():
    version = importlib.metadata.version("timm")
    for file, name, make, about, arrays in (
        ("adam.lamb.txt", "Lamb", lamb, LAMB, ("param", "exp_avg", "exp_avg_sq")),
        ("sgd.lars.txt", "Lars", lars, LARS, ("param", "momentum_buffer")),
    ):
        stored = []
        for options in vector_file.combinations(about["varied"], about["switched"], about["allowed"]):
            options |= about["fixed"]
            stored.append((options, {LAST: arrays_of(make, arrays, options)}))
        made_by = f"timm.optim.{name} {version}, trust_vectors.py"
        vector_file.write(Path(__file__).with_name(file), made_by, stored)


if __name__ == "__main__":
    main()
