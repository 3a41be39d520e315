"""What scikit-learn divides by, and what it refuses to divide by."""

from __future__ import annotations

import functools
import math
from fractions import Fraction

import numpy as np

from streamloss.arrays.batch import FLOAT64
from streamloss.arrays.types import DType
from streamloss.compat._common.finish import Ratio
from streamloss.compat._common.sums import Finish
from streamloss.exact.reductions import Sums


def check_weights(sums: Sums) -> None:
    """Refuse weights that are all zero."""
    if sums.elements == 0:
        raise ValueError("y_true must have at least one row: got none")
    if sums.nonzero == 0:
        raise ValueError("Sample weights must contain at least one non-zero number.")


def check_divisor(sums: Sums, name: str = "sample_weight") -> None:
    """Refuse weights whose sum is zero."""
    if sums.weights.strange is None and sums.weights.units == 0:
        raise ZeroDivisionError(f"Weights sum to zero, can't be normalized: {name}")


def check_both(sums: Sums) -> None:
    """Refuse weights that are all zero, or whose sum is."""
    check_weights(sums)
    check_divisor(sums)


def mean(dtype: DType = FLOAT64, times: int | Fraction = 1, root: bool = False) -> Ratio:
    """Return the mean times a number, or the root of the mean."""
    return Ratio("weights", times, dtype=dtype, root=root, refuse=check_both)


def lenient_mean(dtype: DType) -> Ratio:
    """Return the mean; weights that are all zero are a sum of zero like any other."""
    return Ratio("weights", dtype=dtype, refuse=check_divisor)


def lenient_sum(dtype: DType) -> Ratio:
    """Return the sum, whatever the weights are."""
    return Ratio(dtype=dtype)


def weighted_sum(dtype: DType) -> Ratio:
    """Return the sum."""
    return Ratio(dtype=dtype, refuse=check_weights)


def undefined(sums: Sums) -> float:
    """Return NaN, as the score of a single sample."""
    check_weights(sums)
    return math.nan


def rounded(ratio: Ratio) -> Finish:
    """Return a finish that gives a quotient as a float64 that its dtype holds."""
    return functools.partial(_rounded, ratio=ratio)


def _rounded(sums: Sums, ratio: Ratio) -> float:
    with np.errstate(all="ignore"):
        return float(ratio.dtype.type(ratio(sums)))
