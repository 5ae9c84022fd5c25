"""What changed between two runs beyond their noise."""


def changes(before, after):
    """(cell, time after / before, noise, limit's time after / before), the largest first, of what changed."""
    found = []
    for cell in before.rounds:
        if cell in after.rounds:
            ratio = after.ns(cell) / before.ns(cell)
            noise = before.spread[cell] + after.spread[cell]
            if ratio > 1 + noise or ratio < 1 / (1 + noise):
                limit = cell._replace(contender="limit")
                known = limit in before.rounds and limit in after.rounds
                found.append((cell, ratio, noise, after.ns(limit) / before.ns(limit) if known else None))
    return sorted(found, key=lambda change: -max(change[1], 1 / change[1]))


def write(before, after, document):
    document.heading("What changed beyond noise")
    for key in ("cpu", "data_caches", "threads", "compiler", "flags", "glissade_version", "mode"):
        if before.context[key] != after.context[key]:
            document.warning(f"{key} differs: {before.context[key].strip()} and {after.context[key].strip()}")
    for name, run in (("first", before), ("second", after)):
        if run.was_busy():
            document.warning(f"the machine was busy in the {name} run")
    found = changes(before, after)
    common = sum(cell in after.rounds for cell in before.rounds)
    document.text(f"{len(found)} of {common} measurements changed by more than both spreads (each the middle half of "
                  "the rounds over the median) together. Where the limit changed as much, the machine changed.")
    document.table(["", "time, second / first", "noise", "limit, second / first"],
                   [[str(cell), ratio, noise, limit] for cell, ratio, noise, limit in found])
