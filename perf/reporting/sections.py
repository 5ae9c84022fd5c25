"""What the report says: one function for each of its sections."""
from . import chart
from .document import shown, size_name
from .goals import goals
from .results import RIVALS, Cell

MODEL = 124_000_000  # parameters of GPT-2 small


def machine(r, d):
    c = r.context
    d.text(f"{c['cpu']}, {c['threads']} threads, {c['data_caches'].strip()}; instruction sets {c['isas'].strip()}; "
           f"glissade {c['glissade_version']}, {c['compiler']},{c['flags']}; governor {c['governor']}, "
           f"load {c['load']}; {c['mode']} run of {c['date'][:10]}.")
    d.text("Figures are medians of rounds in which all contenders took turns, ratios medians of the rounds' ratios.")
    if r.was_busy():
        d.warning("the machine was busy: other programs used it, or too many measurements spread by more than "
                  f"{100 * float(c['busy_spread']):.0f} %. Trust no figure to better than that.")
    in_cache = [o for o in r.optimizers if not r.is_in_memory(o, r.large(o))]
    if in_cache:
        d.text("The last cache may hold a good part of the largest arrays, less than twice its size, of "
               f"{', '.join(in_cache)}: what is said of them is not of memory alone.")


def cost_chart(r, optimizer, threads):
    series = {}
    for contender in r.contenders:
        points = [(n, r.ns(Cell(optimizer, contender, n, threads))) for n in r.sizes(optimizer)]
        if points := [p for p in points if p[1]]:
            series[contender] = points
    marks = [(size / r.bytes_held[optimizer], level) for level, size in r.caches]
    return chart.lines(f"{optimizer}, {threads} thread{'s' * (threads > 1)}", "elements", "ns per element", series,
                       dashed=("limit",), thick=(r.best,), marks=marks, x_label=size_name)


def with_spread(r, cell):
    return f"{shown(r.ns(cell))} ±{50 * r.spread[cell]:.0f}%" if cell in r.rounds else None


def cost(r, d):
    if not r.optimizers:
        return
    d.heading("Cost of a step: ns per element against size")
    d.text("`limit` reads and writes the same arrays and computes nothing. Half of the rounds lie within ±. Cache sizes are "
           "marked where the arrays fill them.")
    for optimizer in r.optimizers:
        for threads in sorted({1, r.threads[-1]}):
            cells = {(c.contender, c.n): c for c in r.rounds
                     if c == Cell(optimizer, c.contender, c.n, threads) and c.n in r.sizes(optimizer)}
            names = [name for name in r.contenders if any(name == key[0] for key in cells)]
            if not names:
                continue
            d.picture(cost_chart(r, optimizer, threads))
            d.table([f"{optimizer}, threads {threads}"] + names,
                    [[size_name(n)] + [with_spread(r, Cell(optimizer, name, n, threads)) for name in names]
                     for n in r.sizes(optimizer)])


def share_chart(r):
    threads = r.threads[-1]
    values = [(o, r.share(Cell(o, r.best, r.large(o), threads))) for o in r.optimizers]
    return chart.bars(f"Share of the memory limit, {threads} threads", "limit / time in memory; 1 is the limit", values,
                      mark=1)


def share(r, d):
    if not r.optimizers:
        return
    d.heading("Share of the memory limit")
    d.text(f"limit / time of {r.best}; 1 means that the arithmetic costs nothing beside the memory. In the caches the "
           "divider is the limit, not the memory.")
    d.picture(share_chart(r))
    rows = [[f"{o}, {size_name(n)}"] + [r.share(Cell(o, r.best, n, t)) for t in r.threads]
            for o in r.optimizers for n in r.sizes(o)]
    d.table(["elements"] + [f"threads {t}" for t in r.threads], rows)


def scaling(r, d):
    if len(r.threads) < 2 or not r.optimizers:
        return
    d.heading("Thread scaling")
    d.text("Times as fast as on one thread with the largest arrays, and the same of the limit: the memory does not get "
           "faster with every thread.")
    rows, series = [], {}
    for optimizer in r.optimizers:
        cell = Cell(optimizer, r.best, r.large(optimizer), 1)
        limit = cell._replace(contender="limit")
        for threads in r.threads[1:]:
            mine, its = r.scaling(cell, threads), r.scaling(limit, threads)
            if mine and its:
                rows.append([optimizer, str(threads), mine, its, mine / its])
        series[optimizer] = [(t, r.scaling(cell, t)) for t in r.threads if r.scaling(cell, t)]
        series["limit, " + optimizer] = [(t, r.scaling(limit, t)) for t in r.threads if r.scaling(limit, t)]
    first = r.optimizers[0]
    chosen = {name: series[name] for name in (first, "limit, " + first)}
    d.picture(chart.lines("Thread scaling", "threads", "times as fast", chosen, dashed=("limit, " + first,), thick=(first,)))
    d.table(["optimizer", "threads", "library", "limit", "library / limit"], rows)


