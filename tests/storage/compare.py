#!/usr/bin/env python3
"""Compares glissade_encode and glissade_decode with formats.py on every instruction set that runs here, bit for bit.

compare.py CONVERT [--all]     CONVERT is the program glissade_convert; --all takes every one of the 2^32 floats for the
                               formats of 16 bits and split, half an hour, instead of 8 million"""

import os
import subprocess
import sys

import numpy as np

import formats

CONVERT = sys.argv[1:2]
if os.environ.get("EMULATOR"):
    CONVERT = os.environ["EMULATOR"].split() + CONVERT


def run(isa, arguments, given):
    environment = dict(os.environ, GLISSADE_ISA=isa)
    done = subprocess.run([*CONVERT, *map(str, arguments)], input=given, capture_output=True, env=environment)
    if done.returncode:
        sys.exit(f"{isa} {arguments}: {done.stderr.decode()}")
    return done.stdout


def check(isa, what, got, expected, same=None):
    """Stops at the first element that differs; `same` says which are equal beside those with equal bits."""
    equal = got == expected
    if same is not None:
        equal |= same
    if not equal.all():
        i = int(np.argmin(equal))
        sys.exit(f"{isa}: {what}: element {i} of {len(got)} is {int(got[i]):#x}, not {int(expected[i]):#x}")


def compare_encoding(kind, x, seed=0, step=0, offset=0):
    random = formats.random_bits(len(x), seed, step, offset)
    data, extra = formats.encode(kind, x, random)
    width = np.uint8 if kind >= formats.Q8_SIGNED else np.dtype("<u2")
    for isa in ISAS:
        got = run(isa, ["encode", kind, seed, step, offset], x.tobytes())
        what = f"encoding {formats.NAMES[kind]}, n = {len(x)}"
        check(isa, what, np.frombuffer(got[: len(data)], width), np.frombuffer(data, width))
        check(isa, what + ", extra", np.frombuffer(got[len(data) :], width), np.frombuffer(extra, width))
    return data, extra


def compare_decoding(kind, n, data, extra):
    expected = formats.decode(kind, n, data, extra)
    for isa in ISAS:
        got = np.frombuffer(run(isa, ["decode", kind, n], data + extra), np.float32)
        both_nan = np.isnan(got) & np.isnan(expected)
        what = f"decoding {formats.NAMES[kind]}, n = {n}"
        check(isa, what, got.view(np.uint32), expected.view(np.uint32), both_nan)
    return expected


def every_code():
    """What is stored in 16 bits, and for each scale what is stored in 8."""
    halves = np.arange(2**16, dtype="<u2")
    for kind in (formats.BF16, formats.FP16, formats.BF16_STOCHASTIC):
        compare_decoding(kind, len(halves), halves.tobytes(), b"")
    for kind, highest in ((formats.Q8_SIGNED, 239), (formats.Q8_UNSIGNED, 223)):
        used = np.arange(highest + 1, dtype=np.uint8)
        codes = np.tile(np.arange(256, dtype=np.uint8), len(used))
        compare_decoding(kind, len(codes), codes.tobytes(), used.tobytes())


def every_float(high_halves, low_halves):
    """Floats with these upper and lower halves, in the formats whose elements stand for themselves."""
    x = ((high_halves[:, None] << 16) | low_halves[None, :]).reshape(-1).astype(np.uint32).view(np.float32)
    for kind in (formats.BF16, formats.FP16, formats.SPLIT, formats.BF16_STOCHASTIC):
        data, extra = compare_encoding(kind, x, seed=7, step=3, offset=512)
        decoded = compare_decoding(kind, len(x), data, extra)
        if kind == formats.SPLIT:
            check("formats.py", "split is exact", decoded.view(np.uint32), x.view(np.uint32), np.isnan(x))


def random_blocks(generator, count):
    """Blocks of like and of unlike size, with what is special among them."""
    exponent = generator.integers(0, 255, (count, 1)) + generator.integers(-40, 1, (count, formats.BLOCK)) * (
        generator.random((count, 1)) < 0.7
    )
    bits = np.clip(exponent, 0, 255) << 23 | generator.integers(0, 2**23, exponent.shape)
    bits |= generator.integers(0, 2, exponent.shape) << 31
    special = np.array([0, 1 << 31, 1, 0x007FFFFF, 0x00800000, 0x7F7FFFFF, 0x7F600000, 0x7F600001, 0x7F800000,
                        0xFF800000, 0x7FC00000, 0xFFC00001, 0x7F800001])  # fmt: skip
    at = (generator.random(bits.shape) < 0.03) & (generator.random((count, 1)) < 0.3)
    bits[at] = generator.choice(special, int(at.sum()))
    return bits.reshape(-1).astype(np.uint32).view(np.float32)


def q8(generator, blocks):
    for kind in (formats.Q8_SIGNED, formats.Q8_UNSIGNED):
        x = random_blocks(generator, blocks)
        seed, step, offset = int(generator.integers(0, 2**63)), int(generator.integers(0, 2**40)), 256 * 1000003
        data, extra = compare_encoding(kind, x, seed, step, offset)
        decoded = compare_decoding(kind, len(x), data, extra)
        again = formats.decode(kind, len(x), *compare_encoding(kind, decoded, seed + 1, step, offset))
        check("formats.py", f"{formats.NAMES[kind]} of what was decoded", again.view(np.uint32) & 0x7FFFFFFF,
              decoded.view(np.uint32) & 0x7FFFFFFF, np.isnan(again) & np.isnan(decoded))  # fmt: skip


def sizes(generator):
    for n in (1, 2, 3, 63, 64, 65, 255, 256, 257, 511, 512, 513, 1000):
        x = random_blocks(generator, n // formats.BLOCK + 1)[:n]
        for kind in formats.NAMES:
            compare_decoding(kind, n, *compare_encoding(kind, x, seed=n, step=1))


ISAS = run("", ["isas"], b"").decode().split()
generator = np.random.default_rng(1)
every_code()
sizes(generator)
half = np.arange(2**16, dtype=np.int64)
if "--all" in sys.argv:
    for first in range(0, 2**16, 256):
        every_float(half[first : first + 256], half)
else:
    ends = np.array([0, 1, 0x0FFF, 0x1000, 0x1001, 0x1FFF, 0x2FFF, 0x3000, 0x3001, 0x7FFF, 0x8000, 0x8001, 0xFFFF])
    for first in range(0, 2**16, 2**14):  # an odd number of lower halves, so that each comes in every place of a register
        every_float(half[first : first + 2**14], np.concatenate([ends, generator.integers(0, 2**16, 18)]))
for _ in range(2 if os.environ.get("EMULATOR") else 10):
    q8(generator, 10000)
print(f"the same bits as formats.py: {' '.join(ISAS)}")
