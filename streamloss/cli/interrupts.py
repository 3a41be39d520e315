"""Ctrl-C in a process of the command line: it ends, with code 130 and without a traceback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = 130
"""The exit code of shells for a command that was interrupted."""

_ending = False


def end_on_interrupts() -> None:
    """From now on let an interrupt end what is under way, and a second one the process.

    The exception of an interrupt can be lost: in a callback, or in the import of a library in
    another language. Python then shows it and goes on. So that is not shown, and in the end `end`
    knows that there was one.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return  # as for a command in the background, which interrupts are not for
    with suppress(ValueError):  # in another thread than the main one, which they do not reach
        signal.signal(signal.SIGINT, _interrupt)
    show = sys.unraisablehook
    sys.unraisablehook = lambda lost: (
        None if issubclass(lost.exc_type, KeyboardInterrupt) else show(lost)
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _ending
    if _ending:
        _leave()
    _ending = True
    raise KeyboardInterrupt


def end() -> None:
    """End the process if there was an interrupt; one that comes from now on ends it at once."""
    global _ending
    interrupted, _ending = _ending, True
    if interrupted:
        _leave()


def kill_children() -> None:
    """End the processes that compile for this one: interrupts do not reach them."""
    library = sys.modules.get("multiprocessing")
    for child in library.active_children() if library else ():
        with suppress(Exception):
            child.kill()


def _leave() -> None:
    """End the process: no thread is waited for, and no half imported library cleans up."""
    kill_children()
    with suppress(Exception):  # closed, or full
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h")  # the cursor, which a progress bar hides
        sys.stderr.flush()
        sys.stdout.flush()
    os._exit(INTERRUPTED)


@contextmanager
def held_back() -> Iterator[None]:
    """Let no interrupt come within the block, nor ever to the processes that it starts."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
