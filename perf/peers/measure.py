"""Times one family of peers against the library in this process, alternating, and prints the results as JSON lines."""
import argparse
import json
import os
import random
import sys
import time
from statistics import median

ROUNDS, SAMPLE_SECONDS, CHECKED_STEPS = 7, .01, 3
FLAT = {"1 Ki": [1 << 10], "128 Ki": [128 << 10], "1 Mi": [1 << 20], "16 Mi": [16 << 20]}


def tensor_lists():
    mixed = random.Random(0)
    return FLAT | {"200 × 1,024": [1024] * 200,
                   "200 mixed": [round(64 * (1e6 / 64) ** mixed.random()) for _ in range(200)]}


def is_same(before, ours, theirs):
    """Every element within 16 roundings a step of what moved, as in ../check.cpp."""
    import numpy

    return all(numpy.all(numpy.abs(a - b) <= CHECKED_STEPS * 2.0 ** -20 * (numpy.abs(p) + numpy.abs(a)))
               for p, a, b in zip(before, ours, theirs))


def seconds(step, count):
    start = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - start


def compare(peer, library, threads, sizes):
    """Medians of ns per element of the peer and of the library, and of the ratio; of the library in one call and, for a
    list, in one call for each tensor."""
    import numpy

    numbers = numpy.random.default_rng(1)
    before = [numbers.standard_normal(n, numpy.float32) for n in sizes]
    grads = [numbers.standard_normal(n, numpy.float32) for n in sizes]

    def our_steps(params):
        return library.steppers(peer.optimizer, peer.preset, peer.options, threads, params, grads)

    ours, alone = ([p.copy() for p in before] for _ in range(2))
    many, one_by_one = our_steps(ours)
    _, checked_one_by_one = our_steps(alone)
    their_step, theirs = peer.make(before, grads)
    for _ in range(CHECKED_STEPS):
        many()
        checked_one_by_one()
        their_step()
    if not is_same(before, ours, theirs()):
        sys.exit(f"{peer.name} computes something else than the library")
    if not all(map(numpy.array_equal, ours, alone)):
        sys.exit(f"{peer.optimizer}: a list has other bits than its tensors one by one")

    steps = [their_step, many] + [one_by_one] * (len(sizes) > 1)
    counts = [max(1, round(SAMPLE_SECONDS / seconds(step, 1))) for step in steps]
    rounds = []
    for _ in range(ROUNDS):
        rounds.append([])
        for step, count in zip(steps, counts):
            seconds(step, 1 + count // 10)  # wakes its threads, fills the caches
            rounds[-1].append(seconds(step, count) / count * 1e9 / sum(sizes))
    return [{"library": median(r[k] for r in rounds), "theirs": median(r[0] for r in rounds),
             "ratio": median(r[0] / r[k] for r in rounds)} for k in range(1, len(steps))]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", choices=("torch", "jax"))
    parser.add_argument("library")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--no-compile", action="store_true", help="without torch.compile, which takes minutes")
    arguments = parser.parse_args()
    if arguments.threads == 1:  # XLA has no other way
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    import c_library
    import peers

    library = c_library.Library(arguments.library)
    chosen = (peers.jax_peers() if arguments.family == "jax"
              else peers.torch_peers(arguments.threads, not arguments.no_compile))
    for peer in chosen:
        if not library.has(peer.optimizer):
            print(f"{peer.name}: the library has no {peer.optimizer} yet", file=sys.stderr)
            continue
        for name, sizes in tensor_lists().items():
            print(f"\r\033[K{peer.name}, threads {arguments.threads}, {name}", end="", file=sys.stderr, flush=True)
            for way, result in zip(("", ", one by one"), compare(peer, library, arguments.threads, sizes)):
                print(json.dumps({"peer": peer.name, "threads": arguments.threads, "tensors": name + way} | result),
                      flush=True)
    print(file=sys.stderr)


main()
