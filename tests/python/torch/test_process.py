"""One OpenMP runtime with torch, forks, DataLoader workers and threads."""
import os
import signal
import subprocess
import sys
import threading

import glissade
import glissade.torch
import pytest
import torch
from common import ours, same

SPEED = """
import time
{first}
{second}
import torch, glissade.torch
torch.set_num_threads(2)
n = 1 << 16
a = torch.randn(256, 256)
p = torch.nn.Parameter(torch.randn(n))
p.grad = torch.randn(n)
opt = glissade.torch.RMSprop([p], strict=True)

def seconds(with_product):
    if with_product:
        a @ a
    start = time.perf_counter()
    opt.step()
    return time.perf_counter() - start

alone = after = 1
end = time.perf_counter() + 60  # on a busy machine it takes a while until both have had the processors for once
while time.perf_counter() < end and not (alone < 2e-3 and after < alone + 100e-6):
    for _ in range(100):
        alone, after = min(alone, seconds(False)), min(after, seconds(True))
print(*(round(1e6 * x, 1) for x in (alone, after)), *glissade.openmp()["others"])
"""


@pytest.mark.parametrize("first, second", [("import torch", "import glissade"), ("import glissade", "import torch"),
                                           ("import numpy, glissade; x = numpy.ones(1 << 18, 'f'); "
                                            "glissade.SGD([x]).step([x.copy()])", "import torch")])
def test_a_step_after_a_matrix_product_costs_no_more(first, second):
    """With two runtimes it takes milliseconds, since the threads of each spin."""
    result = subprocess.run([sys.executable, "-c", SPEED.format(first=first, second=second)], text=True, timeout=300,
                            capture_output=True)
    assert result.returncode == 0, result.stderr
    alone, after, *others = result.stdout.split()
    assert others == []
    assert float(after) < float(alone) + 100, f"{after} µs after a product, {alone} µs alone"


def test_torch_and_glissade_share_their_runtime():
    found = glissade.openmp()
    assert found["others"] == [] and "gomp" in found["runtime"]
    assert os.path.dirname(torch.__file__) in found["runtime"]


def trained(steps, p):
    opt = ours("RMSprop", [p])
    for i in range(steps):
        p.grad = torch.full_like(p, i + 1.0)
        opt.step()
    return p


def expected(steps=4, n=1 << 18):
    return trained(steps, torch.nn.Parameter(torch.linspace(-1, 1, n)))


def test_a_step_in_a_child_after_torch_used_threads():
    torch.set_num_threads(2)
    whole = expected(2)
    p = torch.nn.Parameter(torch.linspace(-1, 1, len(whole)))
    opt = ours("RMSprop", [p])
    p.grad = torch.ones_like(p)
    opt.step()
    p.grad.fill_(2)
    torch.randn(512, 512) @ torch.randn(512, 512)
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # ends the child if it hangs
        opt.step()
        os._exit(0 if p.detach().numpy().tobytes() == whole.detach().numpy().tobytes() else 1)
    assert os.waitpid(child, 0)[1] == 0
    opt.step()
    assert same(p, whole)


class Data(torch.utils.data.Dataset):
    """Items that a worker makes with a step of its own."""

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return expected(2, 1 << 16).detach()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_data_loader_workers(method):
    expected(2)
    loader = torch.utils.data.DataLoader(Data(), num_workers=2, multiprocessing_context=method, batch_size=None,
                                         timeout=100)
    items = list(loader)
    assert len(items) == 4 and all(same(item, expected(2, 1 << 16).detach()) for item in items)


def test_many_threads_with_optimizers_of_their_own():
    results = [None] * 6

    def work(i):
        results[i] = expected(10, 1 << 16)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(results))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert all(same(result, expected(10, 1 << 16)) for result in results)


TWO_STEPS = """
import threading, time, torch, glissade.torch
torch.set_num_threads(1)
params = [torch.nn.Parameter(torch.ones(n)) for n in (1 << 24, 1)]
opt = glissade.torch.RMSprop(params, strict=True)
for _ in range(6):
    for p in params:
        p.grad = torch.ones_like(p)
    opt.step()
    thread = threading.Thread(target=opt.step)
    thread.start()
    time.sleep(2e-3)  # it is in the midst of its work
    params[0].grad = None
    del opt.state[params[0]]
    opt.step()
    thread.join()
"""


def test_a_state_that_is_dropped_during_a_step():
    result = subprocess.run([sys.executable, "-c", TWO_STEPS], text=True, timeout=120, capture_output=True)
    assert result.returncode == 0, result.stderr


def test_the_number_of_threads_is_that_of_torch():
    torch.set_num_threads(1)
    one = expected()
    torch.set_num_threads(2)
    assert same(expected(), one)
