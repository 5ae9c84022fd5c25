"""What changed between two runs beyond their noise."""
from .results import OTHERS

MACHINE = ("cpu", "data_caches", "threads", "compiler", "flags")
# Larger lists and arrays lie elsewhere in each run, so their noise is larger.
IN_CACHES = 256 << 10


def change(x):
    """As large for half of the time as for twice the time."""
    return max(x, 1 / x) - 1


def kind(cell):
    return cell.n if cell.n > IN_CACHES else 0, cell.threads, cell.misaligned, cell.subnormal


def noise_between(before, after):
    """kind: the largest change of what is no part of the library, so of the machine alone."""
    largest = {}
    for cell in before.rounds:
        if cell.contender in OTHERS and cell in after.rounds:
            largest[kind(cell)] = max(largest.get(kind(cell), 0), change(after.ns(cell) / before.ns(cell)))
    return largest


def is_same_machine(before, after):
    return all(before.context[key] == after.context[key] for key in MACHINE)


def changes(before, after):
    """(cell, time after / before, noise, limit's time after / before), the largest first, of what changed."""
    found = []
    machine = noise_between(before, after) if is_same_machine(before, after) else {}
    for cell in before.rounds:
        if cell in after.rounds and not (machine and cell.contender in OTHERS):
            ratio = after.ns(cell) / before.ns(cell)
            spreads = before.spread[cell] + after.spread[cell]
            noise = max(spreads, machine.get(kind(cell), 0))
            limit = cell._replace(contender="limit")
            known = limit in before.rounds and limit in after.rounds
            limits = after.ns(limit) / before.ns(limit) if known else None
            beside_limit = ratio / limits if machine and known else ratio
            if change(ratio) > noise and change(beside_limit) > spreads:
                found.append((cell, ratio, noise, limits))
    return sorted(found, key=lambda row: -change(row[1]))


def write(before, after, document):
    document.heading("What changed beyond noise")
    for key in (*MACHINE, "glissade_version", "mode"):
        if before.context[key] != after.context[key]:
            document.warning(f"{key} differs: {before.context[key].strip()} and {after.context[key].strip()}")
    for name, run in (("first", before), ("second", after)):
        if run.was_busy():
            document.warning(f"the machine was busy in the {name} run")
    found = changes(before, after)
    common = sum(cell in after.rounds for cell in before.rounds)
    document.text(f"{len(found)} of {common} measurements changed by more than both spreads (each the middle half of "
                  "the rounds over the median) together"
                  + (", and by more than anything outside of the library did at such a size, number of threads, place "
                     "and state (that did not change, so it shows how much the machine does from run to run), and not just "
                     "as the limit did."
                     if is_same_machine(before, after) else "."))
    document.table(["", "time, second / first", "noise", "limit, second / first"],
                   [[str(cell), ratio, noise, limit] for cell, ratio, noise, limit in found])
