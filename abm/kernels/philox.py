"""Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405).

Every number is a pure function of (seed, stream, tick, random_key, draw); no state is kept, so
neither threads nor the order of cells nor a restart can change it. All arithmetic is on uint64
that hold 32-bit words; literals are wrapped because numba turns ``uint64 + 1`` into int64.
"""

import numpy as np
from numba import prange

from abm.kernels._jit import inline_kernel, kernel, parallel_kernel
from abm.kernels.elementary import exp, log, normal_quantiles

_MASK32 = np.uint64(0xFFFFFFFF)
_SHIFT32 = np.uint64(32)
_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53
_HALF_STEP = 0.5 * _TO_UNIT
_STREAM_SHIFT = np.uint64(16)

KEY_BLOCK = 256
"""Keys that are served together; up to as many, threads would cost more than they save."""


@inline_kernel
def _round(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """One round, and the key of the next."""
    p0 = _M0 * c0
    p1 = _M1 * c2
    return (
        (p1 >> _SHIFT32) ^ c1 ^ k0,
        p1 & _MASK32,
        (p0 >> _SHIFT32) ^ c3 ^ k1,
        p0 & _MASK32,
        (k0 + _W0) & _MASK32,
        (k1 + _W1) & _MASK32,
    )


@inline_kernel
def philox4x32(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return the four 32-bit output words for one counter and key, each in a uint64."""
    # No loop, since only the innermost loop runs on vectors, and that is the one over keys.
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, _, _ = _round(c0, c1, c2, c3, k0, k1)
    return c0, c1, c2, c3


@inline_kernel
def _words(seed, stream, tick, key, draw):  # type: ignore[no-untyped-def]
    """Return two independent integers of 53 bits; arguments as of :func:`uniform_pair`."""
    x0, x1, x2, x3 = philox4x32(
        key & _MASK32,
        key >> _SHIFT32,
        np.uint64(tick) & _MASK32,
        (np.uint64(stream) << _STREAM_SHIFT) | np.uint64(draw),
        seed & _MASK32,
        seed >> _SHIFT32,
    )
    first = ((x0 << np.uint64(21)) ^ (x1 >> np.uint64(11))) & np.uint64(0x1FFFFFFFFFFFFF)
    second = ((x2 << np.uint64(21)) ^ (x3 >> np.uint64(11))) & np.uint64(0x1FFFFFFFFFFFFF)
    return first, second


@inline_kernel
def _to_unit(word):  # type: ignore[no-untyped-def]
    """Return the middle of the interval of (0, 1) that 53 bits stand for."""
    return np.float64(np.int64(word)) * _TO_UNIT + _HALF_STEP


@kernel
def uniform_pair(
    seed: np.uint64, stream: int, tick: int, key: np.uint64, draw: int
) -> tuple[float, float]:
    """Return two independent numbers in the open interval (0, 1) with 53 bits.

    ``draw`` counts the pairs that one cell takes from one stream in one tick (below 65536).
    """
    first, second = _words(seed, stream, tick, key, draw)
    return _to_unit(first), _to_unit(second)


@kernel
def mix64(key: np.uint64, tick: int, which: int) -> np.uint64:
    """Return the random key of daughter ``which`` (0 or 1) of a division at ``tick``.

    SplitMix64 finaliser (Steele et al. 2014, doi:10.1145/2660193.2660195) over key, tick and which.
    """
    z = key ^ ((np.uint64(tick) * np.uint64(2) + np.uint64(which)) * np.uint64(0xD6E8FEB86659FD93))
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@parallel_kernel
def fill_keys(seed: np.uint64, salt: int, first: int, out: np.ndarray) -> None:
    """Write the keys of founders ``first, first + 1 ...`` of population ``salt``, uint64[n]."""
    for i in prange(out.shape[0]):
        out[i] = mix64(mix64(seed, salt, 0), first + i, 1)


@kernel
def _uniforms(first, last, seed, stream, tick, keys, draw, out):  # type: ignore[no-untyped-def]
    words = np.empty((2, last - first), np.uint64)
    own = keys[first:last]
    for i in range(last - first):
        words[0, i], words[1, i] = _words(seed, stream, tick, own[i], draw)
    for row in range(2):
        for i in range(last - first):
            out[row, first + i] = _to_unit(words[row, i])


@kernel
def normals_of(first, last, seed, stream, tick, keys, draw, out):  # type: ignore[no-untyped-def]
    """Write two standard normal numbers of the keys ``first`` to ``last - 1`` into out[2, n].

    keys uint64[n]; seed, stream, tick, draw as of :func:`uniform_pair`; out float64.
    """
    uniforms = np.empty((2, last - first))
    _uniforms(0, last - first, seed, stream, tick, keys[first:last], draw, uniforms)
    normal_quantiles(uniforms[0], out[0, first:last])
    normal_quantiles(uniforms[1], out[1, first:last])


@parallel_kernel
def _uniform_blocks(seed, stream, tick, keys, draw, out):  # type: ignore[no-untyped-def]
    n = keys.shape[0]
    for block in prange((n + KEY_BLOCK - 1) // KEY_BLOCK):
        first, last = block * KEY_BLOCK, min(n, block * KEY_BLOCK + KEY_BLOCK)
        _uniforms(first, last, seed, stream, tick, keys, draw, out)


@parallel_kernel
def _normal_blocks(seed, stream, tick, keys, draw, out):  # type: ignore[no-untyped-def]
    n = keys.shape[0]
    for block in prange((n + KEY_BLOCK - 1) // KEY_BLOCK):
        first, last = block * KEY_BLOCK, min(n, block * KEY_BLOCK + KEY_BLOCK)
        normals_of(first, last, seed, stream, tick, keys, draw, out)


def fill_uniforms(
    seed: np.uint64, stream: int, tick: int, keys: np.ndarray, draw: int, out: np.ndarray
) -> None:
    """Write two uniform numbers of each key into float64[2, n]."""
    if keys.shape[0] <= KEY_BLOCK:
        _uniforms(0, keys.shape[0], seed, stream, tick, keys, draw, out)
    else:
        _uniform_blocks(seed, stream, tick, keys, draw, out)


def fill_normals(
    seed: np.uint64, stream: int, tick: int, keys: np.ndarray, draw: int, out: np.ndarray
) -> None:
    """Write two standard normal numbers of each key into float64[2, n]."""
    if keys.shape[0] <= KEY_BLOCK:
        normals_of(0, keys.shape[0], seed, stream, tick, keys, draw, out)
    else:
        _normal_blocks(seed, stream, tick, keys, draw, out)


@kernel
def exponential(uniform: float) -> float:
    """Return the standard exponential number of a uniform one."""
    return -log(uniform)


@kernel
def exp_rows(values: np.ndarray) -> np.ndarray:
    """Return the exponential of each element of float64[m, n], with the bits of ``elementary``."""
    out = np.empty_like(values)
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            out[i, j] = exp(values[i, j])
    return out


@kernel
def minus_log(values: np.ndarray) -> np.ndarray:
    """Return -ln of each element of float64[n], with the bits of ``elementary``."""
    out = np.empty_like(values)
    for i in range(values.shape[0]):
        out[i] = -log(values[i])
    return out
