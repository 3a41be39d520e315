"""What the command line shows: progress on stderr, tables and JSON on stdout."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .text import shown

COUNTS = {"rows": "rows", "nonzero weights": "nonzero_weights", "NaN": "nan", "masked": "masked"}
"""The counts that are shown, by what they are called in a table."""
WIDE = 1000
"""Columns of a table that goes to a file or a pipe, so that no number is broken."""


def say(text: str) -> None:
    """Say something on stderr, in one line."""
    print("streamloss:", " ".join(text.split()), file=sys.stderr, flush=True)


@contextmanager
def to_stdout() -> Iterator[None]:
    """Say that stdout cannot be written; that nobody reads on is no error.

    Raises
    ------
    ValueError
        If its disk is full, for instance.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        # what is left in buffers goes nowhere, or Python would fail again at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return
        raise ValueError(f"stdout cannot be written: {error.strerror}") from error


@contextmanager
def progress(total: int, done: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show a bar with rate and time left while the block runs; without a terminal, nothing."""
    if quiet or not sys.stderr.isatty():
        yield lambda rows: None
        return
    from rich import progress as bars
    from rich.console import Console

    text = bars.TextColumn
    columns = (text("{task.percentage:3.0f} %"), bars.BarColumn(), text("{task.fields[rate]}"))
    console = Console(file=sys.stderr)
    left = bars.TimeRemainingColumn()
    with bars.Progress(*columns, left, text("left"), console=console, transient=True) as bar:
        task = bar.add_task("", total=total, completed=done, rate="")
        begun, came = time.perf_counter(), 0

        def advance(rows: int) -> None:
            nonlocal came
            came += rows
            bar.update(
                task, advance=rows, rate=f"{came / (time.perf_counter() - begun):,.0f} rows/s"
            )

        yield advance


TERMS = {"NaN": "nan_terms", "infinite": "infinite_terms"}
"""The counts of terms that each of several losses has, by what they are called in a table."""


def as_json(results: Mapping[str, float], counts: Mapping[str, Any], seconds: float) -> str:
    """Return the outcome as one JSON object.

    JSON has no NaN and no infinity: they are the strings "NaN", "Infinity" and "-Infinity", which
    Python's float and JavaScript's Number read back.

    Examples
    --------
    >>> counts = {"rows": 2, "nonzero_weights": 2, "nan": 1, "masked": 0}
    >>> as_json({"mae": float("nan")}, counts, 0.5).partition(", ")[0]
    '{"results": {"mae": "NaN"}'
    """
    named = {name: counts[name] for name in (*COUNTS.values(), *TERMS.values()) if name in counts}
    values = {loss: _number(value) for loss, value in results.items()}
    return json.dumps({"results": values, **named, "seconds": seconds}, allow_nan=False)


def _number(value: float) -> float | str:
    """Return what stands for a number in JSON."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def show(
    results: Mapping[str, float], counts: Mapping[str, Any], seconds: float, reduction: str
) -> None:
    """Print the results, spelled so that they read back to the same bits, and the counts."""
    found = {name: counts[key] for name, key in TERMS.items() if any(counts.get(key, {}).values())}
    values = [
        (loss, repr(value), *(f"{terms[loss]:,}" for terms in found.values()))
        for loss, value in results.items()
    ]
    _print_table(("loss", reduction, *found), values)
    shown = {name: f"{counts[key]:,}" for name, key in COUNTS.items()}
    shown["seconds"] = f"{seconds:.3f}"
    shown["rows/s"] = f"{counts['rows'] / seconds:,.0f}" if seconds else ""
    _print_table(("", ""), shown.items())


def show_losses(losses: Mapping[str, Any]) -> None:
    """Print every loss with its other names, its parameters and its formula."""
    rows = []
    for name, loss in losses.items():
        parameters = (f"{field}={loss._field_defaults[field]:g}" for field in loss._fields)
        rows.append((name, ", ".join(loss.aliases), ", ".join(parameters), loss.formula))
    _print_table(("loss", "also", "parameters", "formula"), rows)


def _print_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table on stdout; too narrow a terminal folds the cells and cuts nothing off."""
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else WIDE)
    columns = (Column(head, overflow="fold") for head in heads)
    table = Table(*columns, box=box.SIMPLE_HEAD, show_header=any(heads))
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    with console.capture() as printed:
        console.print(table)
    print("\n".join(line.rstrip() for line in printed.get().splitlines()).rstrip())
