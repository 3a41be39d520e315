"""Find the Parquet files that names, folders and globs stand for."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ._rows import listing


def expand(names: Iterable[str]) -> list[str]:
    """Return the files that the names stand for, in the order given and sorted within a name.

    A folder stands for every ``*.parquet`` below it, except under names that begin with ``_`` or
    ``.``: that is where writers keep what is not finished.

    Raises
    ------
    FileNotFoundError
        If a name stands for no file.
    ValueError
        If a file is named twice: its rows would count twice.
    """
    found: dict[str, str] = {}
    for name in names:
        for path in _matches(name):
            real = os.path.realpath(path)
            if real in found:
                raise ValueError(f"FILES must name a file once: {path} came twice")
            found[real] = path
    return list(found.values())


def _matches(name: str) -> list[str]:
    """Return the files that one name stands for."""
    if os.path.isdir(name):
        return _folder(name)
    if os.path.exists(name):
        return [name]
    if not glob.has_magic(name):
        raise FileNotFoundError(missing(name))
    # `**` matches folders as well as what is in them, hence the set.
    found = {file for hit in glob.glob(name, recursive=True) for file in _files(hit)}
    if not found:
        raise FileNotFoundError(f"no file matches {name!r}")
    return sorted(found)


def _files(hit: str) -> Iterable[str]:
    """Return what a match of a glob adds: itself, or what is in the folder."""
    return _walk(hit) if os.path.isdir(hit) else [hit]


def _folder(name: str) -> list[str]:
    """Return the Parquet files below a folder."""
    found = sorted(_walk(name))
    if not found:
        raise FileNotFoundError(
            f"no *.parquet file in folder {name!r}: it has {listing(_names(name), '.parquet')}"
        )
    return found


def _walk(folder: str) -> Iterator[str]:
    """Yield the Parquet files below a folder."""
    for path in Path(folder).rglob("*.parquet"):
        inside = path.relative_to(folder).parts
        if path.is_file() and not any(name.startswith(("_", ".")) for name in inside):
            yield str(path)


def missing(path: str) -> str:
    """Say that there is no such file, and what there is beside it."""
    folder, name = os.path.split(path)
    if not os.path.isdir(folder or "."):
        return f"no file {path!r}: there is no folder {folder!r}"
    return f"no file {path!r}: the folder has {listing(_names(folder or '.'), name)}"


def _names(folder: str) -> list[str]:
    """Return the names in a folder, sorted."""
    return sorted(os.listdir(folder))
