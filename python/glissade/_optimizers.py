"""Optimizers that own the state of a list of arrays: RMSprop, Adam and so on."""
import inspect
from collections.abc import Iterable, Mapping

import numpy

from . import _storage
from ._family import CLASSES, TABLE, check_names, describe, keywords, options_of
from ._runtime import _core

# Counted by the optimizer, or for all groups at once.
_NOT_OF_A_GROUP = ("step", "threads")


class Optimizer:
    """What the optimizers have in common; see RMSprop and the others."""

    def __init__(self, params, *, preset=None, threads=0, state_dtype=None, bf16_params=None, seed=0, **options):
        self.preset = self._preset if preset is None else preset
        if self.preset not in TABLE[self._optimizer]["presets"]:
            raise ValueError(f"preset: {type(self).__name__} has {', '.join(TABLE[self._optimizer]['presets'])}, "
                             f"not {preset!r}")
        self.threads = threads
        self.param_groups = []
        self.state = []
        check_names(type(self).__name__, options, self._options)
        self.defaults = {**{name: TABLE[self._optimizer]["presets"][self.preset][name] for name in self._options},
                         **options}
        self._storing = {"state_dtype": state_dtype, "bf16_params": bf16_params, "seed": seed}
        _storage.of_group(self._storing)
        groups = _listed(params)
        if not groups:
            raise ValueError("params: the list is empty")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group):
        """Adds arrays with options of their own: a dict {"params": [array, ...], option: value, ...}. The options
        that it lacks are those of the constructor."""
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError("params: each group must be a dict with \"params\"")
        group = dict(group)
        params = _listed(group.pop("params"))
        storing = _storage.of_group({name: group.pop(name, value) for name, value in self._storing.items()})
        _core.check_params(params, len(self.state), bool(storing.get("bf16_params")))
        check_names("a group of " + type(self).__name__, group, self._options)
        options = {**self.defaults, **group, **storing}
        needed = _core.states(self._optimizer, self.preset, options)
        states = [self._fresh(param, needed, options, len(self.state) + i) for i, param in enumerate(params)]
        known = {id(param) for other in self.param_groups for param in other["params"]}
        for i, param in enumerate(params):
            if id(param) in known:
                raise ValueError(f"params: number {i} of the group is there already")
            known.add(id(param))
        self.param_groups.append({"params": params, **options})
        self.state += states

    def _fresh(self, param, needed, options, number, saved=None):
        """The state of a param before its first step, or with the values of a saved one."""
        array = numpy.asarray(param)  # for its shape and order in memory
        state = {"step": numpy.zeros((), numpy.int64)}
        for name, initial in needed.items():
            state[name] = numpy.full_like(array, initial, dtype=numpy.float32, subok=False)
        if options.get("bf16_params") == "split" and array.dtype.itemsize == 2:
            state["remainder"] = numpy.zeros_like(array, dtype=numpy.int16, subok=False)
        if saved:
            state["step"][...] = int(saved.get("step", 0))
            for name in [*needed, *({"remainder"} & state.keys() & saved.keys())]:
                value, scales = (numpy.asarray(saved[key]) if key in saved else None for key in (name, f"{name}_scale"))
                stored = scales is not None or value is not None and value.itemsize == 1
                if (value is None or value.shape != array.shape
                        or stored and numpy.shape(scales) != _storage.blocks(array.size)):
                    raise ValueError(f"state_dict: {name} of param {number} is missing or has another shape")
                state[name] = numpy.empty_like(array, dtype=value.dtype if value.dtype.kind in "iu" else numpy.float32,
                                               subok=False)
                state[name][...] = value
                if scales is not None:
                    state[f"{name}_scale"] = scales.copy()
        _storage.store(numpy, self._optimizer, state, options, options.get("seed", 0) + number)
        return state

    def step(self, grads, clip=None):
        """One step on all params, in place; the GIL is released.

        Arguments:
            grads: a sequence with the gradient of each param, in the order in which the params were given: an array
                of float32, bfloat16 or float16, of its shape and order in memory, or None to leave that param as it is
            clip: None, or the largest norm of all gradients together; larger ones are scaled down as by
                torch.nn.utils.clip_grad_norm_, without a further pass over them

        Returns None, and with `clip` the norm before it as a float. If that is not finite, no step was taken.
        TypeError or ValueError names what is wrong, and then nothing was changed.
        """
        if not hasattr(grads, "__len__"):
            raise TypeError(f"grads must be a sequence, not {grads!r}")
        if len(grads) != len(self.state):
            raise ValueError(f"grads: there are {len(grads)}, and {len(self.state)} params")
        if clip is not None and not hasattr(clip, "__float__"):
            raise TypeError(f"clip must be a number, not {clip!r}")
        if clip is not None and not float(clip) >= 0:
            raise ValueError(f"clip must be at least 0, not {clip!r}")
        return _core.step(self._optimizer, self.preset, self.param_groups, self.state, grads, self.threads, clip, None,
                          True, False, "raise", None)[1]

    def state_dict(self):
        """A copy of all that a later run needs to go on with the same bits: {"state": {number of a param: {"step":
        int, array: ...}}, "param_groups": [{"params": [number of a param, ...], option: value, ...}]}, as in torch."""
        numbers = iter(range(len(self.state)))
        return {"state": {i: {name: int(value) if name == "step" else value.copy() for name, value in state.items()}
                          for i, state in enumerate(self.state)},
                "param_groups": [{**group, "params": [next(numbers) for _ in group["params"]]}
                                 for group in self.param_groups]}

    def load_state_dict(self, state_dict):
        """Takes over what state_dict() returned, for the same number of groups and of params of the same shapes.
        ValueError says what does not fit, and then nothing was changed."""
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= state_dict.keys():
            raise TypeError("state_dict must be a dict with \"state\" and \"param_groups\"")
        given = state_dict["param_groups"]
        if [len(g["params"]) for g in given] != [len(g["params"]) for g in self.param_groups]:
            raise ValueError("state_dict: its groups have other numbers of params")
        groups, states = [], []
        for group, own in zip(given, self.param_groups):
            options = {name: value for name, value in group.items() if name not in ("params", *_storage.OPTIONS)}
            check_names("a group of " + type(self).__name__, options, self._options)
            options = {**self.defaults, **options, **{name: own[name] for name in _storage.OPTIONS if name in own}}
            if "seed" in own:
                options["seed"] = group.get("seed", own["seed"])
            needed = _core.states(self._optimizer, self.preset, options)
            groups.append({**options, "params": own["params"]})
            for number, param in zip(group["params"], own["params"]):
                states.append(self._fresh(param, needed, options, len(states), state_dict["state"].get(number)))
        self.param_groups, self.state = groups, states

    def __repr__(self):
        groups = [", ".join(f"{name}={group[name]!r}" for name in self._options) + f", params={len(group['params'])}"
                  for group in self.param_groups]
        return f"{type(self).__name__}({'; '.join(groups)})"


