"""Columns of Arrow as arrays of numpy, in which nulls are NaN and lists are rows.

They are read from Arrow's buffers, not by `to_numpy`, which imports pandas: 0.6 s more, as
``python -X importtime`` shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from streamloss.arrays.types import Array, DType, Mask
from streamloss.files.columns import Arrays, KeysIn
from streamloss.files.source import Reading
from streamloss.files.table import Kind

Widths = dict[str, int]
"""How many values a row has of each column of lists, the same in all files."""
FIRST_ROWS = 1024
"""Rows at the beginning of a file that are looked at to know how long the lists of a column are."""


def kind_of(kind: pa.DataType) -> Kind:
    """Return what columns of a type hold; of lists it is what the lists hold."""
    held = kind.value_type if is_list(kind) else kind
    types = pa.types
    is_mask = bool(types.is_boolean(held) or types.is_null(held))
    # numpy has no numbers for decimals
    is_number = is_mask or bool(types.is_integer(held) or types.is_floating(held))
    return Kind(is_number, is_mask, is_key(kind), str(kind))


def is_key(kind: pa.DataType) -> bool:
    """Return whether columns of a type have keys."""
    types = pa.types
    if types.is_dictionary(kind):
        return is_key(kind.value_type)
    tests = (
        *(types.is_null, types.is_boolean, types.is_integer, types.is_floating, is_text),
        *(types.is_binary, types.is_large_binary, types.is_binary_view),
        *(types.is_fixed_size_binary, types.is_date, types.is_timestamp, types.is_duration),
    )
    return any([test(kind) for test in tests])


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type is one of text."""
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def is_coded(kind: pa.DataType) -> bool:
    """Return whether a type is one of text or bytes, which files hold as codes of a dictionary."""
    types = pa.types
    return is_text(kind) or bool(types.is_binary(kind) or types.is_large_binary(kind))


def keys_of(batch: pa.RecordBatch, names: Iterable[str]) -> Arrays:
    """Return the columns of a batch that have keys."""
    return {KeysIn(name): batch.column(name) for name in names}


def is_list(kind: pa.DataType) -> bool:
    """Return whether a type is that of lists of values."""
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def dtype_of(kind: pa.DataType) -> DType:
    """Return the dtype of the values of a type, of lists that of what they hold."""
    held = kind.value_type if is_list(kind) else kind
    found: DType = np.dtype(held.to_pandas_dtype())
    return found


def as_array(name: str, column: pa.Array, dtype: DType, widths: Widths) -> Array:
    """Return a column as an array, without a copy where there are no nulls.

    Parameters
    ----------
    name : str
        The name of the column.
    column : Array of Arrow
        The column.
    dtype : dtype
        What `dtype_of` gives for its type. To look it up for each batch took 4 % of the time, as
        decoding displaces this code from the cache (`benchmarks/bench_files.py`).
    widths : dict of str to int
        How long lists must be; one that comes first is noted here.

    Raises
    ------
    ValueError
        If lists are not as long as others of the column.
    """
    if not is_list(column.type):
        return _values(column, dtype)
    lengths = _lengths(column)
    valid = None if not column.null_count else _bits(column.buffers()[0], column)
    return rows_of(name, _values(column.flatten(), dtype), lengths, valid, widths)


def rows_of(name: str, values: Array, lengths: Array, valid: Mask | None, widths: Widths) -> Array:
    """Return the values of lists as the rows of an array; a null list is a row of NaN.

    Parameters
    ----------
    name : str
        The name of the column.
    values : array
        The values of all lists that are not null.
    lengths : array of int
        How many values each list has.
    valid : array of bool, optional
        Which lists are not null; None if none is.
    widths : dict of str to int
        As for `as_array`.

    Raises
    ------
    ValueError
        If lists are not as long as others of the column.
    """
    found = lengths if valid is None else lengths[valid]
    if found.size:
        width = widths.setdefault(name, int(found[0]))
        if (found != width).any():
            other = int(found[(found != width).argmax()])
            raise ValueError(f"lists of column {name!r} have {width} values and {other}")
    width = widths.get(name, 0)
    if valid is None or valid.all():
        return values.reshape(len(lengths), width)
    rows = np.full((len(lengths), width), np.nan, np.result_type(values, np.nan))
    rows[valid] = values.reshape(len(found), width)
    return rows


