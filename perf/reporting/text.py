"""What the report says, in Markdown: one function for each of its sections."""
from .promises import promises
from .results import RIVALS, Cell

RIVAL_WORDS = {
    "intrinsics": "a loop by hand in intrinsics",
    "plain-native": "the plain loop at `-O3 -march=native -fno-math-errno`",
    "plain": "the plain loop at `-O3`",
    "passes": "the unfused passes of a framework",
}


def number(value):
    """Three significant digits are more than a measurement holds."""
    if not isinstance(value, float):
        return "–" if value is None else str(value)
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}" if value < 1 else f"{value:.3g}"


def unit_of(seconds):
    return next(((unit, name) for unit, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")) if seconds >= unit), (1e-9, "ns"))


def duration(seconds):
    if seconds:
        unit, name = unit_of(seconds)
        return f"{number(seconds / unit)} {name}"


def percent(share):
    return share and f"{100 * share:.0f} %"


def size_name(n):
    for unit, name in ((1 << 20, "Mi"), (1 << 10, "Ki"), (1_000_000_000, "G"), (1_000_000, "M")):
        if n >= unit and n % (unit // 10 if unit % 10 == 0 else unit) == 0:
            return f"{n / unit:g} {name}"
    return f"{n:,}"


def on(threads):
    return f"{threads} thread{'s' * (threads > 1)}"


def table(header, rows):
    """Of texts, numbers and None; without rows and columns in which nothing was measured."""
    rows = [row for row in rows if any(value is not None for value in row[1:])]
    if not rows:
        return ""
    kept = [0] + [i for i in range(1, len(header)) if any(row[i] is not None for row in rows)]
    lines = [[number(row[i]) for i in kept] for row in [header] + rows]
    lines.insert(1, ["---"] + ["---:"] * (len(kept) - 1))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def opening(r):
    c = r.context
    caches = ", ".join(f"{level} {size_name(size)}B" for level, size in r.caches)
    yield f"# What an optimizer step costs on this {c['cpu']}"
    for o in r.shown:
        n, times = r.size_for_model(o), [r.model_seconds(o, r.best, t) for t in r.few_and_all]
        cell = Cell(o, r.best, n, r.threads[-1] if times[-1] else 1)
        faster = [f"{ratio:.1f} times as fast as {RIVAL_WORDS[rival]}" for rival in RIVALS[1:]
                  if (ratio := r.ratio(cell._replace(contender=rival), cell))]
        share = percent(r.of_machine(cell))
        yield (f"**{o}: a step of {size_name(r.params)} parameters takes "
               + ", ".join(f"{duration(time)} on {on(t)}" for t, time in zip(r.few_and_all, times) if time) + ".**"
               + (f" That is {share} of what the machine can do." if share else "")
               + (f" It is {', '.join(faster)}." if faster else ""))
    if r.was_busy():
        yield ("**WARNING: the machine was busy.** Other programs used it, or too many measurements spread by more than "
               "10 %. Trust no figure to better than that.")
    yield (f"{on(int(c['threads']))}, {caches}; instruction sets {', '.join(r.isas)}; {c['compiler']}; glissade "
           f"{c['glissade_version']}, {c['mode']} run of {c['date'][:10]}. Figures are medians of rounds in which all took "
           "turns, ratios medians of the rounds' ratios.")


def model(r):
    yield f"## A step of {size_name(r.params)} parameters"
    sizes = sorted({r.size_for_model(o) for o in r.optimizers} - {r.params})
    yield ((f"At the cost of an element of arrays of {' or '.join(map(size_name, sizes))} elements, the nearest measured. "
            if sizes else "")
           + "The limit of the machine is the slower of two loops: one reads and writes the same arrays and computes nothing, "
             "one takes the same roots and divisions in registers and touches no memory. Then how many times as long "
             "others take. `grad-norm` is what clipping reads first.")
    rows = []
    for o in r.optimizers:
        cell = Cell(o, r.best, r.size_for_model(o), r.threads[-1])
        rows.append([o] + [duration(r.model_seconds(o, r.best, t)) for t in r.few_and_all]
                    + [percent(r.of_machine(cell))] + [r.ratio(cell._replace(contender=rival), cell) for rival in RIVALS])
    yield table([""] + [on(t) for t in r.few_and_all] + ["of the limit", *RIVALS], rows)
    in_cache = [o for o in r.optimizers if not r.is_in_memory(o, r.sizes(o)[-1])]
    if in_cache:
        yield ("The last cache may hold a good part of the largest arrays, less than twice its size, of "
               f"{', '.join(in_cache)}: what is said of them is not of memory alone.")


def sizes(r):
    yield "## By size"
    yield ("ns per element, the share of the memory's limit and of the machine's, then how many times as long others take: "
           + ", ".join(f"`{rival}` is {words}" for rival, words in RIVAL_WORDS.items()) + ".")
    cells = [Cell(o, r.best, n, t) for o in r.shown for t in r.few_and_all for n in r.sizes(o)]
    yield table(["", "ns", "of memory", "of machine", *RIVALS],
                [[f"{c.optimizer}, {size_name(c.n)}, {on(c.threads)}", r.ns(c), r.of_memory(c), r.of_machine(c)]
                 + [r.ratio(c._replace(contender=rival), c) for rival in RIVALS] for c in cells])


def lists(r):
    yield "## Lists of tensors"
    yield ("ns per element of one call for the whole list (`many`), and the time of other ways over it: one tensor of as "
           "many elements (`flat`), one call for each tensor (`each`). Then the ns for each tensor whose options are not "
           "those of the tensor before it.")
    cells = [Cell(o, "many", n, t) for o, n in r.lists.items() for t in r.few_and_all]
    yield table(["", "many", "flat / many", "each / many", "a group, ns"],
                [[f"{c.optimizer}, {on(c.threads)}", r.ns(c), r.ratio(c._replace(contender="flat"), c),
                  r.ratio(c._replace(contender="each"), c), r.group_cost(c)] for c in cells])


def stored(r):
    yield "## Arrays of 16 and 8 bits"
    yield ("A step with stored arrays over the step on floats: the time, in brackets that of a loop that moves as many bytes "
           "over that of a loop that moves the floats' (what the time would be if bytes were all that counts). "
           "`bf16-grad` has a gradient in bf16, the others that and more: param written out in bf16 too, a split param, "
           "a state in bf16 or in Q8.")
    tensors = [(o, n, t) for o in r.stored for n in r.stored[o] for t in r.few_and_all]
    limits = {c.contender for c in r.rounds if c.optimizer in r.stored and c.contender.endswith("-limit")}
    names = [c for c in dict.fromkeys(c.contender for c in r.rounds if c.optimizer in r.stored)
             if c not in limits | {"limit"} and not c.startswith("float32")]
    rows = []
    for name in names:
        isa = next((isa for isa in r.isas if name.endswith("-" + isa)), "")
        row = [name]
        for o, n, t in tensors:
            cell = Cell(o, name, n, t)
            time = r.ratio(cell, cell._replace(contender=f"float32-{isa}" if isa else "float32"))
            limit = r.ratio(cell._replace(contender=f"{name}-limit"), cell._replace(contender="limit")) if not isa else None
            row.append(time and number(time) + (f" ({number(limit)})" if limit else ""))
        rows.append(row)
    yield table([""] + [f"{o.removesuffix('-stored')}, {size_name(n)}, {on(t)}" for o, n, t in tensors], rows)


def oddities(r):
    yield "## Odd sizes, places and states"
    yield ("Time over that of n aligned elements of ordinary numbers, on one thread, at the size where it is the worst: "
           "one element less; all arrays 4 bytes past a cache line; `threads` 0; a state below 2^-126 and no gradient, "
           "without `flush_subnormals` and with it.")

    def worst(optimizer, **changes):
        cells = [Cell(optimizer, r.best, n, 1) for n in r.sizes(optimizer)]
        ratios = [r.ratio(c._replace(**(changes | {"n": c.n + changes.get("n", 0)})), c) for c in cells]
        return max((ratio for ratio in ratios if ratio), default=None)

    yield table(["", "n - 1", "misaligned", "threads 0", "subnormal", "flushed"],
                [[o, worst(o, n=-1), worst(o, misaligned=True), worst(o, threads=0), worst(o, subnormal=True),
                  worst(o, subnormal=True, contender=r.best + "-flush")] for o in r.optimizers])


def shortfalls(r):
    all_of_them = list(promises(r))
    if not all_of_them:
        return
    yield "## What the library promises"
    rows = [[name, value, f"{'≥' if at_least else '≤'} {bound:g}"] for name, value, bound, at_least in all_of_them
            if (value < bound if at_least else value > bound)]
    yield (f"{len(all_of_them) - len(rows)} of {len(all_of_them)} promises are met."
           + (" These are not:" if rows else ""))
    if rows:
        yield table(["", "measured", "promised"], rows)


def report(r, pictures=()):
    """The blocks of the report; `pictures`: (name, text) of those drawn, the first to open it."""
    first, *others = [[f"![{text}]({name})"] for name, text in pictures] or [[]]
    sections = [opening(r), first, model(r), *others, sizes(r), lists(r), stored(r), oddities(r), shortfalls(r)]
    for blocks in map(list, sections):
        # A section in whose table nothing stands is left out.
        if blocks and blocks[-1]:
            yield from blocks
