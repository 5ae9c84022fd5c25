"""The results of one run of glissade_perf, read from its JSON."""
import json
import re
from statistics import median
from typing import NamedTuple

NAME = re.compile(r"(?P<optimizer>[^/]+)/(?P<contender>[^/]+)/n:(?P<n>\d+)/threads:(?P<threads>\d+)"
                  r"(?P<misaligned>/misaligned)?(?P<subnormal>/subnormal)?/manual_time")


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
            document = json.load(file)
        self.context = document["context"]
        self.rounds = {}  # Cell: ns per element, one for each round
        self.spread = {}
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
            self.bytes_held[cell.optimizer] = entry["bytes_held"]

        def distinct(of):
            return list(dict.fromkeys(of(cell) for cell in self.rounds))

        self.lists = {c.optimizer: c.n for c in self.rounds if c.contender == "many"}
        self.optimizers = [o for o in distinct(lambda c: c.optimizer) if o not in self.lists]
        self.contenders = distinct(lambda c: c.contender)
        self.threads = sorted(set(distinct(lambda c: c.threads)) - {0})
        self.isas = self.context["isas"].split()
        self.best = self.isas[0]
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

    def was_busy(self):
        """Half of the measurements spread wider than a quiet machine's do."""
        return median(self.spread.values()) > float(self.context["busy_above"])
