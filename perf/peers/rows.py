"""Compares a step on rows of a table with the peers' sparse steps: ms a step of 100,000 random rows, in alternating rounds:
rows.py LIBRARY [--threads N] [--rows N]. The library's time has glissade_coalesce in it. FBGEMM steps within the backward
of an embedding, whose time is all of that. A peer that is not installed is named and left out."""
import argparse
import ctypes
import time
import warnings
from statistics import median

import torch
from c_library import Library

ROUNDS, NAMED = 7, 100_000
POINTER, SIZE = ctypes.c_void_p, ctypes.c_size_t


class Rows(ctypes.Structure):
    _fields_ = [("struct_size", SIZE), ("width", SIZE), ("count", SIZE), ("indices", POINTER), ("row_wise", ctypes.c_int),
                ("reserved", ctypes.c_int)]


def of_library(library, optimizer, preset, states, threads, row_wise=False):
    """Makes, from a table, a step on indices and gradient rows."""
    given = {"adagrad": 1, "adam": 3}[optimizer]  # the last of Adam's is for AMSGrad
    fields = [("struct_size", SIZE), ("n", SIZE)] + [(f"array{i}", POINTER) for i in range(2 + given)]
    tensor_type = type("tensor", (ctypes.Structure,), {"_fields_": fields + [("options", POINTER), ("storage", POINTER)]})
    step_rows = getattr(library.library, f"glissade_{optimizer}_step_rows")
    step_rows.argtypes = [POINTER, SIZE, POINTER, POINTER]
    coalesce, bytes_of = library.library.glissade_coalesce, library.library.glissade_coalesce_bytes
    coalesce.argtypes = [POINTER, POINTER, ctypes.c_int, POINTER, SIZE, POINTER, POINTER]
    bytes_of.argtypes = [SIZE, SIZE, POINTER]

    def build(table):
        options = library.options(optimizer, preset, {"lr": .01, "torch_sparse": 1}, threads)
        kept = [torch.zeros(len(table) if row_wise else table.shape) for _ in range(states)]
        needed = SIZE()
        library.check(bytes_of(table.shape[1], NAMED, ctypes.byref(needed)))
        workspace = torch.empty(needed.value, dtype=torch.uint8)

        def step(indices, grad):
            options.step += 1
            rows = Rows(ctypes.sizeof(Rows), table.shape[1], len(indices), indices.data_ptr(), row_wise, 0)
            sums = POINTER()
            library.check(coalesce(ctypes.byref(rows), grad.data_ptr(), threads, workspace.data_ptr(), needed.value,
                                   ctypes.byref(rows), ctypes.byref(sums)))
            tensor = tensor_type(ctypes.sizeof(tensor_type), table.numel(), table.data_ptr(), sums,
                                 *(x.data_ptr() for x in kept))
            library.check(step_rows(ctypes.byref(options), 1, ctypes.byref(tensor), ctypes.byref(rows)))

        return table, step
    return build


def of_torch(make):
    def build(table):
        param = torch.nn.Parameter(table)
        optimizer = make([param], lr=.01)

        def step(indices, grad):
            param.grad = torch.sparse_coo_tensor(indices[None], grad, table.shape, check_invariants=False)
            optimizer.step()

        return table, step
    return build


def of_fbgemm(optimizer):
    from fbgemm_gpu.split_embedding_configs import EmbOptimType
    from fbgemm_gpu.split_table_batched_embeddings_ops_common import EmbeddingLocation, PoolingMode
    from fbgemm_gpu.split_table_batched_embeddings_ops_training import (ComputeDevice,
                                                                        SplitTableBatchedEmbeddingBagsCodegen)

    def build(table):
        rows, width = table.shape
        tables = SplitTableBatchedEmbeddingBagsCodegen(
            [(rows, width, EmbeddingLocation.HOST, ComputeDevice.CPU)], optimizer=getattr(EmbOptimType, optimizer),
            learning_rate=.01, eps=1e-10, pooling_mode=PoolingMode.SUM)
        weights = tables.split_embedding_weights()[0]
        weights.data.copy_(table)
        offsets = torch.arange(NAMED + 1)
        made = {}

        def prepare(indices):
            made["out"] = tables(indices, offsets)

        def step(indices, grad):
            made.pop("out").backward(grad)

        step.prepare = prepare
        return weights, step
    return build


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", type=int, default=4 << 20)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(arguments.threads)
    library, threads = Library(arguments.library), arguments.threads
    groups = [
        {"glissade, AdaGrad": of_library(library, "adagrad", "ADAGRAD_TORCH", 1, threads),
         "torch Adagrad, sparse": of_torch(lambda p, **o: torch.optim.Adagrad(p, **o))},
        {"glissade, Adam": of_library(library, "adam", "ADAM_TORCH", 2, threads),
         "torch SparseAdam": of_torch(lambda p, **o: torch.optim.SparseAdam(p, **o))},
        {"glissade, row-wise AdaGrad": of_library(library, "adagrad", "ADAGRAD_TORCH", 1, threads, row_wise=True)},
    ]
    try:
        groups[2]["FBGEMM, row-wise AdaGrad"] = of_fbgemm("EXACT_ROWWISE_ADAGRAD")
    except Exception as error:
        print(f"not compared: FBGEMM: {error}")
    print(f"\n{threads} threads, torch {torch.__version__}\n\n| step on {NAMED:,} rows | width | ms | times the first | "
          "largest difference |\n|---|---:|---:|---:|---:|")
    for rows, width in ((arguments.rows, 64), (max(arguments.rows // 4, 1), 16)):
        torch.manual_seed(0)
        sets = [(torch.randint(rows, (NAMED,)), torch.randn(NAMED, width)) for _ in range(3)]
        for group in groups:
            start = torch.randn(rows, width)
            made = {name: build(start.clone()) for name, build in group.items()}
            times = {name: [] for name in made}
            for turn in range(ROUNDS + 1):
                for name, (_, step) in made.items():
                    if prepare := getattr(step, "prepare", None):
                        prepare(sets[turn % 3][0])
                    begin = time.perf_counter()
                    step(*sets[turn % 3])
                    times[name].append((time.perf_counter() - begin) * 1e3)
            first, *_ = made
            for name, (weights, _) in made.items():
                ratio = median(a / b for a, b in zip(times[name][1:], times[first][1:]))
                far = (weights - made[first][0]).abs().max().item()
                print(f"| {name} | {width} | {median(times[name][1:]):.3g} | {ratio:.3g} | {far:.1e} |", flush=True)


main()
