"""Scores beside labels of classes: their exact counts, a cell for each label and each score.

In memory scores are sorted. Of dask arrays a table of them is made, chunk by chunk and up a tree:
it has a row for each different score of each label, which takes some 250 bytes while tables are
merged: 4,000,000 different scores took 1 GB in all. A chunk may have 10,000,000 rows of it.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.types import Array, ArrayLike, DType, DuckArray, Weights
from streamloss.compat._common.arrays import bare, checked, hidden, is_masked, mapped, spread
from streamloss.exact.counted import Counted
from streamloss.exact.digits import Ints
from streamloss.losses.counting import Given
from streamloss.losses.define import loss
from streamloss.metrics.counts import added

from .arguments import aligned, as_numbers, as_weights, check_array_likes
from .cells import Cells, check_heavy, count, weights_checked
from .labels import as_labels
from .values import Bounds, Check

ANYWHERE = Bounds()

SIGN = np.int64(np.iinfo(np.int64).max)
"""The bits of a float64 but for its sign."""


@loss
class Scored(NamedTuple):
    """The cells of scores and labels, as they are."""

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return {"score": Given(1), "true": Given(0)}

    def combine(self, cells: Counted) -> Counted:
        """Return the cells."""
        return cells


class Scores(NamedTuple):
    """The labels, scores and weights of samples.

    Attributes
    ----------
    true : array of shape (samples,) or (samples, classes)
        The labels.
    score : array of shape (samples,) or (samples, classes)
        The scores, checked or to be checked with each chunk.
    weights : array, optional
        A weight for each sample.
    """

    true: DuckArray
    score: DuckArray
    weights: DuckArray | None

    @property
    def are_rows(self) -> bool:
        """Whether a sample has several labels."""
        return self.true.ndim == 2 and self.true.shape[1] > 1

    @property
    def columns(self) -> int:
        """How many scores a sample has."""
        return 1 if self.score.ndim == 1 else self.score.shape[1]


def scores_of(
    y_true: ArrayLike,
    y_score: ArrayLike,
    sample_weight: Weights,
    name: str = "y_score",
    bounds: Bounds = ANYWHERE,
) -> Scores:
    """Return the arrays of a call, those of one column with one axis."""
    check_array_likes(sample_weight, **{"y_true": y_true, name: y_score})
    true = as_labels("y_true", y_true)
    score = as_numbers(name, y_score, np.float64)
    weights = as_weights(sample_weight, np.float64)
    true, score, weights = aligned(**{"y_true": true, name: score, "sample_weight": weights})
    if score.ndim == 2:
        score = score.rechunk({1: -1}) if is_lazy(score) else score
        score = score[:, 0] if score.shape[1] == 1 else score
    score = checked(score, Check(name, "float64", bounds).__call__)
    return Scores(true[:, 0] if true.ndim == 2 and true.shape[1] == 1 else true, score, weights)


def keys_of(score: DuckArray) -> DuckArray:
    """Return int64 that are in the order of scores, one for each score."""
    return mapped(score, _keys, np.int64)


def _keys(score: Array) -> Array:
    if score.dtype.kind != "f":
        return score.astype(np.int64)
    bits = (score.astype(np.float64) + 0.0).view(np.int64)  # of -0.0 those of 0.0
    return bits ^ ((bits >> 63) & SIGN)


def values_of(keys: Ints, dtype: DType) -> Array:
    """Return the scores of a dtype that have such keys."""
    if dtype.kind != "f":
        return keys.astype(dtype)
    return (keys ^ ((keys >> 63) & SIGN)).view(np.float64).astype(dtype)


def count_scores(
    codes: DuckArray, score: DuckArray, weights: DuckArray | None, together: bool = False
) -> Cells:
    """Return the counts of the scores of each class; of rows of scores an array of those of each.

    Parameters
    ----------
    codes : array of shape (samples,) or of the scores' shape
        The class of each sample or score, a whole number.
    score : array of shape (samples,) or (samples, columns)
        The scores.
    weights : array, optional
        A weight for each sample.
    together : bool
        Whether the scores of all columns are counted together.
    """
    keys = keys_of(score)
    if keys.ndim == 2 and codes.ndim == 1:
        codes, keys = spread(codes[:, None], keys)
    columns = keys.ndim == 2 and not together
    if any([is_lazy(each) for each in (codes, keys, weights)]):
        return count(Scored(), codes, keys, weights, 0 if columns else None)
    heavy = None if weights is None else weights_checked(weights)
    if not columns:
        return _sorted(codes, keys, heavy)
    return [_sorted(codes[:, k], keys[:, k], heavy) for k in range(keys.shape[1])]


def _sorted(codes: DuckArray, keys: DuckArray, weights: DuckArray | None) -> Counted:
    """Return the cells of scores in memory, of those that no mask hides."""
    beside = [] if weights is None else [weights.reshape((-1, *[1] * (keys.ndim - 1)))]
    arrays = spread(codes, keys, *beside)
    some = [np.asarray(bare(each)).ravel() for each in arrays]
    if any(map(is_masked, arrays)):
        shown = ~np.asarray(functools.reduce(np.logical_or, map(hidden, arrays))).ravel()
        some = [each[shown] for each in some]
    code, key, *heavy = some
    return sorted_cells(code, key, *whole(heavy[0])) if heavy else sorted_cells(code, key)


def sorted_cells(
    codes: Array, keys: Ints, units: Array | None = None, exponent: int = 0
) -> Counted:
    """Return the cells of scores with labels, in the order of the scores."""
    order = np.lexsort((codes, keys))
    codes, keys = codes[order].astype(np.int64), keys[order]
    first = np.ones(len(keys), np.bool_)
    first[1:] = (keys[1:] != keys[:-1]) | (codes[1:] != codes[:-1])
    starts = np.flatnonzero(first)
    elements = np.diff(starts, append=len(keys))
    sums = elements if units is None else np.add.reduceat(units[order], starts)
    return Counted({"score": keys[starts], "true": codes[starts]}, elements, sums, exponent)


def whole(weights: Array) -> tuple[Array, int]:
    """Return weights as integers of one unit, 2**exponent, and that exponent.

    They are int64 if those hold the sum, else Python's.

    Examples
    --------
    >>> whole(np.array([0.5, 3.0, 0.0]))
    (array([1, 6, 0]), -1)
    """
    fractions, exponents = np.frexp(weights.astype(np.float64))
    digits = (fractions * 2.0**53).astype(np.int64)
    spare = np.frexp((digits & -digits).astype(np.float64))[1] - 1  # zeros behind the last one
    lowest = int((exponents - 53 + spare)[digits != 0].min(initial=1100))
    shifts = np.where(digits == 0, 0, exponents - 53 - lowest)
    digits = np.where(shifts < 0, digits >> np.minimum(-np.minimum(shifts, 0), 63), digits)
    shifts = np.maximum(shifts, 0)
    bits = np.frexp(abs(digits).astype(np.float64))[1] + shifts
    if int(bits.max()) + len(digits).bit_length() <= 62:
        return digits << shifts, lowest
    return digits.astype(object) << shifts.astype(object), lowest


def check_positive_weights(cells: Counted) -> None:
    """Refuse weights below zero, of which no order and no share says anything."""
    if (cells.units < 0).any():
        least = float(cells.exact(int(cells.units.min())))
        raise ValueError(f"sample_weight must be at least 0 where order counts: got {least:g}")


class Groups(NamedTuple):
    """The weights of two classes at each score, in ascending order of the scores.

    Attributes
    ----------
    keys : int64 array
        The scores.
    ones, others : int64 or object array
        The weights of the positive class and of others, in one unit.
    both : bool
        Whether there are samples of both, maybe of no weight.
    """

    keys: Ints
    ones: Array
    others: Array
    both: bool

    @classmethod
    def of(cls, cells: Counted, positive: int = 1, others: tuple[int, ...] | None = None) -> Groups:
        """Return the groups of one class and of others, all others by default.

        Raises
        ------
        ValueError
            If weights are negative, or all zero.
        """
        check_heavy(cells)
        true, units = cells.keys["true"], cells.units
        check_positive_weights(cells)
        one = true == positive
        some = one | (~one if others is None else np.isin(true, others))
        both = bool(one.any() and (some & ~one).any())
        some &= units != 0
        keys, places = np.unique(cells.keys["score"][some], return_inverse=True)
        one, units = one[some], units[some]
        a, b = (added(places[each], units[each], len(keys)) for each in (one, ~one))
        return cls(keys, a, b, both)
