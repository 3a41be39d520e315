"""Compiled kernels on disk: safe with many processes, edited sources and broken folders.

Numba's own cache does not see edits in other files, returns the wrong code when processes
compile at once (their index and data files mix), and its index cannot be read by a process
without the user's module. Here each signature is one file, written whole and then renamed,
its name a digest of everything the machine code depends on (`key`); there is no index.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from collections.abc import Callable
from typing import Any

import numba
from numba.core.compiler import CompileResult
from numba.core.serialize import NumbaPickler

from streamloss.losses.base import Loss

from .key import kernel_digest
from .private import Folder


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


def check_writable() -> None:
    """Refuse what would keep kernels from being kept, which elsewhere only costs time.

    Raises
    ------
    OSError
        If no file can be made in the folder.
    ValueError
        If numba is told to compile nothing.
    """
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        raise ValueError("kernels cannot be compiled while NUMBA_DISABLE_JIT is set")
    try:
        with folder().opened(make=True) as place:
            place.write("writable", b"0")
            place.remove("writable")
    except OSError as error:
        rule = "STREAMLOSS_CACHE_DIR must name a folder that can be written"
        raise OSError(f"{rule}: got {folder().path}: {error.strerror or error}") from error


class KernelCache:
    """What numba asks of a dispatcher's cache, for the kernels of one tuple of loss classes."""

    def __init__(self, body: Callable[..., Any], classes: tuple[type[Loss], ...]) -> None:
        self._classes = classes
        self._digest = kernel_digest(body, classes)

    @property
    def cache_path(self) -> str:
        """The folder, as numba reports it."""
        return folder().path

    def enable(self) -> None:
        """Do nothing: the cache is always on."""

    disable = flush = enable

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled signature, None if there is none or it cannot be used."""
        target_context.refresh()
        try:
            with folder().opened() as place:
                data = place.read(self._name(sig, target_context))
            digest, payload = data[:32], data[32:]
            if hashlib.sha256(payload).digest() != digest:
                return None
            fields = _Unpickler(payload, self._classes).load()
            return CompileResult._rebuild(target_context, *fields)
        except Exception:  # a cache may cost time, never an answer
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write a compiled signature, whole or not at all."""
        try:
            payload = _Pickler.dumps(data._reduce(), self._classes)
            with folder().opened(make=True) as place:
                name = self._name(sig, data.target_context)
                place.write(name, hashlib.sha256(payload).digest() + payload)
                place.trim(".kernel")
        except Exception:  # an unwritable folder costs time, never an error
            return

    def _name(self, sig: Any, target_context: Any) -> str:
        """Return the name of the file of a signature on this CPU."""
        machine = repr((str(sig), target_context.codegen().magic_tuple()))
        name = hashlib.sha256(self._digest + machine.encode()).hexdigest()
        return f"{name[:40]}.kernel"


class _Pickler(NumbaPickler):
    """Writes a loss class as its position, so that any process can put its own class there."""

    @classmethod
    def dumps(cls, value: Any, classes: tuple[type, ...]) -> bytes:
        buffer = io.BytesIO()
        pickler = cls(buffer, protocol=4)
        pickler._classes = classes  # type: ignore[attr-defined]
        pickler.dump(value)  # type: ignore[no-untyped-call]
        return buffer.getvalue()

    def persistent_id(self, value: Any) -> int | None:
        """Return the position of a loss class."""
        classes = self._classes  # type: ignore[attr-defined]
        return classes.index(value) if isinstance(value, type) and value in classes else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, payload: bytes, classes: tuple[type, ...]) -> None:
        super().__init__(io.BytesIO(payload))
        self._classes = classes

    def persistent_load(self, position: int) -> type:
        """Return the loss class at a position."""
        return self._classes[position]
