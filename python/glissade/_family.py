"""The optimizers as classes, functions and their options, from the lists of the C library."""
import inspect

from ._runtime import _core

TABLE = _core.optimizers()

# Class: the optimizer of the C library and its preset.
CLASSES = {
    "RMSprop": ("rmsprop", "torch"),
    "Adagrad": ("adagrad", "torch"),
    "Adadelta": ("adadelta", "torch"),
    "SGD": ("sgd", "torch"),
    "Adam": ("adam", "torch"),
    "AdamW": ("adam", "adamw"),
    "Lion": ("lion", "paper"),
    "Adamax": ("adamax", "torch"),
    "NAdam": ("nadam", "torch"),
    "RAdam": ("radam", "torch"),
    "Rprop": ("rprop", "torch"),
    "ASGD": ("asgd", "torch"),
    "AdaBelief": ("adabelief", "paper"),
    "Yogi": ("yogi", "paper"),
    "ADOPT": ("adopt", "paper"),
    "Adan": ("adan", "paper"),
    "AdEMAMix": ("ademamix", "paper"),
    "AdamWScheduleFree": ("schedule_free", "adamw"),
    "SGDScheduleFree": ("schedule_free", "sgd"),
}

RANGES = {
    "finite": "any number",
    "not_0": "not 0",
    "at_least_0": "at least 0",
    "fraction": "at least 0, less than 1",
    "flag": "True or False",
    "count": "at least 0; 0 for as many as OpenMP would use",
    "number": "the number of this step, from 1",
}


def options_of(optimizer, without=()):
    """The names of an optimizer's options with their ranges."""
    return {name: values for name, values in TABLE[optimizer]["options"].items() if name not in without}


def check_names(what, given, allowed):
    """TypeError for a keyword that is none of the options."""
    for name in given:
        if name not in allowed:
            raise TypeError(f"{what} has no option {name!r}; it has {', '.join(allowed)}")


def keywords(optimizer, preset, names):
    """The options as keyword-only parameters of a signature."""
    defaults = TABLE[optimizer]["presets"][preset]
    return [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name]) for name in names]


def describe(optimizer, preset, names):
    """The options as lines of a docstring."""
    defaults = TABLE[optimizer]["presets"][preset]
    ranges = TABLE[optimizer]["options"]
    return "\n".join(f"    {name}: {RANGES[ranges[name]]} (default {defaults[name]!r})" for name in names)
