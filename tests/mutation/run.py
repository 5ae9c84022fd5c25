#!/usr/bin/env python3
"""Plants the faults of faults.py one at a time in a copy of the sources, and lists those that no quick test notices.

The library of the copy is a shared one, so that its faults stay in it: the tests are compiled once, from the right
headers. It exports all of its functions, since tests call inner ones too. Those of the words and of the C++ headers
compile what they test, so they are built again where it changed; a fault of CMake's files is looked for in a second
copy, which is built and installed as a user's is. Usage: run.py [NUMBER...] for some of the faults only, or --check
that each is still to be found."""
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from faults import FAULTS

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "build" / "mutation"
SOURCE, BUILD = HOME / "source", HOME / "build"
PLAIN_SOURCE, PLAIN_BUILD = HOME / "plain-source", HOME / "plain-build"
TESTS = "tests/glissade_tests"
SECONDS = 300

WORDS = ["tests/glissade_words", "-a"]
HEADERS = ["tests/glissade_headers", "-a"]
INSTALLED = ["glissade", "glissade_selftest"]
PACKAGE = [
    ["ctest", "-R", "objects share|flags: ", "--stop-on-failure"],
    ["ctest", "-R", "a program outside: (c|cxx|pkg-config|shared|xsimd)$", "--stop-on-failure"],
]

# Fast and sharp ones first; each is over at the first failure.
QUICK = [
    WORDS,
    [TESTS, "-a", "[status],[worked],[reset],[isa],[norm],[clip],[trust],[c],[storage]"],
    ["tests/fuzz/fuzz_optimizers", str(ROOT / "tests/fuzz/corpus/optimizers")],
    ["ctest", "-R", "the first call|threads: |a fork", "--stop-on-failure"],
    [TESTS, "-a", "[reference],[memory],[vectors],[many],[face]"],
    [TESTS, "-a", "[bits],[environment]"],
    [TESTS, "-a"],
    ["tests/glissade_concurrency", "-a"],
    ["ctest", "-R", "storage: "],
]


def plant(path, old, new):
    text = path.read_text()
    if text.count(old) != 1:
        sys.exit(f"{path.name} has {text.count(old)} times, not once: {old}")
    path.write_text(text.replace(old, new))
    return text


def build(*targets, folder=BUILD):
    done = subprocess.run(["cmake", "--build", folder, "-j2", "--target", *targets], capture_output=True, text=True)
    return done.stdout[-3000:] if done.returncode else ""


def copy_to(source):
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in files:
        to = source / name
        to.parent.mkdir(parents=True, exist_ok=True)
        # What differs gets a new date, so that a fault left by a run that was stopped is built away.
        if not to.exists() or to.read_bytes() != (ROOT / name).read_bytes():
            shutil.copy(ROOT / name, to)


def prepare():
    copy_to(SOURCE)
    plant(SOURCE / "CMakeLists.txt", "-O3;-fno-lto", "-O1;-fno-lto")
    plant(SOURCE / "CMakeLists.txt", "CXX_VISIBILITY_PRESET hidden", "CXX_VISIBILITY_PRESET default")
    subprocess.run(
        ["cmake", "-S", SOURCE, "-B", BUILD, "-G", "Ninja", "-DGLISSADE_DEVELOPER=ON", "-DBUILD_SHARED_LIBS=ON", "-DCMAKE_BUILD_TYPE=None",
         "-DCMAKE_CXX_FLAGS=-O1", "-DCMAKE_LINK_DEPENDS_NO_SHARED=ON"], check=True, capture_output=True)
    copy_to(PLAIN_SOURCE)
    subprocess.run(["cmake", "-S", PLAIN_SOURCE, "-B", PLAIN_BUILD, "-G", "Ninja", "-DGLISSADE_DEVELOPER=ON"],
                   check=True, capture_output=True)
    errors = build("glissade", "glissade_tests", "glissade_concurrency", "glissade_words", "glissade_headers", "glissade_convert",
                   "fuzz_optimizers") or build(*INSTALLED, folder=PLAIN_BUILD)
    if errors:
        sys.exit(errors)


def noticed_by(commands, folder=BUILD):
    """The test that fails, or None."""
    for command in commands:
        program = [str(folder / command[0]) if "/" in command[0] else command[0], *command[1:]]
        try:
            done = subprocess.run(program, cwd=folder, capture_output=True, timeout=SECONDS,
                                  env={**os.environ, "OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": "8"})
        except subprocess.TimeoutExpired:
            return "the time"
        if done.returncode:
            return " ".join(Path(word).name if "/" in word else word for word in command)
    return None


def is_of_package(file):
    return file == "CMakeLists.txt" or file.startswith("cmake/")


def try_fault(file):
    """What notices the fault that was planted in a file, or None."""
    if is_of_package(file):
        return "the compiler" if build(*INSTALLED, folder=PLAIN_BUILD) else noticed_by(PACKAGE, PLAIN_BUILD)
    if file.endswith(".hpp") and file.startswith("include/"):
        return "the compiler" if build("glissade_headers") else noticed_by([HEADERS])
    return "the compiler" if build("glissade", "glissade_words") else noticed_by(QUICK)


def main():
    # Each is found, before the first long build.
    for file, old, *_ in FAULTS:
        if (ROOT / file).read_text().count(old) != 1:
            sys.exit(f"{file} has {(ROOT / file).read_text().count(old)} times, not once: {old}")
    if sys.argv[1:] == ["--check"]:
        return
    started = time.time()
    prepare()
    for failure in noticed_by([*QUICK, HEADERS]), noticed_by(PACKAGE, PLAIN_BUILD):
        if failure:
            sys.exit(f"without a fault there is a failure: {failure}")
    survivors = 0
    wanted = [int(word) for word in sys.argv[1:]] or range(len(FAULTS))
    for i in wanted:
        file, old, new, *why = FAULTS[i]
        source = (PLAIN_SOURCE if is_of_package(file) else SOURCE) / file
        right = plant(source, old, new)
        by = try_fault(file)
        source.write_text(right)
        survivors += by is None and not why
        result = f"noticed by {by}" if by else f"survives: {why[0]}" if why else "SURVIVES"
        print(f"{i:3} {file}: {old.strip()} -> {new.strip()}: {result}", flush=True)
    build("glissade", "glissade_words", "glissade_headers")
    print(f"{len(wanted)} faults, {survivors} unexplained survivors, {time.time() - started:.0f} s")
    sys.exit(survivors != 0)


main()
