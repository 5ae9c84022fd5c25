"""Makes rmsprop.keras3.txt, rmsprop.optax.txt and rmsprop.timm.txt, which glissade must follow to within 2e-6.

    python3 -m venv env && env/bin/pip install keras==3.15.1 jax==0.10.2 optax==0.2.8 torch==2.13.0
    env/bin/pip install --no-deps timm==1.0.31
    env/bin/python tests/golden/frameworks_vectors.py

timm's RMSpropTF stands for TensorFlow 1, whose behaviour it was written to have: square_avg begins at 1, eps is in
the root, lr in the buffer.

Each framework's result is also compared with the formula that glissade documents, evaluated in double, and the
script stops unless they agree to within the same bound, relative to max(1, |x|). Left out is optax's bias
correction with centered: its first step divides 0 by 0.
"""

import importlib.metadata
import math
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"

import jax.numpy as jnp
import keras
import optax
import torch

import timm_alone
import vector_file
from vector_file import N

LAST = 20
BOUND = 2e-6


def keras_arrays(o):
    optimizer = keras.optimizers.RMSprop(
        o["lr"], o["alpha"], o["momentum"], o["eps"], o["centered"], weight_decay=o["weight_decay"] or None
    )
    param = keras.Variable(vector_file.first_param(), dtype="float32")
    for step in range(1, LAST + 1):
        optimizer.apply([jnp.array(vector_file.grad(step), jnp.float32)], [param])
    arrays = {"param": param, "square_avg": optimizer._velocities[0]}
    if o["centered"]:
        arrays["grad_avg"] = optimizer._average_gradients[0]
    if o["momentum"]:
        arrays["momentum_buffer"] = optimizer._momentums[0]
    return {name: array.numpy().tolist() for name, array in arrays.items()}


def optax_arrays(o):
    """The trace of optax has the sign of the update, our buffer the other."""
    optimizer = optax.rmsprop(
        o["lr"],
        decay=o["alpha"],
        eps=o["eps"],
        initial_scale=o["initial_square_avg"],
        eps_in_sqrt=o["eps_in_sqrt"],
        centered=o["centered"],
        momentum=o["momentum"] or None,
        nesterov=o["nesterov"],
        bias_correction=o["bias_correction"],
    )
    param = jnp.array(vector_file.first_param(), jnp.float32)
    state = optimizer.init(param)
    for step in range(1, LAST + 1):
        updates, state = optimizer.update(jnp.array(vector_file.grad(step), jnp.float32), state)
        param = optax.apply_updates(param, updates)
    arrays = {"param": param, "square_avg": state[0].nu}
    if o["centered"]:
        arrays["grad_avg"] = state[0].mu
    if o["momentum"]:
        arrays["momentum_buffer"] = -state[2].trace
    return {name: array.tolist() for name, array in arrays.items()}


def timm_arrays(o):
    param = torch.nn.Parameter(torch.tensor(vector_file.first_param()))
    optimizer = timm_alone.optimizer("rmsprop_tf", "RMSpropTF")(
        [param],
        lr=o["lr"],
        alpha=o["alpha"],
        eps=o["eps"],
        weight_decay=o["weight_decay"],
        momentum=o["momentum"],
        centered=o["centered"],
        decoupled_decay=o["decoupled_weight_decay"],
        lr_in_momentum=o["lr_in_momentum"],
    )
    for step in range(1, LAST + 1):
        param.grad = torch.tensor(vector_file.grad(step))
        optimizer.step()
    arrays = {"param": param.detach()} | optimizer.state[param]
    names = ("param", "square_avg", "grad_avg", "momentum_buffer")
    return {name: arrays[name].tolist() for name in names if name in arrays}


def documented_arrays(o):
    """The formula of glissade_rmsprop_step, in double."""
    alpha, eps, momentum = o["alpha"], o["eps"], o["momentum"]
    into_buffer, out_of_buffer = (o["lr"], 1) if o["lr_in_momentum"] else (1, o["lr"])
    shrink = 1 - o["lr"] * o["weight_decay"] if o["decoupled_weight_decay"] else 1
    weight_decay = 0 if o["decoupled_weight_decay"] else o["weight_decay"]
    param = vector_file.first_param()
    square_avg = [o["initial_square_avg"]] * N
    grad_avg, buffer = [0.0] * N, [0.0] * N
    for step in range(1, LAST + 1):
        correction = 1 / (1 - alpha**step) if o["bias_correction"] else 1
        for k, g in enumerate(vector_file.grad(step)):
            g += weight_decay * param[k]
            square_avg[k] = alpha * square_avg[k] + (1 - alpha) * g * g
            grad_avg[k] = alpha * grad_avg[k] + (1 - alpha) * g
            x = correction * square_avg[k]
            if o["centered"]:
                x = max(0, x - (correction * grad_avg[k]) ** 2)
            entering = into_buffer * g / (math.sqrt(x + eps) if o["eps_in_sqrt"] else math.sqrt(x) + eps)
            buffer[k] = momentum * buffer[k] + entering
            leaving = momentum * buffer[k] + entering if o["nesterov"] else buffer[k]
            param[k] = param[k] * shrink - out_of_buffer * leaving
    return {"param": param, "square_avg": square_avg, "grad_avg": grad_avg, "momentum_buffer": buffer}


