"""Draws the paths that examples/paths printed: picture.py PATHS.csv STILL.png [ANIMATION.gif]"""
import csv
import math
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib import patheffects
from matplotlib.animation import FuncAnimation, PillowWriter

INK, LINE, STAR = "#16323f", "#c0341d", "#ffc414"


def read(name):
    rows = {}
    with open(name, newline="") as file:
        for row in csv.DictReader(file):
            point = tuple(float(row[key]) for key in ("x", "y", "height"))
            rows.setdefault(row["what"], []).append(point)
    return rows.pop("surface"), rows.pop("minimum")[0], rows


def contours(axes, surface):
    xs = sorted({x for x, _, _ in surface})
    ys = sorted({y for _, y, _ in surface})
    # The surface comes row by row. Its height is squeezed, so that the flat bottom gets contours too.
    heights = [math.sqrt(height + 1) for _, _, height in surface]
    grid = [heights[i : i + len(xs)] for i in range(0, len(heights), len(xs))]
    levels = [0.4 + 0.28 * i for i in range(30)]
    axes.set(xlim=(xs[0], xs[-1]), ylim=(ys[0], ys[-1]))
    axes.contourf(xs, ys, grid, levels, cmap="GnBu_r", extend="both", alpha=0.75)
    axes.contour(xs, ys, grid, levels, colors="white", linewidths=0.6, alpha=0.7)


def pane(axes, name, surface, minimum):
    contours(axes, surface)
    axes.set_title(name, loc="left", fontsize=13, fontweight="bold", color=INK)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=8, color=INK, labelcolor=INK, length=2)
    for spine in axes.spines.values():
        spine.set_visible(False)
    (line,) = axes.plot([], [], "-o", color=LINE, linewidth=1.1, markersize=2.6, markeredgewidth=0, zorder=3)
    axes.plot(*minimum[:2], "*", color=STAR, markeredgecolor=INK, markeredgewidth=0.8, markersize=19, zorder=2)
    (head,) = axes.plot([], [], "o", color=LINE, markeredgecolor="white", markeredgewidth=1, markersize=6, zorder=5)
    note = axes.text(0.97, 0.96, "", transform=axes.transAxes, ha="right", va="top", fontsize=9.5, color=INK,
                     path_effects=[patheffects.withStroke(linewidth=3, foreground="white", alpha=0.7)])
    return line, head, note


def main(source, still, animation=None):
    surface, minimum, paths = read(source)
    figure, grid = plt.subplots(2, 4, figsize=(14.4, 8.2), sharex=True, sharey=True, layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0, 1, 0.985), hspace=0.02)
    figure.suptitle("f(x, y) = 0.1 x² + 2 y² + sin x · cos y   from (−4, 4), lr 0.1, decay 0.9",
                    fontsize=11.5, color=INK)
    panes = [pane(axes, name, surface, minimum) for axes, name in zip(grid.flat, paths)]

    def show(step):
        for (line, head, note), points in zip(panes, paths.values()):
            x, y, _ = zip(*points[: step + 1])
            line.set_data(x, y)
            head.set_data(x[-1:], y[-1:])
            distance = math.dist((x[-1], y[-1]), minimum[:2])
            note.set_text(f"after {step} steps\n{distance:.3f} from the minimum")

    last = len(next(iter(paths.values()))) - 1
    show(last)
    figure.savefig(still, dpi=100, pil_kwargs={"optimize": True})
    if animation:
        figure.set_layout_engine("none")  # as in the still, not found anew for each frame
        frames = [*range(0, last, 2), *[last] * 15]
        FuncAnimation(figure, show, frames).save(animation, PillowWriter(fps=8), dpi=70)


main(*sys.argv[1:])
