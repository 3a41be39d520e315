"""The files that folders and globs stand for; what cannot be listed is an error, never left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from .reading import Refused, explained

TABLES = {
    "_delta_log": ("a Delta table", "deltalake.DeltaTable(FOLDER).to_pyarrow_table()"),
    ".hoodie": ("a Hudi table", "the package hudi, to Arrow"),
    "_spark_metadata": ("a table that Spark streams to", "spark.read.parquet(FOLDER)"),
}
"""Tables in whose folder a log tells which files count: what it holds, the kind, a reader."""
ICEBERG = ("an Iceberg table", "pyiceberg's StaticTable.from_metadata(FILE).scan().to_arrow()")


def files_below(folder: str, endings: tuple[str, ...]) -> Iterator[str]:
    """Yield the files below a folder whose names end so, in lower or upper case."""
    for _, files in tree(folder):
        yield from (path for path in files if path.lower().endswith(endings))


def tree(folder: str, above: tuple[os.stat_result, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    """Yield a folder and each one below it, links followed, with the files that it holds.

    Names that begin with ``_`` or ``.`` are left out, as writers of data keep logs and unfinished
    files under such names. Only a folder ``_name=value`` is a partition.

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
    """Yield the paths in a folder whose names match a pattern, and their modes.

    As in a shell, a name that begins with ``.`` matches only a pattern that does; with ``_`` too.
    """
    import fnmatch

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
    """Return the mode of what a path leads to: a file, a folder or something else.

    Raises
    ------
    Refused
        If it has none that can be read, as a link that leads nowhere.
    """
    with explained(f"cannot read {path}"):
        try:
            return os.stat(path).st_mode
        except FileNotFoundError:
            raise ValueError(f"it is a link to {os.readlink(path)}, which is not there") from None


def matches(pattern: str, endings: tuple[str, ...]) -> set[str]:
    """Return the files that match a glob, and those below folders that match it that end so."""
    from pathlib import Path

    anchor, *parts = Path(pattern).parts
    if not Path(pattern).anchor:
        anchor, parts = "", [anchor, *parts]
    found: set[str] = set()
    for hit in _matching(anchor, parts):
        found.update(files_below(hit, endings) if stat.S_ISDIR(mode_of(hit)) else [hit])
    return found


def _matching(folder: str, parts: list[str]) -> Iterator[str]:
    """Yield the paths below a folder that match the parts of a pattern.

    `glob.glob` would leave out what it cannot list without a word.
    """
    if not parts:
        yield folder
        return
    first, *rest = parts
    if first == "**":
        for below, files in tree(folder):
            yield from _matching(below, rest) if rest else files
    elif not is_glob(first):
        path = os.path.join(folder, first)
        if is_there(path):
            yield from _matching(path, rest)
    else:
        for path, mode in _shown(folder, first):
            if stat.S_ISDIR(mode) or not rest:
                yield from _matching(path, rest)


def is_glob(name: str) -> bool:
    """Return whether a name has characters that stand for others."""
    from glob import has_magic

    return has_magic(name)


def is_there(path: str) -> bool:
    """Return whether there is something of this name, a link that leads nowhere included.

    Raises
    ------
    Refused
        If a folder above may not be entered.
    """
    with explained(f"cannot read {path}"):
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


def refuse_tables(files: set[str]) -> None:
    """Refuse files in a table whose log tells which files count: the others hold deleted rows.

    Raises
    ------
    Refused
        If a file is in such a table. The error tells how to read the table.
    """
    from pathlib import Path

    folders = {os.path.dirname(path) for path in files}
    ways = {Path(way(folder)) for folder in folders for way in (os.path.abspath, os.path.realpath)}
    for folder in sorted({up for way in ways for up in (way, *way.parents)}):
        for kind, reader in _tables(str(folder)):
            raise Refused(
                f"cannot read folder {folder} file by file: it is {kind}, whose log tells which"
                f" files count; read it by {reader} and write that as Parquet, or name files"
            )


def _tables(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the kinds of table that a folder is, each with what reads it."""
    for name, table in TABLES.items():
        if os.path.lexists(os.path.join(folder, name)):
            yield table
    metadata = os.path.join(folder, "metadata")
    if os.path.isdir(metadata) and any(map(_is_of_iceberg, names_in(metadata))):
        yield ICEBERG


def _is_of_iceberg(name: str) -> bool:
    """Return whether Iceberg keeps a file of this name in its folder `metadata`."""
    snapshot = name.startswith("snap-") and name.endswith(".avro")
    return ".metadata.json" in name or name == "version-hint.text" or snapshot
