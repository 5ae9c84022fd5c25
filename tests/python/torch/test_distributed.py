"""The engines of torch that distribute, on 2 and 4 processes with gloo: the same training as with torch's optimizers."""
import copy
import functools
import multiprocessing
import os
import socket
import traceback

import glissade.torch
import pytest
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
import torch.multiprocessing as mp
from common import RoundedRoots, same
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

# Imports what takes seconds once for all processes.
multiprocessing.set_forkserver_preload(["test_distributed"])
PROCESSES = pytest.mark.parametrize("processes", [2, 4])


def run(work, processes, *arguments):
    """work(rank, processes, *arguments) in processes of one group; raises what they raise."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.start_processes(_in_group, (work, processes, port, arguments), nprocs=processes, start_method="forkserver")


def _in_group(rank, work, processes, port, arguments):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=processes)
    try:
        work(rank, processes, *arguments)
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        dist.destroy_process_group()


def make_model():
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(6, 10), torch.nn.Tanh(), torch.nn.Linear(10, 5), torch.nn.Tanh(),
                               torch.nn.Linear(5, 3))


def train(model, opt, steps, first=0, clip=False, rank=0):
    for step in range(first, first + steps):
        random = torch.Generator().manual_seed(100 * step + rank)
        opt.zero_grad()
        model(torch.randn(8, 6, generator=random)).square().sum().backward()
        with RoundedRoots():
            if clip:
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()


def both(name):
    """Our class and torch's loop."""
    base = getattr(torch.optim, name)
    return getattr(glissade.torch, name), lambda params, **options: base(params, foreach=False, **options)


def zero(rank, processes, name):
    results = []
    for make in (getattr(glissade.torch, name), getattr(torch.optim, name)):
        model = DistributedDataParallel(make_model())
        options = {} if make.__module__.startswith("glissade") else {"foreach": False}
        opt = ZeroRedundancyOptimizer(model.parameters(), optimizer_class=make, lr=0.01, **options)
        train(model, opt, 4, rank=rank)
        opt.consolidate_state_dict(to=0)
        saved = [copy.deepcopy(opt.state_dict()) if rank == 0 else None]
        dist.broadcast_object_list(saved)
        resumed = ZeroRedundancyOptimizer(model.parameters(), optimizer_class=make, lr=0.01, **options)
        resumed.load_state_dict(saved[0])
        train(model, resumed, 4, first=4, rank=rank)
        results.append((list(model.parameters()), saved[0]["state"]))
    assert same(*results)


@PROCESSES
@pytest.mark.parametrize("name", ["RMSprop", "AdamW", "SGD"])
def test_zero_redundancy_optimizer(processes, name):
    run(zero, processes, name)


def sharded(name, make, rank, processes, clip, mesh):
    model = make_model()
    for layer in model:
        if isinstance(layer, torch.nn.Linear):
            fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    return model, make(model.parameters(), lr=0.01)


def fsdp2(rank, processes, name, clip):
    mesh = init_device_mesh("cpu", (processes,))
    results = []
    for make in both(name):
        model, opt = sharded(name, make, rank, processes, clip, mesh)
        train(model, opt, 5, clip=clip, rank=rank)
        locals_ = [p.to_local() for p in model.parameters()]
        states = [value.to_local() if hasattr(value, "to_local") else value
                  for p in model.parameters() for value in opt.state[p].values()]
        kinds = [type(value).__name__ for p in model.parameters() for value in opt.state[p].values()]
        results.append((locals_, states, kinds))
    assert same(*results)
    # All of it was done by glissade.
    model, opt = sharded(name, lambda params, lr: getattr(glissade.torch, name)(params, lr=lr, strict=True), rank,
                         processes, clip, mesh)
    train(model, opt, 2, rank=rank)
    # A clipped step needs the norm of all processes, which torch computes.
    opt.strict = False
    reference = [p.to_local().clone() for p in model.parameters()]
    model(torch.ones(8, 6)).square().sum().backward()
    norms = [None] * processes
    dist.all_gather_object(norms, opt.step_clipped(1e-3))
    assert len(set(norms)) == 1 and norms[0] > 1e-3
    assert not same(reference, [p.to_local() for p in model.parameters()]) or not sum(p.numel() for p in reference)


@PROCESSES
@pytest.mark.parametrize("name, clip", [("RMSprop", False), ("AdamW", True), ("SGD", False)])
def test_fsdp2(processes, name, clip):
    run(fsdp2, processes, name, clip)


