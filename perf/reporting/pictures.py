"""Draws the pictures of the report with matplotlib."""
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from .results import LIMITS, RIVALS, Cell
from .text import number, on, size_name, unit_of

plt.rcParams.update({"font.size": 9, "axes.titlesize": 10, "axes.titleweight": "bold", "axes.spines.top": False,
                     "axes.spines.right": False, "svg.fonttype": "none", "svg.hashsalt": "glissade"})
INK, LIBRARY = "#333333", "#0b62a4"
STYLES = {
    "limit": dict(color=INK, linestyle="--", label="limit of the memory"),
    "divider": dict(color=INK, linestyle=":", label="limit of the divider"),
    "intrinsics": dict(color="#8f3985"),
    "plain-native": dict(color="#2e933c"),
    "plain": dict(color="#d1495b"),
    "passes": dict(color="#e09f3e"),
}


def style(r, contender):
    if contender == r.best:
        return dict(color=LIBRARY, linewidth=2.5, label="glissade", zorder=3)
    return dict(linewidth=1.2, label=contender) | STYLES[contender]


def cost(axes, r, optimizer, threads, contenders=(*LIMITS, *RIVALS)):
    """Lines of ns per element against size."""
    sizes = r.sizes(optimizer)
    for contender in (*contenders, r.best):
        points = [(n, ns) for n in sizes if (ns := r.ns(Cell(optimizer, contender, n, threads)))]
        if points:
            axes.loglog(*zip(*points), marker=".", **style(r, contender))
    for level, size in r.caches:
        if sizes[0] < size / r.bytes_held[optimizer] < sizes[-1]:
            axes.axvline(size / r.bytes_held[optimizer], color="#bbbbbb", linewidth=.8, zorder=0)
            axes.text(size / r.bytes_held[optimizer], 1, level, transform=axes.get_xaxis_transform(), color="#888888",
                      ha="center", va="bottom", fontsize=8)
    axes.set_title(f"{optimizer}, {on(threads)}", loc="left", pad=14)
    axes.set_xlabel("elements")
    axes.set_ylabel("ns per element")
    axes.xaxis.set_major_locator(FixedLocator([1 << k for k in range(10, 40, 4)]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: size_name(int(x))))
    axes.yaxis.set_major_locator(FixedLocator([2.0 ** k for k in range(-10, 10)]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:.2g}" if y < 100 else f"{y:.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color="#eeeeee")


def model(axes, r, optimizer):
    """Bars of what a step of the model takes."""
    threads = r.threads[-1]
    bars = [(style(r, c), seconds) for c in (r.best, *LIMITS, *RIVALS)
            if (seconds := r.model_seconds(optimizer, c, threads))]
    unit, name = unit_of(bars[0][1] if bars else 1)
    labels = [look["label"] for look, _ in bars]
    drawn = axes.barh(labels, [seconds / unit for _, seconds in bars], color=[look["color"] for look, _ in bars])
    for bar, (look, _) in zip(drawn, bars):
        if "linestyle" in look:  # a limit
            bar.set(facecolor="white", edgecolor=INK, linestyle=look["linestyle"])
    axes.bar_label(drawn, labels=[number(seconds / unit) for _, seconds in bars], padding=3)
    axes.invert_yaxis()
    axes.set_title(f"{optimizer}: a step of {size_name(r.params)} parameters, {on(threads)}", loc="left")
    axes.set_xlabel(name)


def scaling(axes, r, optimizer):
    """Lines of the speed against the number of threads."""
    n = r.sizes(optimizer)[-1]
    for contender in ("limit", r.best):
        cell = Cell(optimizer, contender, n, 1)
        points = [(t, times) for t in r.threads if (times := r.scaling(cell, t))]
        axes.plot(*zip(*points), marker=".", **style(r, contender))
    axes.set_title(f"{optimizer}, {size_name(n)} elements", loc="left")
    axes.set_xlabel("threads")
    axes.set_ylabel("times as fast as on one")
    axes.set_xticks(r.threads)
    axes.legend(frameon=False, fontsize=8)


def grid(rows, columns, width, height):
    return plt.subplots(rows, columns, figsize=(width * columns, height * rows), squeeze=False, layout="constrained")


def legend_beside(axes):
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))


def of_the_model(r):
    figure, axes = grid(2, len(r.shown), 6, 3.2)
    for (above, below), optimizer in zip(axes.T, r.shown):
        model(above, r, optimizer)
        cost(below, r, optimizer, 1)
    legend_beside(axes[1, -1])
    return figure


def of_threads(r):
    figure, axes = grid(1 + (len(r.threads) > 2), len(r.shown), 6, 3.2)
    for (above, *below), optimizer in zip(axes.T, r.shown):
        cost(above, r, optimizer, r.threads[-1])
        for axis in below:
            scaling(axis, r, optimizer)
    legend_beside(axes[0, -1])
    return figure


def of_optimizers(r):
    figure, axes = grid(-(-len(r.optimizers) // 3), 3, 4, 2.8)
    for axis, optimizer in zip(axes.flat, r.optimizers):
        cost(axis, r, optimizer, 1, LIMITS)
    axes[0, 0].legend(frameon=False, fontsize=8, loc="upper left")
    for axis in axes.flat[len(r.optimizers):]:
        axis.remove()
    return figure


PICTURES = {
    "picture.svg": (of_the_model, "what a step of the model takes, and the cost of an element by size"),
    "threads.svg": (of_threads, "the cost of an element on all threads"),
    "optimizers.svg": (of_optimizers, "the cost of an element by size, of every optimizer, on one thread"),
}


def draw(r, folder):
    """Writes the pictures and yields the name and the description of each."""
    for name, (figure_of, text) in PICTURES.items():
        if not r.optimizers or (figure_of == of_threads and r.threads[-1] == 1):
            continue
        figure = figure_of(r)
        figure.savefig(folder / name, metadata={"Date": None})
        plt.close(figure)
        yield name, text
