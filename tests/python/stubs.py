"""Writes python/glissade/__init__.pyi, the types of the package, from the package itself: with PYTHONPATH=build/release/python, python3
tests/python/stubs.py."""
import inspect
import pathlib

import glissade
from glissade._family import CLASSES, TABLE

HEAD = '''"""The types of the package; written by tests/python/stubs.py."""
from typing import Any, Mapping, Sequence, TypedDict

Array = Any
"""float32 without gaps, lent through the buffer protocol or DLPack."""

class OpenMP(TypedDict):
    runtime: str | None
    threads: int
    others: list[str]

__version__: str

def grad_norm(grads: Sequence[Array], threads: int = 0) -> float: ...
def isa() -> str: ...
def isas() -> list[str]: ...
def openmp() -> OpenMP: ...
def use_isa(name: str | None) -> None: ...

class Optimizer:
    preset: str
    threads: int
    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]
    state: list[dict[str, Any]]
    def add_param_group(self, group: Mapping[str, Any]) -> None: ...
    def step(self, grads: Sequence[Array | None], clip: float | None = None) -> float | None: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None: ...
'''


def typed(parameter):
    kind = "str | None" if parameter.default is None else type(parameter.default).__name__
    if parameter.kind is parameter.KEYWORD_ONLY:
        return f"{parameter.name}: {kind} = {parameter.default!r}"
    if parameter.name == "params":
        return "params: Array | Sequence[Array] | Sequence[Mapping[str, Any]]"
    return f"{parameter.name}: Array" + (" | None = None" if parameter.default is None else "")


def arguments(made):
    parts = []
    for parameter in inspect.signature(made).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        parts.append(typed(parameter))
    return parts


def text():
    lines = [HEAD]
    for optimizer in TABLE:
        name = f"{optimizer}_step"
        lines.append(f"def {name}(\n    " + ",\n    ".join(arguments(getattr(glissade, name))) + ",\n) -> None: ...\n")
    for name in CLASSES:
        given = ",\n        ".join(["self", *arguments(getattr(glissade, name))])
        lines.append(f"class {name}(Optimizer):\n    def __init__(\n        {given},\n    ) -> None: ...\n")
    return "\n".join(lines)


if __name__ == "__main__":
    (pathlib.Path(__file__).parents[2] / "python" / "glissade" / "__init__.pyi").write_text(text())
