"""Frames as streams of Arrow: batches of rows, of which few are in memory at a time.

Anything that has ``__arrow_c_stream__`` is one, such as tables of pyarrow, frames of polars in
several pieces, relations of DuckDB, readers of Delta and Iceberg; and lazy frames of polars and
data sets of pyarrow, which give batches in ways of their own. Buffers are not copied.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import pyarrow as pa

from streamloss.arrays.tables import is_lazy_frame, is_set

from .columns import Arrays, Columns
from .formats.columnar import as_array, dtype_of, keys_of, kind_of
from .reading import explained
from .scanner import Place, RowBatch
from .source import Reading
from .table import asked

NAME = "data"
"""What errors call a frame."""

MOST_ROWS = 1 << 20
"""Rows that a thread takes at once, so that it needs no more memory than for their masks."""


class Stream(NamedTuple):
    """What is known of a frame before its rows are read.

    Attributes
    ----------
    names : list of str
        The names of all columns.
    schema : Schema
        The columns that come, and their types.
    parts : callable
        Returns the parts, each a stream of Arrow.
    """

    names: list[str]
    schema: Any
    parts: Callable[[], Iterable[Any]]


def _opened(data: Any, wanted: list[str]) -> Stream:
    """Return the stream of a frame, of the columns that are wanted if its library leaves others."""

    def some(names: Iterable[str]) -> list[str]:
        known = set(names)
        return [name for name in wanted if name in known]

    if is_lazy_frame(data):
        names = list(data.collect_schema().names())
        chosen = data.select(some(names))
        empty = sys.modules["polars"].DataFrame(schema=chosen.collect_schema())
        schema = pa.RecordBatchReader.from_stream(empty).schema
        return Stream(names, schema, lambda: chosen.collect_batches())
    if is_set(data):
        if hasattr(data, "scanner"):
            names = list(data.schema.names)
            reader = data.scanner(columns=some(names)).to_reader()
            return Stream(names, reader.schema, lambda: [reader])
        reader = data.to_reader()
        return Stream(list(reader.schema.names), reader.schema, lambda: [reader])
    names, chosen = _chosen(data, some)
    reader = _reader(chosen)
    return Stream(names or list(reader.schema.names), reader.schema, lambda: [reader])


def _reader(part: Any) -> Any:
    """Return the batches of a stream."""
    if isinstance(part, pa.RecordBatchReader):  # others would take its batches by its schema
        return part
    return pa.RecordBatchReader.from_stream(part)


def _chosen(data: Any, some: Callable[[Iterable[str]], list[str]]) -> tuple[list[str], Any]:
    """Return the names and a frame of some columns, of libraries that would compute all others."""
    module = type(data).__module__.partition(".")[0].lstrip("_")
    if module == "duckdb":
        names = list(data.columns)
        quoted = ['"' + name.replace('"', '""') + '"' for name in some(names)]
        return names, data.project(", ".join(quoted)) if quoted else data
    if module in ("polars", "narwhals"):
        names = list(data.columns)
        return names, data.select(some(names))
    if module == "pandas":
        return list(data.columns), data[some(data.columns)]
    if module == "pyarrow" and hasattr(data, "select"):  # a table or a batch
        names = list(data.schema.names)
        return names, data.select([name for name in some(names) if names.count(name) == 1])
    return [], data


class Frames:
    """The rows of some columns of a frame, in batches, in their order.

    Parameters
    ----------
    data : frame
        What `arrays.tables.is_stream` says gives batches.
    columns : Columns
        The names of its columns.

    Raises
    ------
    ValueError
        If a column is missing, is there twice, or holds no numbers (a mask: no booleans).
    """

    def __init__(self, data: Any, columns: Columns) -> None:
        self._columns = columns
        with _reading():
            self._stream = _opened(data, columns.names())
        names, schema, _ = self._stream
        reading = Reading.of()
        self._widths = reading.widths
        self._asked = asked(NAME, columns, names, lambda n: kind_of(schema.field(n).type), reading)
        kinds = {name: schema.field(name).type for name in self._asked.inside}
        self._dtypes = {name: dtype_of(kind) for name, kind in kinds.items()}

    def batches(self) -> Iterator[RowBatch]:
        """Yield the rows in batches.

        Raises
        ------
        ValueError
            If the frame cannot be read, or has other columns in a later part.
        """
        first = 0
        for batch in self._parts():
            with _reading():
                batch.validate()  # its columns must be as long as it is
                arrays = self._arrays(batch)
                rows, keys = self._columns.rows(arrays), self._columns.keys(arrays)
            yield RowBatch(rows, keys, batch.num_rows, NAME, first, Place(0, first))
            first += batch.num_rows

    def _parts(self) -> Iterator[Any]:
        """Yield batches of Arrow, none of too many rows."""
        with _reading():
            for part in self._stream.parts():
                for batch in _reader(part):
                    self._check(batch)
                    for start in range(0, batch.num_rows, MOST_ROWS):
                        yield batch.slice(start, MOST_ROWS)

    def _check(self, batch: Any) -> None:
        """Refuse a batch with other columns than were announced: readers of pyarrow let them by."""
        for name in self._asked.columns:
            known, places = self._stream.schema, batch.schema.get_all_field_indices(name)
            kind = batch.schema.field(places[0]).type if len(places) == 1 else None
            if kind != known.field(name).type:
                got = "none or several" if kind is None else kind
                rule = f"column {name!r} must be of {known.field(name).type} in all batches"
                raise ValueError(f"{rule}: got {got}")

    def _arrays(self, batch: Any) -> Arrays:
        """Return the columns of a batch as arrays."""
        arrays: Arrays = {
            name: as_array(name, batch.column(name), dtype, self._widths)
            for name, dtype in self._dtypes.items()
        }
        return arrays | keys_of(batch, self._asked.keys)


def _reading() -> AbstractContextManager[None]:
    """Have errors in the block say that the frame cannot be read."""
    return explained(f"cannot read {NAME}")
