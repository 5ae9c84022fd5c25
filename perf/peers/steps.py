"""Times the whole opt.step() of torch's optimizers and of glissade.torch's, on gradients fresh from a backward:
steps.py [--threads N] [--large]. With --large also on the params of GPT-2 small, beside the function on one flat array."""
import argparse
import time
from statistics import median

import glissade
import glissade.torch
import torch

MODELS = {"200 × 1,024": [(1024,)] * 200, "MLP of 4 tensors": [(32, 64), (32,), (10, 32), (10,)]}
GPT2 = [(50257, 768), (1024, 768)] + 12 * [(768,), (768,), (2304, 768), (2304,), (768, 768), (768,), (768,), (768,),
                                           (3072, 768), (3072,), (768, 3072), (768,)] + [(768,), (768,)]
CONTENDERS = {
    "torch RMSprop foreach": lambda params: torch.optim.RMSprop(params, foreach=True),
    "glissade.torch RMSprop": glissade.torch.RMSprop,
    "torch AdamW fused": lambda params: torch.optim.AdamW(params, fused=True),
    "glissade.torch AdamW": glissade.torch.AdamW,
}


def seconds(params, opt, slopes):
    opt.zero_grad()
    sum((p * slope).sum() for p, slope in zip(params, slopes)).backward()  # p * p would end among the subnormals
    start = time.perf_counter()
    opt.step()
    return time.perf_counter() - start


def flat_seconds(arrays):
    start = time.perf_counter()
    glissade.rmsprop_step(*arrays, threads=torch.get_num_threads())
    return time.perf_counter() - start


def compare(shapes, rounds):
    """The median time of each contender in µs. They take turns of ten steps, the first of which finds its caches cold."""
    slopes = [torch.randn(shape) for shape in shapes]
    made = []
    for make in CONTENDERS.values():
        torch.manual_seed(0)
        params = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes]
        made.append((params, make(params)))
    times = [[] for _ in made]
    for _ in range(rounds):
        for of, (params, opt) in zip(times, made):
            of += [1e6 * seconds(params, opt, slopes) for _ in range(10)][1:]
    return list(map(median, times))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--large", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"µs per step(), torch {torch.__version__}, {arguments.threads} threads, {glissade.isa()}\n")
    print("| | " + " | ".join([*CONTENDERS, "RMSprop: times faster", "AdamW: times faster"]) + " |")
    print("|---|" + (len(CONTENDERS) + 2) * "---:|")
    for name, shapes in MODELS.items():
        times = compare(shapes, 30)
        print(f"| {name} | " + " | ".join(f"{x:.1f}" for x in times)
              + f" | {times[0] / times[1]:.1f} | {times[2] / times[3]:.1f} |", flush=True)
    if arguments.large:
        params = [torch.nn.Parameter(torch.randn(shape)) for shape in GPT2]
        opt, slopes = glissade.torch.RMSprop(params), [torch.randn(shape) for shape in GPT2]
        n = sum(p.numel() for p in params)
        arrays = [torch.randn(n), torch.randn(n), torch.zeros(n)]
        ratios, whole = [], []
        for _ in range(12):
            whole.append(seconds(params, opt, slopes))
            ratios.append(whole[-1] / flat_seconds(arrays))
        print(f"\n{n / 1e6:.0f} M params: {1e3 * median(whole):.1f} ms, {median(ratios):.3f} of the function on one flat array")


main()
