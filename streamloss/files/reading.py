"""Errors of files, each one line that names the file; stamps, which tell that a file changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import BinaryIO, NamedTuple

LONGEST_REASON = 300
"""Most characters that are shown of the reason that a library gives."""
PLAIN_ERRORS = (OSError, ValueError, RuntimeError, EOFError)
"""Errors whose text says what is wrong without the name of their class."""


class Refused(ValueError):
    """Raised for what cannot be done with a file: one line that names the file and says why."""


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Raise `Refused`, with the text ``what: why``, for any error in the block.

    It is not for some classes of errors alone: libraries raise nearly any of them where bytes are
    damaged, SyntaxError, OverflowError and LZMAError among them.
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
    elif not text or not isinstance(error, PLAIN_ERRORS):
        text = f"{type(error).__name__}: {text}".removesuffix(": ")
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]} ..."


def for_arrow(path: str) -> AbstractContextManager[str | BinaryIO]:
    """Return what pyarrow opens a file by: its name, or the open file where that is not UTF-8."""
    is_utf8 = path.encode(errors="replace") == path.encode(errors="surrogateescape")
    return nullcontext(path) if is_utf8 else open(path, "rb")


class Stamp(NamedTuple):
    """What the file system says of a file, which differs once the file has been changed.

    Attributes
    ----------
    device, inode : int
        Which file it is.
    num_bytes : int
        How long it is.
    written : int
        When its bytes were written, in nanoseconds; tools such as ``cp -p`` and ``touch`` set it.
    changed : int
        When bytes, name or times were changed, in nanoseconds, which tools cannot set.
    """

    device: int
    inode: int
    num_bytes: int
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
    """Return the stamp of a file, refused if it is a folder, a pipe or a device."""
    with explained(f"cannot read {path}"):
        info = os.stat(path)
        if stat.S_ISDIR(info.st_mode):
            raise ValueError("it is a folder")
        if not stat.S_ISREG(info.st_mode):
            raise ValueError("it is a pipe or a device: write what it gives to a file")
    return Stamp(info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)


def check_same(paths: Iterable[str], opened: Iterable[Stamp]) -> None:
    """Refuse files that are not as they were opened, by their stamps of then.

    Raises
    ------
    Refused
        If one has changed or is gone.
    """
    for path, before in zip(paths, opened, strict=True):
        if _stamp(path) != before:
            raise Refused(f"cannot read {path}: it changed while it was read")
