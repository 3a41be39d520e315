"""Frames in memory, whose columns are arrays with names; none of their libraries is imported here.

Those of pandas, polars, xarray and dask, and mappings of names to arrays. Frames that lie in many
pieces, or come one batch after another, are streams of Arrow: `files.frames`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .convert import as_array
from .named import beside
from .types import ArrayLike

COLUMNS = ("pandas", "Series"), ("polars", "Series"), ("pyarrow", "ChunkedArray")
"""What has a stream of Arrow, but is one column."""


class Frame(NamedTuple):
    """The columns of a frame.

    Attributes
    ----------
    names : list
        What they are called: one name may come twice.
    column : callable
        Returns the array of a name.
    beside : callable
        Returns the array that has the columns of several names side by side.
    """

    names: list[Any]
    column: Callable[[str], ArrayLike]
    beside: Callable[[list[str]], ArrayLike]


def frame_of(data: Any, names: Iterable[str] = (), at_once: bool = False) -> Frame | None:
    """Return the columns of a frame in memory, or of dask; None of anything else.

    A frame is a stream if it lies in pieces, or if one of the columns that are named holds lists,
    unless it has to be read at once.
    """
    if not at_once and _has_lists(data, names):
        return None
    if _is(data, "pandas", "DataFrame") or _is(data, "dask.dataframe", "DataFrame"):
        return Frame(list(data.columns), data.__getitem__, data.__getitem__)
    if _is(data, "polars", "DataFrame"):
        whole = at_once or _is_whole(data)
        get = data.get_column
        return Frame(list(data.columns), get, lambda some: _arrays(get, some)) if whole else None
    if at_once and (_is(data, "pyarrow", "Table") or _is(data, "pyarrow", "RecordBatch")):
        columns = dict(zip(data.schema.names, data.columns, strict=True))
        names = list(data.schema.names)
        get = columns.__getitem__
        return Frame(names, get, lambda some: _arrays(get, some))
    if _is(data, "xarray", "Dataset"):
        return Frame(list(data.variables), data.__getitem__, lambda names: beside(data, names))
    if isinstance(data, Mapping):
        return Frame(list(data), data.__getitem__, lambda some: _arrays(data.__getitem__, some))
    return None


def is_stream(data: Any) -> bool:
    """Return whether a value is a frame that gives batches, for `files.frames`."""
    is_column = any([_is(data, *each) for each in COLUMNS])
    streams = hasattr(type(data), "__arrow_c_stream__") and not is_column
    return is_lazy_frame(data) or is_set(data) or streams


def is_lazy_frame(data: Any) -> bool:
    """Return whether a value is a lazy frame of polars."""
    return _is(data, "polars", "LazyFrame")


def is_set(data: Any) -> bool:
    """Return whether a value is a data set of pyarrow, or a scanner of one."""
    return _is(data, "pyarrow.dataset", "Dataset") or _is(data, "pyarrow.dataset", "Scanner")


def _is(data: Any, module: str, name: str) -> bool:
    """Return whether a value is of a class of a module, if that is imported."""
    cls = getattr(sys.modules.get(module), name, None)
    return isinstance(cls, type) and isinstance(data, cls)


def _is_whole(data: Any) -> bool:
    """Return whether each column of a frame of polars lies in one piece."""
    return all([count == 1 for count in data.n_chunks("all")])


def _has_lists(data: Any, names: Iterable[str]) -> bool:
    """Return whether a column of a frame of pandas or polars holds lists, as Arrow has them."""
    if _is(data, "polars", "DataFrame"):
        kinds = [str(data.schema.get(name)) for name in names]
        return any([kind.startswith(("List", "Array")) for kind in kinds])
    if _is(data, "pandas", "DataFrame"):
        kinds = [str(data.dtypes.get(name)) for name in names]
        return any(
            [kind.startswith(("list<", "large_list<", "fixed_size_list<")) for kind in kinds]
        )
    return False


def _arrays(column: Callable[[str], Any], names: list[str]) -> Any:
    """Return columns along a last axis."""
    return np.stack([as_array(name, column(name))[0] for name in names], axis=-1)
