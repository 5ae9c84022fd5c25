"""The optimizers of timm without the rest of timm, which would need torchvision."""

import functools
import importlib
import importlib.util
import sys
import types
from pathlib import Path


@functools.cache
def optimizer(module, name):
    """`name` of timm.optim.`module`."""
    if "timm" not in sys.modules:
        folder = Path(importlib.util.find_spec("timm").submodule_search_locations[0])
        for package, path in (("timm", folder), ("timm.optim", folder / "optim")):
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = [str(path)]
    return getattr(importlib.import_module(f"timm.optim.{module}"), name)
