"""The inputs that golden vectors are computed from, and the text format they are stored in."""

import itertools
import struct
from pathlib import Path

N = 67  # whole vector registers and a tail
REGISTERS = N // 16 * 16  # the elements before the tail


def mixed(x):
    """family::mixed of tests/family.hpp."""
    x = (x ^ (x >> 16)) * 0x85EBCA6B & 0xFFFFFFFF
    x = (x ^ (x >> 13)) * 0xC2B2AE35 & 0xFFFFFFFF
    return x ^ (x >> 16)


def ordinary_float(random):
    """family::ordinary_float of tests/family.hpp."""
    bits = (random & 0x807FFFFF) | ((114 + mixed(random) % 15) << 23)
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def first_param():
    return [ordinary_float(mixed(i)) for i in range(N)]


def grad(step):
    return [ordinary_float(mixed((step * 1000003 + i) & 0xFFFFFFFF)) for i in range(N)]


def combinations(varied, switched, allowed=lambda options: True):
    """Options with every subset of `switched` away from its first value, which means off. Which of their
    other values they take, and which value those in `varied` take, changes from case to case."""
    names = list(switched)
    for number, on in enumerate(itertools.product((False, True), repeat=len(names))):

        def pick(name, values):
            return values[mixed(100 * number + len(name) + ord(name[-1])) % len(values)]

        options = {name: pick(name, values) for name, values in varied.items()}
        for name, is_on in zip(names, on):
            values = switched[name]
            options[name] = pick(name, values[1:]) if is_on else values[0]
        if allowed(options):
            yield options


def write(path, made_by, cases):
    """`cases` are (options, {step: {array name: floats}}). Flags are written as 0 or 1, numbers so that the
    same double is read back, floats as the hexadecimal of their bits."""
    n = len(next(iter(next(iter(cases[0][1].values())).values())))
    lines = [f"# {made_by}; n = {n}; inputs and format: README.md"]
    for options, steps in cases:
        number = lambda x: str(int(x)) if isinstance(x, bool) else repr(float(x))
        lines.append("case " + " ".join(f"{name}={number(x)}" for name, x in options.items()))
        for step, arrays in steps.items():
            lines.append(f"step {step}")
            for name, floats in arrays.items():
                words = struct.unpack(f"<{n}I", struct.pack(f"<{n}f", *floats))
                lines.append(" ".join([name, *(f"{word:08x}" for word in words)]))
    Path(path).write_text("\n".join(lines) + "\n")
    print(f"{Path(path).name}: {len(cases)} cases, {Path(path).stat().st_size} bytes")
