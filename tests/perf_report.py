"""The report of perf/, made from a small run whose numbers are easy, and from real ones."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

REPORT = pathlib.Path(__file__).resolve().parent.parent / "perf" / "report.py"
BENCHMARK = sys.argv.pop(1)

# ns per element of three rounds, then bytes of the arrays per element.
SMALL = {
    "rmsprop/limit/n:1024/threads:1": [.04, .04, .04, 12],
    "rmsprop/divider/n:1024/threads:1": [.08, .08, .1, 12],
    "rmsprop/avx512/n:1024/threads:1": [.1, .3, .11, 12],
    "rmsprop/intrinsics/n:1024/threads:1": [.1, .1, .1, 12],
    "rmsprop/plain/n:1024/threads:1": [1, 3, 1.1, 12],
    "rmsprop/limit/n:1023/threads:1": [.04, .04, .04, 12],
    "rmsprop/avx512/n:1023/threads:1": [.12, .36, .132, 12],
    "rmsprop/avx512/n:1024/threads:0": [.102, .306, .1122, 12],
    "rmsprop/avx512/n:1024/threads:1/misaligned": [.13, .39, .143, 12],
    "rmsprop/avx512/n:1024/threads:1/subnormal": [1, 3, 1.1, 12],
    "rmsprop/avx512-flush/n:1024/threads:1/subnormal": [.1, .3, .11, 12],
    "rmsprop/limit/n:16777216/threads:1": [.4, .8, .44, 12],
    "rmsprop/avx512/n:16777216/threads:1": [.5, 1, .4, 12],
    "rmsprop/passes/n:16777216/threads:1": [1.5, 3, 1.2, 12],
    "rmsprop/limit/n:16777216/threads:4": [.1, .2, .11, 12],
    "rmsprop/avx512/n:16777216/threads:4": [.125, .5, .1, 12],
    "rmsprop/passes/n:16777216/threads:4": [.5, 2, .4, 12],
    "rmsprop-200x1024/flat/n:204800/threads:1": [.4, .8, .3, 12],
    "rmsprop-200x1024/many/n:204800/threads:1": [.5, .8, .6, 12],
    "rmsprop-200x1024/groups/n:204800/threads:1": [.6, 1, .65, 12],
    "rmsprop-200x1024/each/n:204800/threads:1": [1, 1.2, 1.8, 12],
    "rmsprop-200x1024/flat/n:204800/threads:4": [.1, .2, .075, 12],
    "rmsprop-200x1024/many/n:204800/threads:4": [.15, .3, .1125, 12],
    "rmsprop-200x1024/groups/n:204800/threads:4": [2.5, 2.8, 2.2, 12],
    "rmsprop-200mixed/many/n:20000000/threads:1": [1, 2, 1, 12],
    "rmsprop-200mixed/flat/n:20000000/threads:1": [.85, 1.7, 1, 12],
    "adamw-stored/limit/n:16384/threads:1": [.2, .2, .4, 16],
    "adamw-stored/float32/n:16384/threads:1": [.4, .4, .4, 16],
    "adamw-stored/split/n:16384/threads:1": [.5, .3, .6, 16],
    "adamw-stored/split-limit/n:16384/threads:1": [.1, .1, .1, 16],
    "adamw-stored/float32-scalar/n:16384/threads:1": [1, 1, 1, 16],
    "adamw-stored/split-scalar/n:16384/threads:1": [3, 3, 3, 16],
    "grad-norm/limit/n:16777216/threads:1": [.1, .2, .1, 4],
    "grad-norm/avx512/n:16777216/threads:1": [.125, .22, .11, 4],
}
CONTEXT = {"date": "2026-11-20T12:00:00+00:00", "beyond_caches": "67108864", "compiler": "GNU 12.2.0", "cpu": "Example CPU",
           "caches": [{"type": "Data", "level": 1, "size": 49152}, {"type": "Instruction", "level": 1, "size": 32768},
                      {"type": "Unified", "level": 3, "size": 33554432}],
           "glissade_version": "0.1.0", "isas": "avx512 scalar ", "mode": "quick", "threads": "4"}


def command(*arguments):
    return subprocess.run([sys.executable, "-B", REPORT, *arguments], capture_output=True, text=True)


def report(*arguments):
    done = command(*arguments)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def rows(markdown, first):
    """The cells of the table rows that begin with this text."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines() if line[:1] == "|"]
    return [line[1:] for line in lines if line[0] == first]


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.out = pathlib.Path(cls.folder.name)
        cls.text = report(cls.run_of())
        cls.opening = report(cls.run_of(), "--out", cls.out)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def run_of(cls, change=lambda entry: None, **context):
        """The small run as a file, with `change` applied to each of its entries."""
        entries = []
        for name, (*rounds, held) in SMALL.items():
            for ns in rounds:
                entries.append({"name": name + "/manual_time", "run_type": "iteration", "ns_per_element": ns,
                                "bytes_held": held, "spread": .02, "others": .01})
                change(entries[-1])
            entries.append({"name": name + "/manual_time_median", "run_type": "aggregate", "ns_per_element": 99})
        path = cls.out / "run.json"
        path.write_text(json.dumps({"context": CONTEXT | context, "benchmarks": entries}))
        return path

    def changed(self, *arguments, **context):
        return report(self.run_of(*arguments, **context))

    def test_opens_with_the_cost_of_the_model(self):
        # .5 and .125 ns of 124 M
        self.assertIn("rmsprop: a step of 124 M parameters takes 62 ms on 1 thread, 15.5 ms on 4 threads.", self.opening)
        self.assertIn("4 threads, L1 48 KiB, L3 32 MiB; instruction sets avx512, scalar; GNU 12.2.0;", self.opening)
        self.assertIn("80 % of what the machine can do", self.opening)
        self.assertIn("It is 4.0 times as fast as the unfused passes of a framework.", self.opening)
        self.assertEqual(rows(self.text, "rmsprop"), [["62 ms", "15.5 ms", "80 %", "4"], ["1.2", "1.3", "1.02", "10", "1"]])
        self.assertIn("arrays of 16 Mi elements, the nearest measured", self.text)
        text = self.changed(params="2000")
        self.assertIn("a step of 2,000 parameters takes 220 ns on 1 thread.", text)  # .11 of each at 1 Ki
        self.assertIn("arrays of 1 Ki or 16 Mi elements", text)  # the norm was measured at the other alone
        self.assertNotIn("the nearest measured", self.changed(
            lambda e: e.update(name=e["name"].replace("16777216", "2000")), params="2000"))

    def test_the_limit_is_that_of_the_slower_of_memory_and_divider(self):
        self.assertEqual(rows(self.text, "rmsprop, 1 Ki, 1 thread"), [["0.110", "0.364", "0.800", "0.909", "10", "–"]])

    def test_ratios_are_medians_of_the_rounds_ratios(self):
        # The ratio of the medians would be .88.
        self.assertEqual(rows(self.text, "rmsprop, 16 Mi, 1 thread"), [["0.500", "0.800", "0.800", "–", "–", "3"]])
        self.assertEqual(rows(self.text, "rmsprop, 16 Mi, 4 threads"), [["0.125", "0.800", "0.800", "–", "–", "4"]])

    def test_only_promises_that_fall_short_are_listed(self):
        self.assertIn("5 of 12 promises are met. These are not:", self.opening)
        for text in (self.opening, self.text):
            self.assertEqual(rows(text, "rmsprop: limit / time, n = 16777216, threads 1"), [["0.800", "≥ 0.95"]])
            self.assertEqual(rows(text, "rmsprop: time / intrinsics, n = 1024"), [["1.1", "≤ 1.05"]])
            self.assertEqual(rows(text, "rmsprop: n = 1023 / n = 1024, per step"), [["1.2", "≤ 1.1"]])
            self.assertEqual(rows(text, "rmsprop-200x1024: list / flat, threads 4"), [["1.5", "≤ 1.25"]])
            self.assertEqual(rows(text, "rmsprop-200x1024: ns for a group, threads 4"), [["2,406", "≤ 2000"]])
            self.assertEqual(rows(text, "rmsprop-200mixed: flat / list, threads 1"), [["0.850", "≥ 0.9"]])
            for met in ("list / flat, threads 1", "for a group, threads 1", "grad-norm: limit", "scaling", "threads 0 / "):
                self.assertNotIn(met, text)

    def test_says_that_all_promises_are_met(self):
        text = self.changed(lambda entry: entry.update(ns_per_element=1.))
        self.assertRegex(text, r"(?m)^(\d+) of \1 promises are met\.$")

    def test_in_brief(self):
        text = report(self.run_of(), "--brief")
        self.assertEqual(len(rows(text, "rmsprop, 16 Mi, 4 threads")), 1)
        self.assertIn(text.split("## ")[0], self.opening)
        self.assertEqual(text.count("## "), 1)

    def test_lists(self):
        # Of the group, 200 tensors share .1 ns for each of 204,800 elements.
        self.assertEqual(rows(self.text, "rmsprop-200x1024, 1 thread"), [["0.600", "0.800", "2", "102"]])
        self.assertEqual(rows(self.text, "rmsprop-200mixed, 1 thread"), [["1", "0.850", "–", "–"]])

    def test_stored_arrays_beside_floats_of_the_same_instruction_set(self):
        self.assertEqual(rows(self.text, "split"), [["1.25 (0.500)"]])
        self.assertEqual(rows(self.text, "split-scalar"), [["3"]])

    def test_page_is_whole_in_itself_and_has_pictures_first(self):
        page = (self.out / "report.html").read_text()
        sources = re.findall(r"""(?:src|href)=["']?([^"' ]{0,22})|url\(|<script""", page)
        self.assertEqual(sources, ["data:image/svg+xml;bas"] * 3)
        self.assertIn("Example CPU</h1>", page)
        self.assertLess(page.index("<img"), page.index("<table>"))
        self.assertEqual(page.count("<table>"), 6)
        text = (self.out / "report.md").read_text()
        self.assertEqual(re.sub(r"!\[.*\n\n", "", text), self.text)

    def test_pictures_draw_all_that_was_measured(self):
        cost = (self.out / "picture.svg").read_text()
        for word in ("glissade", "limit of the memory", "limit of the divider", "intrinsics", "plain", "passes", "15.5",
                     "rmsprop: a step of 124 M parameters, 4 threads", ">L1<", ">1 Ki<"):
            self.assertIn(word, cost)
        self.assertNotIn("plain-native", cost)
        self.assertIn("rmsprop, 4 threads", (self.out / "threads.svg").read_text())
        self.assertIn("grad-norm, 1 thread", (self.out / "optimizers.svg").read_text())

    def test_lines_lie_where_their_numbers_are(self):
        sys.path.insert(0, str(REPORT.parent))
        from reporting import pictures
        from reporting.results import Results

        _, ((axes,),) = pictures.grid(1, 1, 6, 3)
        pictures.cost(axes, Results(self.run_of()), "rmsprop", 1)
        lines = {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}
        self.assertEqual(lines["glissade"], [[1024, .11], [16777216, .5]])
        self.assertEqual(lines["limit of the divider"], [[1024, .08]])
        self.assertEqual([text.get_text() for text in axes.texts], ["L1", "L3"])

    def test_warns_of_a_busy_machine(self):
        self.assertNotIn("WARNING", self.text)
        warning = "WARNING: the machine was busy"
        self.assertIn(warning, self.changed(lambda entry: entry.update(spread=.2)))
        self.assertIn(warning, self.changed(lambda entry: entry.update(others=.3)))
        for count, warns in ((5, False), (6, True)):  # of 34
            wide = [name + "/manual_time" for name in list(SMALL)[:count]]
            text = self.changed(lambda entry: entry["name"] in wide and entry.update(spread=.3))
            self.assertEqual(warning in text, warns)

    def test_says_what_the_last_cache_may_hold(self):
        note = "may hold a good part of the largest arrays"
        self.assertNotIn(note, self.text)
        self.assertIn(f"{note}, less than twice its size, of rmsprop, grad-norm", self.changed(beyond_caches="1006632960"))

    def compared(self, name="Example CPU", **factors):
        """Beside the small run one in which these contenders take so many times as long at 1 Ki."""
        def slower(entry):
            optimizer, contender, *rest = entry["name"].split("/")
            if rest == ["n:1024", "threads:1", "manual_time"]:
                entry["ns_per_element"] *= factors.get(contender, 1)

        first = self.run_of().rename(self.out / "first.json")
        return report("--compare", first, self.run_of(slower, cpu=name))

    def test_compare_knows_how_much_the_machine_does(self):
        self.assertIn("0 of 34 measurements changed", self.compared())
        text = self.compared(avx512=1.5, plain=1.4)
        self.assertIn("1 of 34", text)
        self.assertEqual(rows(text, "rmsprop/avx512/n:1024/threads:1"), [["1.5", "0.400"]])
        self.assertIn("0 of 34", self.compared(avx512=1.5, plain=1.6))
        self.assertIn("0 of 34", self.compared(avx512=1.03))  # both spread by .02
        self.assertIn("1 of 34", self.compared(avx512=1.52, limit=1.4))
        self.assertIn("0 of 34", self.compared(avx512=1.52, limit=1.5))
        self.assertIn("**WARNING: cpu differs:** Example CPU and Another", self.compared("Another"))

    def real(self, *flags):
        path = self.out / "real.json"
        with open(path, "w") as file:
            subprocess.run([BENCHMARK, "--tiny", "--benchmark_format=json", *flags], stdout=file,
                           stderr=subprocess.DEVNULL, check=True)
        return path

    def test_a_real_run_has_every_section(self):
        path = self.real("--params=2e3")
        text = report(path)
        for section in ("A step of 2,000 parameters", "By size", "Lists of tensors", "Odd sizes", "promises"):
            self.assertRegex(text, f"(?m)^## .*{section}")
        self.assertNotIn("nan", text)
        self.assertNotIn("the nearest measured", text)
        self.assertIn("of what the machine can do", report(path, "--out", self.out / "real"))

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
            done = command(self.real("--benchmark_filter=" + part))
            self.assertEqual(done.returncode, 1, part)
            self.assertRegex(done.stderr, "nothing to report|nothing was measured")
            self.assertNotIn("Traceback", done.stderr)

    def test_parts_that_have_one(self):
        for part in ("rmsprop-200x1024", "adamw/avx|adamw/scalar|adamw/neon", "rmsprop/.*/n:1024/threads:1/", "grad-norm"):
            path = self.real("--benchmark_filter=" + part)
            self.assertIn(part.split("/")[0], report(path))
            report(path, "--out", self.out / "part")

    def test_flags_that_have_no_meaning_here(self):
        for flag in ("--benchmark_min_time=1", "--benchmark_repetitions=0", "--params=many", "--params=0"):
            done = subprocess.run([BENCHMARK, "--tiny", flag], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(flag, done.stderr)


unittest.main()
