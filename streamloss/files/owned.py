"""A file that one process owns at a time and replaces as a whole.

The owner holds a lock of the system on the file itself, which the system releases after a crash.
The new file is locked before it takes the name of the old one: whoever opens the name finds a
locked file at any time.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import stat
from contextlib import AbstractContextManager, suppress

from .reading import Refused, explained

UNFOLLOWED = os.O_NOFOLLOW | os.O_NONBLOCK
"""Flags of opening: a link is an error, and nobody is waited for at the other end of a pipe."""


class OwnedFile:
    """A file at a path, which need not exist yet.

    Parameters
    ----------
    path : str
        Where the file is, or will be.
    argument : str
        The argument that named it, for errors.

    Attributes
    ----------
    contents : bytes, optional
        The bytes of the file when it was opened, None if there was none.

    Raises
    ------
    ValueError
        If another process owns the file, it may not be read, or there is a link, a folder or a
        pipe at the path.
    """

    def __init__(self, path: str, argument: str) -> None:
        self._path, self._argument = path, argument
        self._handle: int | None = None
        self.contents: bytes | None = None
        with self._explained("use"):
            self._take()
            self._sweep()

    @property
    def _folder(self) -> str:
        return os.path.dirname(self._path) or "."

    def _explained(self, verb: str) -> AbstractContextManager[None]:
        return explained(f"{self._argument}: cannot {verb} {self._path}")

    def _in_use(self) -> Refused:
        return Refused(f"{self._argument}: another run is using {self._path}")

    def _take(self) -> None:
        """Open, lock and read the file at the path, if there is one."""
        if not os.path.isdir(self._folder):
            raise ValueError(f"there is no folder {self._folder!r}")
        while not self._is_mine():
            try:
                handle = os.open(self._path, os.O_RDONLY | UNFOLLOWED)
            except FileNotFoundError:
                return
            except OSError as error:
                if error.errno == errno.ELOOP:
                    raise ValueError("it is a link: name what it leads to") from error
                raise
            self.close()
            self._handle = handle
            self._read()

    def _read(self) -> None:
        """Lock the open file and read it."""
        assert self._handle is not None
        try:
            if not stat.S_ISREG(os.fstat(self._handle).st_mode):
                raise ValueError("it is a folder, a pipe or a device")
            if not _lock(self._handle):
                raise self._in_use()
            with open(self._handle, "rb", closefd=False) as file:
                self.contents = file.read()
        except BaseException:
            self.close()
            raise

    def _is_mine(self) -> bool:
        """Return whether the file at the path is the one that is locked here."""
        if self._handle is None:
            return False
        try:
            return os.path.samestat(os.lstat(self._path), os.fstat(self._handle))
        except FileNotFoundError:
            return False

    def _sweep(self) -> None:
        """Remove files that killed processes left unfinished: those that nobody has locked."""
        pattern = re.compile(re.escape(os.path.basename(self._path)) + r"\.[0-9a-f]{16}\.tmp")
        names = () if self._handle is None else os.listdir(self._folder)
        for name in filter(pattern.fullmatch, names):
            path = os.path.join(self._folder, name)
            with suppress(OSError):
                handle = os.open(path, os.O_RDONLY | UNFOLLOWED)
                if _lock(handle):
                    os.unlink(path)
                os.close(handle)

    def replace(self, contents: bytes) -> None:
        """Replace the contents in one step: a crash leaves the old ones or the new ones.

        Raises
        ------
        ValueError
            If they cannot be written, or another process has made the file meanwhile.
        """
        fresh = f"{self._path}.{secrets.token_hex(8)}.tmp"
        with self._explained("write"):
            handle = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
            try:
                _lock(handle)
                _write(handle, contents)
                self._name(fresh)
            except BaseException:
                os.close(handle)
                raise
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(fresh)
            before, self._handle = self._handle, handle
            if before is not None:
                os.close(before)
            _sync_folder(self._folder)

    def _name(self, fresh: str) -> None:
        """Move a new file to the path, where only the file that is locked here is replaced."""
        if self._is_mine():
            os.replace(fresh, self._path)
            return
        try:
            os.link(fresh, self._path)
        except FileExistsError:
            raise self._in_use() from None
        except OSError:  # a file system without links
            os.rename(fresh, self._path)

    def close(self) -> None:
        """Unlock the file, for other processes to own."""
        handle, self._handle = self._handle, None  # before it is closed: an interrupt may come
        if handle is not None:
            os.close(handle)


def _lock(handle: int) -> bool:
    """Lock an open file until it is closed; return False where another process has locked it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _write(handle: int, data: bytes) -> None:
    """Write all bytes and wait until they are on the disk."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
    os.fsync(handle)


def _sync_folder(folder: str) -> None:
    """Wait until the names in a folder are on the disk, so that a loss of power keeps them."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder may be written to that may not be listed
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
