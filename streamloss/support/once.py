"""What happens once in a process, and must not be cut in the middle: imports and compilation.

An interrupt is an exception anywhere in the main thread. In the middle of the imports of numba it
leaves modules that find only half of each other, and within its compiler registries half filled or
a lock taken, so that nothing works until the process is started anew: 56 of 110 processes. So a
helper does it, which no interrupt reaches; the caller waits, and if it is interrupted leaves the
helper to finish.
"""

from __future__ import annotations

import _thread
import functools
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_turn = threading.RLock()
"""Held by the helper at work, and in forks: a child has no helper that could finish."""

PATIENCE = 60.0
"""Seconds that a fork waits for the helper, longer than it ever takes: it might itself wait for an
import of the thread that forks."""


def once(function: Callable[[], T]) -> Callable[[], T]:
    """Return a function that has a helper call this one, and always returns what it returned."""
    found: list[T] = []

    @functools.wraps(function)
    def get() -> T:
        if not found:
            found.append(uncut(lambda: _loaded(function)))
        return found[0]

    return get


NEEDED = 600 << 20
"""Bytes of address space below which numba fails in one way or another while it is imported or
compiles: an error, an abort of LLVM's, an interrupt that OpenBLAS sends, or a wait for ever."""


def _check_address_space() -> None:
    """Refuse to load libraries that need more address space than this process may have."""
    try:
        import resource
    except ImportError:  # not on this system
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit not in (resource.RLIM_INFINITY, -1) and limit < NEEDED:
        raise OSError(
            f"libraries must have {NEEDED >> 20} MB of address space to be loaded: got a limit of"
            f" {limit >> 20} MB (ulimit -v)"
        )


def _loaded(function: Callable[[], T]) -> T:
    """Return what a function imports.

    Raises
    ------
    OSError
        If a library is there but cannot be loaded, as numba's where less than 400 MB of address
        space are allowed.
    """
    _check_address_space()
    try:
        return function()
    except ModuleNotFoundError:
        raise
    except (ImportError, MemoryError, OSError) as error:
        why = " ".join(str(error).split())[:200]
        rule = "libraries must have the memory and address space to be loaded"
        raise OSError(f"{rule}: {why}") from None


def uncut(work: Callable[[], T]) -> T:
    """Return what a function returns that a helper calls, one at a time; its errors are raised."""
    if getattr(_helping, "now", False):
        return work()
    done: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
    try:
        _thread.start_new_thread(_help, (work, done))
    except RuntimeError:  # the interpreter is ending, or the system has no more threads
        return work()
    value, error = done.get()
    if error is not None:
        raise error
    found: T = value
    return found


class Task(Generic[T]):
    """Work for `uncut` that can be taken back as long as it has not begun.

    Whoever was interrupted while a helper did it knows by `finish` whether and when it was done.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._begun, self._running = threading.Lock(), threading.Lock()

    def run(self) -> T:
        """Return what the work returns; nothing of one that was taken back, which nobody asks."""
        with self._running:  # before it has begun: `finish` waits for what has
            if not self._begun.acquire(blocking=False):
                raise RuntimeError("this was taken back")
            return self._work()

    def finish(self) -> None:
        """Take it back, or wait for its end if a helper has begun it."""
        if not self._begun.acquire(blocking=False):
            with self._running:
                pass


_helping = threading.local()


def _help(work: Callable[[], Any], done: SimpleQueue[Any]) -> None:
    """Do some work in a thread of its own, and say what came of it."""
    _helping.now = True
    with _turn:
        try:
            done.put((work(), None))
        except BaseException as error:
            done.put((None, error))


def _begin_fork() -> None:
    """Wait for the helper: the child would find its locks taken, and modules half imported."""
    _turn.acquire(timeout=PATIENCE)


def _end_fork() -> None:
    with suppress(RuntimeError):  # the wait ended before
        _turn.release()


def _begin_child() -> None:
    global _turn
    _turn = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_begin_fork, after_in_parent=_end_fork, after_in_child=_begin_child)
