"""Compares AdamW on fewer bytes with the peers that have it: ns per element in alternating rounds, and what a network for
the digits becomes in 1,000 steps, beside float32: stored.py LIBRARY [--threads N] [--largest N]. A peer that is not
installed is named and left out."""
import argparse
import pathlib
import time
from statistics import median

import torch
from c_library import BF16_STOCHASTIC, FLOAT32, Q8_SIGNED, Q8_UNSIGNED, Library

ROUNDS, SAMPLE_SECONDS, STEPS = 7, .05, 1000
OPTIONS = {"lr": 1e-3, "weight_decay": 1e-2}
DIGITS = pathlib.Path(__file__).parents[2] / "examples" / "digits.csv"


def of_torch(make, dtype=torch.float32):
    """Makes, from values, params and gradients to write to, and a step."""
    def build(values):
        params = [torch.nn.Parameter(v.to(dtype, copy=True)) for v in values]
        for p in params:
            p.grad = torch.zeros_like(p)
        return params, [p.grad for p in params], make(params, **OPTIONS).step
    return build


def contenders(library, threads):
    def of_library(states, grad_type):
        def build(values):
            params, grads = [v.clone() for v in values], [torch.zeros_like(v, dtype=grad_type) for v in values]
            return params, grads, library.adamw_stepper(OPTIONS, threads, params, grads, states)
        return build

    found = {
        "glissade, Q8 state, bf16 gradient": of_library((Q8_SIGNED, Q8_UNSIGNED), torch.bfloat16),
        "glissade, bf16 state and gradient": of_library((BF16_STOCHASTIC, BF16_STOCHASTIC), torch.bfloat16),
        "glissade, float32": of_library((FLOAT32, FLOAT32), torch.float32),
        "torch fused AdamW, as CPUOffloadOptimizer steps": of_torch(lambda p, **o: torch.optim.AdamW(p, fused=True, **o)),
        "torch fused AdamW, all of bf16": of_torch(lambda p, **o: torch.optim.AdamW(p, fused=True, **o), torch.bfloat16),
    }
    try:
        from deepspeed.ops.adam import DeepSpeedCPUAdam
        found["DeepSpeed CPUAdam"] = of_torch(lambda p, **o: DeepSpeedCPUAdam(p, **o))
    except Exception as error:
        print(f"not compared: DeepSpeed: {error}")
    try:
        import bitsandbytes
        found["bitsandbytes AdamW8bit"] = of_torch(lambda p, **o: bitsandbytes.optim.AdamW8bit(p, **o))
    except ImportError as error:
        print(f"not compared: {error}")
    try:
        import torchao.optim
        found["torchao AdamW8bit"] = of_torch(lambda p, **o: torchao.optim.AdamW8bit(p, **o))
    except ImportError as error:
        print(f"not compared: {error}")
    return found


def seconds(step, count, clock):
    start = clock()
    for _ in range(count):
        step()
    return clock() - start


def compare_times(made, sizes, threads):
    """Medians of ns per element, and of the ratio to the first contender in the same round. Of one thread it is the time
    of the CPU, which other programs lengthen less."""
    clock = time.process_time if threads == 1 else time.perf_counter
    times = {name: [] for name in made}
    for n in sizes:
        torch.manual_seed(0)
        value, grad = torch.randn(n), torch.randn(n)
        steps = {}
        for name, build in made.items():
            params, grads, step = build([value])
            grads[0].copy_(grad)
            step()
            step()  # the first may compile
            steps[name] = step, params, grads
        counts = {name: max(1, round(SAMPLE_SECONDS / seconds(step, 1, clock))) for name, (step, *_) in steps.items()}
        rounds = [{name: seconds(step, counts[name], clock) / counts[name] * 1e9 / n for name, (step, *_) in steps.items()}
                  for _ in range(ROUNDS)]
        first = next(iter(made))
        for name in made:
            times[name].append((median(r[name] for r in rounds), median(r[name] / r[first] for r in rounds)))
    return times


def train(build):
    """The mean loss over all digits after the steps, the accuracy, and the largest weight."""
    rows = torch.tensor([[float(x) for x in line.split(",")] for line in DIGITS.read_text().split()])
    images, labels = rows[:, :64] / 16, rows[:, 64].long()
    torch.manual_seed(1)
    shapes = ((64, 128), (128,), (128, 128), (128,), (128, 10), (10,))
    params, grads, step = build([torch.randn(s) / s[0] ** .5 if len(s) == 2 else torch.zeros(s) for s in shapes])
    weights = [p.detach().float().clone().requires_grad_() for p in params]

    def loss(x, y):
        w = weights
        hidden = torch.relu(torch.relu(x @ w[0] + w[1]) @ w[2] + w[3])
        logits = hidden @ w[4] + w[5]
        return torch.nn.functional.cross_entropy(logits, y), (logits.argmax(1) == y).float().mean()

    for _ in range(STEPS):
        batch = torch.randint(0, len(labels), (64,))
        for grad, new in zip(grads, torch.autograd.grad(loss(images[batch], labels[batch])[0], weights)):
            grad.copy_(new)
        step()
        with torch.no_grad():
            for w, p in zip(weights, params):
                w.copy_(p)
    with torch.no_grad():
        return *map(float, loss(images, labels)), max(float(w.abs().max()) for w in weights)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--largest", type=int, default=16 << 20)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    made = contenders(Library(arguments.library), arguments.threads)
    sizes = [n for n in (1 << 20, 16 << 20) if n <= arguments.largest]
    times = compare_times(made, sizes, arguments.threads)
    names = " | ".join(f"{n >> 20} Mi, ns per element | times the first" for n in sizes)
    print(f"\n{arguments.threads} threads, torch {torch.__version__}\n\n| AdamW | {names} | loss after {STEPS:,} steps | "
          "accuracy | largest weight |\n|---|" + (2 * len(sizes) + 3) * "---:|")
    for name, build in made.items():
        cells = [f"{x:.3g}" for pair in times[name] for x in pair] + [f"{x:.4f}" for x in train(build)]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


main()
