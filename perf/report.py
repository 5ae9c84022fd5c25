#!/usr/bin/python3
"""Turns the JSON of glissade_perf into a report: Markdown on the terminal, and a page with pictures."""
import argparse
import base64
import pathlib
import re

from reporting.compare import compare
from reporting.results import Results
from reporting.text import opening, report, shortfalls, sizes

STYLE = """body { font: 15px/1.5 sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse } th, td { padding: .2em .8em } th { border-bottom: 1px solid #888 }
tr:nth-child(even) { background: #f4f4f4 } img { max-width: 100% }"""


def page(text, folder):
    """The Markdown as HTML that needs no other file."""
    import markdown

    def data(match):
        return f'src="data:image/svg+xml;base64,{base64.b64encode((folder / match[1]).read_bytes()).decode()}"'

    body = re.sub(r'src="(\w+\.svg)"', data, markdown.markdown(text, extensions=["tables"]))
    title = re.search("<h1>(.*)</h1>", body)[1]
    return f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>{body}</html>\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("json", nargs="*", help="results of one run, or of two for --compare")
    parser.add_argument("--out", type=pathlib.Path, help="folder for report.html, report.md and the pictures")
    parser.add_argument("--brief", action="store_true", help="only the main figures")
    parser.add_argument("--compare", action="store_true", help="show what changed from the first run to the second instead")
    arguments = parser.parse_args()
    if len(arguments.json) != 1 + arguments.compare:
        parser.error("which results?")
    results = [Results(path) for path in arguments.json]
    if arguments.compare:
        return print("\n\n".join(compare(*results)))
    r = results[0]
    if not r.optimizers and not r.lists and not r.stored:
        parser.exit(1, "nothing to report: the run has no size at which the library ran on one thread\n")
    if arguments.brief:
        return print("\n\n".join([*opening(r), *sizes(r)]))
    if not arguments.out:
        return print("\n\n".join(report(r)))
    from reporting.pictures import draw

    arguments.out.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(report(r, list(draw(r, arguments.out)))) + "\n"
    (arguments.out / "report.md").write_text(text)
    (arguments.out / "report.html").write_text(page(text, arguments.out))
    print("\n\n".join([*opening(r), *list(shortfalls(r))[1:]]))


if __name__ == "__main__":
    main()
