"""Kernels on the CPU: the loop bodies compiled for some losses."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
from numba import njit

from streamloss.losses.base import Loss, first_of_user, memory
from streamloss.support.once import uncut

from . import internals, meanings  # noqa: F401  # they register themselves
from .cache import KernelCache
from .digests import Uncacheable
from .fold import fold_cells
from .internals import NumbaError, dispatcher, lost, setting
from .settings import settings

Body = Callable[..., None]


def call(body: Body, losses: tuple[Loss, ...], *arguments: object) -> None:
    """Call a loop body that was compiled for losses like these.

    Raises
    ------
    TypeError
        If the `point` or `row` of a loss does not compile.
    """
    classes = tuple([type(loss) for loss in losses])
    try:
        kernel(body, classes)(*arguments)
    except NotCompiled as error:
        _in_python(body, classes, error)(*arguments)


def entry(body: Body, losses: tuple[Loss, ...], *arguments: object) -> Any:
    """Return what `call` would call: a function for arguments of just these types.

    Raises
    ------
    TypeError
        If the `point` or `row` of a loss does not compile.
    """
    classes = tuple([type(loss) for loss in losses])
    made = kernel(body, classes)
    if setting("DISABLE_JIT") or "kernels" in lost:
        return made
    try:
        return internals.entry(made, arguments)
    except NotCompiled as error:
        return _in_python(body, classes, error)


def fold_entry(losses: tuple[Loss, ...], *arguments: Any) -> Any:
    """Return what `entry` returns for `fold_cells`, looked up by what decides the types: 1 us.

    The arrays are contiguous, and the dtype of the first decides that of the others and the width.
    """
    inputs, weights, *_, rule = arguments
    classes = tuple([type(loss) for loss in losses])
    key = classes, len(inputs), inputs[0].dtype, weights is None, type(rule)
    entries = _fold_entries if first_of_user(classes) is None else memory(classes)
    run = entries.get(key)
    if run is None:
        run = entries[key] = entry(fold_cells, losses, losses, *arguments)
    return run


_fold_entries: dict[Any, Any] = {}


def kernel(body: Body, classes: tuple[type[Loss], ...]) -> Any:
    """Return the body compiled for losses of these classes, from disk where possible."""
    kept = memory(classes)
    found = kept.get((body, classes))
    if found is None:
        found = kept[body, classes] = uncut(lambda: _dispatcher(body, classes))
    return found


def _dispatcher(body: Body, classes: tuple[type[Loss], ...]) -> Any:
    """Return what compiles a body for arguments as they come."""
    _warn()
    if setting("DISABLE_JIT") or "kernels" in lost:
        return _plain(body)
    cache = None
    with suppress(Uncacheable):
        cache = KernelCache(body, classes)
    return dispatcher(body, lambda work: uncut(lambda: _compiled(work, classes)), cache)


def _plain(body: Body) -> Any:
    """Return what runs a body in Python."""
    # bodies overflow on purpose, and scalars of numpy would warn of it
    return np.errstate(all="ignore")(body)


class NotCompiled(Exception):
    """Raised where a kernel is not compiled, and no loss is why."""


def _compiled(work: Callable[[], Any], classes: tuple[type[Loss], ...]) -> Any:
    """Return machine code, which `work` makes."""
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


def _in_python(body: Body, classes: tuple[type[Loss], ...], error: Exception) -> Any:
    """Return what runs a body in Python from here on."""
    internals.lose("this kernel", error)
    _warn()
    found = memory(classes)[body, classes] = _plain(body)
    return found


_warned: set[bool] = set()


def _warn() -> None:
    """Say once in a process what is done without."""
    if lost and not _warned:
        _warned.add(True)
        warnings.warn(internals.complaint(), RuntimeWarning, stacklevel=2)


def _explain(error: NumbaError, classes: tuple[type[Loss], ...]) -> TypeError:
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
