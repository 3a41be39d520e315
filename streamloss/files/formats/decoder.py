"""What decodes Parquet in pyarrow, without what the package `pyarrow.parquet` brings along.

That package imports the file systems of clouds, ssl and urllib, which no local file needs, and
takes a sixth of the time of `import numpy, pyarrow.parquet`. What it opens a file with is one
class, which pyarrow does not promise; where that is missing or takes other arguments, the package
gives the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, BinaryIO, Protocol

import pyarrow as pa

BUFFER_BYTES = 1 << 18
"""Bytes of a column chunk that are read at a time.

With a buffer columns are decoded page by page, so that memory does not grow with the row group: row
groups of 1 GB took 140 MB and 0.9 s, with pyarrow's defaults 2.0 GB and 8.7 s
(`benchmarks/bench_files.py`, `Parquet`, with `SIZE` and `CHUNK` large enough for such groups). Half
and twice of it take as long (`Constants` there), and nothing is gained by asking the system for
what comes next.
"""

CHOSEN = {"pre_buffer": False, "page_checksum_verification": True}
"""How files are read, beside their buffers."""


class Decoder(Protocol):
    """An opened Parquet file: what is used of a `pyarrow.parquet.ParquetFile`."""

    @property
    def reader(self) -> Any:
        """What it has inside, which knows the paths of its columns."""
        ...

    @property
    def metadata(self) -> Any:
        """The footer."""
        ...

    @property
    def schema_arrow(self) -> pa.Schema:
        """The columns and their types."""
        ...

    def iter_batches(
        self,
        batch_size: int,
        row_groups: Sequence[int] | None = None,
        columns: Sequence[str] | None = None,
        use_threads: bool = True,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of some columns of some row groups, all of them by default."""
        ...


class Opened:
    """An opened Parquet file, by the class that `pyarrow.parquet.ParquetFile` has inside."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader

    @property
    def metadata(self) -> Any:
        """The footer."""
        return self.reader.metadata

    @property
    def schema_arrow(self) -> pa.Schema:
        """The columns and their types."""
        return self.reader.schema_arrow

    def iter_batches(
        self,
        batch_size: int,
        row_groups: Sequence[int] | None = None,
        columns: Sequence[str] | None = None,
        use_threads: bool = True,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of some columns of some row groups, all of them by default."""
        groups = range(self.metadata.num_row_groups) if row_groups is None else row_groups
        leaves = None if columns is None else self._leaves(columns)
        batches: Iterator[pa.RecordBatch] = self.reader.iter_batches(
            batch_size, row_groups=groups, column_indices=leaves, use_threads=use_threads
        )
        return batches

    def _leaves(self, names: Sequence[str]) -> list[int]:
        """Return the places of columns, and of all that is below them."""
        places: dict[str, list[int]] = {}
        for place, path in enumerate(self.reader.column_paths):
            for stop in range(1, len(path) + 1):
                places.setdefault(".".join(path[:stop]), []).append(place)
        return [place for name in names for place in places.get(name, [])]


@contextmanager
def opened(
    source: BinaryIO | str, footer: Any = None, coded: Sequence[str] = ()
) -> Iterator[Decoder]:
    """Open a file for as long as the block runs; its footer is read unless it is known.

    Columns of text that are named come as the codes of dictionaries that the file has of them.
    """
    reader = _reader(source, footer, coded)
    if reader is not None:
        with closing(reader):
            yield Opened(reader)
        return
    from pyarrow.parquet import ParquetFile

    how = {"metadata": footer, "read_dictionary": [*coded], "buffer_size": BUFFER_BYTES}
    with ParquetFile(source, **how, **CHOSEN) as file:
        yield file


def _reader(source: BinaryIO | str, footer: Any, coded: Sequence[str]) -> Any:
    """Return a reader of pyarrow's, None where this pyarrow has none that takes these arguments."""
    try:
        from pyarrow._parquet import ParquetReader

        reader = ParquetReader()
        reader.open(
            source,
            metadata=footer,
            read_dictionary=[*coded],
            arrow_extensions_enabled=True,
            buffer_size=BUFFER_BYTES,
            **CHOSEN,
        )
    except (ImportError, TypeError):
        return None
    return reader
