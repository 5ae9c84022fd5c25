"""The report of perf/, made from a small stored run whose numbers are easy, and from a real one."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
REPORT, SMALL = HERE.parent / "perf" / "report.py", HERE / "perf_small.json"
BENCHMARK = sys.argv.pop(1)
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "perf"))
from reporting import chart  # noqa: E402


def report(*arguments):
    return subprocess.run([sys.executable, "-B", REPORT, *arguments], check=True, capture_output=True, text=True).stdout


def rows(markdown, first):
    """The cells of the table rows that begin with this text."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines() if line[:1] == "|"]
    return [line[1:] for line in lines if line[0] == first]


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.out = pathlib.Path(cls.folder.name)
        cls.text = report(SMALL, "--out", cls.out)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def changed(self, change):
        """The stored run with `change` applied to each of its entries, as a file."""
        run = json.loads(SMALL.read_text())
        for entry in run["benchmarks"]:
            change(entry)
        path = self.out / "changed.json"
        path.write_text(json.dumps(run))
        return path

    def test_costs_are_medians_of_the_rounds(self):
        self.assertEqual(self.costs("1 Ki"), [["0.040 ±1%", "0.110 ±1%", "0.100 ±1%", "1.1 ±1%", "–"]])
        self.assertEqual(self.costs("16 Mi"), [["0.440 ±1%", "0.500 ±1%", "–", "–", "1.5 ±1%"]])

    def costs(self, size):
        header = next(line for line in self.text.splitlines() if line.startswith("| rmsprop, threads 1"))
        names = [name.strip() for name in header.strip("|").split("|")][1:]
        wanted = ["limit", "avx512", "intrinsics", "plain", "passes"]
        return [[row[names.index(name)] for name in wanted] for row in rows(self.text, size) if len(row) == len(names)]

    def test_ratios_are_medians_of_the_rounds_ratios(self):
        # The ratio of the medians would be .88.
        self.assertEqual(rows(self.text, "rmsprop: limit / time, 16 Mi, threads 1"), [["0.800", "≥ 0.95", "SHORT"]])
        self.assertEqual(rows(self.text, "rmsprop, 16 Mi, threads 1"), [["0.800", "–", "–", "–", "3"]])
        self.assertEqual(rows(self.text, "rmsprop, 16 Mi, threads 4"), [["0.800", "–", "–", "–", "4"]])
        self.assertEqual(rows(self.text, "rmsprop, 1 Ki, threads 1"), [["0.364", "0.909", "–", "10", "–"]])

    def test_goals(self):
        self.assertEqual(rows(self.text, "rmsprop: time / intrinsics, 1 Ki"), [["1.1", "≤ 1.05", "SHORT"]])
        self.assertEqual(rows(self.text, "rmsprop: n = 1023 / n = 1024, per step"), [["1.2", "≤ 1.1", "SHORT"]])
        self.assertEqual(rows(self.text, "rmsprop: threads 0 / threads 1, 1 Ki"), [["1.02", "≤ 1.05", "met"]])
        self.assertEqual(rows(self.text, "rmsprop: scaling / limit's scaling, 16 Mi"), [["1", "≥ 0.9", "met"]])

    def test_lists(self):
        # Of the group, 200 tensors share .1 ns for each of 204,800 elements.
        self.assertEqual(rows(self.text, "rmsprop-200x1024, threads 1"), [["0.600", "0.800", "2", "102"]])
        self.assertEqual(rows(self.text, "rmsprop-200mixed, threads 1"), [["1", "0.850", "–", "–"]])
        self.assertEqual(rows(self.text, "rmsprop-200x1024: list / flat, threads 1"), [["1.25", "≤ 1.25", "met"]])
        self.assertEqual(rows(self.text, "rmsprop-200x1024: list / flat, threads 4"), [["1.5", "≤ 1.25", "SHORT"]])
        self.assertEqual(rows(self.text, "rmsprop-200x1024: ns for a group, threads 1"), [["102", "≤ 2000", "met"]])
        self.assertEqual(rows(self.text, "rmsprop-200x1024: ns for a group, threads 4"), [["2,406", "≤ 2000", "SHORT"]])
        self.assertEqual(rows(self.text, "rmsprop-200mixed: flat / list, threads 1"), [["0.850", "≥ 0.9", "SHORT"]])
        self.assertEqual(rows(self.text, "grad-norm: limit / time, 16 Mi, threads 1"), [["0.909", "≥ 0.9", "met"]])

    def test_model_scaling_and_oddities(self):
        self.assertEqual(rows(self.text, "rmsprop, avx512"), [["62", "15.5"]])  # .5 and .125 ns of 124 M
        self.assertEqual(rows(self.text, "rmsprop"), [["4", "4", "4", "1"]])
        self.assertEqual(rows(self.text, "rmsprop, 1 Ki")[-1], ["1.2", "1.3", "1.02", "10", "1"])

    def test_page_is_whole_in_itself(self):
        page = (self.out / "report.html").read_text()
        self.assertEqual(re.findall(r"""(?:src|href)=|url\(|<script""", page), [])
        self.assertGreaterEqual(page.count("<figure><svg"), 5)
        self.assertIn("Example CPU", page)
        self.assertEqual((self.out / "report.md").read_text(), self.text.removesuffix("\n"))

    def test_warns_of_a_busy_machine(self):
        self.assertNotIn("WARNING", self.text)
        warning = "WARNING: the machine was busy"
        self.assertIn(warning, report(self.changed(lambda entry: entry.update(spread=.2))))
        self.assertIn(warning, report(self.changed(lambda entry: entry.update(others=.3))))

        def some_of_30(count):
            cells = []

            def wide(entry):
                if entry["name"] not in cells:
                    cells.append(entry["name"])
                entry["spread"] = .3 if cells.index(entry["name"]) < count else .01

            return self.changed(lambda entry: "others" in entry and wide(entry))

        self.assertIn(warning, report(some_of_30(5)))
        self.assertNotIn(warning, report(some_of_30(4)))

    def test_says_what_the_last_cache_may_hold(self):
        note = "may hold a good part of the largest arrays"
        self.assertNotIn(note, self.text)
        path = self.changed(lambda entry: None)
        path.write_text(path.read_text().replace('"67108864"', '"1006632960"'))
        self.assertIn(f"{note}, less than twice its size, of rmsprop, grad-norm", report(path))

    def test_a_part_of_a_run_is_reported_too(self):
        def only_library(entry):
            if "/limit/" in entry["name"] or "threads:4" in entry["name"]:
                entry["run_type"] = "left out"

        text = report(self.changed(only_library), "--out", self.out / "part")
        self.assertEqual(rows(text, "rmsprop, 1 Ki, threads 1"), [["–", "0.909", "–", "10", "–"]])

    def test_compare_shows_what_changed_beyond_noise(self):
        def slower(entry):
            entry["ns_per_element"] *= 1.5 if "avx512/n:1024/threads:1/manual" in entry["name"] else 1.03

        text = report("--compare", SMALL, self.changed(slower))
        self.assertIn("1 of 30 measurements changed", text)
        self.assertEqual(rows(text, "rmsprop/avx512/n:1024/threads:1"), [["1.5", "0.040", "1.03"]])
        self.assertIn("0 of 30", report("--compare", SMALL, SMALL))

    def test_compare_knows_how_much_the_machine_does(self):
        def times(**factors):
            def slower(entry):
                if "/n:1024/threads:1/manual" in entry["name"]:
                    entry["ns_per_element"] *= factors.get(entry["name"].split("/")[1], 1)

            return self.changed(slower)

        self.assertIn("1 of 30", report("--compare", SMALL, times(avx512=1.5, plain=1.4)))
        self.assertIn("0 of 30", report("--compare", SMALL, times(avx512=1.5, plain=1.6)))
        self.assertIn("1 of 30", report("--compare", SMALL, times(avx512=1.52, limit=1.4)))
        self.assertIn("0 of 30", report("--compare", SMALL, times(avx512=1.52, limit=1.5)))
        other = times(avx512=1.5, plain=1.6)
        other.write_text(other.read_text().replace("Example CPU", "Another CPU"))
        text = report("--compare", SMALL, other)
        self.assertIn("WARNING: cpu differs: Example CPU and Another CPU", text)
        self.assertIn("2 of 30", text) # between machines everything may differ

    def real(self, *flags):
        path = self.out / "real.json"
        with open(path, "w") as file:
            subprocess.run([BENCHMARK, "--tiny", "--benchmark_format=json", *flags], stdout=file,
                           stderr=subprocess.DEVNULL, check=True)
        return path

    def test_a_real_run_has_every_section(self):
        path = self.real()
        text = report(path, "--out", self.out / "real")
        for section in ("promises", "use now", "Lists", "124 M", "Share", "ns per element against size", "Odd sizes"):
            self.assertRegex(text, f"(?m)^## .*{section}")
        self.assertNotIn("nan", text)


    def test_counters_agree_with_one_another(self):
        run = json.loads(self.real("--benchmark_filter=^(adamw|sgd-momentum)/.*/n:40000/", "--benchmark_repetitions=5")
                         .read_text())
        rounds = {}
        for entry in run["benchmarks"]:
            if entry["run_type"] == "iteration":
                rounds.setdefault(entry["name"], []).append(entry)
        self.assertGreaterEqual(len(rounds), 10)
        for name, entries in rounds.items():
            self.assertEqual(len(entries), 5)
            optimizer, contender, *_ = name.split("/")
            held = {"adamw": 16, "sgd-momentum": 12}[optimizer]
            ns = [entry["ns_per_element"] for entry in entries]
            middle = sorted(ns)
            for entry, limit in zip(entries, rounds[name.replace(f"/{contender}/", "/limit/")]):
                self.assertEqual(entry["bytes_held"], held)
                self.assertAlmostEqual(entry["bytes_per_second"] * entry["ns_per_element"] * 1e-9, 2 * held - 4)
                self.assertAlmostEqual(entry["share_of_limit"], limit["ns_per_element"] / entry["ns_per_element"])
                self.assertAlmostEqual(entry["spread"], (middle[3] - middle[1]) / middle[2])
                self.assertAlmostEqual(entry["real_time"], entry["ns_per_element"] * 40000, delta=1)
                self.assertGreaterEqual(entry["steps"], 1)

    def test_a_part_that_has_no_report_says_so(self):
        for part in ("adamw/plain/", "rmsprop/limit/", "subnormal", "no such name"):
            done = subprocess.run([sys.executable, "-B", REPORT, self.real("--benchmark_filter=" + part)],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 1, part)
            self.assertRegex(done.stderr, "nothing to report|nothing was measured")
            self.assertNotIn("Traceback", done.stderr)

    def test_parts_that_have_one(self):
        for part in ("rmsprop-200x1024", "adamw/avx|adamw/scalar|adamw/neon", "rmsprop/.*/n:1024/threads:1/", "grad-norm"):
            text = report(self.real("--benchmark_filter=" + part), "--out", self.out / "part")
            self.assertIn(part.split("/")[0], text)

    def test_flags_that_have_no_meaning_here(self):
        for flag in ("--benchmark_min_time=1", "--benchmark_repetitions=0"):
            done = subprocess.run([BENCHMARK, "--tiny", flag], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(flag, done.stderr)


class Chart(unittest.TestCase):
    def test_lines_lie_where_their_numbers_are(self):
        svg = chart.lines("t", "x", "y", {"a": [(1, 1), (4, 4)], "b": [(2, .25)]}, marks=[(2, "L1"), (64, "L2")])
        left, right = chart.LEFT, chart.WIDTH - chart.RIGHT
        top, bottom = chart.TOP, chart.HEIGHT - chart.BOTTOM
        middle = (left + right) / 2
        self.assertEqual(re.findall(r'<polyline points="([^"]*)"', svg),
                         [f"{left:.1f},{(top + bottom) / 2:.1f} {right:.1f},{top:.1f}", f"{middle:.1f},{bottom:.1f}"])
        marks = re.findall(r'<line x1="([^"]*)"[^>]*stroke-dasharray="2 3"', svg)
        self.assertEqual(marks, [f"{middle:.1f}"])  # the other lies outside
        self.assertIn(">L1</text>", svg)
        self.assertNotIn(">L2</text>", svg)

    def test_bars_are_as_long_as_their_numbers(self):
        svg = chart.bars("t", "x", [("a", 2.), ("none", None), ("b", 1.)])
        long, short = map(float, re.findall(r'<rect x="150"[^>]*? width="([^"]*)"', svg))
        self.assertAlmostEqual(long, 2 * short, delta=.11)

    def test_nothing_to_draw(self):
        self.assertIn("t: not measured", chart.lines("t", "x", "y", {}))
        self.assertIn("t: not measured", chart.bars("t", "x", [("none", None)]))


unittest.main()
