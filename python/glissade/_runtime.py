"""Loads the extension so that the process has one OpenMP runtime: two make each other thousands of times slower."""
import ctypes
import importlib.util
import os
import pathlib
import sys


def _find_openmp():
    """Loads libgomp.so.1, which the extension needs by that name, unless some library has done it: torch's, so that
    torch has its own whether it is imported before or after, else the system's, else the one in the wheel."""
    if sys.platform != "linux":
        return
    name = "libgomp.so.1"
    torch = importlib.util.find_spec("torch")
    of_torch = [str(pathlib.Path(folder, "lib", name)) for folder in torch.submodule_search_locations or ()] if torch else []
    mode = ctypes.RTLD_GLOBAL
    for path, mode in [(name, mode | os.RTLD_NOLOAD), *((path, mode) for path in of_torch), (name, mode),
                       (str(pathlib.Path(__file__).with_name(name)), mode)]:
        try:
            ctypes.CDLL(path, mode)
            return
        except OSError:
            pass


_find_openmp()

from . import _core  # noqa: E402

# GCC's runtime waits for ever, in the child of a fork, for threads that only the parent has.
os.register_at_fork(after_in_child=_core.use_one_thread)


def openmp():
    """Which OpenMP runtime the steps use.

    Returns a dict: `runtime`, the file of the runtime, None without one; `threads`, how many threads a step of NumPy
    arrays takes at most; `others`, the files of other runtimes in this process. There should be none: the threads of
    each spin while those of another have work, and a step after a matrix product takes milliseconds.
    """
    runtime, threads = _core.openmp()
    loaded = set()
    try:
        with open("/proc/self/maps") as maps:
            for line in maps:
                path = line.rstrip("\n").partition("/")[1:]
                name = os.path.basename("".join(path))
                if name.startswith(("libgomp", "libiomp", "libomp")):
                    loaded.add("".join(path))
    except OSError:
        pass  # not Linux
    if runtime:
        loaded.discard(os.path.realpath(runtime))
        loaded.discard(runtime)
    return {"runtime": runtime, "threads": threads, "others": sorted(loaded)}


def isa():
    """The name of the instruction set in use: "avx512", "avx2", "neon" or "scalar"."""
    return _core.isa()


def isas():
    """The names of the instruction sets that run here, best first."""
    return _core.isas()


def use_isa(name):
    """Uses the named instruction set for every later step of the process; None for the best."""
    if not (name is None or isinstance(name, str)):
        raise TypeError(f"name must be a str or None, not {name!r}")
    _core.use_isa(name)
