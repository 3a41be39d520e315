"""Which columns play which role, and the rows that the readers of all formats hand on.

A column of keys comes as it is, for `arrays.keys.read_key`, and one of inputs as numbers, in which
nulls are NaN; one that is both comes twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.kinds import Keyed
from streamloss.arrays.labels import looked_at
from streamloss.arrays.types import Array

Named = str | list[str]
"""A column, or the columns whose values side by side are the row of a row loss."""


class KeyRole(str):
    """The role of a column that is read as keys are, and not as numbers; errors have its text."""

    __slots__ = ()


class KeysIn(NamedTuple):
    """What the keys in a column are called among arrays, where its numbers have its name."""

    column: str


Arrays = dict[str | KeysIn, Any]
"""Some rows of columns: numbers by the names of these, and keys as they came."""


class Columns(NamedTuple):
    """The names of the columns by their roles; `y_pred` has a tuple for several inputs."""

    y_true: Named
    y_pred: Named | tuple[Named, ...] | None = None
    weights: Named | None = None
    where: Named | None = None
    by: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        y_true: Any,
        y_pred: Any = None,
        weights: Any = None,
        where: Any = None,
        by: tuple[str, ...] = (),
    ) -> Columns:
        """Return the columns of arguments, which must be names, and those that have keys.

        Raises
        ------
        TypeError
            If an argument is no name of a column, nor a list of them.
        """
        found = cls(y_true, y_pred, weights, where, by)
        for role, given in zip(cls._fields, found[:4], strict=False):
            several = role == "y_pred" and isinstance(given, tuple)
            needed = role == "y_true" or given is not None
            parts = given if several and given else (given,)
            if needed and not all(map(_is_named, parts)):
                rule = "must be the name of a column, or a list of names, where data is given"
                raise TypeError(f"{role} {rule}: got {type(given).__name__}")
        return found

    @property
    def inputs(self) -> int:
        """How many inputs a loss of these columns takes."""
        return 1 + len(self._predictions())

    def _predictions(self) -> tuple[Named, ...]:
        if self.y_pred is None:
            return ()
        return self.y_pred if isinstance(self.y_pred, tuple) else (self.y_pred,)

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the role and the name of each column; one may come several times."""
        for field, given in self._asdict().items():
            role = KeyRole(field) if field == "by" else field
            for part in given if isinstance(given, tuple) else (given,):
                for name in part if isinstance(part, list) else [part]:
                    if name is not None:
                        yield role, name

    def names(self) -> list[str]:
        """Return the names of all columns, each once."""
        return list(dict.fromkeys(name for _, name in self.named()))

    def numbers(self) -> list[str]:
        """Return the names of the columns that are read as numbers, each once."""
        return list(dict.fromkeys(n for role, n in self.named() if not isinstance(role, KeyRole)))

    def width(self, widths: Mapping[str, int]) -> int:
        """Return how many values the widest input has in a row.

        Parameters
        ----------
        widths : mapping of str to int
            How many values a row has of the columns of which it is not one.
        """
        parts = (self.y_true, *self._predictions(), self.weights, self.where)
        listed = (part if isinstance(part, list) else [part] for part in parts if part is not None)
        return max([sum(widths.get(name, 1) for name in names) for names in listed], default=1)

    def rows(self, arrays: Arrays) -> Rows:
        """Return arrays, by the names of their columns, as the arguments of `Accumulator.update`.

        Raises
        ------
        ValueError
            If columns to be put side by side are no columns of single values.
        """

        def gathered(part: Named) -> Array:
            return arrays[part] if isinstance(part, str) else _side_by_side(part, arrays)

        y_pred = tuple(map(gathered, self._predictions()))
        weights = None if self.weights is None else gathered(self.weights)
        where = None if self.where is None else gathered(self.where)
        if where is not None and where.dtype != np.bool_:  # with nulls, which are NaN
            where = where == 1.0
        pred = y_pred if isinstance(self.y_pred, tuple) else y_pred[0] if y_pred else None
        return Rows(gathered(self.y_true), pred, weights, where)

    def keys(self, arrays: Arrays) -> tuple[Any, ...]:
        """Return the columns that have keys, which `arrays.keys.read_key` takes."""
        return tuple([arrays[KeysIn(name)] for name in self.by])

    def as_labels(self) -> Columns:
        """Return the same columns with inputs that are read as keys are: as labels of any kind.

        Inputs of several columns side by side are numbers all the same.
        """
        if not isinstance(self.y_true, str) or not isinstance(self.y_pred, str):
            return self
        by = (*self.by, self.y_true, self.y_pred)
        return LabelColumns("", None, self.weights, self.where, by)


class LabelColumns(Columns):
    """Columns of labels: the last two of those that have keys are y_true and y_pred."""

    __slots__ = ()

    @property
    def inputs(self) -> int:
        """How many inputs a loss of these columns takes."""
        return 2

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield the role and the name of each column; one may come several times."""
        yield from [(KeyRole("y_true"), self.by[-2]), (KeyRole("y_pred"), self.by[-1])]
        found = [(role, name) for role, name in super().named() if role != "y_true"]
        yield from found[:-2]  # the keys are last, and inputs are the last keys

    def rows(self, arrays: Arrays) -> Rows:
        """Return arrays as the arguments of `Accumulator.update`."""
        y_true, y_pred = (_as_array(arrays[KeysIn(name)]) for name in self.by[-2:])
        return super().rows({**arrays, "": None})._replace(y_true=y_true, y_pred=y_pred)

    def keys(self, arrays: Arrays) -> tuple[Any, ...]:
        """Return the columns that have keys, which `arrays.keys.read_key` takes."""
        return super().keys(arrays)[:-2]


class Rows(NamedTuple):
    """Some rows of each column, in the order of the arguments of `Accumulator.update`."""

    y_true: Array
    y_pred: Array | tuple[Array, ...] | None
    weights: Array | None
    where: Array | None


def _is_named(given: Any) -> bool:
    """Return whether an argument names a column, or several in a list."""
    if isinstance(given, list):
        return bool(given) and all(isinstance(name, str) for name in given)
    return isinstance(given, str)


def _as_array(labels: Any) -> Any:
    """Return labels as they came in a file; those in the names of folders, keys, as an array."""
    if type(labels) is not Keyed:
        return labels
    codes = np.asarray(labels.codes)
    if not len(labels.values):  # which is how a missing one is spelled
        return np.full(len(codes), None, object)
    return looked_at(labels.kind, labels.values)[codes]


def _side_by_side(names: list[str], arrays: Arrays) -> Array:
    """Return the array that has a column for each of these names."""
    columns = [arrays[name] for name in names]
    for name, column in zip(names, columns, strict=True):
        if column.ndim != 1:
            rule = "a column in a list of names must have one value in a row"
            raise ValueError(f"{rule}: {name!r} has {column.shape[1:]}")
    return np.stack(columns, axis=1)


def listing(names: Iterable[str], wanted: str, most: int = 12) -> str:
    """List at most so many of the names that exist, those most like the wanted name first.

    Examples
    --------
    >>> listing(["carrier", "distance", "arr_delay"], "arr_dealy", most=2)
    'arr_delay, carrier and 1 more'
    """
    import difflib

    names = list(names)
    near = difflib.get_close_matches(wanted, names, most)
    ordered = near + [name for name in names if name not in near]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(ordered[:most]) or "nothing") + more
