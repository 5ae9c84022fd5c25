"""What changed between two runs by more than the machine does from run to run, which Google Benchmark's compare.py, with
the rounds of each run alone, cannot tell: memory lies elsewhere, and others use more or less of the last cache."""
from .results import LIMITS, RIVALS
from .text import table

# Larger arrays lie elsewhere in each run, so they vary more, and each size in its own way.
IN_CACHES = 256 << 10


def change(x):
    """As large for half of the time as for twice the time."""
    return max(x, 1 / x) - 1


def kind(cell):
    return cell.n if cell.n > IN_CACHES else 0, cell.threads, cell.misaligned, cell.subnormal


def changes(before, after):
    """(name, time after / before, noise) of what changed, the largest first. Noise is what both runs spread, or the largest
    change of what is no part of the library, if that is more."""
    ratios = {cell: after.ns(cell) / before.ns(cell) for cell in before.rounds if cell in after.rounds}
    noise = {}
    for cell, ratio in ratios.items():
        if cell.contender in LIMITS + RIVALS:
            noise[kind(cell)] = max(noise.get(kind(cell), 0), change(ratio))
    found = []
    for cell, ratio in ratios.items():
        spreads = before.spread[cell] + after.spread[cell]
        beside_limit = ratio / ratios.get(cell._replace(contender="limit"), 1)
        largest = max(spreads, noise.get(kind(cell), 0))
        if change(ratio) > largest and change(beside_limit) > spreads:
            found.append([before.names[cell], ratio, largest])
    return len(ratios), sorted(found, key=lambda row: -change(row[1]))


def compare(before, after):
    for key in ("cpu", "threads", "compiler", "mode"):
        if before.context[key] != after.context[key]:
            yield f"**WARNING: {key} differs:** {before.context[key]} and {after.context[key]}"
    if before.was_busy() or after.was_busy():
        yield "**WARNING: the machine was busy.**"
    count, found = changes(before, after)
    yield (f"{len(found)} of {count} measurements changed by more than they spread, and by more than anything outside of "
           "the library did at such a size, number of threads, place and state.")
    yield table(["", "time, second / first", "noise"], found)
