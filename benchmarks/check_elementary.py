"""Check exp, log, power and their like on every float32, and random float64: minutes, by hand.

``python -m benchmarks.check_elementary [millions of random arguments]`` prints, for each function,
the largest error in ulp and where it is. Of float32 the powers `EXPONENTS` are taken, from 1/16 to
16. The reference is numpy's long double, of 64 bits on x86: it adds at most 2**-10 ulp.
`streamloss.losses.elementary` and `powers` say what it printed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from streamloss.kernels import meanings  # noqa: F401
from streamloss.losses import arithmetic, elementary

Floats = NDArray[np.float64]
PIECE = 1 << 16

REFERENCES = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "log1p_exp": lambda x: np.log1p(np.exp(-np.abs(x))),
}

OF_TWO = {
    "power": (arithmetic.power, np.power),
    "hypot": (arithmetic.hypot, np.hypot),
}

EXPONENTS = 0.5, 1.5, 2.0, 3.0, -0.5, 1 / 3


def compiled(function: Any, inputs: int) -> Any:
    """Return a loop over a function of one or two numbers."""

    @njit(error_model="numpy", nogil=True)
    def of_one(x: Any, out: Any) -> None:
        for i in range(x.size):
            out[i] = function(x[i])

    @njit(error_model="numpy", nogil=True)
    def of_two(x: Any, y: Any, out: Any) -> None:
        for i in range(x.size):
            out[i] = function(x[i], y[i])

    return of_one if inputs == 1 else of_two


def worst(loop: Any, reference: Any, *inputs: Floats) -> tuple[float, list[float]]:
    """Return the largest error in ulp, and where; infinite if a value is not finite but should."""
    found = np.empty_like(inputs[0])
    loop(*inputs, found)
    with np.errstate(all="ignore"):
        truth = reference(*[x.astype(np.longdouble) for x in inputs])
        rounded = truth.astype(np.float64)
        ulp = np.spacing(np.abs(rounded)).astype(np.longdouble)
        error = np.abs((found.astype(np.longdouble) - truth) / ulp).astype(np.float64)
    same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    # next to the largest number, infinity and it are neighbours; elsewhere it is an error
    error[~np.isfinite(rounded) | ~np.isfinite(found)] = 1.0
    error[same & ~np.isfinite(rounded)] = 0.0
    k = int(np.argmax(error))
    return float(error[k]), [float(x[k]) for x in inputs]


def float32() -> Iterator[Floats]:
    """Yield every float32."""
    for start in range(0, 1 << 32, PIECE):
        bits = np.arange(start, start + PIECE, dtype=np.uint32)
        with np.errstate(invalid="ignore"):
            yield bits.view(np.float32).astype(np.float64)


def float64(name: str, count: int) -> Iterator[Floats]:
    """Yield random float64: of any bits, and of every size where the function is delicate."""
    rng = np.random.default_rng(7)
    for _ in range(0, count, 4 * PIECE):
        near = rng.uniform(-1.0, 1.0, PIECE)
        sized = np.exp2(rng.uniform(-60.0, 1.0, PIECE)) * rng.choice([-1.0, 1.0], PIECE)
        if name in ("log", "log1p"):
            far = np.abs(rng.integers(-(2**63), 2**63, PIECE).view(np.float64))
            shift = 1.0 if name == "log" else 0.0
            yield np.concatenate([near + shift, 3.0 * near + shift, sized + shift, far])
        else:
            far = rng.uniform(-746.0, 710.0, PIECE)
            yield np.concatenate([near, 4.0 * near, sized, far])


def float32_powers() -> Iterator[tuple[Floats, Floats]]:
    """Yield every float32 from 1/16 to 16, with each of a few exponents."""
    first, last = (int(np.float32(x).view(np.uint32)) for x in (1 / 16, 16.0))
    for start in range(first, last, PIECE):
        x = np.arange(start, start + PIECE, dtype=np.uint32).view(np.float32).astype(np.float64)
        yield from ((x, np.full(PIECE, y)) for y in EXPONENTS)


def pairs(name: str, count: int) -> Iterator[tuple[Floats, Floats]]:
    """Yield random pairs: of any bits, and such that results are finite and not zero."""
    rng = np.random.default_rng(7)
    for _ in range(0, count, 4 * PIECE):
        bits = rng.integers(-(2**63), 2**63, (2, PIECE))
        yield bits[0].view(np.float64), bits[1].view(np.float64)
        wide = np.exp2(rng.uniform(-1074.0, 1024.0, PIECE))
        if name == "hypot":
            for low in (-30.0, -2.0, 0.0):
                yield wide, wide * np.exp2(rng.uniform(low, 0.0, PIECE))
            continue
        near = 1.0 + rng.uniform(-1.0, 1.0, PIECE) * np.exp2(rng.uniform(-52.0, -1.0, PIECE))
        for x in (wide, rng.uniform(0.0, 4.0, PIECE), near):
            with np.errstate(divide="ignore"):  # any power of 1
                yield x, rng.uniform(-745.0, 710.0, PIECE) / np.log(x)


def report(name: str, what: str, check: Any, pieces: Iterator[tuple[Floats, ...]]) -> None:
    """Print the largest error of some pieces, of which a few at a time are in memory."""
    found: list[tuple[float, list[float]]] = []
    with ThreadPoolExecutor() as pool:
        while some := list(islice(pieces, 64)):
            found = [max(*found, *pool.map(lambda inputs: check(*inputs), some))]
    error, where = found[0]
    print(f"{name:10} {what}: {error:.4f} ulp at {', '.join(map(repr, where))}", flush=True)


def main(millions: int) -> None:
    """Print the largest error of every function."""
    count = millions * 10**6
    for name, (function, reference) in OF_TWO.items():
        check = partial(worst, compiled(function, 2), reference)
        check(np.zeros(1), np.zeros(1))
        if name == "power":
            report(name, "float32", check, float32_powers())
        report(name, "float64", check, pairs(name, count))
    for name, reference in REFERENCES.items():
        check = partial(worst, compiled(getattr(elementary, name), 1), reference)
        check(np.zeros(1))
        report(name, "float64", check, ((x,) for x in float64(name, count)))
        report(name, "float32", check, ((x,) for x in float32()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
