"""The options that torch_vectors.py runs each optimizer of torch.optim with."""

import vector_file

LAST = 25  # the number of steps


def rectified_from(options):
    """The first step that RAdam rectifies, if any."""
    beta2 = options["beta2"]
    rho_inf = 2 / (1 - beta2) - 1
    for step in range(1, LAST + 1):
        if rho_inf - 2 * step * beta2**step / (1 - beta2**step) > 5:
            return step
    return None


# `root` says whether a square root is taken. `defaults` are torch's. `varied` and `switched` are those of
# vector_file.combinations, `odd` are further cases as changes of the defaults.
BETAS = {"beta1": (0.9, 0.95, 0.3, 0.0, 0.77, 0.5), "beta2": (0.999, 0.99, 0.9999, 0.9, 0.61)}
DECAY = {"weight_decay": (0.0, 0.01, 0.3, 1e-5, 1.7)}
MAXIMIZE = {"maximize": (False, True)}
ADAMW = dict(weight_decay=0.01, decoupled_weight_decay=True)
DECOUPLED = {"decoupled_weight_decay": (False, True)}

OPTIMIZERS = {
    "rmsprop": {
        "class": "RMSprop",
        "states": ("square_avg", "grad_avg", "momentum_buffer"),
        "root": lambda options: True,
        "defaults": dict(lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False, maximize=False),
        "varied": {"lr": (1e-2, 1e-3, 0.07, 3e-4), "alpha": (0.99, 0.9, 0.95, 0.999, 0.37), "eps": (1e-8, 1e-5, 0.013)},
        "switched": {**DECAY, "momentum": (0.0, 0.9, 0.99, 0.35, 1.25), "centered": (False, True), **MAXIMIZE},
        "odd": [
            dict(eps=0.0), dict(eps=1e-50), dict(eps=1e-40), dict(eps=1.0), dict(lr=0.0), dict(alpha=0.0),
            dict(alpha=0.5), dict(lr=17.3, momentum=0.5, weight_decay=0.001),
            dict(alpha=0.123456789, centered=True, eps=1e-7),
        ],
    },
    "adagrad": {
        "class": "Adagrad",
        "states": ("sum",),
        "root": lambda options: True,
        "defaults": dict(
            lr=1e-2, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, eps=1e-10, maximize=False,
        ),
        "varied": {"lr": (1e-2, 0.1, 0.5, 3e-3), "eps": (1e-10, 1e-6, 0.021)},
        "switched": {
            "lr_decay": (0.0, 0.01, 0.3, 1e-4), **DECAY, "initial_accumulator_value": (0.0, 0.1, 1.0, 1e-9),
            **MAXIMIZE,
        },
        "odd": [
            dict(eps=0.0), dict(eps=1e-50), dict(eps=1.0), dict(lr=0.0), dict(lr=1.0, lr_decay=7.0),
            dict(lr=11.1, weight_decay=2.0),
        ],
        "fused_count": lambda options: vector_file.N,
    },
    "adadelta": {
        "class": "Adadelta",
        "states": ("square_avg", "acc_delta"),
        "root": lambda options: True,
        "defaults": dict(lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0, maximize=False),
        "varied": {"lr": (1.0, 0.5, 0.03, 2.5), "rho": (0.9, 0.95, 0.99, 0.45), "eps": (1e-6, 1e-8, 1e-3)},
        "switched": {**DECAY, **MAXIMIZE},
        "odd": [
            dict(eps=1e-30), dict(eps=1e-40), dict(eps=0.0), dict(eps=1.0), dict(lr=0.0), dict(rho=0.0),
            dict(rho=0.5), dict(rho=0.999), dict(rho=0.95, eps=1e-5, weight_decay=0.1), dict(rho=0.123456789, lr=3.3),
            dict(rho=0.95, maximize=True, weight_decay=0.02),
        ],
    },
    "sgd": {
        "class": "SGD",
        "states": ("momentum_buffer",),
        "root": lambda options: False,
        "defaults": dict(lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False),
        "varied": {"lr": (1e-3, 0.01, 0.1, 0.7)},
        "switched": {
            "momentum": (0.0, 0.9, 0.99, 0.35, 1.1), "dampening": (0.0, 0.1, 0.9, 0.5), **DECAY,
            "nesterov": (False, True), **MAXIMIZE,
        },
        "allowed": lambda options: not options["nesterov"] or (options["momentum"] > 0 and options["dampening"] == 0),
        "odd": [
            dict(lr=0.0), dict(lr=1e-50, momentum=0.9), dict(momentum=0.9, dampening=1.0),
            dict(momentum=0.5, dampening=0.25), dict(momentum=1e-4, nesterov=True), dict(lr=1.0, weight_decay=1.0),
        ],
        "fused_count": lambda options: vector_file.REGISTERS if options["momentum"] else vector_file.N,
    },
    "adam": {
        "class": "Adam",
        "states": ("exp_avg", "exp_avg_sq", "max_exp_avg_sq"),
        "root": lambda options: True,
        "defaults": dict(
            lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False,
            decoupled_weight_decay=False,
        ),
        "varied": {"lr": (1e-3, 0.01, 0.1, 3e-4), **BETAS, "eps": (1e-8, 1e-5, 0.013)},
        "switched": {**DECAY, "amsgrad": (False, True), **MAXIMIZE, **DECOUPLED},
        "odd": [
            ADAMW, dict(eps=0.0), dict(eps=1e-50), dict(eps=1.0), dict(lr=0.0), dict(beta1=0.0), dict(beta2=0.0),
            dict(beta1=0.0, beta2=0.0), dict(beta1=0.5, beta2=0.5), dict(beta1=0.123456789, beta2=0.987654321),
            dict(beta2=0.7, amsgrad=True), dict(lr=2.0, weight_decay=0.7, decoupled_weight_decay=True),
        ],
        "fused_count": lambda options: vector_file.REGISTERS,
    },
    "adamax": {
        "class": "Adamax",
        "states": ("exp_avg", "exp_inf"),
        "root": lambda options: False,
        "defaults": dict(lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, maximize=False),
        "varied": {"lr": (2e-3, 0.01, 0.1, 3e-4), **BETAS, "eps": (1e-8, 1e-5, 0.013)},
        "switched": {**DECAY, **MAXIMIZE},
        "odd": [
            dict(eps=0.0), dict(eps=1e-50), dict(eps=1.0), dict(lr=0.0), dict(beta1=0.0), dict(beta2=0.0),
            dict(beta1=0.5, beta2=0.5), dict(beta1=0.123456789, beta2=0.7),
            dict(beta1=0.3, beta2=0.8, weight_decay=0.1), dict(beta1=0.99, maximize=True, weight_decay=0.01),
        ],
    },
    "nadam": {
        "class": "NAdam",
        "states": ("exp_avg", "exp_avg_sq"),
        "root": lambda options: True,
        "defaults": dict(
            lr=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, momentum_decay=4e-3,
            decoupled_weight_decay=False, maximize=False,
        ),
        "varied": {
            "lr": (2e-3, 0.01, 0.1, 3e-4), **BETAS, "eps": (1e-8, 1e-5, 0.013),
            "momentum_decay": (4e-3, 0.1, 0.0, 1.0, 20.0),
        },
        "switched": {**DECAY, **DECOUPLED, **MAXIMIZE},
        "odd": [
            dict(eps=0.0), dict(eps=1e-50), dict(eps=1.0), dict(lr=0.0), dict(beta1=0.0), dict(beta2=0.0),
            dict(beta1=0.5, beta2=0.5), dict(beta1=0.123456789, beta2=0.7), dict(momentum_decay=0.0),
            dict(beta1=0.99999, momentum_decay=50.0), ADAMW,
        ],
        "foreach_agrees": False,
    },
    "radam": {
        "class": "RAdam",
        "states": ("exp_avg", "exp_avg_sq"),
        "root": lambda options: rectified_from(options) is not None,
        "defaults": dict(
            lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, decoupled_weight_decay=False, maximize=False,
        ),
        "varied": {
            "lr": (1e-3, 0.01, 0.1, 3e-4), "beta1": BETAS["beta1"], "beta2": (0.999, 0.99, 0.9999, 0.9, 0.75),
            "eps": (1e-8, 1e-5, 0.013),
        },
        "switched": {**DECAY, **DECOUPLED, **MAXIMIZE},
        "odd": [
            dict(eps=0.0), dict(eps=1e-50), dict(eps=1.0), dict(lr=0.0), dict(beta1=0.0), dict(beta2=0.0),
            dict(beta2=0.6), dict(beta2=0.7), dict(beta2=0.8), dict(beta1=0.123456789, beta2=0.95), ADAMW,
        ],
        "foreach_agrees": False,
    },
    "rprop": {
        "class": "Rprop",
        "states": ("prev", "step_size"),
        "root": lambda options: False,
        "defaults": dict(lr=1e-2, etaminus=0.5, etaplus=1.2, step_size_min=1e-6, step_size_max=50.0, maximize=False),
        "varied": {
            "lr": (1e-2, 0.1, 3e-4, 7.0), "etaminus": (0.5, 0.9, 0.123456789), "etaplus": (1.2, 1.01, 3.7),
        },
        "switched": {"step_size_min": (1e-6, 0.02, 0.0), "step_size_max": (50.0, 0.05, 1.0), **MAXIMIZE},
        "odd": [
            dict(lr=0.0), dict(lr=0.0, step_size_min=0.0), dict(lr=100.0), dict(etaminus=1e-30), dict(etaplus=1e20),
            dict(step_size_min=0.3, step_size_max=0.1),
        ],
    },
    "asgd": {
        "class": "ASGD",
        "states": ("ax",),
        "root": lambda options: False,
        "defaults": dict(lr=1e-2, lambd=1e-4, power=0.75, t0=1e6, weight_decay=0.0, maximize=False),
        "varied": {"lr": (1e-2, 0.1, 0.7, 3e-4), "power": (0.75, 0.5, 1.0, 0.123456789)},
        "switched": {"lambd": (1e-4, 0.1, 0.0, 0.7), "t0": (1e6, 0.0, 7.0, 19.5), **DECAY, **MAXIMIZE},
        "odd": [
            dict(lr=0.0), dict(lambd=0.0), dict(lr=3.0, lambd=0.3), dict(power=0.0), dict(power=2.5, lambd=0.1),
            dict(t0=1.0, power=1.0, lambd=0.2),
        ],
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
