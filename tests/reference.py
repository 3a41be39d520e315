"""What is true of sums: every reduction in fractions, and numbers that are hard to sum.

`truth` is the contract of the reductions, said in numpy and `fractions.Fraction`; what is true of
the losses themselves has `tests/losses/truth`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import streamloss as sl

Floats = NDArray[np.float64]
Sum = Fraction | float
"""An exact sum, or a NaN or infinity."""

LARGEST, TINY = 1.7976931348623157e308, 5e-324


def leading(array: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """Broadcast an array aligned with the leading axes."""
    array = np.asarray(array)
    return np.broadcast_to(array.reshape(array.shape + (1,) * (len(shape) - array.ndim)), shape)


def terms(losses: ArrayLike, weights: ArrayLike | None) -> Floats:
    """Return each w * l, zero where w is zero: what `reduction="none"` gives."""
    losses = np.asarray(losses, np.float64)
    if weights is None:
        return losses
    heavy = leading(weights, losses.shape).astype(np.float64)
    with np.errstate(all="ignore"):
        return np.where(heavy == 0.0, 0.0, heavy * losses)


def absent(weights: ArrayLike | None, *inputs: ArrayLike) -> NDArray[np.bool_]:
    """Return which elements have a NaN in an input or a weight."""
    arrays = np.broadcast_arrays(*inputs)
    if weights is not None:
        arrays = (*arrays, leading(weights, arrays[0].shape))
    return np.any([np.isnan(array) for array in arrays], axis=0)


def exact(values: ArrayLike) -> Sum:
    """Return the sum of float64 without rounding, or the NaN or infinity that it is."""
    values = np.asarray(values, np.float64).ravel()
    strange = values[~np.isfinite(values)]
    if strange.size:
        with np.errstate(invalid="ignore"):
            return float(strange.sum())
    total = 0
    for numerator, denominator in map(float.as_integer_ratio, values.tolist()):
        total += numerator << (1075 - denominator.bit_length())
    return Fraction(total, 2**1074)


def quotient(total: Sum, divisor: Sum) -> float:
    """Return the correctly rounded quotient, IEEE's where one is zero or not finite."""
    if isinstance(total, Fraction) and isinstance(divisor, Fraction) and total and divisor:
        try:
            return float(total / divisor)
        except OverflowError:
            return float("inf") if (total > 0) == (divisor > 0) else float("-inf")
    with np.errstate(all="ignore"):
        return float(np.float64(_like(total)) / np.float64(_like(divisor)))


def _like(value: Sum) -> float:
    """Return a float of the same sign, zero, infinite or NaN if the value is."""
    return float((value > 0) - (value < 0)) if isinstance(value, Fraction) else value


REDUCTIONS = ("sum", "mean", "sum_over_batch_size", "sum_by_nonzero_weights")


def truths(
    losses: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    where: ArrayLike = True,
    absent: ArrayLike = False,
) -> dict[str, float]:
    """Return what every reduction of unweighted losses is.

    `weights` and `where` align with the leading axes; `absent` are the elements taken out because
    an input or weight is NaN.
    """
    losses = np.asarray(losses, np.float64)
    heavy = leading(1.0 if weights is None else weights, losses.shape).astype(np.float64)
    kept = leading(where, losses.shape) & ~leading(absent, losses.shape)
    losses, heavy = losses[kept], heavy[kept]
    divisors = {
        "sum": Fraction(1),
        "mean": exact(heavy),
        "sum_over_batch_size": Fraction(heavy.size),
        "sum_by_nonzero_weights": Fraction(int(np.count_nonzero(heavy))),
    }
    total = exact(terms(losses, heavy))
    return {reduction: quotient(total, divisors[reduction]) for reduction in REDUCTIONS}


def truth(losses: ArrayLike, weights: ArrayLike | None = None, reduction: str = "mean") -> float:
    """Return what one reduction of unweighted losses is."""
    return truths(losses, weights)[reduction]


def results(accumulator: sl.Accumulator) -> dict[str, float]:
    """Return every reduction that an accumulator gives."""
    return {r: accumulator.result(r) for r in REDUCTIONS}


def bits(values: Any) -> Any:
    """Return numbers as text that differs where a bit does, but not between NaNs."""
    if isinstance(values, dict):
        return {key: bits(value) for key, value in values.items()}
    if isinstance(values, np.ndarray):
        return [float(value).hex() for value in values.ravel()]
    return float(values).hex()


def wild(
    rng: np.random.Generator, shape: Any, low: int = -1074, high: int = 1024, dtype: Any = "f8"
) -> NDArray[Any]:
    """Return floats of both signs with binary exponents in [low, high), subnormals included."""
    mantissas = rng.uniform(0.5, 1.0, shape) * rng.choice([-1.0, 1.0], shape)
    with np.errstate(under="ignore"):
        return np.ldexp(mantissas, rng.integers(low, high, shape) + 1).astype(dtype)


WEIGHTS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Any]] = {
    "none": lambda rng, shape: None,
    "scalar": lambda rng, shape: 2.5,
    "zero": lambda rng, shape: 0.0,
    "negative scalar": lambda rng, shape: np.float32(-0.3),
    "row": lambda rng, shape: rng.lognormal(size=shape[0]),
    "row, kept": lambda rng, shape: rng.normal(size=(shape[0], 1)),
    "column": lambda rng, shape: rng.normal(size=(1, shape[1])),
    "full": lambda rng, shape: rng.lognormal(size=shape),
    "float32": lambda rng, shape: rng.normal(size=shape).astype("f4"),
    "zeros": lambda rng, shape: rng.normal(size=shape) * (rng.random(shape) < 0.5),
    "integers": lambda rng, shape: rng.integers(-1, 4, shape),
    "booleans": lambda rng, shape: rng.random(shape) < 0.5,
    "wild": lambda rng, shape: wild(rng, shape),
    "NaN": lambda rng, shape: sprinkle(rng, rng.lognormal(size=shape), 0.1, [np.nan, 0.0]),
    "infinite": lambda rng, shape: sprinkle(rng, rng.lognormal(size=shape), 0.1, [np.inf, 0.0]),
}
"""Weights of every kind for losses of a shape (rows, columns)."""


def sprinkle(
    rng: np.random.Generator, array: NDArray[Any], share: float, values: list[float]
) -> NDArray[Any]:
    """Return a copy with a share of the elements replaced by values drawn from the list."""
    found = rng.random(array.shape) < share
    return np.where(found, rng.choice(np.array(values, array.dtype), array.shape), array)
