"""How results of slices compare: which are worst, how far they are apart, from the whole too."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from streamloss.arrays.types import Array
from streamloss.losses.base import Loss
from streamloss.support.brief import brief

TO = "slices", "overall"
"""What the results of slices can be compared with: with each other, with that of the whole."""


def badness(loss: Loss, values: Array) -> Any:
    """Return numbers that are the larger the worse results are, NaN where a result is.

    Of a loss they are the results; of a metric how far these are from what is perfect.
    """
    if loss.perfect is None:
        return values
    if loss.perfect == math.inf:
        return -values
    return abs(values - loss.perfect)


def worst_first(loss: Loss, values: Array) -> Array:
    """Return the order of results from the worst on, equal ones as they come, NaN at the end."""
    return np.argsort(-badness(loss, values), kind="stable")


def difference(values: Array, whole: Array | float, to: str) -> Any:
    """Return how far results are apart, along the first axis, those that are NaN left out."""
    with np.errstate(invalid="ignore"):  # infinity - infinity
        if _check(to) == "overall":
            return np.fmax.reduce(abs(values - whole), axis=0, initial=np.nan)
        return _most(values) - _least(values)


def ratio(values: Array, whole: Array | float, to: str) -> Any:
    """Return the smallest ratio of results, along the first axis, those that are NaN left out."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if _check(to) == "overall":
            ratios = values / whole
            return _least(np.where(ratios > 1.0, 1.0 / ratios, ratios))
        return _least(values) / _most(values)


def _check(to: str) -> str:
    """Return what is compared with, refused unless it is known."""
    if to not in TO:
        raise ValueError(f"to must be 'slices' or 'overall': got {brief(to)}")
    return to


def _most(values: Array) -> Any:
    """Return the largest along the first axis, NaN where there is none."""
    return np.fmax.reduce(values, axis=0, initial=np.nan)


def _least(values: Array) -> Any:
    """Return the smallest along the first axis, NaN where there is none."""
    return np.fmin.reduce(values, axis=0, initial=np.nan)
