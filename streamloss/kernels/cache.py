"""Compiled kernels on disk: safe with many processes, edited sources and broken folders.

Numba's own cache does not see edits in other files, returns the wrong code when processes
compile at once (their index and data files mix), and its index cannot be read by a process
without the user's module. Here each signature is one file, written whole and then renamed,
its name a digest of everything the machine code depends on (`key`); there is no index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from streamloss.losses.base import Loss

from .internals import Cache, setting
from .key import kernel_digest
from .private import ENDING, folder


def check_writable() -> None:
    """Refuse what would keep kernels from being kept, which elsewhere only costs time.

    Raises
    ------
    OSError
        If no file can be made in the folder.
    ValueError
        If numba is told to compile nothing.
    """
    if setting("DISABLE_JIT"):
        raise ValueError("kernels cannot be compiled while NUMBA_DISABLE_JIT is set")
    try:
        with folder().opened(make=True) as place:
            place.write("writable", b"0")
            place.remove("writable")
    except OSError as error:
        rule = "STREAMLOSS_CACHE_DIR must name a folder that can be written"
        raise OSError(f"{rule}: got {folder().path}: {error.strerror or error}") from error


class KernelCache(Cache):
    """The files of the kernels of one tuple of loss classes."""

    def __init__(self, body: Callable[..., Any], classes: tuple[type[Loss], ...]) -> None:
        self.classes = classes
        self._digest = kernel_digest(body, classes)

    @property
    def cache_path(self) -> str:
        """The folder, as numba reports it."""
        return folder().path

    def read(self, signature: str) -> bytes:
        """Return what was written for a signature.

        Raises
        ------
        OSError
            If it cannot be read, or is not whole.
        """
        with folder().opened() as place:
            data = place.read(self._name(signature))
        digest, payload = data[:32], data[32:]
        if hashlib.sha256(payload).digest() != digest:
            raise OSError("a file of a kernel is damaged")
        return payload

    def write(self, signature: str, data: bytes) -> None:
        """Write a compiled signature, whole or not at all.

        Raises
        ------
        OSError
            If that is not possible.
        """
        with folder().opened(make=True) as place:
            place.write(self._name(signature), hashlib.sha256(data).digest() + data)
            place.trim(ENDING)

    def _name(self, signature: str) -> str:
        return f"{hashlib.sha256(self._digest + signature.encode()).hexdigest()[:40]}{ENDING}"
