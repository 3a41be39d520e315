"""Ctrl-C ends a process of the command line, with exit code 130 and without a traceback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = 130
"""The exit code that shells give a command that was interrupted."""

_ending = False
"""Whether there was an interrupt, or the process is ending anyway: the next one ends it at once."""


def end_on_interrupts() -> None:
    """From now on have an interrupt raise KeyboardInterrupt, and a second one end the process.

    Python shows and drops an exception that is raised in a callback, or while a library written in
    another language is imported. A KeyboardInterrupt that is dropped is not shown, and `end` still
    ends the process as interrupted.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return  # interrupts are ignored, as shells have it for commands in the background
    with suppress(ValueError):  # raised in other threads than the main one
        signal.signal(signal.SIGINT, _interrupt)
    show = sys.unraisablehook
    sys.unraisablehook = lambda lost: (
        None if issubclass(lost.exc_type, KeyboardInterrupt) else show(lost)
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Handle an interrupt: the first one raises, the second ends the process."""
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
    """End the processes that compile for this one, from which interrupts are held back."""
    library = sys.modules.get("multiprocessing")
    for child in library.active_children() if library else ():
        with suppress(Exception):
            child.kill()


def _leave() -> None:
    """End the process at once.

    Python's own end would wait for threads, and run the clean-up of libraries that are imported in
    part.
    """
    kill_children()
    with suppress(Exception):  # a stream may be closed, or its disk full
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h")  # shows the cursor, which a progress bar hides
        sys.stderr.flush()
        sys.stdout.flush()
    os._exit(INTERRUPTED)


@contextmanager
def held_back() -> Iterator[None]:
    """Hold interrupts back until the end of the block, and forever from processes started in it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
