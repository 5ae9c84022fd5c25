"""The storage formats of glissade.h in NumPy, written from their description and from nothing of kernels/codecs/."""

import numpy as np

BLOCK = 256
BF16, FP16, SPLIT, BF16_STOCHASTIC, Q8_SIGNED, Q8_UNSIGNED = range(1, 7)
NAMES = {1: "bf16", 2: "fp16", 3: "split", 4: "bf16_stochastic", 5: "q8_signed", 6: "q8_unsigned"}
MASK = 2**64 - 1


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & MASK
    return x ^ x >> 31


def random_bits(n, seed, step, offset, a=0):
    """r of elements 0 to n - 1 of array a."""
    blocks = -(-n // BLOCK)
    key = mix(seed ^ mix(step & MASK))
    first = np.array([mix(key ^ (offset // BLOCK + block)) & 0xFFFFFFFF for block in range(blocks)], np.uint64)
    j = np.arange(BLOCK, dtype=np.uint64) * np.uint64((2 * a + 1) * 0x9E3779B9)
    return ((first[:, None] + j[None, :]) & np.uint64(0xFFFFFFFF)).reshape(-1)[:n].astype(np.int64)


def bits_of(x):
    return np.ascontiguousarray(x, np.float32).view(np.uint32).astype(np.int64)


def float_of(bits):
    return np.asarray(bits).astype(np.uint32).view(np.float32)


def is_nan(bits):
    return (bits & 0x7FFFFFFF) > 0x7F800000


def is_finite(bits):
    return (bits & 0x7FFFFFFF) < 0x7F800000


def blocks_of(x, fill=0):
    """Rows of 256, the last filled up."""
    rows = -(-len(x) // BLOCK)
    full = np.full(rows * BLOCK, fill, np.int64)
    full[: len(x)] = x
    return full.reshape(rows, BLOCK)


def scales(bits, binades):
    """A scale for each block."""
    size = bits & 0x7FFFFFFF
    largest = blocks_of(np.where(is_finite(bits), size, 0)).max(axis=1, initial=0)
    return np.clip(((largest + 0x1FFFFF) >> 23) - (binades - 1), 0, 255 - binades)


def encode(kind, x, random=None):
    """The data and the extra of an array, as bytes."""
    bits = bits_of(x)
    nan, finite, size = is_nan(bits), is_finite(bits), bits & 0x7FFFFFFF
    if kind == BF16:
        # To the nearest by the distance from both neighbours, which are exact as integers.
        below, rest = bits >> 16, bits & 0xFFFF
        up = (rest > 0x8000) | ((rest == 0x8000) & (below % 2 == 1))
        return np.where(nan, 0x7FC0, below + up).astype("<u2").tobytes(), b""
    if kind == FP16:
        with np.errstate(all="ignore"):
            half = np.ascontiguousarray(x, np.float32).astype(np.float16).view(np.uint16)
        return np.where(nan, 0x7E00, half).astype("<u2").tobytes(), b""
    if kind == SPLIT:
        bits = np.where(nan, 0x7FC00000, bits)
        return ((bits + 0x8000) >> 16).astype("<u2").tobytes(), (bits & 0xFFFF).astype("<u2").tobytes()
    if kind == BF16_STOCHASTIC:
        kept = np.where(finite, bits + (random & 0xFFFF), bits) >> 16
        return np.where(nan, 0x7FC0, kept).astype("<u2").tobytes(), b""
    signed = kind == Q8_SIGNED
    s = scales(bits, 16 if signed else 32)
    lowest = np.repeat(8 * s, BLOCK)[: len(bits)]
    if signed:
        code = np.where(finite, np.clip(((size + (random & 0xFFFFF)) >> 20) - lowest, 0, 126), 127)
        code |= bits >> 31 << 7
    else:
        least = np.where(size != 0, 1, 0)
        code = np.where(finite, np.minimum(np.maximum(((size + (random >> 12)) >> 20) - lowest, least), 254), 255)
    return code.astype(np.uint8).tobytes(), s.astype(np.uint8).tobytes()


def decode(kind, n, data, extra):
    """The floats of an array."""
    if kind == FP16:
        return np.frombuffer(data, "<f2").astype(np.float32)
    if kind in (BF16, BF16_STOCHASTIC):
        return float_of(np.frombuffer(data, "<u2").astype(np.int64) << 16)
    if kind == SPLIT:
        high = np.frombuffer(data, "<u2").astype(np.int64)
        return float_of(((high << 16) + np.frombuffer(extra, "<i2")) & 0xFFFFFFFF)
    signed = kind == Q8_SIGNED
    code = np.frombuffer(data, np.uint8).astype(np.int64)
    s = np.repeat(np.frombuffer(extra, np.uint8).astype(np.int64), BLOCK)[:n]
    sign, code = (code >> 7, code & 127) if signed else (0, code)
    x = float_of((sign << 31) | ((code << 20) + (s << 23)))
    x = np.where(code == 0, np.float32(0), x)
    return np.where(code == (127 if signed else 255), np.float32(np.nan), x)
