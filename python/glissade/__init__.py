"""The optimizer step on the CPU, in one pass over memory: for NumPy here, for PyTorch in glissade.torch."""
from ._family import CLASSES
from ._functions import STEPS, grad_norm
from ._optimizers import MADE, Optimizer
from ._runtime import _core, isa, isas, openmp, use_isa

__version__ = _core.__version__
__all__ = ["Optimizer", "grad_norm", "isa", "isas", "openmp", "use_isa", *CLASSES, *STEPS]
globals().update(MADE, **STEPS)
