"""Groups of scores: the weights of both labels in each, as the cells of a ranking have them."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from streamloss.exact.counted import Counted
from streamloss.exact.ratios import Units


class Groups(NamedTuple):
    """The weights of both labels in each group of scores, the groups in ascending order.

    Attributes
    ----------
    bins : int64 array
        The key of each group.
    positives, negatives : int64 or object array
        The weights of label 1 and of others, integers of one unit, none below 0; an int64 array
        where all together are below 2**62.
    counts : int64 array
        How many elements of label 1 there are, at least 1 where they have a weight.
    same : bool array
        Of which groups it is known that all scores are the same.
    """

    bins: Any
    positives: Units
    negatives: Units
    counts: Any
    same: Any

    @property
    def totals(self) -> tuple[int, int]:
        """The weights of both labels."""
        return int(self.positives.sum()), int(self.negatives.sum())


def groups_of(cells: Counted, name: str) -> Iterator[Groups]:
    """Yield the groups of cells with keys `score` and `true`; with a key `class`, those of each.

    Scores of an even key are the same, as `ScoreBits` has keys; those of one key `rest` as well,
    which tells scores with the same key `score` apart.

    Raises
    ------
    ValueError
        If weights are negative, or labels are not of two classes.
    """
    keys, units, elements = _heavy(cells)
    if (units < 0).any():
        raise ValueError(
            f"weights of {name} must be at least 0, for with others any result is possible within a"
            f" bin of scores: got a sum of {float(cells.exact(int(units.min()))):g}"
        )
    _check_labels(keys["true"], name)
    order = [keys[called] for called in ("class", "score", "rest") if called in keys]
    first = _first(order)
    place, starts, one = np.cumsum(first) - 1, np.flatnonzero(first), keys["true"] == 1
    ones, others = (_spread(units[k], place[k], len(starts)) for k in (one, ~one))
    counts = _spread(elements[one], place[one], len(starts))
    bins, cuts = keys["score"][starts], [0]
    same = np.ones(len(bins), np.bool_) if "rest" in keys else bins & 1 == 0
    if "class" in keys:
        cuts += (np.flatnonzero(_first([keys["class"][starts]])[1:]) + 1).tolist()
    for start, stop in itertools.pairwise([*cuts, len(starts)]):
        part = slice(start, stop)
        yield Groups(bins[part], ones[part], others[part], counts[part], same[part])


def _heavy(cells: Counted) -> tuple[dict[str, Any], Units, Any]:
    """Return the keys, weights and elements of the cells with a weight."""
    some = cells.units != 0
    if some.all():
        return cells.keys, cells.units, cells.elements
    keys = {called: key[some] for called, key in cells.keys.items()}
    return keys, cells.units[some], cells.elements[some]


def _first(keys: list[Any]) -> Any:
    """Return which cells have another key than the one before."""
    first = np.ones(len(keys[0]), np.bool_)
    first[1:] = functools.reduce(operator.or_, [key[1:] != key[:-1] for key in keys])
    return first


def _spread(values: Units, places: Any, size: int) -> Units:
    """Return an array of zeros but for values at their places, each of which has one."""
    out = np.zeros(size, values.dtype)
    out[places] = values
    return out


def _check_labels(true: Any, name: str) -> None:
    """Raise ValueError if labels are of other classes than 0 and 1, or -1 and 1."""
    if (true > 1).any() or ((true < 0).any() and (true == 0).any()):
        wrong = "others" if (true > 1).any() else "both 0 and -1"
        raise ValueError(f"y_true of {name} must be 0 and 1, or -1 and 1: got {wrong}")
