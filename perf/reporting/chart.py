"""Draws lines and bars as SVG, with nothing but the standard library."""
from html import escape
from math import ceil, floor, log2

from .document import shown

COLORS = ["#0b62a4", "#d1495b", "#2e933c", "#8f3985", "#e09f3e", "#3a7d8c", "#7a5c3e", "#5f5f5f"]
WIDTH, HEIGHT = 560, 340
LEFT, RIGHT, TOP, BOTTOM = 58, 140, 34, 44


def text(x, y, content, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{escape(content)}</text>'


def line(x1, y1, x2, y2, style):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>'


def svg(width, height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">'
            f'<rect width="{width}" height="{height}" fill="white"/>' + "".join(parts) + "</svg>")


def side_by_side(pictures, columns=2):
    """One picture of several, in rows."""
    parts = []
    for i, picture in enumerate(pictures):
        place = f'<svg x="{i % columns * WIDTH}" y="{i // columns * HEIGHT}" '
        parts.append(picture.replace("<svg ", place, 1))
    return svg(WIDTH * min(columns, len(pictures)), HEIGHT * ceil(len(pictures) / columns), parts)


def nothing(title):
    return svg(WIDTH, TOP, [text(20, 18, title + ": not measured", "start")])


def lines(title, x_name, y_name, series, dashed=(), thick=(), marks=(), x_label=str):
    """`series`: name: [(x, y)], both axes logarithmic; `marks`: (x, text) of vertical lines."""
    points = [p for values in series.values() for p in values]
    if not points:
        return nothing(title)
    x0, x1 = (f(log2(x) for x, _ in points) for f in (min, max))
    y0, y1 = floor(min(log2(y) for _, y in points)), ceil(max(log2(y) for _, y in points))
    x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)

    def at_x(x):
        return LEFT + (log2(x) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)

    def at_y(y):
        return HEIGHT - BOTTOM - (log2(y) - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)

    parts = [text(LEFT, 18, title, "start", 'font-size="13" font-weight="bold"'),
             text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_name),
             text(14, HEIGHT / 2, y_name, extra=f'transform="rotate(-90 14 {HEIGHT / 2})"')]
    for power in range(y0, y1 + 1):
        y = at_y(2.0 ** power)
        parts += [line(LEFT, y, WIDTH - RIGHT, y, 'stroke="#ddd"'), text(LEFT - 5, y + 4, shown(2.0 ** power), "end")]
    for x, name in marks:
        if 2 ** x0 < x < 2 ** x1:
            parts += [line(at_x(x), TOP, at_x(x), HEIGHT - BOTTOM, 'stroke="#aaa" stroke-dasharray="2 3"'),
                      text(at_x(x), TOP - 3, name, extra='fill="#777"')]
    room = 0
    for x in sorted({x for x, _ in points}):
        if at_x(x) >= room:
            parts.append(text(at_x(x), HEIGHT - BOTTOM + 15, x_label(x)))
            room = at_x(x) + 38
    for i, (name, values) in enumerate(series.items()):
        style = f'stroke="{COLORS[i % len(COLORS)]}" stroke-width="{4 if name in thick else 1.5}" fill="none"'
        if name in dashed:
            style += ' stroke-dasharray="6 4"'
        path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in values)
        parts += [f'<polyline points="{path}" {style}/>',
                  line(WIDTH - RIGHT + 8, TOP + 10 + 17 * i, WIDTH - RIGHT + 28, TOP + 10 + 17 * i, style),
                  text(WIDTH - RIGHT + 33, TOP + 14 + 17 * i, name, "start")]
    return svg(WIDTH, HEIGHT, parts)


def bars(title, x_name, values, mark=None):
    """Horizontal bars of (name, value), from 0, without those not measured; `mark`: a vertical line at this value."""
    values = [(name, value) for name, value in values if value]
    if not values:
        return nothing(title)
    top = max([v for _, v in values] + ([mark] if mark else [])) * 1.12
    step = min(24, (HEIGHT - TOP - BOTTOM) / len(values))

    def at_x(x):
        return 150 + x / top * (WIDTH - 200)

    parts = [text(20, 18, title, "start", 'font-size="13" font-weight="bold"'),
             text(at_x(top / 2), TOP + step * len(values) + 18, x_name)]
    for i, (name, value) in enumerate(values):
        y = TOP + i * step
        parts += [text(144, y + step / 2 + 4, name, "end"), text(at_x(value) + 4, y + step / 2 + 4, shown(value), "start"),
                  f'<rect x="150" y="{y + 2:.1f}" width="{at_x(value) - 150:.1f}" height="{step - 4:.1f}" '
                  f'fill="{COLORS[0]}"/>']
    if mark:
        parts.append(line(at_x(mark), TOP, at_x(mark), TOP + step * len(values), 'stroke="#d1495b" stroke-dasharray="4 3"'))
    return svg(WIDTH, HEIGHT, parts)
