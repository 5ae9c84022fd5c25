"""A report as a list of blocks, written as Markdown or as one HTML page."""
from html import escape

STYLE = """body { font: 15px/1.5 sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } th, td { padding: .2em .8em; text-align: right }
th { border-bottom: 1px solid #888 } th:first-child, td:first-child { text-align: left }
tr:nth-child(even) { background: #f4f4f4 } figure { margin: 1em 0 } .warning { color: #b00; font-weight: bold }"""


class Document:
    def __init__(self):
        self.blocks = []

    def heading(self, text):
        self.blocks.append(("heading", text))

    def text(self, text):
        self.blocks.append(("text", text))

    def warning(self, text):
        self.blocks.append(("warning", text))

    def table(self, header, rows):
        """Rows of texts, numbers or None."""
        if rows:
            self.blocks.append(("table", header, [[shown(value) for value in row] for row in rows]))

    def picture(self, svg):
        self.blocks.append(("picture", svg))

    def markdown(self):
        lines = []
        for kind, *content in self.blocks:
            if kind == "heading":
                lines += [f"## {content[0]}", ""]
            elif kind == "text":
                lines += [content[0], ""]
            elif kind == "warning":
                lines += [f"**WARNING: {content[0]}**", ""]
            elif kind == "table":
                lines += aligned(*content) + [""]
        return "\n".join(lines)

    def html(self, title):
        parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
                 f"<style>{STYLE}</style><h1>{escape(title)}</h1>"]
        for kind, *content in self.blocks:
            if kind == "heading":
                parts.append(f"<h2>{escape(content[0])}</h2>")
            elif kind == "text":
                parts.append(f"<p>{escape(content[0])}</p>")
            elif kind == "warning":
                parts.append(f"<p class=warning>{escape(content[0])}</p>")
            elif kind == "table":
                header, rows = content
                parts.append("<table>" + html_row("th", header) + "".join(html_row("td", r) for r in rows)
                             + "</table>")
            elif kind == "picture":
                parts.append(f"<figure>{content[0]}</figure>")
        return "\n".join(parts) + "\n"


def shown(value):
    """Three significant digits are more than a measurement holds."""
    if value is None:
        return "–"
    if not isinstance(value, float):
        return str(value)
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3f}" if value < 1 else f"{value:.3g}"


def size_name(n):
    for unit, name in ((1 << 20, "Mi"), (1 << 10, "Ki")):
        if n % unit == 0:
            return f"{n // unit} {name}"
    return f"{n:,}"


def html_row(tag, values):
    return "<tr>" + "".join(f"<{tag}>{escape(value)}</{tag}>" for value in values) + "</tr>"


def aligned(header, rows):
    widths = [max(len(row[i]) for row in [header] + rows) for i in range(len(header))]

    def line(row):
        cells = [row[0].ljust(widths[0])] + [v.rjust(w) for v, w in zip(row[1:], widths[1:])]
        return "| " + " | ".join(cells) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2)] + ["-" * (w + 1) + ":" for w in widths[1:]]) + "|"
    return [line(header), rule] + [line(row) for row in rows]
