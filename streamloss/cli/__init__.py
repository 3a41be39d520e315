"""The command line: `streamloss evaluate`, `streamloss losses` and `streamloss warmup`.

Exit codes: 0, 2 with one line on stderr if something asked for cannot be done, 130 after Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ._interrupts import INTERRUPTED, end, end_on_interrupts
from ._text import shown

EXTRAS = {"click": "cli", "pyarrow": "cli", "rich": "cli", "distributed": "distributed"}
"""The extra that installs each library."""


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
        end()


def _code(args: Sequence[str] | None) -> int:
    """Run the command line and return its exit code, with one line for each error."""
    try:
        return _run(args)
    except KeyboardInterrupt:
        return INTERRUPTED
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        return _fail(f'{error.name} is not installed: pip install "streamloss[{extra}]"')
    except (OSError, TypeError, ValueError) as error:
        return _fail(str(error))


def _run(args: Sequence[str] | None) -> int:
    """Run the command line, with click's errors in one line as well."""
    import click

    from ._commands import streamloss

    try:
        code = streamloss.main(args, "streamloss", standalone_mode=False)
        sys.stdout.flush()
    except click.Abort:
        return INTERRUPTED
    except click.UsageError as error:
        return _fail(f"{error.format_message()} (see streamloss --help)")
    # An exit within click gives its code, a command None.
    return code if isinstance(code, int) else 0


def _fail(message: str) -> int:
    """Say in one line what is wrong."""
    print("streamloss:", shown(" ".join(message.split())), file=sys.stderr)
    return 2
