"""The types of glissade.torch: the classes of torch.optim, with what is new in each."""
from typing import Any, Callable, Iterable

import torch

def float32_state(state_dict: dict[str, Any], names: tuple[str, ...] = ("exp_avg", "exp_avg_sq")) -> dict[str, Any]: ...

class _Step:
    strict: bool
    def step_clipped(self, max_norm: float, closure: Callable[[], Any] | None = None) -> float: ...

class Lion(_Step, torch.optim.Optimizer):
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | torch.Tensor = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        strict: bool = False,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
    ) -> None: ...

class RMSprop(_Step, torch.optim.RMSprop):
    def __init__(
        self,
        params: Iterable[Any],
        *args: Any,
        strict: bool = False,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        **options: Any,
    ) -> None: ...

class Adagrad(_Step, torch.optim.Adagrad):
    def __init__(
        self,
        params: Iterable[Any],
        *args: Any,
        strict: bool = False,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        **options: Any,
    ) -> None: ...

class Adadelta(_Step, torch.optim.Adadelta):
    def __init__(
        self,
        params: Iterable[Any],
        *args: Any,
        strict: bool = False,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        **options: Any,
    ) -> None: ...

class SGD(_Step, torch.optim.SGD):
    def __init__(
        self,
        params: Iterable[Any],
        *args: Any,
        strict: bool = False,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        **options: Any,
    ) -> None: ...

class Adam(_Step, torch.optim.Adam):
    def __init__(
        self,
        params: Iterable[Any],
        *args: Any,
        strict: bool = False,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        **options: Any,
    ) -> None: ...

class AdamW(_Step, torch.optim.AdamW):
    def __init__(
        self,
        params: Iterable[Any],
        *args: Any,
        strict: bool = False,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        **options: Any,
    ) -> None: ...

class Adamax(_Step, torch.optim.Adamax):
    def __init__(
        self,
        params: Iterable[Any],
        *args: Any,
        strict: bool = False,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        **options: Any,
    ) -> None: ...

class NAdam(_Step, torch.optim.NAdam):
    def __init__(
        self,
        params: Iterable[Any],
        *args: Any,
        strict: bool = False,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        **options: Any,
    ) -> None: ...

class RAdam(_Step, torch.optim.RAdam):
    def __init__(
        self,
        params: Iterable[Any],
        *args: Any,
        strict: bool = False,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        **options: Any,
    ) -> None: ...