def _listed(params):
    if hasattr(params, "shape") or hasattr(params, "__dlpack__"):
        return [params]
    if not isinstance(params, Iterable):
        raise TypeError(f"params must be an array, arrays or groups, not {params!r}")
    return list(params)


def _make_class(name, optimizer, preset):
    options = options_of(optimizer, without=_NOT_OF_A_GROUP)
    parameters = ([inspect.Parameter("params", inspect.Parameter.POSITIONAL_OR_KEYWORD),
                   inspect.Parameter("preset", inspect.Parameter.KEYWORD_ONLY, default=preset),
                   inspect.Parameter("threads", inspect.Parameter.KEYWORD_ONLY, default=0),
                   inspect.Parameter("state_dtype", inspect.Parameter.KEYWORD_ONLY, default=None),
                   inspect.Parameter("bf16_params", inspect.Parameter.KEYWORD_ONLY, default=None),
                   inspect.Parameter("seed", inspect.Parameter.KEYWORD_ONLY, default=0)]
                  + keywords(optimizer, preset, options))
    doc = f"""{name} for a list of float32 arrays, which it updates in place.

    opt = glissade.{name}([weights, bias], lr=1e-3)
    opt.step([weights_grad, bias_grad])

Arguments:
    params: an array, a sequence of arrays, or of dicts {{"params": [...], option: value}}, groups with options of their
        own. The arrays are float32 of any shape, writable and without gaps: NumPy's, or others with the buffer
        protocol or DLPack. With bf16_params they may be bfloat16: ml_dtypes', or unsigned integers of 16 bits.
    preset: whose defaults the other options have: {", ".join(map(repr, TABLE[optimizer]["presets"]))}
    threads: how many OpenMP threads a step takes at most; 0 for as many as OpenMP would use
{_storage.DOC}
{describe(optimizer, preset, options)}

`param_groups` is a list of dicts as given; an option changed there holds from the next step. `state` has a dict for
each param: "step", {", ".join(repr(state) for state in TABLE[optimizer]["states"])} as far as the options need them.
Where it is stored, bfloat16 is unsigned integers of 16 bits, and Q8 codes have their scales beside them under
"<name>_scale". load_state_dict takes the state from any form to that of this optimizer.
The formula: docs/optimizers.md and optimizers/{optimizer}.h of the C library.
"""
    return type(name, (Optimizer,), {"__doc__": doc, "__module__": "glissade", "_optimizer": optimizer,
                                     "_preset": preset, "_options": options,
                                     "__signature__": inspect.Signature(parameters)})


MADE = {name: _make_class(name, *of) for name, of in CLASSES.items()}
