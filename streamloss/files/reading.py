"""Reading what nobody vouches for: what goes wrong with a file becomes one line that names it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

MOST = 300
"""Characters of the reason that a library gives, of which the rest is left out."""
TELLING = (OSError, ValueError, RuntimeError, EOFError)
"""Errors whose text says what is wrong; others are told by their names as well."""


class Refused(ValueError):
    """What cannot be done with a file: the text names it and says why, in one line."""


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn whatever goes wrong in the block into ``what: why``.

    Damaged bytes make libraries raise nearly anything: SyntaxError, OverflowError, LZMAError.
    """
    try:
        yield
    except Refused:
        raise
    except Exception as error:
        raise Refused(f"{what}: {why(error)}") from error


def why(error: BaseException) -> str:
    """Return the reason that an error gives, in one short line.

    Examples
    --------
    >>> why(KeyError("num_rows")), why(PermissionError(13, "Permission denied", "a.npy"))
    ("KeyError: 'num_rows'", 'Permission denied')
    """
    text = " ".join(str(getattr(error, "strerror", None) or error).split())
    if isinstance(error, MemoryError):
        text = f"not enough memory: {text}" if text else "not enough memory"
    elif not text or not isinstance(error, TELLING):
        text = f"{type(error).__name__}: {text}".removesuffix(": ")
    return text if len(text) <= MOST else f"{text[:MOST]} ..."


class Stamp(NamedTuple):
    """What tells a file from a changed one, times in nanoseconds.

    A tool that puts the time of writing back cannot put back that of the change.
    """

    device: int
    inode: int
    size: int
    written: int
    changed: int


def stamps(paths: Iterable[str]) -> tuple[Stamp, ...]:
    """Return the stamps of files, as they are now.

    Raises
    ------
    Refused
        If one is not there or is no file.
    """
    return tuple(map(_stamp, paths))


def _stamp(path: str) -> Stamp:
    """Return the stamp of one file, refused if its rows cannot be read from anywhere."""
    with explained(f"cannot read {path}"):
        info = os.stat(path)
        if stat.S_ISDIR(info.st_mode):
            raise ValueError("it is a folder")
        if not stat.S_ISREG(info.st_mode):
            raise ValueError("it is a pipe or a device: write what it gives to a file")
    return Stamp(info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)


def check_same(paths: Iterable[str], opened: Iterable[Stamp]) -> None:
    """Refuse a file that is not the one that was opened.

    Raises
    ------
    Refused
        If one has changed or is gone.
    """
    for path, before in zip(paths, opened, strict=True):
        if _stamp(path) != before:
            raise Refused(f"cannot read {path}: it changed while it was read")
