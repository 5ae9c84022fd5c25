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
        self.assertEqual(self.costs("1 Ki"), [["0.040", "0.110", "0.100", "1.1", "–"]])
        self.assertEqual(self.costs("16 Mi"), [["0.440", "0.500", "–", "–", "1.5"]])

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
        self.assertIn("WARNING: the machine was busy", report(self.changed(lambda entry: entry.update(spread=.2))))

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

    def test_a_real_run_has_every_section(self):
        path = self.out / "real.json"
        with open(path, "w") as file:
            subprocess.run([BENCHMARK, "--tiny", "--benchmark_format=json"], stdout=file, stderr=subprocess.DEVNULL,
                           check=True)
        text = report(path, "--out", self.out / "real")
        for section in ("promises", "use now", "Lists", "124 M", "Share", "ns per element against size", "Odd sizes"):
            self.assertRegex(text, f"(?m)^## .*{section}")
        self.assertNotIn("nan", text)


unittest.main()
