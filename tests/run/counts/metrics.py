"""Small metrics of counts, whose results are their cells, and what these are by plain Python."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

import streamloss as sl
from streamloss.losses.counting import EachClass, Extreme, Given
from streamloss.losses.domains import Row

ULP = Fraction(1, 2**1074)


def held(cells: Any) -> dict[Any, Any]:
    """The cells that `combine` gets: elements, weight and sums by keys, all exact."""
    summed = list(cells.sums.values())
    found = {}
    for k, (key, weight) in enumerate(cells.items()):
        assert weight == cells.exact(int(cells.units[k]))
        exact = [weight, *[column[k] for column in summed]]
        assert all(each.strange is None for each in exact)
        numbers = [Fraction(each.units) * ULP**each.scale for each in exact]
        found[key] = (int(cells.elements[k]), *numbers)
    assert list(found) == sorted(found)
    assert cells.total == sum(cells.units.tolist())
    return found


@sl.loss
class Pairs(NamedTuple):
    """What there is of each pair of labels."""

    def cells(self) -> dict[str, Any]:
        return {"true": Given(0), "pred": Given(1)}

    def combine(self, cells: Any) -> Any:
        return held(cells)


@sl.loss
class Hits(NamedTuple):
    """The share of the weight whose labels are equal; cells are those of `Pairs`."""

    def cells(self) -> dict[str, Any]:
        return {"true": Given(0), "pred": Given(1)}

    def combine(self, cells: Any) -> float:
        same = cells.keys["true"] == cells.keys["pred"]
        hits = sum(cells.units[same].tolist())
        return float(cells.exact(hits) / cells.exact(cells.total))


@sl.loss
class Truths(NamedTuple):
    """What there is of each label, and sums of losses in each."""

    def cells(self) -> dict[str, Any]:
        return {"true": Given(0)}

    def sums(self) -> dict[str, Any]:
        return {"error": "absolute_error", "square": "squared_error"}

    def combine(self, cells: Any) -> Any:
        return held(cells)


@sl.loss
class Above(NamedTuple):
    """1 of what is predicted above a threshold, 0 below, NaN of NaN."""

    threshold: float = 0.5

    def point(self, y_true: Any, y_pred: Any) -> Any:
        if y_pred != y_pred:
            return math.nan
        return 1.0 if y_pred > self.threshold else 0.0


@sl.loss
class Eighth(NamedTuple):
    """In which eighth a prediction lies, whatever the label is."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        if y_pred != y_pred:
            return math.nan
        return float(math.floor(y_pred * 8.0))


@sl.loss
class Decisions(NamedTuple):
    """What there is of each label and decision: a key that is read, and one that is computed."""

    threshold: float = 0.5

    def cells(self) -> dict[str, Any]:
        return {"true": Given(0), "above": Above(self.threshold)}

    def combine(self, cells: Any) -> Any:
        return held(cells)


@sl.loss
class Bins(NamedTuple):
    """What there is of each eighth, and how large errors are there."""

    def cells(self) -> dict[str, Any]:
        return {"eighth": Eighth()}

    def sums(self) -> dict[str, Any]:
        return {"error": "absolute_error"}

    def combine(self, cells: Any) -> Any:
        return held(cells)


@sl.loss
class First(NamedTuple):
    """The index of the first largest score of a row; NaN if one is NaN."""

    def row(self, y_true: float, y_pred: Row) -> float:
        best = 0
        for c in range(len(y_pred)):
            if y_pred[c] != y_pred[c]:
                return math.nan
            if y_pred[c] > y_pred[best]:
                best = c
        return float(best)


@sl.loss
class Known(NamedTuple):
    """The index of the class of a row, as its label says."""

    def row(self, y_true: float, y_pred: Row) -> float:
        return y_true


@sl.loss
class Rows(NamedTuple):
    """What there is of each class, and of each that is predicted for it by scores."""

    def cells(self) -> dict[str, Any]:
        return {"true": Known(), "pred": First()}

    def combine(self, cells: Any) -> Any:
        return held(cells)


@sl.loss
class Is(NamedTuple):
    """The label, 0 or 1."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return y_true


@sl.loss
class OneVsRest(NamedTuple):
    """What there is of each class against all others, by eighths of its scores."""

    def cells(self) -> dict[str, Any]:
        return {"class": EachClass(), "is": Is(), "eighth": Eighth()}

    def sums(self) -> dict[str, Any]:
        return {"error": "absolute_error"}

    def combine(self, cells: Any) -> Any:
        return held(cells)


@sl.loss
class Largest(NamedTuple):
    """The largest error."""

    def cells(self) -> dict[str, Any]:
        return {"error": Extreme("absolute_error")}

    def combine(self, cells: Any) -> float:
        assert len(cells) <= 1
        return float(cells.keys["error"][0]) if len(cells) else math.nan


@sl.loss
class Smallest(NamedTuple):
    """The smallest error."""

    def cells(self) -> dict[str, Any]:
        return {"error": Extreme("absolute_error", largest=False)}

    def combine(self, cells: Any) -> float:
        assert len(cells) <= 1
        return float(cells.keys["error"][0]) if len(cells) else math.nan


def is_nan(value: Any) -> bool:
    """Whether something is NaN, or what stands for a missing label."""
    return value is None or (isinstance(value, float | np.floating) and bool(value != value))


def truth(rows: Any) -> Any:
    """The cells of elements, each a key, its weight and the values to sum; NaN if unknown.

    A key that is None is missing, and a weight of None takes an element out.
    """
    found: dict[Any, list[Any]] = {}
    for key, weight, *values in rows:
        if weight is None:
            continue
        if not math.isfinite(weight) or (key is None and weight != 0.0):
            return math.nan
        if key is None:
            continue
        cell = found.setdefault(key, [0, Fraction(0), *[Fraction(0) for _ in values]])
        cell[0] += 1
        cell[1] += Fraction(weight)
        for k, value in enumerate(values, 2):
            if weight != 0.0:
                cell[k] += Fraction(float(np.float64(weight) * np.float64(value)))
    return {key: tuple(found[key]) for key in sorted(found)}


def pairs(y: Any, p: Any, weights: Any = None, where: Any = None, omit: bool = False) -> Any:
    """What `Pairs` gives of sequences of plain labels."""
    w = [1.0] * len(y) if weights is None else [float(x) for x in weights]
    here = [True] * len(y) if where is None else list(where)
    rows = []
    for a, b, weight, kept in zip(y, p, w, here, strict=True):
        key = None if is_nan(a) or is_nan(b) else (a, b)
        out = not kept or (omit and (key is None or math.isnan(weight)))
        rows.append((key, None if out else weight))
    return truth(rows)


def same(found: Any, want: Any) -> bool:
    """Whether results are equal, NaN to NaN."""
    if isinstance(want, float) and isinstance(found, float):
        return found == want or (found != found and want != want)
    return type(found) is type(want) and bool(found == want)
