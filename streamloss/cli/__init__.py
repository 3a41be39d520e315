"""The command line: `streamloss evaluate`, `streamloss losses` and `streamloss warmup`.

Exit codes: 0, 2 with one line on stderr if something asked for cannot be done, 130 after Ctrl-C.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from streamloss.support.text import shown

from .clock import process_start
from .interrupts import INTERRUPTED, end, end_on_interrupts

EXTRAS = {"click": "cli", "pyarrow": "cli", "rich": "cli", "distributed": "distributed"}
"""The extra of streamloss that installs each library."""
OPTIONS = {
    "y_true": "--true",
    "y_pred": "--pred",
    "weights": "--weights",
    "where": "--where",
    "by": "--by",
    "path": "--out",
    "files": "FILES",
    "format": "--format",
    "types": "--type",
    "scheduler": "--scheduler",
    "timeout": "--timeout",
    "checkpoint": "--checkpoint",
}
"""The options that give the arguments of the library, which begin the text of its errors."""
EXPECTED = (OSError, TypeError, ValueError)
"""Errors whose text tells the user what cannot be done; others are mistakes of streamloss."""
STDERR = 2
"""The number of stderr among open files."""
FAILED = 2
"""The exit code where something asked for cannot be done."""


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    args : sequence of str, optional
        The arguments; those of the process by default.

    Examples
    --------
    >>> main(["evaluate", "--loss", "mae", "--true", "y.npy", "--pred", "p.npy", "--nan", "omit"])
    2
    """
    if args is not None:
        return _code(args)
    try:
        end_on_interrupts()
        return _code(None)
    finally:
        # The collector looks for cycles once more when Python ends, among all that libraries have
        # made: to leave that out ends the process 20 to 30 ms earlier.
        gc.freeze()
        end()


def _code(args: Sequence[str] | None) -> int:
    """Run the command line and return its exit code, with one line for each error."""
    _secure_streams()
    try:
        return _run(args)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if "--debug" in (sys.argv[1:] if args is None else args):
            import traceback

            traceback.print_exc()
        return _fail(_line(error))


def _line(error: Exception) -> str:
    """Return the one line that tells the user of an error."""
    if isinstance(error, ModuleNotFoundError):
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is not None:
            return f'{error.name} is not installed: pip install "streamloss[{extra}]"'
    if isinstance(error, MemoryError):
        return f"there is not enough memory: --batch-rows and --threads limit it ({error})"
    if isinstance(error, EXPECTED):
        names = "|".join(OPTIONS)
        return re.sub(rf"^({names})(?=[: ])", lambda found: OPTIONS[found[0]], str(error))
    return (
        f"this should not happen: {type(error).__name__}: {str(error)[:300]}; please report it to"
        " the streamloss developers, with what --debug shows"
    )


def _secure_streams() -> None:
    """Open those of stdin, stdout and stderr that are closed, as the null device.

    Else the next file that is opened, such as a checkpoint, would get the number of stdout or
    stderr, and what is printed would be written into it.

    Raises
    ------
    SystemExit
        If stdout is closed, since there is no place for a result.
    """
    closed = sys.stdout is None
    while (handle := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        pass
    os.close(handle)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")
    if closed:
        sys.exit(_fail("stdout is closed: there is no place for the result"))


def _run(args: Sequence[str] | None) -> int:
    """Run the command line, with click's errors in one line as well."""
    begun = process_start() if args is None else time.perf_counter()
    import click

    from .commands import streamloss

    try:
        code = streamloss.main(args, "streamloss", standalone_mode=False, obj=begun)
        sys.stdout.flush()
    except click.Abort:
        return INTERRUPTED
    except click.UsageError as error:
        return _fail(f"{error.format_message()} (see streamloss --help)")
    # Where a command ends by click's Exit, `main` returns its code, else what the command returned.
    return code if isinstance(code, int) else 0


def _fail(message: str) -> int:
    """Say in one line what is wrong, unless stderr cannot be written; return the exit code."""
    with suppress(OSError):
        print("streamloss:", shown(" ".join(message.split())), file=sys.stderr)
    return FAILED
