"""The mean of each of many rows, correctly rounded, without an exact sum for each.

A row's sum is taken in pairs of float64 that lose nothing but the rounding errors of rounding
errors, for which there is a bound. Where both ends of what the mean may be round to one number, it
is that; the few other rows are summed in whole numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamloss.arrays.types import DType
from streamloss.compat._common import arrays
from streamloss.compat._common.finish import quotient
from streamloss.exact.numbers import Exact

Floats = NDArray[np.float64]

UNIT = 2.0**-52
"""Twice the largest relative error of an operation."""

TINY = 2.0**-900
"""Below it products may be subnormal, and no longer exact as a pair."""

BLOCK = 1 << 20
"""Losses that are taken at once of arrays in memory."""


def means(losses: Floats, axes: int, dtype: DType) -> Any:
    """Return the mean over the last axes of losses in a dtype, correctly rounded."""
    shape = losses.shape[: losses.ndim - axes]
    size = math.prod(losses.shape[losses.ndim - axes :])
    rows = losses.reshape(math.prod(shape), size)
    if not size:
        return arrays.as_dtype(np.full(shape, np.nan), dtype)
    with np.errstate(all="ignore"):
        first, second, margin = _quotients(*_sums(rows), size)
        out, sure = _rounded(first, second, margin, dtype)
        strange = ~np.isfinite(rows).all(axis=1)
        if strange.any():
            out[strange] = arrays.as_dtype(rows[strange].sum(axis=1), dtype)
    for k in np.flatnonzero(~sure & ~strange):
        out[k] = arrays.as_dtype(quotient(_exact(rows[k]), size, dtype), dtype)
    return out.reshape(shape) if shape else out[0]


def _rounded(first: Floats, second: Floats, margin: Floats, dtype: DType) -> tuple[Any, Any]:
    """Return first + second in a dtype, and of which it is sure that it is correctly rounded."""
    value = first + second
    exact = (margin == 0.0) & (value - first == second) & (np.abs(value) < np.inf)
    ends = [first + (second + sign * 2.0 * margin) for sign in (-1.0, 1.0)]
    if dtype != np.float64:  # rounded twice
        ends = [
            np.nextafter(end, end_of) for end, end_of in zip(ends, (-np.inf, np.inf), strict=True)
        ]
    below, above = (arrays.as_dtype(end, dtype) for end in ends)
    out = np.where(exact, arrays.as_dtype(value + 0.0, dtype), below)
    large = (np.abs(first) >= TINY) & (np.abs(first) < np.inf)
    return out, exact & (large | (first == 0.0)) | (large & (below == above))


def _sums(rows: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the sum of each row as a float64 and its error, and a bound of what both miss.

    Knuth (1997), The art of computer programming, vol. 2, section 4.2.2, theorem B.
    """
    low, lost = np.zeros(len(rows)), np.zeros(len(rows))
    width = rows.shape[1]
    while rows.shape[1] > 1:
        half = rows.shape[1] // 2
        x, y, rest = rows[:, :half], rows[:, half : 2 * half], rows[:, 2 * half :]
        total = x + y
        other = total - x
        error = (x - (total - other)) + (y - other)
        low += error.sum(axis=1)
        lost += np.abs(error).sum(axis=1)
        rows = np.concatenate([total, rest], axis=1) if rest.shape[1] else total
    return rows[:, 0], low, max(width - 2, 0) * UNIT * lost


def _quotients(
    high: Floats, low: Floats, error: Floats, size: int
) -> tuple[Floats, Floats, Floats]:
    """Return the quotient of a pair and a whole number as a pair, and how far both may be off."""
    first = high / size
    # Dekker (1971), A floating-point technique for extending the available precision, section 5
    large = 134217729.0 * first
    large = large - (large - first)
    rest = (high - large * size - (first - large) * size) + low
    second = rest / size
    margin = error / size
    if size & (size - 1):  # else quotients are exact
        margin += np.where(rest == 0.0, 0.0, UNIT * (UNIT * np.abs(first) + 2.0 * np.abs(second)))
    return first, second, margin


def _exact(row: Floats) -> Exact:
    """Return the sum of finite numbers."""
    units = 0
    for numerator, denominator in map(float.as_integer_ratio, row.tolist()):
        units += numerator << (1075 - denominator.bit_length())
    return Exact(units)
