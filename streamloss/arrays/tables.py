"""Frames in memory, whose columns are arrays with names; none of their libraries is imported here.

Those of pandas, polars, xarray and dask, and mappings of names to arrays. Frames that lie in many
pieces, or come one batch after another, are streams of Arrow: `files.frames`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .convert import as_array
from .named import beside
from .types import ArrayLike


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


def frame_of(data: Any, at_once: bool = False) -> Frame | None:
    """Return the columns of a frame in memory, or of dask; None of anything else.

    Frames that lie in pieces are in memory as well if they have to be read at once.
    """
    if _is(data, "pandas", "DataFrame") or _is(data, "dask.dataframe", "DataFrame"):
        return Frame(list(data.columns), data.__getitem__, data.__getitem__)
    if _is(data, "polars", "DataFrame"):
        whole = at_once or _is_whole(data)
        return Frame(list(data.columns), data.get_column, data.select) if whole else None
    if at_once and (_is(data, "pyarrow", "Table") or _is(data, "pyarrow", "RecordBatch")):
        columns = dict(zip(data.schema.names, data.columns, strict=True))
        names = list(data.schema.names)
        return Frame(names, columns.__getitem__, lambda some: _arrays(columns, some))
    if _is(data, "xarray", "Dataset"):
        return Frame(list(data.variables), data.__getitem__, lambda names: beside(data, names))
    if isinstance(data, Mapping):
        return Frame(list(data), data.__getitem__, lambda names: _arrays(data, names))
    return None


def is_stream(data: Any) -> bool:
    """Return whether a value is a frame that gives batches, for `files.frames`."""
    return is_lazy_frame(data) or is_set(data) or hasattr(type(data), "__arrow_c_stream__")


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


def _arrays(data: Mapping[str, Any], names: list[str]) -> Any:
    """Return arrays of a mapping along a last axis."""
    return np.stack([as_array(name, data[name])[0] for name in names], axis=-1)
