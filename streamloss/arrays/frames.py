"""Columns and frames of pyarrow, pandas and polars as numpy arrays; none of them is imported here.

Nulls of numbers become NaN; nulls of a mask, `mask` being asked for, leave their row out. Frames
are read column by column, for a column of booleans beside one of numbers is no array of objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np

from .types import Array

ARROW_NUMBERS = ("int", "uint", "float", "double", "halffloat", "bool")
"""How pyarrow's names of types of numbers begin; decimals and dates are none."""


def from_arrow(name: str, column: Any, mask: bool = False) -> Array:
    """Convert an Array or ChunkedArray of numbers; integers with nulls become float64."""
    if not hasattr(column, "null_count"):
        raise TypeError(f"{name} must be a pyarrow Array or ChunkedArray: got {type(column)}")
    kind = str(column.type)
    if not kind.startswith(ARROW_NUMBERS):
        refuse(name, "pyarrow", kind, mask)
    if column.null_count and kind == "bool":
        column = column.fill_null(False) if mask else column.cast("uint8")
    if column.null_count and not kind.startswith(("float", "double", "halffloat")):
        column = column.cast("float64", safe=False)
    return np.asarray(column)


def from_pandas(name: str, column: Any, mask: bool = False) -> Array:
    """Convert a Series, Index, DataFrame or extension array."""
    dtype = getattr(column, "dtype", None)
    if dtype is None and not hasattr(column, "items"):
        raise TypeError(f"{name} must be a number or an array: got a {type(column).__name__}")
    if dtype is None:
        return _stacked(name, column.items(), from_pandas, mask)
    if isinstance(dtype, np.dtype):
        if mask and dtype.kind == "O":  # what pandas makes of booleans and None
            return _mask_of_objects(np.asarray(column))
        if dtype.kind not in "biufc":
            refuse(name, "pandas", str(dtype), mask)
        return np.asarray(column)
    if hasattr(dtype, "pyarrow_dtype"):
        return from_arrow(name, getattr(column, "array", column).__arrow_array__(), mask)
    if hasattr(dtype, "subtype"):  # sparse columns, and intervals, which are no numbers either
        return np.asarray(column)
    boolean = getattr(dtype, "_is_boolean", False) and not hasattr(dtype, "categories")
    if not boolean and (not getattr(dtype, "_is_numeric", False) or hasattr(dtype, "categories")):
        refuse(name, "pandas", str(dtype), mask)
    if not column.isna().any():
        return np.asarray(column.to_numpy(dtype=getattr(dtype, "numpy_dtype", np.float64)))
    if boolean and mask:
        return np.asarray(column.to_numpy(dtype=np.bool_, na_value=False))
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def from_polars(name: str, column: Any, mask: bool = False) -> Array:
    """Convert a Series or DataFrame."""
    if hasattr(column, "get_columns"):
        return _stacked(name, ((c.name, c) for c in column.get_columns()), from_polars, mask)
    dtype = getattr(column, "dtype", type(column).__name__)
    kind = str(dtype)
    if kind == "Boolean" and column.null_count():
        column = column.fill_null(False) if mask else column.cast(int)
    elif kind != "Boolean" and not kind.startswith(("Int", "UInt", "Float")):
        refuse(name, "polars", kind, mask)
    return np.asarray(column.to_numpy())


def _stacked(name: str, columns: Iterable[tuple[Any, Any]], read: Any, mask: bool) -> Array:
    """Return the columns of a frame as those of an array."""
    found = [read(f"{name} column {str(label)[:80]!r}", part, mask) for label, part in columns]
    return np.column_stack(found) if found else np.empty((0, 0))


def _mask_of_objects(values: Array) -> Array:
    """Return objects that are booleans or nulls as a mask, others as they are."""
    null = np.array([not isinstance(v, bool | np.bool_) for v in values.flat]).reshape(values.shape)
    if all(_is_null(v) for v in values[null]):
        return np.where(null, False, values).astype(np.bool_)
    return values


def _is_null(value: object) -> bool:
    """Return whether an object is None, NaN or pandas' NA, which is equal to nothing."""
    return value is None or type(value).__name__ == "NAType" or value != value


def refuse(name: str, library: str, kind: str, mask: bool) -> NoReturn:
    """Raise what says that a column holds no numbers, or no booleans."""
    rule = "must be boolean" if mask else "must be a column of numbers, such as float64"
    raise TypeError(f"{name} {rule}: got a {library} column of {kind[:80]}")
