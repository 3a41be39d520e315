"""The table of reductions: what the exact sum of the weighted losses is divided by."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from streamloss.losses.base import Loss
from streamloss.support.brief import brief

from .counts import ELEMENTS, NONZERO
from .digits import DIGITS, NANS, NEGATIVE_FLAGS, PIECE, UNIT, Ints, divide, split
from .numbers import Exact, over_nonfinite
from .quotients import Flags, Floats, quotients


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
        raise ValueError(f"reduction must be one of {names}: got {brief(value)}")


class Totals(NamedTuple):
    """The exact totals of one loss, a list item for each cell; sums are in units of 2**-1074.

    `strange` has the cells with sums that are not finite: that of the losses and that of the
    weights, each None if it is finite after all.
    """

    losses: list[int]
    weights: list[int]
    elements: list[int]
    nonzero: list[int]
    strange: dict[int, tuple[float | None, float | None]]


class Sums(NamedTuple):
    """What is known of one cell: the exact sum of each loss and of the weights, and counts."""

    losses: tuple[Exact, ...]
    weights: Exact
    elements: int
    nonzero: int


def combined(metric: Loss, sums: Sums) -> float:
    """Return what a metric makes of exact sums: its `combine` gets those that it names."""
    known: dict[str, Exact | int] = dict(zip(metric.names, sums.losses, strict=True))
    known |= {"weights": sums.weights, "elements": sums.elements, "nonzero": sums.nonzero}
    assert metric.combine is not None
    return metric.combine(**{name: known[name] for name in metric.takes})


ONE = 1 << -UNIT

DIVISORS: dict[Reduction, Callable[[Totals], list[int]]] = {
    Reduction.SUM: lambda totals: [ONE] * len(totals.losses),
    Reduction.MEAN: lambda totals: totals.weights,
    Reduction.SUM_OVER_BATCH_SIZE: lambda totals: [n * ONE for n in totals.elements],
    Reduction.SUM_BY_NONZERO_WEIGHTS: lambda totals: [k * ONE for k in totals.nonzero],
}

_SUM = "the sum of weight * loss, without {each}s of weight zero"

FORMULAS: dict[Reduction, tuple[str, dict[str, str]]] = {
    Reduction.NONE: ("weight * loss of each {each}, 0 where the weight is zero", {}),
    Reduction.SUM: ("S", {"S": _SUM}),
    Reduction.MEAN: ("S / W", {"S": _SUM, "W": "the sum of the weights, one for each {each}"}),
    Reduction.SUM_OVER_BATCH_SIZE: (
        "S / N",
        {"S": _SUM, "N": "the number of {each}s, those of weight zero included"},
    ),
    Reduction.SUM_BY_NONZERO_WEIGHTS: (
        "S / K",
        {"S": _SUM, "K": "the number of weights that are not zero"},
    ),
}
"""What each reduction returns, in words, and what the letters in it are."""


def finish(reduction: Reduction, totals: Totals) -> list[float]:
    """Return the correctly rounded result of each cell."""
    divisors = DIVISORS[reduction](totals)
    values = [divide(a, b) for a, b in zip(totals.losses, divisors, strict=True)]
    for cell, (losses, weights) in totals.strange.items():
        if reduction is Reduction.MEAN and weights is not None:
            values[cell] = over_nonfinite(totals.losses[cell] if losses is None else None, weights)
        elif losses is not None:
            values[cell] = losses * (-1.0 if divisors[cell] < 0 else 1.0)
    return values


_COUNTED = {
    Reduction.SUM_OVER_BATCH_SIZE: ELEMENTS,
    Reduction.SUM_BY_NONZERO_WEIGHTS: NONZERO,
}
"""The columns of counts that sums are divided by."""


def finish_many(reduction: Reduction, rows: Ints, base: int, counts: Ints) -> tuple[Floats, Ints]:
    """Return the results of many cells, and those cells to which only `finish` gives theirs.

    Parameters
    ----------
    reduction : Reduction
        What it is, not NONE.
    rows : int64 array (cells, 2, DIGITS + digits)
        Balanced rows of `digits`, of the losses and of the weights.
    base : int
        The number of their first digit.
    counts : int64 array (cells, COLUMNS)
        What the cells count.
    """
    values, certain = np.empty(len(rows)), np.empty(len(rows), np.bool_)
    with np.errstate(all="ignore"):
        for start in range(0, len(rows), PIECE):
            some = slice(start, start + PIECE)
            lines = np.ascontiguousarray(rows[some].T)
            values[some], certain[some] = _finish_piece(reduction, lines, base, counts[some])
    return values, np.flatnonzero(~certain)


def _finish_piece(
    reduction: Reduction, lines: Ints, base: int, counts: Ints
) -> tuple[Floats, Flags]:
    """Return the results of some cells, and which are certain; the cells are the last axis."""
    losses, weights = lines[DIGITS:, 0], lines[DIGITS:, 1]
    if reduction is Reduction.MEAN:
        values, certain = quotients(losses, weights, 0)
    else:
        column = _COUNTED.get(reduction)
        divisors = None if column is None else split(counts[:, column])
        values, certain = quotients(losses, divisors, 32 * base + UNIT)
    return flagged(values, certain, lines[:DIGITS, 0], lines[:DIGITS, 1])


def flagged(
    values: Floats, certain: Flags, losses: Ints | None, weights: Ints | None
) -> tuple[Floats, Flags]:
    """Return results, and which are certain, where there are terms that are not finite.

    Parameters
    ----------
    values, certain : float64 and bool array (cells,)
        What the sums give without these terms.
    losses, weights : int64 array (DIGITS, cells), optional
        The counts of these terms; None without any.
    """
    for flags in (losses, weights):
        if flags is None or not flags.any():
            continue
        if flags.min() < 0:
            raise ValueError(NEGATIVE_FLAGS)
        certain = certain & ~flags.any(axis=0)
    if losses is not None and (nan := losses[NANS] > 0).any():
        values[nan] = np.nan
        certain = certain | nan
    return values, certain


def check(reduction: object, losses: tuple[Loss, ...]) -> Reduction:
    """Return the reduction, refused where a loss has a finish that needs a mean."""
    # asked first, for Enum compares with every member, and what arrays answer has no truth
    found = Reduction(reduction) if isinstance(reduction, str) else Reduction._missing_(reduction)
    for loss in losses:
        if loss.combine is not None and found is not Reduction.MEAN:
            raise ValueError(f"reduction {found.value!r} does not fit {loss!r}, which has its own")
    if found in (Reduction.NONE, Reduction.SUM):
        for loss in losses:
            if loss.finish is not None:
                raise ValueError(
                    f"reduction {found.value!r} does not fit {loss!r}, which needs a mean"
                )
    return found
