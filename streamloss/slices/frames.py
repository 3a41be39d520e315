"""Tables of slices as columns of other libraries: Arrow, and what is made of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any

import numpy as np

from streamloss.arrays import keys
from streamloss.arrays.types import Array

from .whole import Key, Whole, taken

GROUPING = "grouping"
"""The column that says of which grouping set a slice is."""


def columns_of(
    whole: Whole, rows: Array | None, numbers: bool = True
) -> Iterator[tuple[str, Key | Array]]:
    """Yield the columns of some slices with names of their own: keys, results and counts.

    Where only numbers will do, results that are none are refused.

    Of grouping sets there is one more, which says as text what keys the set of a slice has.
    """
    found: list[tuple[str, Key | Array]] = [(key.name, key) for key in whole.keys(rows)]
    for place in range(len(whole.losses) if numbers else 0):
        whole.numbers(place)
    if whole.sets:
        found.append((GROUPING, whole.groupings(rows)))
    for name, values in (*((n, v) for n, v, _ in whole.columns()), *whole.counts.items()):
        found.append((name, taken(values, rows)))
    names = distinct([name for name, _ in found])
    yield from zip(names, [column for _, column in found], strict=True)


def to_arrow(whole: Whole, rows: Array | None, user: str) -> Any:
    """Return a pyarrow Table of some slices."""
    pa = library("pyarrow", user)
    columns = columns_of(whole, rows)
    return pa.table({name: _array(pa, column) for name, column in columns})


def _array(pa: Any, column: Key | Array) -> Any:
    """Return a column as an array of Arrow."""
    if isinstance(column, Key):
        return _key(pa, column)
    text = pa.string() if column.dtype == object else None
    return pa.array(np.ascontiguousarray(column), text)


def to_pandas(whole: Whole, rows: Array | None) -> Any:
    """Return a pandas DataFrame; numbers and booleans with missing ones keep their type."""
    pd, table = library("pandas", "to_pandas"), to_arrow(whole, rows, "to_pandas")
    types = {"int64": "Int64", "uint64": "UInt64", "bool": "boolean"}

    def column(array: Any) -> Any:
        kind = types.get(str(array.type)) if array.null_count else None
        values = array.to_pandas(integer_object_nulls=True, date_as_object=False)
        return values.astype(kind) if kind else values

    return pd.DataFrame({name: column(table[name]) for name in table.column_names})


def to_polars(whole: Whole, rows: Array | None) -> Any:
    """Return a polars DataFrame."""
    return library("polars", "to_polars").DataFrame(to_arrow(whole, rows, "to_polars"))


def library(name: str, user: str) -> Any:
    """Return a library, imported where one of its users is.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        rule = f"{user} needs {error.name}, which is not installed: pip install {error.name}"
        raise ModuleNotFoundError(rule, name=error.name) from error


def distinct(names: Iterable[str]) -> Iterator[str]:
    """Yield names of columns, with underscores after one that is there already.

    Examples
    --------
    >>> list(distinct(["rows", "mae", "rows"]))
    ['rows', 'mae', 'rows_']
    """
    seen = set()
    for name in names:
        while name in seen:
            name += "_"
        seen.add(name)
        yield name


def _key(pa: Any, key: Key) -> Any:
    """Return the column of a key: bins as a dictionary in their order, others as they are."""
    if not len(key.values):
        return pa.nulls(len(key.codes))
    missing = key.codes >= len(key.values)
    places = pa.array(np.where(missing, 0, key.codes).astype(np.int32), mask=missing)
    items = keys.column(key.kind, key.values, np.arange(len(key.values)))
    values = pa.array(items, type=_TYPES[key.kind.name](pa, key.kind), from_pandas=True)
    if key.kind.name == "bins":
        return pa.DictionaryArray.from_arrays(places, values, ordered=True)
    return values.take(places)


_TYPES: dict[str, Callable[[Any, Any], Any]] = {
    "bool": lambda pa, kind: pa.bool_(),
    "int": lambda pa, kind: pa.uint64() if kind.detail else pa.int64(),
    "float": lambda pa, kind: pa.float64(),
    "text": lambda pa, kind: pa.string(),
    "bytes": lambda pa, kind: pa.binary(),
    "time": lambda pa, kind: pa.date32() if kind.detail == ("D",) else pa.timestamp(*kind.detail),
    "duration": lambda pa, kind: pa.duration(*kind.detail),
    "bins": lambda pa, kind: pa.string(),
    "period": lambda pa, kind: pa.string(),
}
"""The type of Arrow of each kind of key."""
