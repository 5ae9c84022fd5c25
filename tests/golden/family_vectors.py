"""Makes <optimizer>.<library>.txt of the optimizers that torch.optim has not, which glissade must follow to within 2e-6.

    python3 -m venv env && env/bin/pip install torch==2.13.0 jax==0.10.2 optax==0.2.8 tabulate colorama
    env/bin/pip install --no-deps timm==1.0.31 pytorch_optimizer==4.1.0 schedulefree==1.4.1 adabelief-pytorch==0.2.1
    env/bin/python tests/golden/family_vectors.py

Where an optimizer's authors have published a package, it is theirs; else the one that is closest to the paper. Each takes
its steps in the loop over single tensors where it has one, optax in double: of floats its 1 - 0.999^t is off in the fifth
digit.
"""

import contextlib
import importlib.metadata
import io
from pathlib import Path

import jax
import jax.numpy as jnp
import optax
import schedulefree
import torch
from pytorch_optimizer.optimizer.ademamix import AdEMAMix
from pytorch_optimizer.optimizer.sgd import SignSGD
from pytorch_optimizer.optimizer.tiger import Tiger

import vector_file
import timm_alone

with contextlib.redirect_stdout(io.StringIO()):
    from adabelief_pytorch import AdaBelief

LAST = 20
jax.config.update("jax_enable_x64", True)


def of_torch(make, names):
    """The arrays that an optimizer in torch leaves; `names` are its states by ours."""

    def arrays(o):
        param = torch.nn.Parameter(torch.tensor(vector_file.first_param()))
        with contextlib.redirect_stdout(io.StringIO()):
            optimizer = make(o)([param])
        if hasattr(optimizer, "train"):
            optimizer.train()
        sign = -1 if o.get("maximize") else 1
        for step in range(1, LAST + 1):
            param.grad = sign * torch.tensor(vector_file.grad(step))
            optimizer.step()
        state = optimizer.state[param]
        found = {"param": param.detach().tolist()}
        found |= {ours: (-state[theirs[1:]] if theirs[0] == "-" else state[theirs]).tolist()
                  for ours, theirs in names.items() if theirs.strip("-") in state}
        if hasattr(optimizer, "eval"):  # the documented switch
            y, z = param.detach().clone(), state["z"]
            optimizer.eval()
            assert torch.allclose(param, y + (1 - 1 / o["beta1"]) * (z - y), rtol=2e-6, atol=2e-6)
            optimizer.train()
            assert torch.allclose(param, y, rtol=2e-6, atol=2e-6)
        return found

    return arrays


def of_optax(make, names):
    def arrays(o):
        optimizer = make(o)
        param = jnp.array(vector_file.first_param(), jnp.float64)
        state = optimizer.init(param)
        for step in range(1, LAST + 1):
            updates, state = optimizer.update(jnp.array(vector_file.grad(step), jnp.float64), state, param)
            param = optax.apply_updates(param, updates)
        return {"param": param.tolist()} | {ours: getattr(state[0], theirs).tolist() for ours, theirs in names.items()}

    return arrays


def bind(cls, **arguments):
    return lambda params: cls(params, **arguments)


def lion(o):
    return bind(timm_alone.optimizer("lion", "Lion"), lr=o["lr"], betas=(o["beta1"], o["beta2"]), weight_decay=o["weight_decay"],
                foreach=False)


def adabelief(o):
    assert o["eps"] == o["eps_root"]
    return bind(AdaBelief, lr=o["lr"], betas=(o["beta1"], o["beta2"]), eps=o["eps"], weight_decay=o["weight_decay"],
                weight_decouple=o["decoupled_weight_decay"], rectify=False, print_change_log=False)


def adopt(o):
    return bind(timm_alone.optimizer("adopt", "Adopt"), lr=o["lr"], betas=(o["beta1"], o["beta2"]), eps=o["eps"],
                clip_exp=0.25 if o["clip"] else None, weight_decay=o["weight_decay"],
                decoupled=o["decoupled_weight_decay"], foreach=False)


