"""The files that names, folders and globs stand for, each of them once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from .columns import listing
from .folders import files_below, is_glob, is_there, matches, mode_of, names_in, refuse_tables
from .foreign import elsewhere, foreign_folder
from .formats import FORMATS, Format, ending_of
from .reading import Refused


def expand(names: Iterable[str], format: str | None = None) -> list[str]:
    """Return the files that the names stand for, in the order given and sorted within a name.

    A folder stands for every file of a format below it, links followed, except under names that
    begin with ``_`` or ``.``. The folder of a table with a log, such as Delta's, is refused.

    Parameters
    ----------
    names : iterable of str
        Files, folders and globs.
    format : str, optional
        The format of the files that folders stand for; by default any, but the same for all.

    Raises
    ------
    FileNotFoundError
        If a name stands for no file.
    ValueError
        If two names or links lead to one file, whose rows would count twice. If a folder cannot
        be listed or holds files of several formats, or a table with a log is among them.
    """
    found: dict[object, str] = {}
    for name in names:
        for path in _files(name, format):
            identity = _identity(path)
            first = found.get(identity)
            if first is not None:
                also = f" and is {first}" if first != path else ""
                raise ValueError(f"files must name a file once: {path} came twice{also}")
            found[identity] = path
    return list(found.values())


def _identity(path: str) -> object:
    """Return the inode of a file, the same under all its names; its real path if it has none."""
    info = os.stat(path)
    return (info.st_dev, info.st_ino) if info.st_ino else os.path.realpath(path)


def _files(name: str, format: str | None) -> list[str]:
    """Return the files that one name stands for."""
    endings = tuple(e for kind in _kinds(format) for e in kind.endings)
    if is_there(name):
        if not stat.S_ISDIR(mode_of(name)):
            return [name]
        found = set(files_below(name, endings))
    elif is_glob(name):
        found = matches(name, endings)
    else:
        raise FileNotFoundError(missing(name))
    refuse_tables(found)
    if not found:
        raise FileNotFoundError(_nothing(name, format))
    _check_alike(name, found, format)
    return sorted(found)


def _kinds(format: str | None) -> list[Format]:
    """Return the formats that files of a folder may have."""
    return list(FORMATS.values()) if format is None else [FORMATS[format]]


def _check_alike(name: str, found: set[str], format: str | None) -> None:
    """Refuse files of several formats under one name: some may be no part of the data."""
    kinds = sorted({ending_of(path) or "" for path in found} - {""}) if format is None else []
    if len(kinds) > 1:
        raise Refused(
            f"{name!r} stands for files of several formats, {', '.join(kinds)}: name one of them"
            " as the format, or the files"
        )


def _nothing(name: str, format: str | None) -> str:
    """Say that a folder or a glob stands for no file."""
    if not os.path.isdir(name):
        return elsewhere(name) or f"no file matches {name!r}"
    endings = [kind.endings[0] for kind in _kinds(format)]
    wanted = " or ".join(f"*{ending}" for ending in endings)
    has = listing(names_in(name), endings[0])
    return f"no {wanted} file in folder {name!r}: it has {has}{foreign_folder(name)}"


def missing(path: str) -> str:
    """Say that there is no such file, and list the files beside it."""
    folder, name = os.path.split(path)
    if (hint := elsewhere(path)) is not None:
        return hint
    if not os.path.isdir(folder or "."):
        return f"no file {path!r}: there is no folder {folder!r}"
    return f"no file {path!r}: the folder has {listing(names_in(folder), name)}"
