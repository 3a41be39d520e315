"""The table of reductions: what the exact sum of the weighted losses is divided by."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from ._exact import UNIT, divide


class Reduction(StrEnum):
    """How weighted losses become one number, spelled plainly or as in TensorFlow 1.

    With S the sum of the weighted losses, W the sum of the weights, N the number of elements
    and K the number of weights that are not zero:

    ==========================  ==========  ==================================================
    member                      result      also spelled
    ==========================  ==========  ==================================================
    NONE                        each w * l  "none"
    SUM                         S           "sum", "weighted_sum"
    MEAN                        S / W       "mean", "weighted_mean"
    SUM_OVER_BATCH_SIZE         S / N       "sum_over_batch_size", and with weighted
    SUM_BY_NONZERO_WEIGHTS      S / K       "sum_by_nonzero_weights", and with weighted
    SUM_OVER_NONZERO_WEIGHTS    S / K       the same member
    ==========================  ==========  ==================================================

    0/0 is NaN and anything else over 0 infinite.

    Raises
    ------
    ValueError
        If no member has that value.

    Examples
    --------
    >>> Reduction("mean") is Reduction.MEAN, Reduction.SUM_OVER_NONZERO_WEIGHTS.value
    (True, 'weighted_sum_by_nonzero_weights')
    """

    NONE = "none"
    SUM = "weighted_sum"
    MEAN = "weighted_mean"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"

    @classmethod
    def _missing_(cls, value: object) -> Reduction:
        name = str(value).lower().removeprefix("weighted_").upper()
        if isinstance(value, str) and name in cls.__members__:
            return cls[name]
        names = ", ".join(repr(name.lower()) for name in cls.__members__)
        raise ValueError(f"reduction must be one of {names}: got {value!r}")


class Totals(NamedTuple):
    """The exact totals of one loss in one cell, sums in units of 2**-1074.

    `weights` is None, infinite or NaN if weights were not finite.
    """

    losses: int
    weights: int
    elements: int
    nonzero: int


ONE = 1 << -UNIT

DIVISORS: dict[Reduction, Callable[[Totals], int]] = {
    Reduction.SUM: lambda t: ONE,
    Reduction.MEAN: lambda t: t.weights,
    Reduction.SUM_OVER_BATCH_SIZE: lambda t: t.elements * ONE,
    Reduction.SUM_BY_NONZERO_WEIGHTS: lambda t: t.nonzero * ONE,
}


def finish(
    reduction: Reduction, totals: Totals, losses: float | None, weights: float | None
) -> float:
    """Return the correctly rounded result; `losses` and `weights` are sums that are not finite."""
    if reduction is not Reduction.MEAN:
        weights = None
    if totals.elements < 0 or totals.nonzero < 0:
        raise ValueError("this difference has a negative count of elements")
    if losses is None and weights is None:
        return divide(totals.losses, DIVISORS[reduction](totals))
    if weights is None:
        divisor = DIVISORS[reduction](totals)
        return float("nan") if losses is None else losses * (-1.0 if divisor < 0 else 1.0)
    if losses is None and weights == weights:
        return 0.0 if (totals.losses >= 0) == (weights > 0) else -0.0
    return float("nan")


def check(reduction: Any, losses: tuple[Any, ...]) -> Reduction:
    """Return the reduction, refused where a loss has a finish that needs a mean."""
    found = Reduction(reduction)
    if found in (Reduction.NONE, Reduction.SUM):
        for loss in losses:
            if loss.finish is not None:
                raise ValueError(
                    f"reduction {found.value!r} does not fit {loss!r}, which needs a mean"
                )
    return found