def distance(have, want):
    """The greatest difference, relative to max(1, |x|)."""
    return max(abs(x - y) / max(1, abs(y)) for name in have for x, y in zip(have[name], want[name], strict=True))


NAMES = (
    "lr",
    "alpha",
    "eps",
    "weight_decay",
    "momentum",
    "centered",
    "nesterov",
    "eps_in_sqrt",
    "lr_in_momentum",
    "decoupled_weight_decay",
    "bias_correction",
    "initial_square_avg",
)
VARIED = {"lr": (1e-3, 0.01, 0.07), "alpha": (0.9, 0.99, 0.95, 0.6)}
MOMENTUM = {"momentum": (0.0, 0.9, 0.5, 0.99)}
DECAY = {"weight_decay": (0.0, 0.004, 0.1, 0.9)}
CENTERED = {"centered": (False, True)}
COMMON = {
    "weight_decay": 0.0,
    "initial_square_avg": 0.0,
    "centered": False,
    "nesterov": False,
    "lr_in_momentum": True,
    "decoupled_weight_decay": False,
    "bias_correction": False,
}

FRAMEWORKS = {
    "keras3": {
        "made_by": f"keras.optimizers.RMSprop {keras.__version__}",
        "arrays": keras_arrays,
        "fixed": COMMON | {"eps_in_sqrt": True, "decoupled_weight_decay": True},
        "defaults": dict(lr=1e-3, alpha=0.9, eps=1e-7, momentum=0.0),
        "varied": VARIED | {"eps": (1e-7, 1e-5, 0.01)},
        "switched": {**MOMENTUM, **CENTERED, **DECAY},
        "allowed": lambda o: True,
    },
    "optax": {
        "made_by": f"optax.rmsprop {optax.__version__}",
        "arrays": optax_arrays,
        "fixed": COMMON,
        "defaults": dict(lr=1e-3, alpha=0.9, eps=1e-8, momentum=0.0, eps_in_sqrt=True),
        "varied": VARIED | {"eps": (1e-8, 1e-5, 0.01)},
        "switched": {
            **MOMENTUM,
            **CENTERED,
            "nesterov": (False, True),
            "eps_in_sqrt": (True, False),
            "bias_correction": (False, True),
            "initial_square_avg": (0.0, 1.0, 0.1),
        },
        "allowed": lambda o: not (o["nesterov"] and not o["momentum"]) and not (o["centered"] and o["bias_correction"]),
    },
    "timm": {
        "made_by": f"timm.optim.RMSpropTF {importlib.metadata.version('timm')}",
        "arrays": timm_arrays,
        "fixed": COMMON | {"eps_in_sqrt": True, "initial_square_avg": 1.0},
        "defaults": dict(lr=1e-2, alpha=0.9, eps=1e-10, momentum=0.0),
        "varied": VARIED | {"eps": (1e-10, 1e-5, 0.01)},
        "switched": {
            **MOMENTUM,
            **CENTERED,
            **DECAY,
            "decoupled_weight_decay": (False, True),
            "lr_in_momentum": (True, False),
        },
        "allowed": lambda o: (o["weight_decay"] or not o["decoupled_weight_decay"])
        and (o["momentum"] or o["lr_in_momentum"]),
    },
}


def main():
    for name, framework in FRAMEWORKS.items():
        listed = [framework["defaults"]]
        listed += vector_file.combinations(framework["varied"], framework["switched"], framework["allowed"])
        stored, greatest = [], 0
        for options in listed:
            options = {key: (framework["fixed"] | options)[key] for key in NAMES}
            arrays = framework["arrays"](options)
            greatest = max(greatest, far := distance(arrays, documented_arrays(options)))
            assert far < BOUND, (far, options)
            stored.append((options, {LAST: arrays}))
        print(f"{name}: at most {greatest:.1e} from the documented formula")
        vector_file.write(
            Path(__file__).with_name(f"rmsprop.{name}.txt"), f"{framework['made_by']}, frameworks_vectors.py", stored
        )


if __name__ == "__main__":
    main()
