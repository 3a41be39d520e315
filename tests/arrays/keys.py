"""What keys of a batch are in words of Python, whatever they were read as."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.arrays.keys import Keyed, column, item, read_key, text_of_words


def rows_of(keyed: Keyed) -> list[Any]:
    """The canonical value of each row, None where it is missing."""
    count = len(next(a for a in (keyed.codes, keyed.words, keyed.values) if a is not None))
    if keyed.codes is not None:
        assert keyed.missing is None
        assert keyed.words is None
        assert keyed.codes.dtype.kind in "iu"
        values = keyed.values.tolist()
        return [values[code] if code >= 0 else None for code in keyed.codes.tolist()]
    if keyed.words is not None:
        assert keyed.values is None
        assert keyed.words.dtype == np.int64
        values = text_of_words(keyed.kind, keyed.words).tolist()
    else:
        assert keyed.values.dtype in (np.int64, np.int32)
        assert keyed.values.flags.c_contiguous
        values = keyed.values.tolist()
    if keyed.missing is None:
        return list(values)
    assert keyed.missing.shape == (count,)
    assert all(values[k] in (0, "", b"") for k in np.flatnonzero(keyed.missing))
    return [None if gone else v for v, gone in zip(values, keyed.missing.tolist(), strict=True)]


def items_of(keyed: Keyed) -> list[Any]:
    """The object of each row as users get it, None where it is missing."""
    return [item(keyed.kind, value) for value in rows_of(keyed)]


def read(value: Any, kind: str | None = None) -> tuple[str, list[Any]]:
    """The name of the kind and the objects of all rows."""
    keyed = read_key("k", value, kind)
    return keyed.kind.name, items_of(keyed)


def column_of(keyed: Keyed) -> np.ndarray:
    """The column of all rows."""
    rows = rows_of(keyed)
    values = [value for value in dict.fromkeys(rows) if value is not None]
    codes = np.array([-1 if row is None else values.index(row) for row in rows], np.int64)
    holds = object if keyed.kind.name in ("text", "bytes") else np.int64
    return column(keyed.kind, np.array(values, holds), codes)
