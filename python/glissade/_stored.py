"""States in 16 and 8 bits and params of bfloat16 in torch's optimizers: made, loaded, and decoded for torch's own step."""
import torch

from . import _storage
from ._eight_bit import float32_state
from ._family import TABLE
from ._tensors import ITSELF, LOCAL, lends


class Stored:
    """What `state_dtype`, `bf16_params` and `seed` add to an optimizer. A group has all three, or none of them."""

    _storing = {}  # what the constructor was given, for groups that have none

    def add_param_group(self, param_group):
        if isinstance(param_group, dict):
            asked = {name: param_group.pop(name, self._storing.get(name)) for name in _storage.OPTIONS}
            param_group.update(_storage.of_group(asked))
        super().add_param_group(param_group)

    def __getstate__(self):
        return {**super().__getstate__(), "_storing": self._storing}

    def load_state_dict(self, state_dict):
        own = [{name: group[name] for name in _storage.OPTIONS if name in group} for group in self.param_groups]
        if not any(own) and not any("seed" in group for group in state_dict["param_groups"]):
            return super().load_state_dict(state_dict)
        seen = []  # what torch would cast to the type of the params

        def see(_, given):
            seen.append(given)
            return float32_state(given)

        handles = [self.register_load_state_dict_pre_hook(see),
                   self.register_load_state_dict_post_hook(lambda _: self._take_over(seen[0], own), prepend=True)]
        try:
            super().load_state_dict(state_dict)
        finally:
            for handle in handles:
                handle.remove()

    load_state_dict.__doc__ = torch.optim.Optimizer.load_state_dict.__doc__

    def _take_over(self, saved, own):
        """Gives the groups their own options of storage back, but the seed of a run that goes on, and their params
        the states as they were saved."""
        for given, group, options in zip(saved["param_groups"], self.param_groups, own):
            seed = given.get("seed", options.get("seed"))
            for name in _storage.OPTIONS:
                group.pop(name, None)
            if not options:
                continue
            group.update(options, seed=seed)
            for number, p in zip(given["params"], group["params"]):
                if self._can_store(group, p):
                    self.state[p].update({name: value.detach().clone() for name, value
                                          in saved["state"].get(number, {}).items()
                                          if name != "step" and isinstance(value, torch.Tensor)})
        self._make_state()

    def _can_store(self, group, p):
        types = (torch.float32, torch.bfloat16) if group["bf16_params"] else (torch.float32,)
        return (lends(type(p)) == ITSELF and p.device.type == "cpu" and p.layout == torch.strided
                and p.dtype in types)

    def _store(self, group, p, index, is_new):
        """Brings the state of a param into the form that its group asks for."""
        if p.grad is None and not self.state.get(p):
            return
        if not self._can_store(group, p):
            if self.strict and lends(type(p)) == LOCAL:
                raise TypeError(f"param {index}: is distributed, so its state cannot be stored as its group asks for")
            return
        name, state = self._of[0], self.state[p]
        if name == "sgd" and group["momentum"] != 0 and state.get("momentum_buffer") is None:
            state["momentum_buffer"] = torch.zeros_like(p, dtype=torch.float32, memory_format=torch.preserve_format)
            state["step"] = torch.tensor(0.0)
        if "step" not in state:  # which random bits depend on
            state["step"] = torch.tensor(0.0 if is_new else 1.0)
        if group["bf16_params"] == "split" and p.dtype == torch.bfloat16 and "remainder" not in state:
            state["remainder"] = torch.zeros_like(p, dtype=torch.int16, memory_format=torch.preserve_format)
        _storage.store(torch, name, state, group, group["seed"] + index)

    def _unstore(self, p):
        """Brings the state of a param into the form that torch's step needs."""
        state = self.state.get(p, {})
        for name in TABLE[self._of[0]]["states"]:
            if state.get(name) is not None and state[name].dtype != p.dtype:
                state[name] = _storage.as_float32(torch, state, name).to(p.dtype)
                state.pop(f"{name}_scale", None)
        if "remainder" in state:
            state["remainder"].zero_()
        if not self._counts and "step" in state:
            state["step"] += 1
