"""The quick way to the memory of what is passed: one look at its type, and no copy.

Most of what a training loop passes has one. What has none, or is no array at all, is left to
`convert`, which takes ten times as long and says what is wrong (`benchmarks/bench_layouts.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .types import Array

Way = Callable[[Any], Any]


def memory_of(value: Any) -> Array | None:
    """Return the array of numpy that shares a value's memory, None if there is no quick way.

    Of numbers it is an array of them. Its dtype may be any.
    """
    way = _WAYS.get(type(value)) or _way(type(value))
    found = None if way is None else way(value)
    return found if type(found) is np.ndarray else None


def _way(cls: type) -> Way | None:
    """Return the way to the memory of values of a class, of which it is remembered."""
    if issubclass(cls, np.generic):
        return np.asarray
    names, way = _CLASSES.get(cls.__module__.partition(".")[0], ((), None))
    if way is None or not any([cls is _find(name) for name in names]):
        return None
    _WAYS[cls] = way
    return way


def _find(path: str) -> object:
    """Return the class at a path, None if it is not imported."""
    module, _, name = path.rpartition(".")
    return getattr(sys.modules.get(module), name, None)


def _itself(array: Array) -> Array:
    return array


def _of_tensor(tensor: Any) -> Any:
    """Return the memory of a tensor; None of one on a GPU, sparse, or of a dtype numpy lacks."""
    try:
        return (tensor.detach() if tensor.requires_grad else tensor).numpy()
    except (TypeError, RuntimeError):
        return None


def _of_column(column: Any) -> Any:
    """Return the memory of a column of pandas, None if its dtype is an extension's."""
    return column.values if isinstance(column.dtype, np.dtype) else None


def _of_series(series: Any) -> Any:
    """Return the memory of a column of polars, None if it has nulls, bits or several pieces."""
    try:
        return series.to_numpy(allow_copy=False)
    except RuntimeError:
        return None


def _of_arrow(array: Any) -> Any:
    """Return the memory of an array of pyarrow, None if it has nulls or bits."""
    try:
        return array.to_numpy(zero_copy_only=True)
    except (ValueError, TypeError, NotImplementedError):
        return None


_WAYS: dict[type, Way] = {np.ndarray: _itself, float: np.asarray, int: np.asarray}
"""The ways that are known: no class of a user's is kept alive here."""

_CLASSES: dict[str, tuple[tuple[str, ...], Way]] = {
    "torch": (("torch.Tensor", "torch.nn.Parameter"), _of_tensor),
    "pandas": (("pandas.Series",), _of_column),
    "polars": (("polars.Series",), _of_series),
    "pyarrow": (
        tuple([f"pyarrow.{kind}Array" for kind in ("Float", "Double", "Int32", "Int64")]),
        _of_arrow,
    ),
}
"""The classes of each library of which a way is known."""
