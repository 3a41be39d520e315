"""Results that are more than a number: a value for each class, and a matrix of pairs of classes."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np

from streamloss.support.brief import brief
from streamloss.support.text import shown

SHOWN = 12
"""Labels that are shown at most."""

DENSE = 1 << 14
"""Labels of a matrix that becomes an array at most: one of more takes more than 2 GiB."""


class PerClass:
    """A value for each class or output, in the order of the labels: a mapping that stays as it is.

    Attributes
    ----------
    labels : array (n,)
        The labels, sorted by value.
    values : float64 array (n,)
        The value of each.

    Examples
    --------
    >>> found = PerClass(np.array([3, 7]), np.array([0.5, 1.0]))
    >>> found[7], dict(found), found
    (1.0, {3: 0.5, 7: 1.0}, <PerClass 3: 0.5, 7: 1>)
    """

    __slots__ = ("labels", "values")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, labels: Any, values: Any) -> None:
        self.labels, self.values = _frozen(labels), _frozen(values)

    def keys(self) -> list[Any]:
        """Return the labels."""
        return list(self.labels.tolist())

    def items(self) -> Iterator[tuple[Any, float]]:
        """Yield each label with its value."""
        yield from zip(self.keys(), self.values.tolist(), strict=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the columns of a table: "label" and "value"."""
        return {"label": self.labels, "value": self.values}

    def to_pandas(self) -> Any:
        """Return a pandas Series, with the labels as its index."""
        return import_module("pandas").Series(self.values, self.labels)

    def __getitem__(self, label: Any) -> float:
        return float(self.values[_place(self.labels, label)])

    def __contains__(self, label: object) -> bool:
        return label in self.keys()

    def __iter__(self) -> Iterator[Any]:
        yield from self.keys()

    def __len__(self) -> int:
        return len(self.labels)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.values, dtype) if copy else np.asarray(self.values, dtype)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PerClass):
            return NotImplemented
        same = self.keys() == other.keys()
        return same and np.array_equal(self.values, other.values, equal_nan=True)

    def __repr__(self) -> str:
        few = [f"{_spelled(label)}: {value:.6g}" for label, value in self.items()][:SHOWN]
        more = [f"{len(self) - SHOWN:,} more"] if len(self) > SHOWN else []
        return f"<PerClass {', '.join([*few, *more])}>"


class Confusion:
    r"""How much weight each pair of labels has: a row for each y_true, a column for each y_pred.

    `numpy.asarray` makes an array of it; with many labels most pairs have no weight, and those
    that have one are in `true`, `pred` and `weights`.

    Attributes
    ----------
    labels : array (n,)
        The labels of rows and of columns, sorted by value.
    true, pred : int64 array (pairs,)
        The row and the column of each pair with a weight.
    weights : int64 or float64 array (pairs,)
        The weight of each, or its share. They are int64 if all weights are whole.
    rest : number or array
        What all other pairs are, aligned as numpy broadcasts: zero, or NaN where a share is 0 / 0.

    Examples
    --------
    >>> found = Confusion(np.array([3, 7]), np.array([0, 1]), np.array([1, 1]), np.array([4, 2]))
    >>> found
    true \ pred  3  7
              3  0  4
              7  0  2
    >>> found[3, 7], np.asarray(found).tolist()
    (4, [[0, 4], [0, 2]])
    """

    __slots__ = ("labels", "pred", "rest", "true", "weights")
    __hash__ = None  # type: ignore[assignment]
    __iter__ = None

    def __init__(self, labels: Any, true: Any, pred: Any, weights: Any, rest: Any = 0) -> None:
        self.labels, self.true, self.pred = _frozen(labels), _frozen(true), _frozen(pred)
        self.weights, self.rest = _frozen(weights), _frozen(rest)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the matrix."""
        return len(self.labels), len(self.labels)

    def __getitem__(self, pair: Any) -> Any:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"a pair of labels (true, pred) is needed: got {brief(pair)}")
        row, column = (_place(self.labels, label) for label in pair)
        found = self.weights[(self.true == row) & (self.pred == column)]
        return (found if len(found) else self._rest()[row, column]).item()

    def _rest(self) -> Any:
        """Return what pairs without a weight are, in the shape of the matrix."""
        return np.broadcast_to(np.asarray(self.rest, self.weights.dtype), self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if copy is False:
            raise ValueError("a matrix of counts becomes an array by a copy only")
        if len(self.labels) > DENSE:
            rule = f"an array has at most {DENSE:,} labels; true, pred and weights have all pairs"
            raise ValueError(f"{rule}: got {len(self.labels):,}")
        found = self._rest().copy()
        found[self.true, self.pred] = self.weights
        return found if dtype is None else found.astype(dtype)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Confusion):
            return NotImplemented
        same = self.labels.tolist() == other.labels.tolist()
        same = same and self.weights.dtype == other.weights.dtype
        arrays = [(getattr(self, name), getattr(other, name)) for name in self.__slots__[1:]]
        return same and all([np.array_equal(a, b, equal_nan=True) for a, b in arrays])

    def __repr__(self) -> str:
        if len(self.labels) > SHOWN:
            return f"<Confusion of {len(self.labels):,} labels, {len(self.weights):,} pairs>"
        names = [_spelled(label) for label in self.labels.tolist()]
        lines = [["true \\ pred", *names]]
        for name, row in zip(names, self.tolist(), strict=True):
            lines.append([name, *[f"{x:.6g}" if isinstance(x, float) else str(x) for x in row]])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        aligned = (map(str.rjust, line, widths) for line in lines)
        return "\n".join(["  ".join(line) for line in aligned])

    def tolist(self) -> list[list[Any]]:
        """Return the matrix as lists, a list for each row."""
        return list(np.asarray(self).tolist())

    def to_dict(self) -> dict[str, Any]:
        """Return the columns of a table of the pairs with a weight: "true", "pred" and "weight"."""
        true, pred = self.labels[self.true], self.labels[self.pred]
        return {"true": true, "pred": pred, "weight": self.weights}

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame, with labels y_true as its index and y_pred as its columns."""
        pd = import_module("pandas")
        index, columns = (pd.Index(self.labels, name=name) for name in ("true", "pred"))
        return pd.DataFrame(np.asarray(self), index, columns)


def _frozen(values: Any) -> Any:
    """Return an array of values that cannot be written to."""
    array = np.asarray(values).view()
    array.flags.writeable = False
    return array


def _place(labels: Any, label: Any) -> int:
    """Return the index of a label; KeyError without it."""
    found = np.flatnonzero(labels == label)
    if not found.size:
        raise KeyError(label)
    return int(found[0])


def _spelled(label: Any) -> str:
    """Return a label as it is shown, short and without what controls a terminal."""
    text = shown(label)
    return text if len(text) <= 24 else f"{text[:23]}…"
