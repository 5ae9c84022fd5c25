"""What the library promises to itself, and whether it is met."""
from .document import size_name
from .results import Cell

SMALL, MIDDLE, LARGE = 1 << 10, 128 << 10, 16 << 20  # the last: the least that is called large


def goals(r, d):
    d.heading("What the library promises to itself")
    rows = []

    def goal(name, value, bound, at_least):
        if value:
            met = value >= bound if at_least else value <= bound
            rows.append([name, value, ("≥ " if at_least else "≤ ") + str(bound), "met" if met else "SHORT"])

    for o in r.optimizers:
        for threads in sorted({1, r.threads[-1]}):
            for n in r.sizes(o):
                if n >= LARGE:
                    goal(f"{o}: limit / time, {size_name(n)}, threads {threads}",
                         r.share(Cell(o, r.best, n, threads)), .9 if o == "grad-norm" else .95, True)
        for n in (SMALL, MIDDLE):
            cell = Cell(o, r.best, n, 1)
            goal(f"{o}: time / intrinsics, {size_name(n)}", r.ratio(cell, cell._replace(contender="intrinsics")), 1.05,
                 False)
        small = Cell(o, r.best, SMALL, 1)
        goal(f"{o}: n = {SMALL - 1} / n = {SMALL}, per step", times(r.ratio(small._replace(n=SMALL - 1), small), SMALL - 1, SMALL),
             1.1, False)
        goal(f"{o}: threads 0 / threads 1, {size_name(SMALL)}", r.ratio(small._replace(threads=0), small), 1.05, False)
        if r.threads[-1] > 1 and r.large(o) >= LARGE:
            cell = Cell(o, r.best, r.large(o), 1)
            mine = r.scaling(cell, r.threads[-1])
            its = r.scaling(cell._replace(contender="limit"), r.threads[-1])
            goal(f"{o}: scaling / limit's scaling, {size_name(r.large(o))}", mine and its and mine / its, .9, True)
    for o, n in r.lists.items():
        for threads in sorted({1, r.threads[-1]}):
            many = Cell(o, "many", n, threads)
            flat = many._replace(contender="flat")
            if o.endswith("mixed"):
                goal(f"{o}: flat / list, threads {threads}", r.ratio(flat, many), .9, True)
            else:
                goal(f"{o}: list / flat, threads {threads}", r.ratio(many, flat), 1.25, False)
                goal(f"{o}: ns for a group, threads {threads}", r.group_cost(many), 2000, False)
    d.table(["", "measured", "promised", ""], rows)


def times(ratio, part, whole):
    return ratio and ratio * part / whole
