"""The results of one run of glissade_perf, read from its JSON."""
import json
import re
from statistics import mean, median
from typing import NamedTuple

NAME = re.compile(r"(?P<optimizer>[^/]+)/(?P<contender>[^/]+)/n:(?P<n>\d+)/threads:(?P<threads>\d+)"
                  r"(?P<misaligned>/misaligned)?(?P<subnormal>/subnormal)?/manual_time")


# What is no part of the library, and so the same before and after a change of it.
RIVALS = ("intrinsics", "plain-native", "plain", "passes")
OTHERS = ("limit", *RIVALS)


class Cell(NamedTuple):
    """One measurement: what was timed, and how."""
    optimizer: str
    contender: str
    n: int
    threads: int
    misaligned: bool = False
    subnormal: bool = False

    def __str__(self):
        return (f"{self.optimizer}/{self.contender}/n:{self.n}/threads:{self.threads}"
                + "/misaligned" * self.misaligned + "/subnormal" * self.subnormal)


class Results:
    def __init__(self, path):
        with open(path) as file:
            text = file.read()
        if not text.strip():
            raise SystemExit(f"{path} is empty: nothing was measured")
        document = json.loads(text)
        self.context = document["context"]
        self.rounds = {}  # Cell: ns per element, one for each round
        self.spread = {}
        self.others = {}  # CPUs that other programs used meanwhile
        self.bytes_held = {}  # optimizer: bytes of its arrays per element
        for entry in document["benchmarks"]:
            match = NAME.fullmatch(entry["name"])
            if entry["run_type"] != "iteration" or not match:
                continue
            m = match.groupdict()
            cell = Cell(m["optimizer"], m["contender"], int(m["n"]), int(m["threads"]),
                        bool(m["misaligned"]), bool(m["subnormal"]))
            self.rounds.setdefault(cell, []).append(entry["ns_per_element"])
            self.spread[cell] = entry["spread"]
            self.others[cell] = entry["others"]
            self.bytes_held[cell.optimizer] = entry["bytes_held"]

        def distinct(of):
            return list(dict.fromkeys(of(cell) for cell in self.rounds))

        self.isas = self.context["isas"].split()
        self.best = self.isas[0]
        self.lists = {c.optimizer: c.n for c in self.rounds if c.contender == "many"}
        self.optimizers = [o for o in distinct(lambda c: c.optimizer) if self.sizes(o)]
        self.contenders = distinct(lambda c: c.contender)
        self.threads = sorted({c.threads for c in self.rounds if c.threads}) or [1]
        self.caches = [(level, int(kib) * 1024) for level, kib in
                       re.findall(r"(L\d) (\d+) KiB", self.context["data_caches"])]

    def sizes(self, optimizer):
        """The sizes at which the library ran on one thread, without those that are one less than another."""
        sizes = {c.n for c in self.rounds if (c.optimizer, c.contender, c.threads, c.misaligned, c.subnormal)
                 == (optimizer, self.best, 1, False, False)}
        return sorted(n for n in sizes if n + 1 not in sizes)

    def ns(self, cell):
        """The median of ns per element; None if it was not measured."""
        return median(self.rounds[cell]) if cell in self.rounds else None

    def ratio(self, cell, to):
        """The median over the rounds of the ratio of two measurements that alternated."""
        if cell not in self.rounds or to not in self.rounds:
            return None
        return median(a / b for a, b in zip(self.rounds[cell], self.rounds[to]))

    def share(self, cell):
        """How near to the memory limit: limit / time."""
        return self.ratio(cell._replace(contender="limit"), cell)

    def scaling(self, cell, threads):
        """Times as fast as on one thread."""
        return self.ratio(cell._replace(threads=1), cell._replace(threads=threads))

    def group_cost(self, many):
        """ns for each tensor whose options are others than those of the tensor before it."""
        groups = many._replace(contender="groups")
        if many not in self.rounds or groups not in self.rounds:
            return None
        more = median(b - a for a, b in zip(self.rounds[many], self.rounds[groups]))
        return more * many.n / int(re.search(r"-(\d+)", many.optimizer)[1])

    def large(self, optimizer):
        """The size for what is said of large arrays."""
        return self.sizes(optimizer)[-1]

    def is_in_memory(self, optimizer, n):
        """Are the arrays larger than what caches hold?"""
        return n * self.bytes_held[optimizer] >= int(self.context["beyond_caches"])

    def was_busy(self):
        """More measurements spread wide than on a quiet machine, or others used it. As in main.cpp."""
        limit = {key: float(self.context["busy_" + key]) for key in ("part", "spread", "others")}
        wide = mean(spread > limit["spread"] for spread in self.spread.values())
        return wide > limit["part"] or mean(self.others.values()) > limit["others"]
