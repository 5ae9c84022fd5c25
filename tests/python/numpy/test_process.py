"""Threads, forks and the OpenMP runtime of the process."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

import glissade
import numpy
import pytest


def in_new_process(code, **environment):
    result = subprocess.run([sys.executable, "-c", code], env={**os.environ, **environment}, text=True,
                            capture_output=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_the_gil_is_released():
    param = numpy.zeros(1 << 25, numpy.float32)  # some 20 ms a step at least
    grad = numpy.ones_like(param)
    opt = glissade.SGD([param], threads=1)
    done = threading.Event()

    def work():
        for _ in range(5):
            opt.step([grad])
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    turns = 0  # that this thread gets, of 1 ms each; with the GIL held it has one between two steps
    while not done.is_set():
        time.sleep(0.001)
        turns += 1
    thread.join()
    assert turns > 20


def test_optimizers_in_many_threads():
    random = numpy.random.default_rng(1)
    starts = [random.standard_normal(1 << 16, numpy.float32) for _ in range(8)]
    grad = random.standard_normal(1 << 16, numpy.float32)

    def run(param):
        opt = glissade.Adam([param[: 1 << 15], param[1 << 15:]])
        for _ in range(20):
            opt.step([grad[: 1 << 15], grad[1 << 15:]])

    alone = [start.copy() for start in starts]
    for param in alone:
        run(param)
    together = [start.copy() for start in starts]
    threads = [threading.Thread(target=run, args=(param,)) for param in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [a.tobytes() for a in alone] == [b.tobytes() for b in together]


def test_a_fork_after_threads_goes_on_and_ends():
    param, grad = numpy.zeros(1 << 18, numpy.float32), numpy.ones(1 << 18, numpy.float32)
    opt = glissade.RMSprop([param], threads=2)
    opt.step([grad])
    child = os.fork()
    if child == 0:
        signal.alarm(30)  # ends the child if it hangs
        opt.step([grad])
        os._exit(0 if opt.state[0]["step"] == 2 else 1)
    assert os.waitpid(child, 0)[1] == 0
    opt.step([grad])


def test_openmp_names_the_runtime_of_the_process():
    found = glissade.openmp()
    assert os.path.exists(found["runtime"]) and "gomp" in found["runtime"]
    assert found["others"] == []
    assert in_new_process("import glissade; print(glissade.openmp()['threads'])", OMP_NUM_THREADS="3") == "3"


def test_instruction_sets():
    assert glissade.isa() in glissade.isas() and glissade.isas()[-1] == "scalar"
    glissade.use_isa("scalar")
    try:
        assert glissade.isa() == "scalar"
        with pytest.raises(ValueError, match="instruction set"):
            glissade.use_isa("sse9")
        with pytest.raises(TypeError, match="^name must be a str or None, not 5$"):
            glissade.use_isa(5)
        assert glissade.isa() == "scalar"
    finally:
        glissade.use_isa(None)
    code = "import glissade\ntry: glissade.isa()\nexcept ValueError as fault: print('GLISSADE_ISA' in str(fault))"
    assert in_new_process(code, GLISSADE_ISA="sse9") == "True"


HOME = pathlib.Path(__file__).parents[3]


def test_the_version_is_that_of_the_library():
    numbers = re.findall(r"#define GLISSADE_VERSION_\w+ (\d+)", (HOME / "include/glissade/glissade.h").read_text())
    assert glissade.__version__ == ".".join(numbers)


def test_the_types_are_those_of_the_package():
    """tests/python/stubs.py writes them anew."""
    sys.path.insert(0, str(HOME / "tests/python"))
    try:
        import stubs
    finally:
        sys.path.pop(0)
    assert stubs.text() == (HOME / "python/glissade/__init__.pyi").read_text()
