"""Files as a data set: which they are, how they are read, and what their columns are called."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from streamloss.support.brief import brief

from .columns import Columns, listing
from .formats import FORMATS, Format, format_of
from .hive import kind_of_keys, partitions
from .paths import expand
from .scanner import Scanner
from .source import Reading, Source

if TYPE_CHECKING:
    from .formats.arrays import Location

LARGEST_COUNT = (1 << 31) - 1
"""The largest number of rows that libraries take: that of 32 bits with a sign."""


class TableFile(NamedTuple):
    """A file that holds all columns."""

    path: str
    kind: Format

    @property
    def paths(self) -> tuple[str, ...]:
        """The file."""
        return (self.path,)

    def outside(self, names: Iterable[str]) -> dict[str, str]:
        """Return which of some columns the folders of the file name, and their values there."""
        found = partitions(self.path)
        return {name: found[name] for name in names if name in found}

    def column_names(self, reading: Reading) -> list[str]:
        """Return the names of its columns."""
        return self.kind.column_names(self.path, reading)

    def opened(self, columns: Columns, reading: Reading) -> Source:
        """Return the file, opened to read these columns."""
        return self.kind.opened(self.path, columns, reading)

    def absolute(self) -> TableFile:
        """Return the same under its absolute path."""
        return self._replace(path=os.path.abspath(self.path))


class ArraysByName(NamedTuple):
    """Columns that are arrays in files of their own."""

    locations: dict[str, Location]

    @property
    def paths(self) -> tuple[str, ...]:
        """All files."""
        return tuple(dict.fromkeys(location.path for location in self.locations.values()))

    def outside(self, names: Iterable[str]) -> dict[str, str]:
        """Return in which file some columns are, and as which array of it."""
        locations = ((name, self.locations[name]) for name in names)
        return {name: str(at._replace(path=os.path.realpath(at.path))) for name, at in locations}

    def column_names(self, reading: Reading) -> list[str]:
        """Return the names of the columns."""
        return list(self.locations)

    def opened(self, columns: Columns, reading: Reading) -> Source:
        """Return the files of these columns, opened."""
        from .formats.arrays import ArrayFiles

        for role, name in columns.named():
            if name not in self.locations:
                has = listing(self.locations, name)
                raise ValueError(f"{role}: no array is called {name!r}: there are {has}")
        return ArrayFiles(columns, self.locations)

    def absolute(self) -> ArraysByName:
        """Return the same under absolute paths."""
        named = self.locations.items()
        return ArraysByName({n: at._replace(path=os.path.abspath(at.path)) for n, at in named})


class Opening(NamedTuple):
    """How a source is opened: what it is, and what is read of it."""

    of: TableFile | ArraysByName
    columns: Columns
    reading: Reading

    def open(self) -> Source:
        """Return the opened source."""
        return self.of.opened(self.columns, self.reading)

    def absolute(self) -> Opening:
        """Return the same under absolute paths."""
        return self._replace(of=self.of.absolute())


class DataSet:
    """Files whose rows are evaluated in bounded memory: what `scan` returns.

    Attributes
    ----------
    paths : tuple of str
        The files, in the order of their rows.
    columns : tuple of str
        The names of the columns, of several files those of the first.
    types : dict of str to str
        The types of columns that were given.
    batch_rows : int, optional
        Rows of a batch, of which each thread has one in memory.
    scheduler : str, optional
        The address of the dask cluster whose workers read the files.
    timeout : float, optional
        Seconds after which an evaluation ends if nothing comes from the cluster.
    """

    def __init__(
        self,
        parts: Sequence[TableFile | ArraysByName],
        types: Mapping[str, str],
        batch_rows: int | None = None,
        scheduler: str | None = None,
        timeout: float | None = None,
    ) -> None:
        self._parts, self.types = parts, dict(types)
        self.batch_rows, self.scheduler, self.timeout = batch_rows, scheduler, timeout

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, in the order of their rows."""
        return tuple(path for part in self._parts for path in part.paths)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, of several files those of the first."""
        return tuple(self._parts[0].column_names(Reading.of(self.types)))

    def opened(self, columns: Columns) -> Scanner:
        """Return the rows of some columns, of files that are opened now.

        Raises
        ------
        OSError, ValueError
            If a file cannot be read or lacks a column, or there are no rows.
        """
        reading = Reading.of(self.types, self._folders(columns.by))
        scanner = Scanner([Opening(part, columns, reading) for part in self._parts])
        reading.check_told()
        return scanner

    def _folders(self, names: Iterable[str]) -> dict[str, str]:
        """Return the kinds of keys that the names of folders have, by the names of columns."""
        found: dict[str, list[str]] = {name: [] for name in names}
        for part in self._parts if found else ():
            for name, text in partitions(part.path).items() if isinstance(part, TableFile) else ():
                found.get(name, []).append(text)
        return {name: kind_of_keys(texts) for name, texts in found.items()}

    def outside(self, columns: Columns) -> list[tuple[str, str]]:
        """Return what gives columns their values beside the contents of tables, part by part.

        It is a location for an array in a file of its own, and a value for a column that the names
        of folders give.
        """
        names = columns.names()
        return [pair for part in self._parts for pair in part.outside(names).items()]

    def __repr__(self) -> str:
        first, *rest = self.paths
        return f"DataSet({first!r}{f' and {len(rest):,} more' if rest else ''})"


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
    files : str, path or mapping of str to str, or sequence of them
        Files, folders (every file of a format below them) and globs (``**`` is folders at any
        depth). A mapping names columns that are arrays in files of their own: ``.npy`` files,
        or arrays of archives as ``file.npz:name``; a sequence of such is one after the other.
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
    types = {} if types is None else types
    _check_reading(format, types, batch_rows)
    _check_cluster(scheduler, timeout)
    given = _listed(files)
    of_arrays = isinstance(given[0], Mapping)
    parts = _several_arrays(given, format, types) if of_arrays else _tables(given, format, types)
    return DataSet(parts, types, batch_rows, scheduler, timeout)


def _listed(files: Any) -> list[Any]:
    """Return what names the files, of which there must be some."""
    if isinstance(files, str | os.PathLike | Mapping):
        return [files]
    if isinstance(files, bytes) or not isinstance(files, Iterable):
        raise TypeError(f"files must be names of files: got {brief(files)}")
    found = list(files)
    if not found:
        raise ValueError("files must name at least one file: got none")
    return found


def _several_arrays(
    given: list[Any], format: str | None, types: Mapping[str, str]
) -> list[TableFile | ArraysByName]:
    """Return the arrays that each of several mappings stands for."""
    for name, option in (("format", format), ("types", types)):
        if option:
            raise ValueError(f"{name} is for files of several columns: got arrays by name")
    parts: list[TableFile | ArraysByName] = []
    for each in map(_arrays, given):
        if each in parts:
            raise ValueError(f"files must name a file once: {each.paths[0]} came twice")
        parts.append(each)
    return parts


def _tables(
    names: list[Any], format: str | None, types: Mapping[str, str]
) -> list[TableFile | ArraysByName]:
    """Return the tables that names, folders and globs stand for."""
    for name in names:
        if not isinstance(name, str | os.PathLike):
            raise TypeError(f"files must be names of files: got {brief(name)}")
    kind = None if format is None else FORMATS[format]
    found = expand([os.fspath(name) for name in names], format)
    tables = [TableFile(path, kind or format_of(path)) for path in found]
    for table in tables if types else ():
        if table.kind.has_types:
            raise ValueError(f"types is for files that have none, such as CSV: got {table.path}")
    return [*tables]


def _arrays(locations: Any) -> ArraysByName:
    """Return the columns that a mapping of names to files stands for."""
    if not isinstance(locations, Mapping) or not locations:
        raise TypeError(f"files must map names of columns to files: got {brief(locations)}")
    for name, at in locations.items():
        if not isinstance(name, str) or not isinstance(at, str | os.PathLike):
            raise TypeError(f"files must map names of columns to files: got {brief({name: at})}")
    from .formats.arrays import Location

    return ArraysByName({name: Location.of(os.fspath(at)) for name, at in locations.items()})


def _check_reading(format: Any, types: Any, batch_rows: Any) -> None:
    """Refuse options of how files are read that are none."""
    if format is not None and format not in list(FORMATS):
        raise ValueError(f"format must be one of {', '.join(FORMATS)}: got {brief(format)}")
    is_mapping = isinstance(types, Mapping)
    if not is_mapping or not all(isinstance(text, str) for pair in types.items() for text in pair):
        rule = "types must map names of columns to names of types, as in {'y': 'float32'}"
        raise TypeError(f"{rule}: got {brief(types)}")
    is_count = isinstance(batch_rows, int | np.integer) and not isinstance(batch_rows, bool)
    if batch_rows is not None and not (is_count and 1 <= batch_rows <= LARGEST_COUNT):
        rule = f"batch_rows must be an integer from 1 to {LARGEST_COUNT}"
        raise ValueError(f"{rule}: got {brief(batch_rows)}")


def _check_cluster(scheduler: Any, timeout: Any) -> None:
    """Refuse options of a cluster that are none."""
    if scheduler is not None and not isinstance(scheduler, str):
        rule = "scheduler must be an address such as tcp://host:8786"
        raise TypeError(f"{rule}: got {brief(scheduler)}")
    if timeout is not None:
        if scheduler is None:
            raise ValueError("timeout is for a scheduler: a run here waits for nobody")
        if not (isinstance(timeout, Real) and float(timeout) > 0):
            raise ValueError(f"timeout must be more than 0 seconds: got {brief(timeout)}")
