"""torch.optim's optimizers with the step of glissade. Change the import and nothing else:

    from glissade.torch import AdamW  # instead of torch.optim

Arguments, param groups, state_dict, hooks, closures and pickles are torch's own, since each class inherits torch's and
replaces its step alone; checkpoints go both ways. A tensor that glissade cannot do (another type than float32, another
device, a sparse gradient, gaps in memory, `differentiable`, `capturable`) is left to torch's step, while the others go
on. With `strict=True` that is an error.
"""
import functools
import inspect

import torch
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from . import _storage
from ._eight_bit import float32_state
from ._family import CLASSES
from ._runtime import _core
from ._stored import Stored
from ._tensors import alike, lends

HERE = ("RMSprop", "Adagrad", "Adadelta", "SGD", "Adam", "AdamW", "Lion", "Adamax", "NAdam", "RAdam")
__all__ = [*HERE, "float32_state"]


class _Lion(torch.optim.Optimizer):
    """Lion in torch's own operations, for what glissade cannot do."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, *, maximize=False):
        if not lr >= 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        for i, beta in enumerate(betas):
            if not 0 <= beta < 1:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta}")
        if not weight_decay >= 0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize,
                                  "differentiable": False})

    def _init_group(self, group, params):
        for p in group["params"]:
            if p.grad is not None:
                if p.grad.is_sparse:
                    raise RuntimeError("Lion does not support sparse gradients")
                params.append(p)
                if not self.state[p]:
                    self.state[p]["exp_avg"] = torch.zeros_like(p, memory_format=torch.preserve_format)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            params = []
            self._init_group(group, params)
            lr, (beta1, beta2) = group["lr"], group["betas"]
            for p in params:
                grad, average = (-p.grad if group["maximize"] else p.grad), self.state[p]["exp_avg"]
                if p.is_complex():
                    p, grad, average = map(torch.view_as_real, (p, grad, average))
                p.mul_(1 - lr * group["weight_decay"])
                p.add_(average.mul(beta1).add_(grad, alpha=1 - beta1).sign_(), alpha=-lr)
                average.mul_(beta2).add_(grad, alpha=1 - beta2)


class _Step(Stored):
    """The step of all classes; `_of` is the optimizer of the C library and its preset, `_counts` whether torch's state
    has the number of the step."""

    strict = False
    _max_norm = None
    _kept = None  # tensors of the state, known to the extension from the last step
    _signs = False  # whether a param may be a negated view, which takes time to see

    def add_param_group(self, param_group):
        super().add_param_group(param_group)
        self._signs |= any(p.is_neg() for p in self.param_groups[-1]["params"])

    add_param_group.__doc__ = torch.optim.Optimizer.add_param_group.__doc__

    def __getstate__(self):
        return {**super().__getstate__(), "strict": self.strict, "_signs": self._signs}

    def __setstate__(self, state):
        super().__setstate__(state)
        self._kept = _core.keep()  # other states than before, if it is load_state_dict that calls this

    @staticmethod
    def profile_hook_step(func):
        """torch's, which calls hooks and tells a profiler; where there are none it takes twice the time of a small
        step."""
        hooked = torch.optim.Optimizer.profile_hook_step(func)

        @functools.wraps(hooked)
        def step(self, *args, **kwargs):
            if (self._optimizer_step_pre_hooks or self._optimizer_step_post_hooks or _global_optimizer_pre_hooks
                    or _global_optimizer_post_hooks or torch.autograd._profiler_enabled()):
                return hooked(self, *args, **kwargs)
            return func(self, *args, **kwargs)

        return step

    def step(self, closure=None):
        """Takes one step on all params that have a gradient; returns what the closure returns, if there is one."""
        return (self._untraced_step if torch.compiler.is_compiling() else self._take_step)(closure)

    def _take_step(self, closure):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if getattr(self, "found_inf", None) is not None or getattr(self, "grad_scale", None) is not None:
            if not self._unscale():
                return loss
        rest, self._norm = _core.step(*self._of, self.param_groups, self.state, None, torch.get_num_threads(),
                                      self._max_norm, None, self._counts, self._signs, "none", self._kept)
        if rest is not None:
            self._step_rest(self._max_norm)
        return loss

    _untraced_step = torch._disable_dynamo(_take_step)  # the extension cannot be traced

    def step_clipped(self, max_norm, closure=None):
        """Takes one step with the gradients scaled down to a norm of at most `max_norm`, all together, as by
        torch.nn.utils.clip_grad_norm_, but without writing to them: their norm is read once, and the factor is part of
        the step. Returns the norm before, as a float. If that is not finite, the step is not taken.
        """
        self._max_norm = max_norm
        try:
            self.step(closure)
        finally:
            del self._max_norm
        return self._norm

    def _unscale(self):
        """What the fused steps of torch do for a GradScaler. False if a gradient was not finite."""
        self._make_state()
        found_inf, scale = getattr(self, "found_inf", None), getattr(self, "grad_scale", None)
        if found_inf is not None and found_inf.item():
            return False
        if scale is not None:
            with torch.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        if p.grad is not None:
                            p.grad.div_(scale.to(p.grad.device))
        return True

    def _make_state(self):
        _, *names = inspect.signature(self._init_group).parameters  # lists, and up to torch 2.6 an option of AdamW
        first = 0
        with torch.no_grad():
            for group in self.param_groups:
                lists = [group[name] if isinstance(group.get(name), bool) else [] for name in names]
                # Where states are stored, one after the other, so that there are never all in float32.
                for params in [[p] for p in group["params"]] if "seed" in group else [group["params"]]:
                    is_new = params and not self.state.get(params[0])
                    self._init_group({**group, "params": params}, *lists)
                    if "seed" in group:
                        self._store(group, params[0], first, is_new)
                    first += len(params)

    def _step_rest(self, max_norm):
        """The step where some params lack their state, or cannot be done by glissade."""
        self._make_state()
        fresh = {}  # torch's SGD makes its buffers in the first step
        if self._of[0] == "sgd":
            fresh = {p: torch.zeros_like(p, memory_format=torch.preserve_format)
                     for group in self.param_groups if group["momentum"] != 0 for p in group["params"]
                     if p.grad is not None and self.state.get(p, {}).get("momentum_buffer") is None}

        def step(max_norm, aside):
            return _core.step(*self._of, self.param_groups, self.state, None, torch.get_num_threads(), max_norm, fresh,
                              self._counts, self._signs, aside, self._kept)

        rest, self._norm = step(max_norm, "rest" if max_norm is None and not self.strict else "none")
        if rest and self.strict:
            raise rest[0][2]
        if rest and max_norm is not None:
            norm = torch.nn.utils.clip_grad_norm_([p for group in self.param_groups for p in group["params"]],
                                                  max_norm)
            self._norm = float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)
            if not abs(self._norm) < float("inf"):
                return
            rest, _ = step(None, "rest")
        left = rest or []
        for p in fresh.keys() - {p for _, p, _ in left}:
            self.state[p]["momentum_buffer"] = fresh[p]
        if left:
            self._step_of_torch(left)

    def _step_of_torch(self, left):
        stored = [p for of, p, _ in left if "seed" in self.param_groups[of]]
        for p in stored:
            self._unstore(p)
        shadow = object.__new__(type(self))
        shadow.__dict__.update(self.__dict__, grad_scale=None, found_inf=None)
        shadow.param_groups = [{**group, "params": [p for of, p, _ in left if of == i]}
                               for i, group in enumerate(self.param_groups)]
        step = self._torch.step
        while getattr(step, "hooked", False):  # or the hooks run twice
            step = step.__wrapped__
        try:
            step(shadow)
        finally:
            if stored:
                self._make_state()


def _make_class(name, of):
    base = getattr(torch.optim, name, None) or _Lion
    signature = inspect.signature(base.__init__)
    own = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
           for name, default in (("strict", False), ("state_dtype", None), ("bf16_params", None), ("seed", 0))]

    @functools.wraps(base.__init__)
    def __init__(self, *args, strict=False, state_dtype=None, bf16_params=None, seed=0, **kwargs):
        self.strict, self._kept = strict, _core.keep()
        self._storing = {"state_dtype": state_dtype, "bf16_params": bf16_params, "seed": seed}
        _storage.of_group(self._storing)
        base.__init__(self, *args, **kwargs)
        if self.state:  # Adagrad's
            self._make_state()

    __init__.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *own])
    doc = f"""torch.optim.{name} with the step of glissade; see the module for what differs.

    strict: True makes it an error if a tensor cannot be done by glissade
{_storage.DOC}

{inspect.getdoc(base) if base is not _Lion else ""}"""
    return type(name, (_Step, base), {"__init__": __init__, "__doc__": doc, "__module__": __name__, "_torch": base,
                                      "_of": of, "_counts": of[0] not in ("sgd", "lion")})


globals().update({name: _make_class(name, CLASSES[name]) for name in HERE})


_core.know_torch(lends, alike, torch.empty(0).is_neg, lambda t: torch.utils.dlpack.to_dlpack(t.detach()))
_core.use_increment_version(torch._C._increment_version, torch.Tensor)