def partial_sums(rank, processes):
    """A gradient whose parts are still to be added up, or that is distributed otherwise, is torch's business."""
    mesh = init_device_mesh("cpu", (processes,))
    p = torch.nn.Parameter(distribute_tensor(torch.ones(4 * processes), mesh, [Shard(0)]))
    other = distribute_tensor(torch.ones(4 * processes), mesh, [Replicate()])
    partial = DTensor.from_local(torch.ones(4 * processes), mesh, [Partial()])
    opt = glissade.torch.SGD([p], lr=0.5, strict=True)
    for grad in (other, partial):
        p.grad = grad
        try:
            opt.step()
        except ValueError as fault:
            assert "is not distributed as its param is" in str(fault)
        else:
            raise AssertionError("the step was taken")
    assert p.to_local().tolist() == [1] * 4
    p.grad = distribute_tensor(torch.ones(4 * processes), mesh, [Shard(0)])
    opt.step()
    assert p.to_local().tolist() == [0.5] * 4
    for state_dtype in ("bf16", "q8"):
        opt = glissade.torch.AdamW([p], state_dtype=state_dtype, strict=True)
        try:
            opt.step()
        except TypeError as fault:
            assert "param 0: is distributed" in str(fault)
        else:
            raise AssertionError("the step was taken")
        opt.strict = False
        opt.step()
        assert opt.state[p]["exp_avg"].dtype == torch.float32


def test_gradients_that_are_distributed_otherwise():
    run(partial_sums, 2)


def checkpoint(rank, processes, folder, name):
    mesh = init_device_mesh("cpu", (processes,))
    ours, _ = both(name)
    model, opt = sharded(name, ours, rank, processes, False, mesh)
    train(model, opt, 3, rank=rank)
    states = dict(zip(("model", "opt"), get_state_dict(model, opt)))
    dcp.save(states, checkpoint_id=folder)
    train(model, opt, 3, first=3, rank=rank)

    again, opt_again = sharded(name, ours, rank, processes, False, mesh)
    states = dict(zip(("model", "opt"), get_state_dict(again, opt_again)))
    dcp.load(states, checkpoint_id=folder)
    set_state_dict(again, opt_again, model_state_dict=states["model"], optim_state_dict=states["opt"])
    train(again, opt_again, 3, first=3, rank=rank)
    assert same([p.to_local() for p in model.parameters()], [p.to_local() for p in again.parameters()])


@PROCESSES
@pytest.mark.parametrize("name", ["RMSprop", "AdamW", "SGD"])
def test_distributed_checkpoint(processes, name, tmp_path):
    run(checkpoint, processes, str(tmp_path), name)


def whole(model, opt):
    """All params and states, put together from the processes, with the states by name."""
    return [{"param": p.full_tensor().detach(), **{key: value.full_tensor() if isinstance(value, DTensor) else value
                                                   for key, value in opt.state[p].items()}}
            for p in model.parameters()]


def saved_and_trained_on(rank, processes, folder, name):
    model, opt = sharded(name, both(name)[0], rank, processes, False, init_device_mesh("cpu", (processes,)))
    train(model, opt, 3)
    saved = copy.deepcopy(whole(model, opt))
    dcp.save(dict(zip(("model", "opt"), get_state_dict(model, opt))), checkpoint_id=folder)
    train(model, opt, 3, first=3)
    result = saved, whole(model, opt)
    if rank == 0:
        torch.save(result, f"{folder}/whole")


def loaded_on_more(rank, processes, folder, name):
    strict = functools.partial(both(name)[0], strict=True)
    model, opt = sharded(name, strict, rank, processes, False, init_device_mesh("cpu", (processes,)))
    states = dict(zip(("model", "opt"), get_state_dict(model, opt)))
    dcp.load(states, checkpoint_id=folder)
    set_state_dict(model, opt, model_state_dict=states["model"], optim_state_dict=states["opt"])
    saved, trained = torch.load(f"{folder}/whole")
    assert same(whole(model, opt), saved)
    train(model, opt, 3, first=3)
    # The mean of four equal gradients, and of two: powers of two, so rounded alike.
    assert same(whole(model, opt), trained)


@pytest.mark.parametrize("name", ["RMSprop", "AdamW", "SGD"])
def test_a_checkpoint_of_two_processes_goes_on_with_four(name, tmp_path):
    run(saved_and_trained_on, 2, str(tmp_path), name)
    run(loaded_on_more, 4, str(tmp_path), name)
