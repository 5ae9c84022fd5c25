#!/usr/bin/env python3
"""Turns the JSON of glissade_perf into a report: HTML and Markdown files, and Markdown on the terminal."""
import argparse
import pathlib

from reporting import compare, sections
from reporting.document import Document
from reporting.results import Results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("json", nargs="?", help="results of one run")
    parser.add_argument("--out", type=pathlib.Path, help="folder for report.html, report.md and picture.svg")
    parser.add_argument("--compare", nargs=2, metavar=("A", "B"), help="show what changed from A to B instead")
    arguments = parser.parse_args()
    document = Document()
    if arguments.compare:
        compare.write(*map(Results, arguments.compare), document)
    elif arguments.json:
        results = Results(arguments.json)
        if not results.optimizers and not results.lists:
            parser.exit(1, "nothing to report: the run has no size at which the library ran on one thread\n")
        for section in sections.ALL:
            section(results, document)
    else:
        parser.error("results are missing")
    print(document.markdown())
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "report.md").write_text(document.markdown())
        (arguments.out / "report.html").write_text(document.html("glissade on this machine"))
        if not arguments.compare and results.optimizers:
            (arguments.out / "picture.svg").write_text(sections.picture(results) + "\n")


if __name__ == "__main__":
    main()
