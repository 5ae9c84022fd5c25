"""Prints the results of measure.py as one Markdown table: peer / library, with the library's ns per element."""
import json
import sys

results = [json.loads(line) for line in sys.stdin]
columns = list(dict.fromkeys(r["tensors"] for r in results))
rows = list(dict.fromkeys((r["threads"], r["peer"]) for r in results))
found = {(r["threads"], r["peer"], r["tensors"]): r for r in results}
print("Time of the peer / time of the library (the library's ns per element). Above 1 the library is faster.\n")
print("| threads, peer | " + " | ".join(columns) + " |")
print("|---|" + "---:|" * len(columns))
for threads, peer in rows:
    cells = [found.get((threads, peer, column)) for column in columns]
    print(f"| {threads}, {peer} | "
          + " | ".join(f"{c['ratio']:.2f} ({c['library']:.3f})" if c else "–" for c in cells) + " |")
