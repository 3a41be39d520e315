"""Read labels, predictions, weights and masks from files, in batches of bounded memory.

Row groups of Parquet files are read side by side: each thread decodes a batch and computes on it
while the cache has it. In memory are a batch, a buffer and a page of each column a thread. A lone
row group is decoded by several threads, with `AHEAD` + 1 larger batches in memory, one more while
it is decoded. `.npy` files are read side by side as well, in batches that stay in the cache.

A file is stamped when it is opened. Before and after a stretch of it is read it must be the same,
and every row that it announces must have come: else one line says which file it is.

Nulls are NaN; in a mask they are False, so that a row whose mask is unknown is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .columns import Columns, Rows
from .paths import expand
from .reading import Refused, explained, why
from .source import Batch, DataSet, Piece, Stretch

__all__ = [
    "Batch",
    "Columns",
    "DataSet",
    "Piece",
    "Refused",
    "Rows",
    "Stretch",
    "explained",
    "open_arrays",
    "open_parquet",
    "read_piece",
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
        Threads that decode; all cores by default.

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
    return DataSet([Parquet(path, columns) for path in expand(names)], columns, True)


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

    return DataSet([Arrays(columns)], columns, False)


def read_piece(piece: Piece, size: int | None = None) -> Iterator[Batch]:
    """Yield the rows of a piece, at most `size` values a column.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is not there or cannot be read.
    """
    if piece.path is None:
        data = open_arrays(piece.columns)
    else:
        data = open_parquet((piece.path,), piece.columns)
    part = data.parts[0]
    sizes = tuple(stamp.size for stamp in part.stamps)
    if sizes != piece.sizes:
        raise Refused(f"cannot read {part.paths[0]}: a worker sees {sizes} bytes of it")
    return Stretch(part, piece.start, piece.stop).batches(size)