def unknown_lists(kinds: Mapping[str, pa.DataType], widths: Widths) -> list[str]:
    """Return the columns of lists whose width is not known; that of lists of one size is noted."""
    for name, kind in kinds.items():
        if pa.types.is_fixed_size_list(kind):
            widths.setdefault(name, kind.list_size)
    return [name for name, kind in kinds.items() if is_list(kind) and name not in widths]


def note_widths(path: str, lists: list[str], first: Iterable[Arrays], reading: Reading) -> None:
    """Read the first rows of a file until they have told how long the lists of columns are.

    Parameters
    ----------
    path : str
        The file.
    lists : list of str
        The columns of lists whose width is not known.
    first : iterable of dict of str to array
        Rows of these columns, from the first on; to make the arrays notes the widths.
    reading : Reading
        Where the widths are noted, and columns whose first rows are null.
    """
    seen = 0
    for arrays in first:
        seen += len(arrays[lists[0]])
        if seen >= FIRST_ROWS or reading.widths.keys() >= set(lists):
            break
    for name in lists:
        if name not in reading.widths:
            text = f"column {name!r} of {path} begins with {seen:,} nulls: of which width?"
            reading.untold.setdefault(name, text)


def count_values(column: pa.Array) -> int:
    """Return how many values Parquet stores of a column of lists: one for a null or empty list."""
    lengths = _lengths(column)
    if column.null_count:
        lengths = np.where(_bits(column.buffers()[0], column), lengths, 0)
    return int(np.maximum(lengths, 1).sum(dtype=np.int64))


def _lengths(column: Any) -> Array:
    """Return how many values each list of a column has; of a null one the number is any."""
    if pa.types.is_fixed_size_list(column.type):
        return np.full(len(column), column.type.list_size)
    wide = pa.types.is_large_list(column.type)
    dtype = np.dtype(np.int64 if wide else np.int32)
    start = column.offset * dtype.itemsize
    return np.diff(np.frombuffer(column.buffers()[1], dtype, len(column) + 1, start))


def _values(column: pa.Array, dtype: DType) -> Array:
    """Return a column of values as an array in which nulls are NaN."""
    if dtype == np.object_:  # a column of the type of nulls, which has no buffers
        return np.full(len(column), np.nan)
    valid, data = column.buffers()
    if dtype == np.bool_:
        values: Array = _bits(data, column)
    elif data is None:  # a column without values may have no buffer of them
        values = np.empty(len(column), dtype)
    else:
        values = np.frombuffer(data, dtype, len(column), column.offset * dtype.itemsize)
    if not column.null_count:
        return values
    return with_nulls(values, _bits(valid, column))


def with_nulls(values: Array, valid: Mask) -> Array:
    """Return values with NaN where they are not valid, in the same memory if it takes NaN."""
    if values.dtype.kind != "f" or not values.flags.writeable:
        values = values.astype(np.result_type(values, np.nan))
    # In place, as nobody else has what Arrow decoded: np.where took twice as long or longer
    # (benchmarks/bench_files.py, "nulls").
    values[(~valid).nonzero()] = np.nan
    return values


def _bits(buffer: pa.Buffer, column: pa.Array) -> Mask:
    """Unpack a buffer of a column that has one bit for each row."""
    return unpacked(np.frombuffer(buffer, np.uint8), column.offset, len(column))


def unpacked(packed: Array, first: int, length: int) -> Mask:
    """Unpack so many bits, one for each row, after the first ones."""
    bits = np.unpackbits(packed, count=first + length, bitorder="little")
    return bits[first:].view(np.bool_)
