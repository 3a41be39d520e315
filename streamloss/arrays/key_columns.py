"""Keys in columns of pandas, polars and pyarrow, none of which is imported here.

Codes of dictionaries and categories stay what they are. Text is made codes by pyarrow where it
lies, 10 to 100 ns a row; of polars too, if pyarrow is installed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .key_codes import check_rank, coded, refuse, without
from .key_objects import of_array, of_objects
from .kinds import NOTHING, Keyed, Kind
from .types import Array, Mask

WIDTHS = {"halffloat": "f2", "float": "f4", "double": "f8", "date32": "i4", "date64": "i8"}
"""The dtypes of numpy for types of pyarrow; integers have the same names."""

DATES = {"date32[day]": 1, "date64[ms]": 86_400_000}
"""The types of dates, and how many of their units a day has."""

TEXT = ("string", "large_string", "string_view")
BYTES = ("binary", "large_binary", "binary_view", "fixed_size_binary")


class LastDictionary:
    """The texts of the dictionary of pyarrow that came last, each batch of a file having its own.

    Batches of one row group have equal ones in other memory. To compare these is nothing beside
    making Python's texts of them (`benchmarks/bench_files.py`, `Keys` by "tail").
    """

    def __init__(self) -> None:
        self._last: tuple[Any, Keyed] | None = None

    def read(self, words: Any) -> Keyed:
        """Return the texts of a dictionary."""
        last = self._last  # another thread may replace it
        if last is None or not _are_same(last[0], words):
            keyed = _of_words(words)
            keyed.values.flags.writeable = False
            last = self._last = words, keyed
        return last[1]


def _are_same(a: Any, b: Any) -> bool:
    """Return whether two arrays of pyarrow have the same bytes in their buffers."""
    if (a.type, len(a), a.offset, a.null_count) != (b.type, len(b), b.offset, b.null_count):
        return False
    pairs = zip(a.buffers(), b.buffers(), strict=True)
    return all([x is y or (x is not None and y is not None and x.equals(y)) for x, y in pairs])


def of_arrow(name: str, column: Any, known: LastDictionary | None = None) -> Keyed:
    """Return the keys in an Array or ChunkedArray; chunks may have different dictionaries."""
    if not hasattr(column, "null_count"):
        refuse(name, f"pyarrow's {type(column).__name__}, which is no Array")
    kind = str(column.type)
    if kind.startswith((*TEXT, *BYTES)):
        column = column.dictionary_encode()
    if hasattr(column, "combine_chunks"):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if hasattr(column, "dictionary"):
        return _of_dictionary(name, column, known or LastDictionary())
    valid = _bits(column, 0) if column.null_count else None
    if kind == "null":
        return Keyed(NOTHING, np.zeros(len(column), np.int64), missing=np.ones(len(column), bool))
    keyed = of_array(name, _data(name, column, kind))
    if kind in DATES:
        keyed = Keyed(Kind("time", ("D",)), keyed.values // DATES[kind])
    return keyed if valid is None else without(keyed, ~valid)


def _of_dictionary(name: str, column: Any, known: LastDictionary) -> Keyed:
    """Return the keys in an array of indices of a dictionary."""
    words = column.dictionary
    if str(words.type).startswith((*TEXT, *BYTES)):
        keyed = known.read(words)
    else:
        keyed = of_arrow(name, words)
    indices = column.indices
    valid = _bits(indices, 0) if indices.null_count else None
    codes = _data(name, indices, str(indices.type))
    if valid is not None:
        codes = np.where(valid, codes, 0)
    return coded(keyed, codes, None if valid is None else ~valid)


def _of_words(words: Any) -> Keyed:
    """Return the text or bytes of a dictionary, which may have some twice, or null."""
    kind = Kind("text" if str(words.type).startswith(TEXT) else "bytes")
    values = np.empty(len(words), object)
    values[:] = words.to_pylist()  # `to_numpy` imports pandas, which takes 0.2 s
    if not words.null_count:
        return Keyed(kind, values)
    valid = _bits(words, 0)
    return Keyed(kind, values[valid], np.where(valid, np.cumsum(valid) - 1, -1))


def _data(name: str, column: Any, kind: str) -> Array:
    """Return the values of an Array of fixed width, what nulls hide among them."""
    if kind == "bool":
        return _bits(column, 1)
    base, _, unit = kind.partition("[")
    if base in ("timestamp", "duration"):
        letter = "M" if base == "timestamp" else "m"
        dtype = f"{letter}8[{unit.partition(',')[0].rstrip(']')}]"
    else:
        dtype = WIDTHS.get(base, kind)
    if kind.startswith(("int", "uint")) or dtype != kind:
        return _plain(column, np.dtype(dtype))
    refuse(name, f"a pyarrow column of {kind[:80]}")


def _plain(column: Any, dtype: Any) -> Array:
    """Return the memory of an Array of fixed width."""
    buffer = column.buffers()[1]
    if buffer is None or not len(column):
        return np.zeros(len(column), dtype)
    return np.frombuffer(buffer, dtype, len(column), column.offset * dtype.itemsize)


def _bits(column: Any, place: int) -> Mask:
    """Return the bits of a buffer: of place 0 which values are valid, of place 1 booleans."""
    buffer = column.buffers()[place]
    if buffer is None:
        return np.ones(len(column), np.bool_)
    first, stop = column.offset // 8, -(-(column.offset + len(column)) // 8)
    octets = np.frombuffer(buffer, np.uint8, stop - first, first)
    bits = np.unpackbits(octets, bitorder="little").view(np.bool_)
    return bits[column.offset % 8 :][: len(column)]


def of_pandas(name: str, column: Any) -> Keyed:
    """Return the keys in a Series, an Index or an extension array."""
    dtype = getattr(column, "dtype", None)
    if dtype is None:
        refuse(name, f"pandas' {type(column).__name__}")
    if isinstance(dtype, np.dtype):
        return of_array(name, np.asarray(column))
    values = getattr(column, "array", column)
    if hasattr(dtype, "categories"):
        return coded(of_pandas(name, dtype.categories), np.asarray(values.codes))
    if hasattr(dtype, "pyarrow_dtype") or getattr(dtype, "storage", None) == "pyarrow":
        return of_arrow(name, values.__arrow_array__())
    if hasattr(dtype, "tz"):
        return of_array(name, np.asarray(values, f"M8[{dtype.unit}]"))
    if hasattr(dtype, "fill_value"):  # sparse
        return of_array(name, np.asarray(values))
    if not hasattr(dtype, "numpy_dtype"):
        return of_objects(name, list(values))
    missing = np.asarray(values.isna())
    plain = values.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
    return without(of_array(name, plain), missing)


def of_polars(name: str, column: Any) -> Keyed:
    """Return the keys in a Series."""
    if not hasattr(column, "to_physical"):
        check_rank(name, getattr(column, "shape", ()))
        refuse(name, f"polars' {type(column).__name__}")
    kind = str(column.dtype)
    if kind.startswith(("String", "Categorical", "Enum", "Binary")):
        return _of_polars_text(name, column, kind)
    dtype = _polars_dtype(column.dtype, kind)
    if kind == "Null":
        return of_objects(name, [None] * len(column))
    if not dtype:
        if kind == "Object":
            return of_objects(name, column.to_list())
        refuse(name, f"a polars column of {kind[:80]}")
    missing = column.is_null().to_numpy() if column.null_count() else None
    if missing is not None and kind == "Boolean":
        column = column.fill_null(False)
    elif missing is not None or dtype[0] in "Mm":
        column = column.to_physical().fill_null(0)
    found = column.to_numpy()
    found = np.asarray(found, np.int64).view(dtype) if dtype[0] in "Mm" else found
    keyed = of_array(name, found)
    return keyed if missing is None else without(keyed, missing)


def _polars_dtype(dtype: Any, kind: str) -> str:
    """Return the dtype of numpy for a type of polars, an empty text if there is none."""
    if kind == "Date":
        return "M8[D]"
    if kind.startswith(("Datetime", "Duration")):
        return f"{'M' if kind.startswith('Datetime') else 'm'}8[{dtype.time_unit}]"
    plain = kind.startswith(("Int", "UInt", "Float")) or kind == "Boolean"
    return kind.lower().replace("boolean", "bool") if plain and "128" not in kind else ""


def _of_polars_text(name: str, column: Any, kind: str) -> Keyed:
    """Return the keys in a column of text, categories or bytes."""
    try:
        return of_arrow(name, column.to_arrow())
    except ImportError:  # pyarrow is not installed
        text = column if kind.startswith("Binary") else column.cast(str)
        return of_objects(name, text.to_list())
