"""What folders and globs stand for; what cannot be listed or looked at is said, never left out."""

from __future__ import annotations

import fnmatch
import glob
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from .reading import Refused, explained

ENDINGS = (".parquet", ".parq", ".pq")
"""Endings of the names of Parquet files, in any case."""

TABLES = {
    "_delta_log": ("a Delta table", "deltalake.DeltaTable(FOLDER).to_pyarrow_table()"),
    ".hoodie": ("a Hudi table", "the package hudi, to Arrow"),
    "_spark_metadata": ("a table that Spark streams to", "spark.read.parquet(FOLDER)"),
}
"""What a folder holds of whose files a log tells which count, what it is, and what reads it."""
ICEBERG = ("an Iceberg table", "pyiceberg's StaticTable.from_metadata(FILE).scan().to_arrow()")


def files_below(folder: str) -> Iterator[str]:
    """Yield the Parquet files below a folder."""
    for _, files in tree(folder):
        yield from (path for path in files if path.lower().endswith(ENDINGS))


def tree(folder: str, above: tuple[os.stat_result, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    """Yield a folder and each one below it, links followed, with the files that it holds.

    Names that begin with ``_`` or ``.`` are left out: that is where writers keep what is not
    finished. But ``_name=value`` is a folder of a partition.

    Raises
    ------
    Refused
        If a folder cannot be listed, something in it cannot be looked at, or a link leads back up.
    """
    here = os.stat(folder or ".")
    if any(os.path.samestat(here, up) for up in above):
        raise Refused(f"cannot list folder {folder}: it is a link to a folder that it is in")
    found = list(_shown(folder))
    yield folder, [path for path, mode in found if not stat.S_ISDIR(mode)]
    for path, mode in found:
        if stat.S_ISDIR(mode):
            yield from tree(path, (*above, here))


def _shown(folder: str, pattern: str = "*") -> Iterator[tuple[str, int]]:
    """Yield what is in a folder and matches a pattern, and of what mode it is.

    As in a shell, names that begin with ``.`` match if the pattern begins so; with ``_`` likewise.
    """
    for name in names_in(folder):
        is_hidden = name.startswith(("_", ".")) and pattern[:1] != name[0]
        maybe_partition = name[0] == "_" and "=" in name
        if fnmatch.fnmatch(name, pattern) and (maybe_partition or not is_hidden):
            path = os.path.join(folder, name)
            mode = mode_of(path)
            if stat.S_ISDIR(mode) or not is_hidden:
                yield path, mode


def names_in(folder: str) -> list[str]:
    """Return the names in a folder, sorted.

    Raises
    ------
    Refused
        If it may not be listed.
    """
    with explained(f"cannot list folder {folder}"):
        return sorted(os.listdir(folder or "."))


def mode_of(path: str) -> int:
    """Return what is at the end of a path: a file, a folder or something else.

    Raises
    ------
    Refused
        If it cannot be looked at, as a link that leads nowhere.
    """
    with explained(f"cannot read {path}"):
        try:
            return os.stat(path).st_mode
        except FileNotFoundError:
            raise ValueError(f"it is a link to {os.readlink(path)}, which is not there") from None


def matches(pattern: str) -> set[str]:
    """Return the files that a glob stands for; folders that it matches stand for their files."""
    anchor, *parts = Path(pattern).parts
    if not Path(pattern).anchor:
        anchor, parts = "", [anchor, *parts]
    found: set[str] = set()
    for hit in _matching(anchor, parts):
        found.update(files_below(hit) if stat.S_ISDIR(mode_of(hit)) else [hit])
    return found


def _matching(folder: str, parts: list[str]) -> Iterator[str]:
    """Yield what matches the parts of a pattern below a folder.

    `glob.glob` leaves out what it cannot list.
    """
    if not parts:
        yield folder
        return
    first, *rest = parts
    if first == "**":
        for below, files in tree(folder):
            yield from _matching(below, rest) if rest else files
    elif not glob.has_magic(first):
        path = os.path.join(folder, first)
        if is_there(path):
            yield from _matching(path, rest)
    else:
        for path, mode in _shown(folder, first):
            if stat.S_ISDIR(mode) or not rest:
                yield from _matching(path, rest)


def is_there(path: str) -> bool:
    """Return whether something has this name, even if it is a link that leads nowhere.

    Raises
    ------
    Refused
        If a folder on the way may not be entered.
    """
    with explained(f"cannot read {path}"):
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


def refuse_tables(files: set[str]) -> None:
    """Refuse files in a table whose log tells which of them count: the others were deleted.

    Raises
    ------
    Refused
        If a file is in such a table, with the way to read it.
    """
    folders = {os.path.dirname(path) for path in files}
    ways = {Path(way(folder)) for folder in folders for way in (os.path.abspath, os.path.realpath)}
    for folder in sorted({up for way in ways for up in (way, *way.parents)}):
        for what, how in _tables(str(folder)):
            raise Refused(
                f"cannot read folder {folder} file by file: it is {what}, whose log tells which"
                f" files count; read it by {how} and write that as Parquet, or name files"
            )


def _tables(folder: str) -> Iterator[tuple[str, str]]:
    """Yield what table a folder is, and what reads it."""
    for name, table in TABLES.items():
        if os.path.lexists(os.path.join(folder, name)):
            yield table
    metadata = os.path.join(folder, "metadata")
    if os.path.isdir(metadata) and any(map(_is_of_iceberg, names_in(metadata))):
        yield ICEBERG


def _is_of_iceberg(name: str) -> bool:
    """Return whether a file in a folder `metadata` is one that Iceberg keeps there."""
    snapshot = name.startswith("snap-") and name.endswith(".avro")
    return ".metadata.json" in name or name == "version-hint.text" or snapshot
