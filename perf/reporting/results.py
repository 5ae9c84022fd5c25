"""The results of one run of glissade_perf, read from its JSON."""
import json
import re
from math import log
from statistics import mean, median
from typing import NamedTuple

NAME = re.compile(r"([^/]+)/([^/]+)/n:(\d+)/threads:(\d+)(/misaligned)?(/subnormal)?/manual_time")
LIMITS = ("limit", "divider")
RIVALS = ("intrinsics", "plain-native", "plain", "passes")
DEFAULT_PARAMS = 124_000_000  # of GPT-2 small


class Cell(NamedTuple):
    """One measurement: what was timed, and how."""
    optimizer: str
    contender: str
    n: int
    threads: int
    misaligned: bool = False
    subnormal: bool = False


class Results:
    def __init__(self, path):
        with open(path) as file:
            text = file.read()
        if not text.strip():
            raise SystemExit(f"{path} is empty: nothing was measured")
        document = json.loads(text)
        self.context = document["context"]
        self.rounds = {}  # Cell: ns per element, one for each round
        self.names = {}  # Cell: its name
        self.spread = {}  # Cell: the middle half of the rounds over their median
        self.others = {}  # Cell: CPUs that other programs used meanwhile
        self.bytes_held = {}  # optimizer: bytes of its arrays per element
        for entry in document["benchmarks"]:
            match = NAME.fullmatch(entry["name"])
            if entry["run_type"] != "iteration" or not match:
                continue
            optimizer, contender, n, threads, misaligned, subnormal = match.groups()
            cell = Cell(optimizer, contender, int(n), int(threads), bool(misaligned), bool(subnormal))
            self.rounds.setdefault(cell, []).append(entry["ns_per_element"])
            self.names[cell] = entry["name"].removesuffix("/manual_time")
            self.spread[cell] = entry["spread"]
            self.others[cell] = entry["others"]
            self.bytes_held[optimizer] = entry["bytes_held"]
        self.isas = self.context["isas"].split()
        self.best = self.isas[0]
        self.params = int(self.context.get("params", DEFAULT_PARAMS))
        self.lists = {c.optimizer: c.n for c in self.rounds if c.contender == "many"}
        self.stored = {o: sorted({c.n for c in self.rounds if c.optimizer == o})
                       for o in dict.fromkeys(c.optimizer for c in self.rounds) if o.endswith("-stored")}
        self.optimizers = [o for o in dict.fromkeys(c.optimizer for c in self.rounds) if self.sizes(o)]
        self.threads = sorted({c.threads for c in self.rounds if c.threads}) or [1]
        self.few_and_all = sorted({1, self.threads[-1]})
        self.caches = [(f"L{c['level']}", c["size"]) for c in self.context["caches"] if c["type"] != "Instruction"]
        # Those with rivals first; of others the first two.
        rivalled = [o for o in self.optimizers if any(c.optimizer == o and c.contender in RIVALS for c in self.rounds)]
        self.shown = rivalled or self.optimizers[:2]

    def sizes(self, optimizer):
        """The sizes at which the library ran on one thread, without those that are one less than another."""
        sizes = {c.n for c in self.rounds if c == Cell(optimizer, self.best, c.n, 1)}
        return sorted(n for n in sizes if n + 1 not in sizes)

    def size_for_model(self, optimizer):
        """The measured size that is nearest to the model's."""
        return min(self.sizes(optimizer), key=lambda n: abs(log(n / self.params)))

    def ns(self, cell):
        """The median of ns per element; None if it was not measured."""
        return median(self.rounds[cell]) if cell in self.rounds else None

    def model_seconds(self, optimizer, contender, threads):
        ns = self.ns(Cell(optimizer, contender, self.size_for_model(optimizer), threads))
        return ns and ns * 1e-9 * self.params

    def ratio(self, cell, to):
        """The median over the rounds of the ratio of two measurements that alternated."""
        if cell not in self.rounds or to not in self.rounds:
            return None
        return median(a / b for a, b in zip(self.rounds[cell], self.rounds[to]))

    def of_memory(self, cell):
        """How near to the memory's limit: limit / time."""
        return self.ratio(cell._replace(contender="limit"), cell)

    def of_machine(self, cell):
        """How near to the limit of the memory or of the divider, whichever is the slower."""
        limits = [self.rounds[c] for name in LIMITS if (c := cell._replace(contender=name)) in self.rounds]
        if cell not in self.rounds or not limits:
            return None
        return median(max(limit) / time for *limit, time in zip(*limits, self.rounds[cell]))

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

    def is_in_memory(self, optimizer, n):
        """Are the arrays larger than what caches hold?"""
        return n * self.bytes_held[optimizer] >= int(self.context["beyond_caches"])

    def was_busy(self):
        """On a quiet machine no more than 15 % of the measurements spread by more than a tenth, and others use no more
        than a quarter of a CPU."""
        return mean(spread > .1 for spread in self.spread.values()) > .15 or mean(self.others.values()) > .25
