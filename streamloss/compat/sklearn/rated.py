"""Rates of classes, from exact counts, and what those that are 0 / 0 are."""

from __future__ import annotations

import math
import numbers
import warnings
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.types import Array
from streamloss.exact.means import mean_of_ratios
from streamloss.exact.ratios import ratios

from .arguments import refuse, undefined_warning
from .cells import SCALAR, VECTOR, Out
from .classes import ClassCounts, Selection

EVERY = "precision", "recall", "f-score"
"""The rates that come together."""


class Rate(NamedTuple):
    """A ratio of counts of classes, and what it is where that is 0 / 0.

    Attributes
    ----------
    name : str
        What it is called: one of `EVERY`, or "jaccard".
    lacks : str
        Which samples there are none of where it is not defined.
    beta : float
        That of an F score.
    """

    name: str
    lacks: str
    beta: float = 1.0

    def terms(self, counts: ClassCounts) -> tuple[list[int], list[int]]:
        """Return numerators and denominators."""
        hits, true, pred = counts.hits, counts.true, counts.pred
        if self.name == "precision":
            return hits, pred
        if self.name == "recall":
            return hits, true
        pairs = list(zip(true, pred, strict=True))
        if self.name == "jaccard":
            return hits, [t + p - h for h, (t, p) in zip(hits, pairs, strict=True)]
        n, d = (Fraction(self.beta) ** 2).as_integer_ratio()
        return [(n + d) * h for h in hits], [n * t + d * p for t, p in pairs]


PRECISION, RECALL = Rate("precision", "predicted"), Rate("recall", "true")

JACCARD = Rate("jaccard", "true or predicted")


def f_score(beta: object) -> Rate:
    """Return the rate that an F score is: precision for 0, recall for infinity."""
    number = float(beta) if isinstance(beta, numbers.Real) else math.nan
    if not number >= 0.0:
        refuse("beta", "a number of at least 0", beta)
    if number in (0.0, math.inf):
        return RECALL if number else PRECISION
    return Rate("f-score", "true nor predicted", number)


class Rates(NamedTuple):
    """What is asked: rates, of which classes, and what becomes of those.

    Attributes
    ----------
    rates : tuple of Rate
        What is asked for.
    selection : Selection
        Of which classes.
    warn_for : tuple of str
        The names of the rates that are warned of where they are 0 / 0.
    zero : float, optional
        What 0 / 0 is; None is 0 with a warning.
    support : bool
        Whether results are a tuple, with the weights of classes.
    """

    rates: tuple[Rate, ...]
    selection: Selection
    warn_for: tuple[str, ...]
    zero: float | None
    support: bool = False

    def results(self, cells: Any) -> Any:
        """Return the results of cells."""
        average = self.selection.average
        counts = self.selection.of_cells(cells)
        if average == "micro":
            counts = counts.together()
        found: list[Any] = [self._rate(rate, counts) for rate in self.rates]
        if not self.support:
            return found[0]
        return (*found, counts.support() if average is None else None)

    def _rate(self, rate: Rate, counts: ClassCounts) -> float | Array:
        """Return the values of a rate, or their average."""
        over, under = rate.terms(counts)
        empty = [d == 0 for d in under]
        if any(empty) and self.zero is None and rate.name in self.warn_for:
            _warn(rate, self.selection.average, counts.size)
        instead = {None: (0, 1), 0.0: (0, 1), 1.0: (1, 1)}.get(self.zero, (0, 0))
        pairs = [
            instead if none else pair
            for none, pair in zip(empty, zip(over, under, strict=True), strict=True)
        ]
        over, under = [n for n, _ in pairs], [d for _, d in pairs]
        if self.selection.average is None:
            found: Array = ratios(np.array(over, object), np.array(under, object))
            return found
        weights = counts.weights(self.selection.average)
        known = [w for w, d in zip(weights or [], under, strict=False) if d]
        return mean_of_ratios(over, under, weights if sum(known) else None)

    def outs(self) -> Any:
        """Return what the results of dask arrays are known to be."""
        each = VECTOR if self.selection.average is None else SCALAR
        if not self.support:
            return each
        integers = Out((math.nan,), self.selection.support)
        return (*[each] * len(self.rates), integers if self.selection.average is None else None)


def _warn(rate: Rate, average: str | None, size: int) -> None:
    """Warn that a rate is not defined for some classes, or samples."""
    sample, label = ("label", "sample") if average == "samples" else ("sample", "label")
    where = "due to" if size == 1 else f"in {label}s with"
    warnings.warn(
        f"{rate.name.capitalize()} is ill-defined and being set to 0.0 {where} no {rate.lacks} "
        f"{sample}s. Use `zero_division` parameter to control this behavior.",
        undefined_warning(),
        stacklevel=6,
    )


def zero_of(value: object, nan: bool) -> float | None:
    """Return what 0 / 0 is, None for 0 with a warning."""
    if isinstance(value, str) and value == "warn":
        return None
    if isinstance(value, int | float) and (value in (0, 1) or (nan and value != value)):
        return float(value)
    refuse("zero_division", "'warn', 0, 1 or NaN" if nan else "'warn', 0 or 1", value)