def with_rivals(r):
    return [o for o in r.optimizers if any(c.optimizer == o and c.contender in RIVALS for c in r.rounds)]


def speedup_rows(r):
    rows = []
    for optimizer in with_rivals(r):
        for threads in sorted({1, r.threads[-1]}):
            for n in r.sizes(optimizer):
                cell = Cell(optimizer, r.best, n, threads)
                rows.append([f"{optimizer}, {size_name(n)}, threads {threads}", r.share(cell)]
                            + [r.ratio(cell._replace(contender=rival), cell) for rival in RIVALS])
    return rows


def speedup(r, d):
    if not with_rivals(r):
        return
    d.heading("Against what people use now")
    d.text("Share of the limit, then times as fast as: a hand-written loop of intrinsics, the plain loop at "
           "-O3 -march=native -fno-math-errno, the plain loop at -O3, the unfused passes of a framework.")
    d.picture(speedup_chart(r))
    d.table(["", "limit"] + list(RIVALS), speedup_rows(r))


def speedup_chart(r):
    optimizer, threads = with_rivals(r)[0], r.threads[-1]
    values = []
    for n in sorted({r.sizes(optimizer)[0], r.large(optimizer)}):
        cell = Cell(optimizer, r.best, n, threads)
        values += [(f"{rival}, {size_name(n)}", ratio) for rival in RIVALS
                   if (ratio := r.ratio(cell._replace(contender=rival), cell))]
    return chart.bars(f"{optimizer}: times as fast as …, {threads} threads", "1 is equal", values, mark=1)


def lists(r, d):
    if not r.lists:
        return
    d.heading("Lists of tensors")
    d.text("ns per element of one call for the whole list (`many`), and the time of other ways over it: one tensor of as "
           "many elements (`flat`), one call for each tensor (`each`). Then the ns for each tensor whose options are not "
           "those of the tensor before it.")
    cells = [Cell(o, "many", n, t) for o, n in r.lists.items() for t in sorted({1, r.threads[-1]})]
    d.table(["", "many", "flat / many", "each / many", "a group, ns"],
            [[f"{c.optimizer}, threads {c.threads}", r.ns(c), r.ratio(c._replace(contender="flat"), c),
              r.ratio(c._replace(contender="each"), c), r.group_cost(c)] for c in cells])


def model_rows(r):
    rows = []
    for optimizer in r.optimizers:
        n = r.large(optimizer)
        for contender in r.contenders:
            times = [r.ns(Cell(optimizer, contender, n, t)) for t in sorted({1, r.threads[-1]})]
            if any(times):
                rows.append([f"{optimizer}, {contender}"] + [t and t * 1e-6 * MODEL for t in times])
    return rows


def model(r, d):
    if not r.optimizers:
        return
    d.heading(f"A whole step of {MODEL // 1_000_000} M parameters, in ms")
    d.text("At the cost of an element of the largest arrays.")
    d.picture(model_chart(r))
    d.table([""] + [f"threads {t}" for t in sorted({1, r.threads[-1]})], model_rows(r))


def model_chart(r):
    values = [(row[0], row[-1]) for row in model_rows(r) if row[-1]
              and (row[0].startswith(r.optimizers[0] + ",") or row[0].endswith(", " + r.best))]
    return chart.bars(f"A step of {MODEL // 1_000_000} M parameters, {r.threads[-1]} threads", "ms", values)


def small_print(r, d):
    if not r.optimizers:
        return
    d.heading("Odd sizes, places and states")
    d.text(f"Time of {r.best} over its time on n aligned elements of ordinary numbers, on one thread.")
    rows = []
    for o in r.optimizers:
        for n in r.sizes(o):
            cell = Cell(o, r.best, n, 1)
            subnormal, flushed = cell._replace(subnormal=True), Cell(o, r.best + "-flush", n, 1, False, True)
            rows.append([f"{o}, {size_name(n)}", r.ratio(cell._replace(n=n - 1), cell),
                         r.ratio(cell._replace(misaligned=True), cell), r.ratio(cell._replace(threads=0), cell),
                         r.ratio(subnormal, cell), r.ratio(flushed, cell)])
    d.table(["", "n - 1", "misaligned", "threads 0", "subnormal", "flush_subnormals"], rows)


def picture(r):
    """The picture for a README."""
    first = r.optimizers[0]
    return chart.side_by_side([cost_chart(r, first, 1), cost_chart(r, first, r.threads[-1]), share_chart(r),
                               model_chart(r)])


ALL = (machine, goals, speedup, lists, model, share, scaling, cost, small_print)
