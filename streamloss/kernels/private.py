"""Files of code: read only if nobody but this user and root could have written them.

Whoever unpickles a file runs what its writer wanted. So a file counts only if `is_private` holds
for it and for its folder, as they were opened: no link is followed that could be set to another
place in between, and nothing is waited for, as a fifo would make it for ever. Anything else is as
if it were absent.
"""

from __future__ import annotations

import os
import stat
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

LARGEST = 1 << 24
"""Bytes of the largest file that is read; a kernel has a hundredth of that."""

BOUND = 1 << 28
"""Bytes of the files of a folder: thousands of kernels. Those not read for longest go first."""

LEFT_OVER = 3600.0
"""Seconds after which a file that is being written is one whose writer was killed."""

ENDING = ".kernel"
"""The ending of files of code."""

HALF = ".half"
"""The ending of files that are being written."""

_POSIX = os.name == "posix"
_SAFELY = (os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC) if _POSIX else getattr(os, "O_BINARY", 0)


def is_private(info: os.stat_result) -> bool:
    """Return whether only this user and root can have written a file, or into a folder."""
    if not _POSIX:  # a user's folders are closed to others there, and modes say nothing
        return True
    others = info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return info.st_uid in (os.geteuid(), 0) and not others


_warned_of: set[str] = set()
"""Folders that a warning has said are not used, which is said once."""


class Refused(OSError):
    """Raised for a folder that is not private."""


class Folder(NamedTuple):
    """Where files of code are kept, and whether the user said so."""

    path: str
    named: bool = False

    @contextmanager
    def opened(self, make: bool = False) -> Iterator[Place]:
        """Open the folder or, if it is not private, the one in it that belongs to this user.

        Raises
        ------
        OSError
            If neither can be opened.
        """
        place = self._place(make)
        try:
            yield place
        finally:
            place.close()

    def _place(self, make: bool) -> Place:
        try:
            return Place(self.path, make)
        except Refused as error:
            own = os.path.join(self.path, f"user-{os.geteuid()}")
            if self.named and self.path not in _warned_of:
                _warned_of.add(self.path)
                text = "".join(c if c.isprintable() else "?" for c in f"{error}: {own} is used")
                warnings.warn(f"{text} instead", RuntimeWarning, stacklevel=2)
            return Place(own, make)


def folder() -> Folder:
    """Return the folder of compiled kernels.

    The environment variable STREAMLOSS_CACHE_DIR, else ``streamloss`` in the user's cache
    folder (XDG_CACHE_HOME, else ``~/.cache``).
    """
    given = os.environ.get("STREAMLOSS_CACHE_DIR")
    if given:
        return Folder(os.path.expanduser(given), named=True)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Folder(os.path.join(home, "streamloss"))


class Place:
    """An open folder, whose files are named relative to it: it cannot be exchanged meanwhile.

    Raises
    ------
    Refused
        If it is not private, or a link.
    OSError
        If it cannot be opened.
    """

    def __init__(self, path: str, make: bool) -> None:
        self.path = os.path.abspath(path)
        self._at: int | None = None
        if make:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            with suppress(FileExistsError):
                os.mkdir(self.path, 0o700)
        if _POSIX:
            self._at = _open_folder(self.path)

    def close(self) -> None:
        """Close the folder."""
        if self._at is not None:
            os.close(self._at)

    def _path(self, name: str) -> str:
        return name if self._at is not None else os.path.join(self.path, name)

    def read(self, name: str) -> bytes:
        """Return the bytes of a file, which by that counts as used.

        Raises
        ------
        OSError
            If there is none, or it is not private, not regular or too large.
        """
        handle = os.open(self._path(name), os.O_RDONLY | _SAFELY, dir_fd=self._at)
        with open(handle, "rb") as file:
            info = os.fstat(handle)
            if not (stat.S_ISREG(info.st_mode) and is_private(info) and info.st_size <= LARGEST):
                raise PermissionError(f"{name} is not used for code")
            with suppress(OSError):  # it may be root's
                os.utime(handle, ns=(time.time_ns(), info.st_mtime_ns))
            return file.read(LARGEST)

    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all.

        Raises
        ------
        OSError
            If that is not possible.
        """
        half = os.urandom(8).hex() + HALF
        handle = os.open(
            self._path(half), os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, 0o600, dir_fd=self._at
        )
        try:
            with open(handle, "wb") as file:
                file.write(data)
            old, new = self._path(half), self._path(name)
            os.replace(old, new, src_dir_fd=self._at, dst_dir_fd=self._at)
        except BaseException:
            self.remove(half)
            raise

    def remove(self, name: str) -> None:
        """Remove a file."""
        os.unlink(self._path(name), dir_fd=self._at)

    def files(self, ending: str) -> list[tuple[float, int, str]]:
        """Return when each file of an ending was last used, its bytes and its name."""
        found = []
        with os.scandir(self.path if self._at is None else self._at) as entries:
            for entry in entries:
                if entry.name.endswith(ending) and entry.is_file(follow_symlinks=False):
                    info = entry.stat(follow_symlinks=False)
                    found.append((max(info.st_atime, info.st_mtime), info.st_size, entry.name))
        return found

    def trim(self, ending: str) -> None:
        """Remove the files that were not used for longest, until the others fit the bound."""
        total = 0
        for _, size, name in sorted(self.files(ending), reverse=True):
            total += size
            if total > BOUND:
                self.remove(name)
        for used, _, name in self.files(HALF):
            if used < time.time() - LEFT_OVER:
                self.remove(name)


def _open_folder(path: str) -> int:
    """Open a folder if it is private."""
    if os.path.islink(path):
        raise Refused(f"{path} is not taken for code, since it is a link")
    at = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _SAFELY)
    info = os.fstat(at)
    if not is_private(info):
        os.close(at)
        why = "others may write to it" if info.st_mode & 0o022 else "it is another user's"
        raise Refused(f"{path} is not taken for code, since {why}")
    return at
