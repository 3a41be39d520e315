"""Files as a data set: which they are, how they are read, and what their columns are called."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from streamloss.support.brief import brief

from .columns import Columns
from .formats import FORMATS, Format, format_of
from .formats.arrays import ArrayFiles, Place
from .paths import expand
from .scanner import Scanner
from .source import Reading, Source

LARGEST_COUNT = (1 << 31) - 1
"""The largest number of rows that libraries take: that of 32 bits with a sign."""


class TableFile(NamedTuple):
    """How a file that holds all columns is opened."""

    path: str
    kind: Format
    columns: Columns
    reading: Reading

    def open(self) -> Source:
        """Return the opened file."""
        return self.kind.opened(self.path, self.columns, self.reading)

    def absolute(self) -> TableFile:
        """Return the same under its absolute path."""
        return self._replace(path=os.path.abspath(self.path))


class ArrayPlaces(NamedTuple):
    """How columns in files of their own are opened."""

    columns: Columns
    places: dict[str, Place]

    def open(self) -> Source:
        """Return the opened files."""
        return ArrayFiles(self.columns, self.places)

    def absolute(self) -> ArrayPlaces:
        """Return the same under absolute paths."""
        places = {
            name: place._replace(path=os.path.abspath(place.path))
            for name, place in self.places.items()
        }
        return self._replace(places=places)


class DataSet:
    """Files whose rows are evaluated in bounded memory, as `scan` gives them.

    Attributes
    ----------
    paths : tuple of str
        The files, in the order of their rows.
    batch_rows : int, optional
        Rows of a batch, of which each thread has one in memory.
    scheduler : str, optional
        The address of the dask cluster whose workers read the files.
    timeout : float, optional
        Seconds after which an evaluation ends if nothing comes from the cluster.
    """

    def __init__(
        self,
        tables: tuple[tuple[str, Format], ...],
        arrays: dict[str, Place] | None,
        types: Mapping[str, str],
        batch_rows: int | None = None,
        scheduler: str | None = None,
        timeout: float | None = None,
    ) -> None:
        self._tables, self._arrays, self.types = tables, arrays, dict(types)
        self.batch_rows, self.scheduler, self.timeout = batch_rows, scheduler, timeout

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, in the order of their rows."""
        if self._arrays is not None:
            return tuple(dict.fromkeys(place.path for place in self._arrays.values()))
        return tuple(path for path, _ in self._tables)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, of several files those of the first."""
        if self._arrays is not None:
            return tuple(self._arrays)
        (path, kind), *_ = self._tables
        return tuple(kind.column_names(path, Reading(self.types, {})))

    def opened(self, columns: Columns) -> Scanner:
        """Return the rows of some columns, of files that are opened now.

        Raises
        ------
        OSError, ValueError
            If a file cannot be read or lacks a column, or there are no rows.
        """
        if self._arrays is not None:
            for role, name in columns.named():
                if name not in self._arrays:
                    has = ", ".join(self._arrays)
                    raise ValueError(f"{role}: no array is called {name!r}: there are {has}")
            return Scanner([ArrayPlaces(columns, self._arrays)])
        reading = Reading(self.types, {})
        return Scanner([TableFile(path, kind, columns, reading) for path, kind in self._tables])

    def __repr__(self) -> str:
        paths = self.paths
        files = repr(paths[0]) if len(paths) == 1 else f"{paths[0]!r} and {len(paths) - 1} more"
        return f"DataSet({files})"


def scan(
    files: Any,
    *,
    format: str | None = None,
    types: Mapping[str, str] | None = None,
    batch_rows: int | None = None,
    scheduler: str | None = None,
    timeout: float | None = None,
) -> DataSet:
    """Return files as a data set, for `evaluate`, `accumulate` and `Accumulator.update`.

    Nothing is read yet but, where a name tells no format, how the file begins.

    Parameters
    ----------
    files : str, path, sequence of them, or mapping of str to str
        Files, folders (every file of a format below them) and globs (``**`` is folders at any
        depth). A mapping names columns that are arrays in files of their own: ``.npy`` files,
        or arrays of archives as ``file.npz:name``.
    format : {"parquet", "arrow", "csv", "npz"}, optional
        The format of all files; by default as the ending of each says, else its first bytes.
    types : mapping of str to str, optional
        Types of columns, by Arrow's names for them, of files that have none (CSV).
    batch_rows : int, optional
        Rows of a batch, of which each thread has one in memory; by default what is fastest for
        the files. The result does not depend on it.
    scheduler : str, optional
        The address of a dask cluster, such as ``tcp://host:8786``, whose workers read the files;
        they must see them under the same paths.
    timeout : float, optional
        Seconds after which an evaluation ends if nothing comes from the cluster; by default it
        waits for workers.

    Returns
    -------
    DataSet
        With the attributes `paths` and `columns`.

    Raises
    ------
    FileNotFoundError
        If a name stands for no file.
    TypeError, ValueError
        If a file is named twice or is of no known format, a folder cannot be listed or holds
        files of several formats, or an argument is wrong.

    Examples
    --------
    >>> import tempfile, numpy as np, streamloss as sl
    >>> file = tempfile.mkdtemp() + "/predictions.npz"
    >>> np.savez(file, y=[1.0, 2.0, 4.0], p=[1.5, 2.0, 2.0])
    >>> data = sl.scan(file)
    >>> data.columns
    ('y', 'p')
    >>> sl.evaluate("mae", data=data, y_true="y", y_pred="p")
    0.8333333333333334
    """
    options = (dict(types or {}), batch_rows, scheduler, timeout)
    _check(format, *options[1:])
    if isinstance(files, Mapping):
        return DataSet((), {str(name): _array(name, at) for name, at in files.items()}, *options)
    names = [files] if isinstance(files, str | os.PathLike) else list(files)
    for name in names:
        if not isinstance(name, str | os.PathLike):
            raise TypeError(f"files must be names of files: got {brief(name)}")
    if not names:
        raise ValueError("files must name at least one file: got none")
    found = expand([os.fspath(name) for name in names], format)
    kind = None if format is None else FORMATS[format]
    tables = tuple((path, kind or format_of(path)) for path in found)
    for path, of in tables if types else ():
        if of.has_types:
            raise ValueError(f"types is for files that have none, such as CSV: got {path}")
    return DataSet(tables, None, *options)


def _array(name: Any, at: Any) -> Place:
    """Return where a column is that is an array in a file of its own."""
    if not isinstance(name, str) or not isinstance(at, str | os.PathLike):
        raise TypeError(f"files must map names of columns to files: got {brief({name: at})}")
    return Place.of(os.fspath(at))


def _check(
    format: str | None, batch_rows: Any, scheduler: str | None, timeout: float | None
) -> None:
    """Refuse options of `scan` that are none."""
    if format is not None and format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}: got {brief(format)}")
    counts = (int, np.integer)
    if batch_rows is not None and not (
        isinstance(batch_rows, counts) and 1 <= batch_rows <= LARGEST_COUNT
    ):
        rule = f"batch_rows must be an integer from 1 to {LARGEST_COUNT}"
        raise ValueError(f"{rule}: got {brief(batch_rows)}")
    if timeout is not None:
        if scheduler is None:
            raise ValueError("timeout is for a scheduler: a run here waits for nobody")
        if not timeout > 0:
            raise ValueError(f"timeout must be more than 0 seconds: got {brief(timeout)}")