def adan(o):
    return bind(timm_alone.optimizer("adan", "Adan"), lr=o["lr"], betas=(o["beta1"], o["beta2"], o["beta3"]), eps=o["eps"],
                weight_decay=o["weight_decay"], no_prox=not o["proximal"], foreach=False)


def ademamix(o):
    return bind(AdEMAMix, lr=o["lr"], betas=(o["beta1"], o["beta2"], o["beta3"]), alpha=o["slow_weight"],
                t_alpha_beta3=o["warmup_steps"] or None, eps=o["eps"], weight_decay=o["weight_decay"],
                weight_decouple=o["decoupled_weight_decay"], foreach=False)


def schedule_free(o):
    common = dict(lr=o["lr"], weight_decay=o["weight_decay"], foreach=False)
    if o["adaptive"]:
        return bind(schedulefree.AdamWScheduleFree, betas=(o["beta1"], o["beta2"]), eps=o["eps"], **common)
    return bind(schedulefree.SGDScheduleFree, momentum=o["beta1"], **common)


BETA1, BETA2 = {"beta1": (0.9, 0.95, 0.3)}, {"beta2": (0.999, 0.9, 0.99)}
EPS = {"eps": (1e-8, 1e-4, 1e-2)}
DECAY = {"weight_decay": (0.0, 0.004, 0.1, 0.9)}
DECOUPLED = {"decoupled_weight_decay": (False, True)}
MAXIMIZE = {"maximize": (False, True)}
LR = {"lr": (1e-3, 0.01, 0.07)}
AVERAGES = {"exp_avg": "exp_avg", "exp_avg_sq": "exp_avg_sq"}


def odd(optimizer, *changes):
    return [optimizer, *(optimizer | change for change in changes)]


