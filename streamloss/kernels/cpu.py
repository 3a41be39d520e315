"""Kernels on the CPU: the loop bodies compiled for some losses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba
import numpy as np
from numba import njit
from numba.core.errors import NumbaError

from streamloss.losses.base import Loss, first_of_user, memory
from streamloss.support.once import uncut

from . import meanings  # noqa: F401  # they register themselves
from .cache import KernelCache
from .compiler import KERNEL
from .digests import Uncacheable
from .fold import fold_cells
from .settings import settings

Body = Callable[..., None]


def call(body: Body, losses: tuple[Loss, ...], *arguments: object) -> None:
    """Call a loop body that was compiled for losses like these.

    Raises
    ------
    TypeError
        If the `point` or `row` of a loss does not compile.
    """
    kernel(body, tuple([type(loss) for loss in losses]))(*arguments)


def entry(body: Body, losses: tuple[Loss, ...], *arguments: object) -> Any:
    """Return what `call` would call: a function for arguments of just these types.

    It saves looking at their types at every call, 1.5 us.

    Raises
    ------
    TypeError
        If the `point` or `row` of a loss does not compile.
    """
    dispatcher = kernel(body, tuple([type(loss) for loss in losses]))
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return dispatcher
    types = tuple([numba.typeof(argument) for argument in arguments])
    # looked up here, since numba's own lookup takes its lock
    if types in dispatcher.overloads:
        return dispatcher.overloads[types].entry_point
    return dispatcher._compile_for_args(*arguments)


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
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        # bodies overflow on purpose, and scalars of numpy would warn of it
        return np.errstate(all="ignore")(body)
    dispatcher = njit(**KERNEL)(body)
    # both are attributes of numba's own, which has no public ones for them
    compiles = dispatcher._compile_for_args
    dispatcher._compile_for_args = lambda *args: uncut(lambda: _compiled(compiles, args, classes))
    with suppress(Uncacheable):
        dispatcher._cache = KernelCache(body, classes)
    return dispatcher


def _compiled(
    compiles: Callable[..., Any], arguments: tuple[object, ...], classes: tuple[type[Loss], ...]
) -> Any:
    """Return machine code for arguments like these."""
    try:
        with settings():
            return compiles(*arguments)
    except NumbaError as error:
        raise _explain(error, classes) from error


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
