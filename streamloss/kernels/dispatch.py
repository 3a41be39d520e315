"""Kernels as numba itself keeps and calls them: where object files are not used.

So it is in versions of numba that no test has seen, on platforms where nobody has tried to load
object files, and for losses that call what is in numba alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import numpy as np
from numba import njit

from streamloss.losses.base import Loss, memory
from streamloss.support.once import uncut

from . import internals, meanings  # noqa: F401  # they register themselves
from .cache import KernelFile
from .digests import Uncacheable
from .internals import Cache, NumbaError, dispatcher, lost, setting
from .key import kernel_digest
from .private import folder
from .settings import chosen, settings

T = TypeVar("T")

Body = Callable[..., None]
Classes = tuple[type[Loss], ...]


def entry(body: Body, classes: Classes, arguments: tuple[Any, ...]) -> Any:
    """Return a body compiled for losses of these classes and arguments of just these types.

    Raises
    ------
    TypeError
        If the `point` or `row` of a loss does not compile.
    """
    made = kernel(body, classes)
    if setting("DISABLE_JIT") or "kernels" in lost:
        return made
    try:
        return internals.entry(made, arguments)
    except NotCompiled as error:
        return _in_python(body, classes, error)


def kernel(body: Body, classes: Classes) -> Any:
    """Return a body compiled for losses of these classes, from disk where possible."""
    kept = memory(classes)
    found = kept.get((kernel, body, classes))
    if found is None:
        found = kept[kernel, body, classes] = uncut(lambda: _dispatcher(body, classes))
    return found


def _dispatcher(body: Body, classes: Classes) -> Any:
    """Return what compiles a body for arguments as they come."""
    _warn()
    if setting("DISABLE_JIT") or "kernels" in lost:
        return _plain(body)
    cache = None
    with suppress(Uncacheable):
        cache = Pickles(body, classes)
    return dispatcher(body, lambda work: uncut(lambda: compiled(work, classes)), cache)


class Pickles(Cache):
    """The files of what numba compiled of a body for losses, one for each signature.

    Raises
    ------
    Uncacheable
        If a loss uses what has no digest.
    """

    def __init__(self, body: Body, classes: Classes) -> None:
        self.classes = classes
        told = f"{chosen()} {sorted(lost)}"  # what numba is told, and what is done without
        self._digest = kernel_digest(body, classes) + told.encode()

    @property
    def cache_path(self) -> str:
        """The folder, as numba reports it."""
        return folder().path

    def read(self, signature: str) -> bytes:
        """Return what was written for a signature.

        Raises
        ------
        OSError
            If there is nothing, or it cannot be used.
        """
        found = self._file(signature).read()
        if found is None:
            raise OSError("no kernel is kept for this signature")
        return found

    def write(self, signature: str, data: bytes) -> None:
        """Write a compiled signature."""
        self._file(signature).write(data)

    def _file(self, signature: str) -> KernelFile:
        return KernelFile(b"numba", self._digest, signature.encode())


def _plain(body: Body) -> Any:
    """Return what runs a body in Python."""
    # bodies overflow on purpose, and scalars of numpy would warn of it
    return np.errstate(all="ignore")(body)


class NotCompiled(Exception):
    """Raised where a kernel is not compiled, and no loss is why."""


def compiled(work: Callable[[], T], classes: Classes) -> T:
    """Return machine code, which `work` makes.

    Raises
    ------
    TypeError
        If the `point` or `row` of a loss does not compile.
    """
    try:
        with settings():
            return work()
    except Exception as error:
        new = not internals.is_tested()
        if new and not any(_why_not(cls) for cls in classes):
            raise NotCompiled(str(error)) from error
        if not isinstance(error, NumbaError):
            raise
        raise _explain(error, classes) from error


def _in_python(body: Body, classes: Classes, error: Exception) -> Any:
    """Return what runs a body in Python from here on."""
    internals.lose("this kernel", error)
    _warn()
    found = memory(classes)[kernel, body, classes] = _plain(body)
    return found


_warned: set[bool] = set()


def _warn() -> None:
    """Say once in a process what is done without."""
    if lost and not _warned:
        _warned.add(True)
        warnings.warn(internals.complaint(), RuntimeWarning, stacklevel=2)


def _explain(error: NumbaError, classes: Classes) -> TypeError:
    """Return what to raise for a loss that does not compile: one line that names it."""
    found = {cls.__qualname__: why for cls in classes if (why := _why_not(cls))}
    names = ", ".join(found or [cls.__qualname__ for cls in classes])
    why = "; ".join(found.values()) or str(error)
    return TypeError(f"{classes[0].body.__name__} of {names} cannot be compiled: {why}")


def _why_not(cls: type[Loss]) -> str:
    """Return why numba does not compile a loss class, empty if it does."""
    loss = tuple.__new__(cls, [1.0] * len(cls._fields))
    try:
        value = njit(cls.body)(loss, *[np.ones(3) if rank else 1.0 for rank in cls.ranks])
    except NumbaError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        return lines[1] if lines[0].startswith("Failed in") else lines[0]
    except Exception:  # it compiles, and refuses these numbers
        return ""
    return "" if isinstance(value, int | float) else f"it returns {value!r}, which is no number"
