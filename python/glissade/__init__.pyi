"""The types of the package; written by tests/python/stubs.py."""
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

def rmsprop_step(
    param: Array,
    grad: Array,
    square_avg: Array,
    grad_avg: Array | None = None,
    momentum_buffer: Array | None = None,
    *,
    preset: str = 'torch',
    lr: float = 0.01,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    alpha: float = 0.99,
    eps: float = 1e-08,
    momentum: float = 0.0,
    initial_square_avg: float = 0.0,
    centered: bool = False,
    nesterov: bool = False,
    eps_in_sqrt: bool = False,
    lr_in_momentum: bool = False,
    decoupled_weight_decay: bool = False,
    bias_correction: bool = False,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def adagrad_step(
    param: Array,
    grad: Array,
    sum: Array,
    *,
    preset: str = 'torch',
    lr: float = 0.01,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    lr_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
    torch_sparse: bool = False,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def adadelta_step(
    param: Array,
    grad: Array,
    square_avg: Array,
    acc_delta: Array,
    *,
    preset: str = 'torch',
    lr: float = 1.0,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    rho: float = 0.9,
    eps: float = 1e-06,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def sgd_step(
    param: Array,
    grad: Array,
    momentum_buffer: Array | None = None,
    *,
    preset: str = 'torch',
    lr: float = 0.001,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
    buffer_from_zero: bool = False,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def adam_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    max_exp_avg_sq: Array | None = None,
    *,
    preset: str = 'torch',
    lr: float = 0.001,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-08,
    amsgrad: bool = False,
    decoupled_weight_decay: bool = False,
    no_bias_correction: bool = False,
    torch_sparse: bool = False,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def lion_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    *,
    preset: str = 'paper',
    lr: float = 0.0001,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    beta1: float = 0.9,
    beta2: float = 0.99,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def adamax_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_inf: Array,
    *,
    preset: str = 'torch',
    lr: float = 0.002,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-08,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def nadam_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    preset: str = 'torch',
    lr: float = 0.002,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-08,
    momentum_decay: float = 0.004,
    decoupled_weight_decay: bool = False,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def radam_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    preset: str = 'torch',
    lr: float = 0.001,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-08,
    decoupled_weight_decay: bool = False,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def rprop_step(
    param: Array,
    grad: Array,
    prev: Array,
    step_size: Array,
    *,
    preset: str = 'torch',
    lr: float = 0.01,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    etaminus: float = 0.5,
    etaplus: float = 1.2,
    step_size_min: float = 1e-06,
    step_size_max: float = 50.0,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def asgd_step(
    param: Array,
    grad: Array,
    ax: Array,
    *,
    preset: str = 'torch',
    lr: float = 0.01,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    lambd: float = 0.0001,
    power: float = 0.75,
    t0: float = 1000000.0,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def adabelief_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_var: Array,
    *,
    preset: str = 'paper',
    lr: float = 0.001,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-16,
    eps_root: float = 1e-16,
    decoupled_weight_decay: bool = True,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def yogi_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    preset: str = 'paper',
    lr: float = 0.01,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    beta1: float = 0.9,
    beta2: float = 0.999,
    initial_accumulator_value: float = 1e-06,
    eps: float = 0.001,
    decoupled_weight_decay: bool = False,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def adopt_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    *,
    preset: str = 'paper',
    lr: float = 0.001,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    beta1: float = 0.9,
    beta2: float = 0.9999,
    eps: float = 1e-06,
    decoupled_weight_decay: bool = False,
    clip: bool = True,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def adan_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_diff: Array,
    exp_avg_sq: Array,
    prev: Array,
    *,
    preset: str = 'paper',
    lr: float = 0.001,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    beta1: float = 0.98,
    beta2: float = 0.92,
    beta3: float = 0.99,
    eps: float = 1e-08,
    proximal: bool = True,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def ademamix_step(
    param: Array,
    grad: Array,
    exp_avg: Array,
    exp_avg_slow: Array,
    exp_avg_sq: Array,
    *,
    preset: str = 'paper',
    lr: float = 0.001,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    beta1: float = 0.9,
    beta2: float = 0.999,
    beta3: float = 0.9999,
    eps: float = 1e-08,
    slow_weight: float = 5.0,
    warmup_steps: float = 0.0,
    decoupled_weight_decay: bool = True,
    threads: int = 0,
    step: int = 0,
) -> None: ...

def schedule_free_step(
    param: Array,
    grad: Array,
    z: Array,
    exp_avg_sq: Array,
    *,
    preset: str = 'adamw',
    lr: float = 0.0025,
    weight_decay: float = 0.0,
    grad_scale: float = 1.0,
    maximize: bool = False,
    flush_subnormals: bool = False,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-08,
    average_weight: float = 0.0,
    adaptive: bool = True,
    threads: int = 0,
    step: int = 0,
) -> None: ...

class RMSprop(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'torch',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 0.01,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        alpha: float = 0.99,
        eps: float = 1e-08,
        momentum: float = 0.0,
        initial_square_avg: float = 0.0,
        centered: bool = False,
        nesterov: bool = False,
        eps_in_sqrt: bool = False,
        lr_in_momentum: bool = False,
        decoupled_weight_decay: bool = False,
        bias_correction: bool = False,
    ) -> None: ...

class Adagrad(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'torch',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 0.01,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        lr_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        torch_sparse: bool = False,
    ) -> None: ...

class Adadelta(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'torch',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 1.0,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        rho: float = 0.9,
        eps: float = 1e-06,
    ) -> None: ...

class SGD(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'torch',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 0.001,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        momentum: float = 0.0,
        dampening: float = 0.0,
        nesterov: bool = False,
        buffer_from_zero: bool = False,
    ) -> None: ...

class Adam(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'torch',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 0.001,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-08,
        amsgrad: bool = False,
        decoupled_weight_decay: bool = False,
        no_bias_correction: bool = False,
        torch_sparse: bool = False,
    ) -> None: ...

class AdamW(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'adamw',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 0.001,
        weight_decay: float = 0.01,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-08,
        amsgrad: bool = False,
        decoupled_weight_decay: bool = True,
        no_bias_correction: bool = False,
        torch_sparse: bool = False,
    ) -> None: ...

class Lion(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'paper',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 0.0001,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.99,
    ) -> None: ...

class Adamax(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'torch',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 0.002,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-08,
    ) -> None: ...

class NAdam(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'torch',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 0.002,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-08,
        momentum_decay: float = 0.004,
        decoupled_weight_decay: bool = False,
    ) -> None: ...

class RAdam(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'torch',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 0.001,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-08,
        decoupled_weight_decay: bool = False,
    ) -> None: ...

class Rprop(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'torch',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 0.01,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        etaminus: float = 0.5,
        etaplus: float = 1.2,
        step_size_min: float = 1e-06,
        step_size_max: float = 50.0,
    ) -> None: ...

class ASGD(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'torch',
        threads: int = 0,
        state_dtype: str | None = None,
        bf16_params: str | None = None,
        seed: int = 0,
        lr: float = 0.01,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        lambd: float = 0.0001,
        power: float = 0.75,
        t0: float = 1000000.0,
    ) -> None: ...

class AdaBelief(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'paper',
        threads: int = 0,
        lr: float = 0.001,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-16,
        eps_root: float = 1e-16,
        decoupled_weight_decay: bool = True,
    ) -> None: ...

class Yogi(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'paper',
        threads: int = 0,
        lr: float = 0.01,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.999,
        initial_accumulator_value: float = 1e-06,
        eps: float = 0.001,
        decoupled_weight_decay: bool = False,
    ) -> None: ...

class ADOPT(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'paper',
        threads: int = 0,
        lr: float = 0.001,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.9999,
        eps: float = 1e-06,
        decoupled_weight_decay: bool = False,
        clip: bool = True,
    ) -> None: ...

class Adan(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'paper',
        threads: int = 0,
        lr: float = 0.001,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.98,
        beta2: float = 0.92,
        beta3: float = 0.99,
        eps: float = 1e-08,
        proximal: bool = True,
    ) -> None: ...

class AdEMAMix(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'paper',
        threads: int = 0,
        lr: float = 0.001,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.999,
        beta3: float = 0.9999,
        eps: float = 1e-08,
        slow_weight: float = 5.0,
        warmup_steps: float = 0.0,
        decoupled_weight_decay: bool = True,
    ) -> None: ...

class AdamWScheduleFree(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'adamw',
        threads: int = 0,
        lr: float = 0.0025,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-08,
        average_weight: float = 0.0,
        adaptive: bool = True,
    ) -> None: ...

class SGDScheduleFree(Optimizer):
    def __init__(
        self,
        params: Array | Sequence[Array] | Sequence[Mapping[str, Any]],
        *,
        preset: str = 'sgd',
        threads: int = 0,
        lr: float = 1.0,
        weight_decay: float = 0.0,
        grad_scale: float = 1.0,
        maximize: bool = False,
        flush_subnormals: bool = False,
        beta1: float = 0.9,
        beta2: float = 0.0,
        eps: float = 0.0,
        average_weight: float = 0.0,
        adaptive: bool = False,
    ) -> None: ...
