"""Read labels, predictions, weights and masks from files, in batches of bounded memory.

Row groups of Parquet files are read side by side: each thread decodes a batch and computes on it
while it is in the cache, with a batch, a buffer and a page of each column in memory. A lone row
group is decoded by several threads, in larger batches, of which `BATCHES_AHEAD` + 1 are in memory
and another while it is decoded. `.npy` files are read side by side as well, in batches that fit
into the cache. Pace and peak of memory: `benchmarks/bench_files.py`.

The size and the times of a file are noted when it is opened. They must be the same before and after
a stretch of it is read, and as many rows must have come as the file announces: else an error names
the file.

Nulls are NaN; in a mask they are False, so that a row whose mask is unknown is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .columns import Columns, Rows
from .paths import expand
from .reading import Refused, explained, why
from .source import DataSet, RemoteStretch, RowBatch, Source, Stretch

__all__ = [
    "Columns",
    "DataSet",
    "Refused",
    "RemoteStretch",
    "RowBatch",
    "Rows",
    "Source",
    "Stretch",
    "explained",
    "open_arrays",
    "open_parquet",
    "read_remote",
    "why",
]


def open_parquet(names: Sequence[str], columns: Columns, threads: int | None = None) -> DataSet:
    """Open Parquet files, given as files, folders and globs, and check all their schemas.

    Parameters
    ----------
    names : sequence of str
        Files, folders (every Parquet file below them) and globs.
    columns : Columns
        The names of the columns.
    threads : int, optional
        Threads that decode; by default as many as there are cores.

    Raises
    ------
    FileNotFoundError
        If a name stands for no file.
    ValueError
        If a file is named twice or cannot be read, lacks a column or has no numbers in it, or
        there are no rows.
    """
    from .formats.parquet import Parquet, set_num_threads

    if threads is not None:
        set_num_threads(threads)
    return DataSet([Parquet(path, columns) for path in expand(names)], columns, are_tables=True)


def open_arrays(columns: Columns) -> DataSet:
    """Open arrays given as ``.npy`` files and members of ``.npz`` files, ``file.npz:name``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a file cannot be read or has no numbers, the lengths differ, or there are no rows.
    """
    from .formats.arrays import Arrays

    return DataSet([Arrays(columns)], columns, are_tables=False)


def read_remote(stretch: RemoteStretch, batch_values: int | None = None) -> Iterator[RowBatch]:
    """Open the files of a stretch and yield its rows, at most so many values of a column at a time.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is not there, has another size here or cannot be read.
    """
    if stretch.path is None:
        data = open_arrays(stretch.columns)
    else:
        data = open_parquet((stretch.path,), stretch.columns)
    source = data.sources[0]
    file_bytes = tuple(stamp.num_bytes for stamp in source.stamps)
    if file_bytes != stretch.file_bytes:
        raise Refused(f"cannot read {source.paths[0]}: a worker sees {file_bytes} bytes of it")
    return Stretch(source, stretch.start, stretch.stop).batches(batch_values)
