"""Check exp, log and their like on every float32, and on random float64: minutes, by hand.

``python -m benchmarks.check_elementary [millions of random arguments]`` prints, for each function,
the largest error in ulp and where it is. The reference is numpy's long double, of 64 bits on x86:
it adds at most 2**-10 ulp. `streamloss.losses.elementary` says what it printed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from streamloss.kernels import meanings  # noqa: F401
from streamloss.losses import elementary

Floats = NDArray[np.float64]
PIECE = 1 << 16

REFERENCES = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "log1p_exp": lambda x: np.log1p(np.exp(-np.abs(x))),
}


def compiled(function: Any) -> Any:
    """Return a loop over a function."""

    @njit(error_model="numpy", nogil=True)
    def loop(x: Any, out: Any) -> None:
        for i in range(x.size):
            out[i] = function(x[i])

    return loop


def worst(name: str, loop: Any, x: Floats) -> tuple[float, float]:
    """Return the largest error in ulp, and where; infinite if a value is not finite but should."""
    found = np.empty_like(x)
    loop(x, found)
    with np.errstate(all="ignore"):
        truth = REFERENCES[name](x.astype(np.longdouble))
        rounded = truth.astype(np.float64)
        ulp = np.spacing(np.abs(rounded)).astype(np.longdouble)
        error = np.abs((found.astype(np.longdouble) - truth) / ulp).astype(np.float64)
    same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    # next to the largest number, infinity and it are neighbours; elsewhere it is an error
    error[~np.isfinite(rounded) | ~np.isfinite(found)] = 1.0
    error[same & ~np.isfinite(rounded)] = 0.0
    k = int(np.argmax(error))
    return float(error[k]), float(x[k])


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


def main(millions: int) -> None:
    """Print the largest error of every function."""
    with ThreadPoolExecutor() as pool:
        for name in REFERENCES:
            loop = compiled(getattr(elementary, name))
            loop(np.zeros(1), np.zeros(1))
            for what, pieces in (
                ("float32", float32()),
                ("float64", float64(name, millions * 10**6)),
            ):
                errors = pool.map(lambda x: worst(name, loop, x), pieces)  # noqa: B023
                print(f"{name:10} {what}: %.4f ulp at %r" % max(errors), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
