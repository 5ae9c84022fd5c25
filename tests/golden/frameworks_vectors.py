"""Makes rmsprop.keras3.txt and rmsprop.optax.txt, which glissade's conventions must follow to within 2e-6.

    python3 -m venv env && env/bin/pip install keras==3.15.1 jax==0.10.2 optax==0.2.8
    env/bin/python tests/golden/frameworks_vectors.py

Each framework's result is also compared with the formula that glissade documents, evaluated in double, and the
script stops unless they agree to half of that bound, relative to max(1, |x|). Left out is optax's bias correction
with centered: its first step divides 0 by 0.
"""

import math
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"

import jax.numpy as jnp
import keras
import optax

import vector_file
from vector_file import N

LAST = 20
STORED = (1, LAST)
BOUND = 1e-6


def keras_arrays(o):
    """The arrays after each of STORED."""
    optimizer = keras.optimizers.RMSprop(
        o["lr"], o["alpha"], o["momentum"], o["eps"], o["centered"], weight_decay=o["weight_decay"] or None
    )
    param = keras.Variable(vector_file.first_param(), dtype="float32")
    stored = {}
    for step in range(1, LAST + 1):
        optimizer.apply([jnp.array(vector_file.grad(step), jnp.float32)], [param])
        if step in STORED:
            stored[step] = {"param": param, "square_avg": optimizer._velocities[0]}
            if o["centered"]:
                stored[step]["grad_avg"] = optimizer._average_gradients[0]
            if o["momentum"]:
                stored[step]["momentum_buffer"] = optimizer._momentums[0]
            stored[step] = {name: array.numpy().tolist() for name, array in stored[step].items()}
    return stored


def optax_arrays(o):
    """The arrays after each of STORED. The trace of optax has the sign of the update, our buffer the other."""
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
    stored = {}
    for step in range(1, LAST + 1):
        updates, state = optimizer.update(jnp.array(vector_file.grad(step), jnp.float32), state)
        param = optax.apply_updates(param, updates)
        if step in STORED:
            stored[step] = {"param": param, "square_avg": state[0].nu}
            if o["centered"]:
                stored[step]["grad_avg"] = state[0].mu
            if o["momentum"]:
                stored[step]["momentum_buffer"] = -state[2].trace
            stored[step] = {name: array.tolist() for name, array in stored[step].items()}
    return stored


def documented_arrays(o):
    """The arrays after each of STORED by the formula of glissade_rmsprop_step, in double."""
    a = o["alpha"]
    param = vector_file.first_param()
    square_avg = [o["initial_square_avg"]] * N
    grad_avg, buffer = [0.0] * N, [0.0] * N
    stored = {}
    for step in range(1, LAST + 1):
        correction = 1 / (1 - a**step) if o["bias_correction"] else 1
        for k, g in enumerate(vector_file.grad(step)):
            square_avg[k] = a * square_avg[k] + (1 - a) * g * g
            grad_avg[k] = a * grad_avg[k] + (1 - a) * g
            x = correction * square_avg[k]
            if o["centered"]:
                x = max(0, x - (correction * grad_avg[k]) ** 2)
            d = math.sqrt(x + o["eps"]) if o["eps_in_sqrt"] else math.sqrt(x) + o["eps"]
            buffer[k] = o["momentum"] * buffer[k] + o["lr"] * g / d
            update = o["momentum"] * buffer[k] + o["lr"] * g / d if o["nesterov"] else buffer[k]
            param[k] = param[k] * (1 - o["lr"] * o["weight_decay"]) - update
        arrays = {"param": param, "square_avg": square_avg, "grad_avg": grad_avg, "momentum_buffer": buffer}
        stored[step] = {name: list(array) for name, array in arrays.items()}
    return stored


def distance(have, want):
    """The greatest difference, relative to max(1, |x|)."""
    return max(
        abs(x - y) / max(1, abs(y))
        for step in have
        for name, array in have[step].items()
        for x, y in zip(array, want[step][name], strict=True)
    )


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
CENTERED = {"centered": (False, True)}
FLAGS = {
    "centered": False,
    "nesterov": False,
    "lr_in_momentum": True,
    "decoupled_weight_decay": False,
    "bias_correction": False,
}
COMMON = {"weight_decay": 0.0, "initial_square_avg": 0.0, **FLAGS}

FRAMEWORKS = {
    "keras3": {
        "made_by": f"keras.optimizers.RMSprop {keras.__version__}",
        "arrays": keras_arrays,
        "fixed": COMMON | {"eps_in_sqrt": True, "decoupled_weight_decay": True},
        "defaults": dict(lr=1e-3, alpha=0.9, eps=1e-7, momentum=0.0),
        "varied": VARIED | {"eps": (1e-7, 1e-5, 0.01)},
        "switched": {**MOMENTUM, **CENTERED, "weight_decay": (0.0, 0.004, 0.1, 0.9)},
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
            stored.append((options, arrays))
        print(f"{name}: at most {greatest:.1e} from the documented formula")
        vector_file.write(
            Path(__file__).with_name(f"rmsprop.{name}.txt"), f"{framework['made_by']}, frameworks_vectors.py", stored
        )


if __name__ == "__main__":
    main()
