"""What the library promises of its own speed."""
from .results import Cell

SMALL, MIDDLE, LARGE = 1 << 10, 128 << 10, 16 << 20  # the last: the least that is called large


def promises(r):
    """Yields (what, measured, promised, is the promised the least) of all that was measured."""
    for o in r.optimizers:
        small, largest = Cell(o, r.best, SMALL, 1), Cell(o, r.best, r.sizes(o)[-1], 1)
        found = [(f"limit / time, n = {n}, threads {t}", r.of_memory(Cell(o, r.best, n, t)),
                  .9 if o == "grad-norm" else .95, True) for t in r.few_and_all for n in r.sizes(o) if n >= LARGE]
        for cell in (small, small._replace(n=MIDDLE)):
            found.append((f"time / intrinsics, n = {cell.n}", r.ratio(cell, cell._replace(contender="intrinsics")), 1.05,
                          False))
        one_less = r.ratio(small._replace(n=SMALL - 1), small)
        found.append((f"n = {SMALL - 1} / n = {SMALL}, per step", one_less and one_less * (SMALL - 1) / SMALL, 1.1, False))
        found.append((f"threads 0 / threads 1, n = {SMALL}", r.ratio(small._replace(threads=0), small), 1.05, False))
        if r.threads[-1] > 1 and largest.n >= LARGE:
            ours, limits = (r.scaling(c, r.threads[-1]) for c in (largest, largest._replace(contender="limit")))
            found.append((f"scaling / limit's scaling, n = {largest.n}", ours and limits and ours / limits, .9, True))
        yield from named(o, found)
    for o, n in r.lists.items():
        for t in r.few_and_all:
            many = Cell(o, "many", n, t)
            flat = many._replace(contender="flat")
            if o.endswith("mixed"):
                yield from named(o, [(f"flat / list, threads {t}", r.ratio(flat, many), .9, True)])
            else:
                yield from named(o, [(f"list / flat, threads {t}", r.ratio(many, flat), 1.25, False),
                                     (f"ns for a group, threads {t}", r.group_cost(many), 2000, False)])


def named(optimizer, found):
    return [(f"{optimizer}: {what}", value, *bound) for what, value, *bound in found if value]
