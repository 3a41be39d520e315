"""The Parquet files that names, folders and globs stand for, each of them once."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable

from .columns import listing
from .folders import ENDINGS, files_below, is_there, matches, mode_of, names_in, refuse_tables
from .foreign import elsewhere, foreign_folder


def expand(names: Iterable[str]) -> list[str]:
    """Return the files that the names stand for, in the order given and sorted within a name.

    A folder stands for every Parquet file below it, links followed, except under names that
    begin with ``_`` or ``.``. The folder of a table with a log, such as Delta's, is refused.

    Raises
    ------
    FileNotFoundError
        If a name stands for no file.
    ValueError
        If two names or links lead to one file, whose rows would count twice. If a folder cannot
        be listed, or a table with a log is among them.
    """
    found: dict[object, str] = {}
    for name in names:
        for path in _files(name):
            first = found.setdefault(_identity(path), path)
            if first is not path:
                also = f" and is {first}" if first != path else ""
                raise ValueError(f"FILES must name a file once: {path} came twice{also}")
    return list(found.values())


def _identity(path: str) -> object:
    """Return the inode of a file, the same under all its names; its real path if it has none."""
    info = os.stat(path)
    return (info.st_dev, info.st_ino) if info.st_ino else os.path.realpath(path)


def _files(name: str) -> list[str]:
    """Return the files that one name stands for."""
    if is_there(name):
        if not stat.S_ISDIR(mode_of(name)):
            return [name]
        found = set(files_below(name))
    elif glob.has_magic(name):
        found = matches(name)
    else:
        raise FileNotFoundError(missing(name))
    refuse_tables(found)
    if not found:
        raise FileNotFoundError(_nothing(name))
    return sorted(found)


def _nothing(name: str) -> str:
    """Say that a folder or a glob stands for no file."""
    if not os.path.isdir(name):
        return elsewhere(name) or f"no file matches {name!r}"
    has = listing(names_in(name), ENDINGS[0])
    return f"no *.parquet file in folder {name!r}: it has {has}{foreign_folder(name)}"


def missing(path: str) -> str:
    """Say that there is no such file, and list the files beside it."""
    folder, name = os.path.split(path)
    if (hint := elsewhere(path)) is not None:
        return hint
    if not os.path.isdir(folder or "."):
        return f"no file {path!r}: there is no folder {folder!r}"
    return f"no file {path!r}: the folder has {listing(names_in(folder), name)}"
