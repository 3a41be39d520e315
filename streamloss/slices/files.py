"""Tables of slices as files: Parquet, CSV, JSON and Arrow, each written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

import numpy as np

from streamloss.arrays import keys
from streamloss.arrays.types import Array
from streamloss.support.brief import brief
from streamloss.support.numbers import in_json, result_in_json

from .frames import columns_of, library, to_arrow
from .whole import Key, Whole

SPELLED = "bytes", "duration"
"""Kinds of keys that are text where a format has no type for them."""


def save(
    whole: Whole, rows: Array | None, path: str | os.PathLike[str], format: str | None
) -> None:
    """Write some slices to a file, in the format that is asked for or that its ending says.

    Raises
    ------
    ModuleNotFoundError, OSError, ValueError
        As `Slices.save`.
    """
    path = os.fspath(path)
    if not isinstance(path, str):
        raise TypeError(f"path must be text or a path: got {brief(path)}")
    format = format_of(path) if format is None else format
    if format not in WRITERS:
        raise ValueError(f"format must be one of {', '.join(WRITERS)}: got {brief(format)}")
    with _replaced(path) as file:
        WRITERS[format](whole, rows, file, f"save as {format}")


def format_of(path: str) -> str:
    """Return the format that the ending of a path says.

    Raises
    ------
    ValueError
        If there is none.
    """
    format = ENDINGS.get(os.path.splitext(path)[1].lower())
    if format is None:
        raise ValueError(f"path must end in {', '.join(ENDINGS)}: got {brief(path)}")
    return format


@contextmanager
def _replaced(path: str) -> Iterator[BinaryIO]:
    """Give a new file that takes a path when the block has ended; if that raises, nothing changes.

    It is written beside that path, under another name, and is on the disk before it takes it. A
    link stays, and what it leads to is replaced.
    """
    real = os.path.realpath(path)
    if os.path.exists(real) and not os.path.isfile(real):  # a device would be replaced as well
        raise ValueError(f"path must be that of a file: got {brief(path)}")
    fresh = os.path.join(os.path.dirname(real), f".{os.urandom(8).hex()}.tmp")
    try:
        with open(fresh, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, real)
    except OSError as error:
        if error.filename is None:
            raise
        raise type(error)(error.errno, error.strerror, path) from None  # the path that users know
    finally:
        with suppress(FileNotFoundError):
            os.unlink(fresh)


def _parquet(whole: Whole, rows: Array | None, file: BinaryIO, user: str) -> None:
    """Write Parquet."""
    table = to_arrow(whole, rows, user)
    library("pyarrow.parquet", user).write_table(table, file)


def _arrow(whole: Whole, rows: Array | None, file: BinaryIO, user: str) -> None:
    """Write the file format of Arrow, which is Feather's too."""
    table = to_arrow(whole, rows, user)
    with library("pyarrow.ipc", user).new_file(file, table.schema) as writer:
        writer.write_table(table)


def _csv(whole: Whole, rows: Array | None, file: BinaryIO, user: str) -> None:
    """Write CSV, text in quotes."""
    table = to_arrow(whole, rows, user)
    for k, (name, column) in enumerate(columns_of(whole, rows)):
        if isinstance(column, Key) and column.kind.name in SPELLED:
            texts = library("pyarrow", user).array(_plain(column), "string")
            table = table.set_column(k, name, texts)
    library("pyarrow.csv", user).write_csv(table, file)


def _json(whole: Whole, rows: Array | None, file: BinaryIO, user: str) -> None:
    """Write JSON: a list of records, one a line."""
    import json

    encoded, start = json.JSONEncoder(allow_nan=False).encode, "[\n"
    for record in records(whole, rows):
        file.write(f"{start}{encoded(record)}".encode("ascii"))
        start = ",\n"
    file.write(b"\n]\n" if start == ",\n" else b"[]\n")


def records_of(slices: Any) -> Iterator[dict[str, Any]]:
    """Yield `Slices` as records that JSON has: keys, results and counts by names of columns."""
    return records(*slices._chosen)


def records(whole: Whole, rows: Array | None) -> Iterator[dict[str, Any]]:
    """Yield some slices as JSON has them: keys, results and counts by the names of columns."""
    columns = list(columns_of(whole, rows, numbers=False))
    names = [name for name, _ in columns]
    for record in zip(*[_plain(column) for _, column in columns], strict=True):
        yield dict(zip(names, record, strict=True))


def _plain(column: Key | Array) -> list[Any]:
    """Return a column as booleans, numbers and text, None where a key is missing or all."""
    if isinstance(column, Key):
        values = [*_values(column), None, None]
        return [values[code] for code in column.codes.tolist()]
    return _items(column)


def _values(key: Key) -> list[Any]:
    """Return the values of a key as JSON has them."""
    if key.kind.name in SPELLED:
        return [keys.shown(key.kind, value) for value in key.values.tolist()]
    values = keys.column(key.kind, key.values, np.arange(len(key.values)))
    return _items(np.datetime_as_string(values) if key.kind.name == "time" else values)


def _items(array: Array) -> list[Any]:
    """Return the items of an array, floats and results that are none as JSON has them."""
    items: list[Any] = array.tolist()
    if array.dtype == np.float64:
        return [in_json(item) for item in items]
    return [result_in_json(item) if hasattr(item, "to_dict") else item for item in items]


WRITERS: dict[str, Callable[[Whole, Array | None, BinaryIO, str], None]] = {
    "parquet": _parquet,
    "csv": _csv,
    "json": _json,
    "arrow": _arrow,
}
"""What writes each format."""

ENDINGS = {**{f".{name}": name for name in WRITERS}, ".feather": "arrow"}
"""The format of each ending."""