FAMILY = {
    "lion.timm": {
        "made_by": "timm.optim.Lion", "package": "timm", "arrays": of_torch(lion, {"exp_avg": "exp_avg"}),
        "listed": odd(dict(lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0), dict(lr=1e-3, beta2=0.9),
                      dict(lr=1e-3, beta1=0.965, beta2=0.965, weight_decay=1e-2)),
        "varied": {"lr": (1e-4, 1e-3, 0.03), "beta2": (0.99, 0.9, 0.5)}, "switched": {**DECAY, "beta1": (0.9, 0.95, 0.3), **MAXIMIZE},
    },
    "adabelief.authors": {
        "made_by": "adabelief_pytorch.AdaBelief", "package": "adabelief-pytorch",
        "arrays": of_torch(adabelief, {"exp_avg": "exp_avg", "exp_avg_var": "exp_avg_var"}),
        "listed": odd(dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-16, eps_root=1e-16, weight_decay=0.0,
                           decoupled_weight_decay=True), dict(eps=1e-4, eps_root=1e-4)),
        "varied": {**LR, **BETA1, **BETA2, "eps": (1e-8,), "eps_root": (1e-8,)},
        "switched": {**DECAY, **DECOUPLED, **MAXIMIZE},
    },
    "adabelief.optax": {
        "made_by": "optax.adabelief", "package": "optax",
        "arrays": of_optax(lambda o: optax.adabelief(o["lr"], o["beta1"], o["beta2"], o["eps"], o["eps_root"]),
                           {"exp_avg": "mu", "exp_avg_var": "nu"}),
        "listed": odd(dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-16, eps_root=1e-16)),
        "varied": {**LR, **BETA1}, "switched": {**BETA2, **EPS, "eps_root": (1e-16, 1e-3, 0.1)},
    },
    "yogi.optax": {
        "made_by": "optax.yogi", "package": "optax",
        "arrays": of_optax(lambda o: optax.yogi(o["lr"], o["beta1"], o["beta2"], o["eps"]),
                           {"exp_avg": "mu", "exp_avg_sq": "nu"}),
        "listed": odd(dict(lr=1e-2, beta1=0.9, beta2=0.999, eps=1e-3), dict(beta1=0.0), dict(beta2=0.5)),
        "varied": {**LR}, "switched": {**BETA1, **BETA2, "eps": (1e-3, 1e-5, 0.1)},
    },
    "adopt.timm": {
        "made_by": "timm.optim.Adopt", "package": "timm", "arrays": of_torch(adopt, AVERAGES),
        "listed": odd(dict(lr=1e-3, beta1=0.9, beta2=0.9999, eps=1e-6, weight_decay=0.0, clip=True,
                           decoupled_weight_decay=False), dict(eps=0.1)),
        "varied": {**LR, **BETA1, "beta2": (0.9999, 0.99, 0.7)},
        "switched": {"clip": (True, False), **DECAY, **DECOUPLED, **MAXIMIZE},
    },
    "adan.timm": {
        "made_by": "timm.optim.Adan", "package": "timm",
        "arrays": of_torch(adan, AVERAGES | {"exp_avg_diff": "exp_avg_diff", "prev": "-neg_pre_grad"}),
        "listed": odd(dict(lr=1e-3, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-8, weight_decay=0.0, proximal=True)),
        "varied": {**LR, "beta1": (0.98, 0.7), "beta2": (0.92, 0.5, 0.99), "beta3": (0.99, 0.9, 0.999)},
        "switched": {**EPS, **DECAY, "proximal": (True, False), **MAXIMIZE},
    },
    "ademamix.pytorch_optimizer": {
        "made_by": "pytorch_optimizer.AdEMAMix", "package": "pytorch_optimizer",
        "arrays": of_torch(ademamix, AVERAGES | {"exp_avg_slow": "exp_avg_slow"}),
        "listed": odd(dict(lr=1e-3, beta1=0.9, beta2=0.999, beta3=0.9999, slow_weight=5.0, warmup_steps=0.0, eps=1e-8,
                           weight_decay=0.0, decoupled_weight_decay=True)),
        "varied": {"lr": (1e-3, 0.01), **BETA1, **BETA2, "beta3": (0.9999, 0.99), "slow_weight": (5.0, 2.0)},
        "switched": {"warmup_steps": (0.0, 100.0, 7.0, 19.5), **DECAY, **DECOUPLED, **MAXIMIZE},
    },
    "schedule_free.authors": {
        "made_by": "schedulefree.AdamWScheduleFree and SGDScheduleFree", "package": "schedulefree",
        "arrays": of_torch(schedule_free, {"z": "z", "exp_avg_sq": "exp_avg_sq"}),
        "listed": odd(dict(lr=2.5e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, adaptive=True),
                      dict(lr=1.0, adaptive=False)),
        "varied": {"lr": (2.5e-3, 0.02, 0.3), "beta1": (0.9, 0.95, 0.6), **BETA2, **EPS},
        "switched": {"adaptive": (True, False), **DECAY, **MAXIMIZE},
    },
}


def main():
    signs = dict(lr=1e-3, weight_decay=0.03, foreach=False)
    o = signs | dict(beta1=0.95, beta2=0.95)
    average = {"exp_avg": "exp_avg"}
    for same in (of_torch(lambda o: bind(Tiger, beta=0.95, **signs), average),
                 of_torch(lambda o: bind(SignSGD, momentum=0.95, **signs), {"exp_avg": "momentum_buffer"})):
        theirs, ours = same(o), of_torch(lion, average)(o)
        assert all(torch.allclose(torch.tensor(theirs[name]), torch.tensor(ours[name]), rtol=2e-6) for name in theirs)
    for name, one in FAMILY.items():
        listed = one["listed"] + [
            one["listed"][0] | options for options in vector_file.combinations(one["varied"], one["switched"])
        ]
        made_by = f"{one['made_by']} {importlib.metadata.version(one['package'])}, family_vectors.py"
        vector_file.write(Path(__file__).with_name(f"{name}.txt"), made_by,
                          [(options, {LAST: one["arrays"](options)}) for options in listed])


if __name__ == "__main__":
    main()
