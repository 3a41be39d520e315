"""What the command line shows: progress on stderr, tables and JSON on stdout."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from streamloss.explanation import state_of
from streamloss.run.evaluation import Progress
from streamloss.support.numbers import result_in_json
from streamloss.support.text import shown

COUNTS = {"rows": "rows", "nonzero weights": "nonzero_weights", "NaN": "nan", "masked": "masked"}
"""The counts that are shown: their names in a table, and in JSON."""
TERM_COUNTS = {"NaN": "nan_terms", "infinite": "infinite_terms"}
"""The counts of terms of each of several losses: their names in a table, and in JSON."""
FILE_WIDTH = 1000
"""Characters of a line of a table in a file or a pipe, enough to break no number."""


def say(text: str) -> None:
    """Say something on stderr, in one line."""
    print("streamloss:", " ".join(text.split()), file=sys.stderr, flush=True)


@contextmanager
def to_stdout() -> Iterator[None]:
    """Raise what says that stdout cannot be written; a reader that has gone is no error.

    Raises
    ------
    ValueError
        If its disk is full, for instance.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        # What is left in buffers goes to the null device: else Python would fail again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return
        raise ValueError(f"stdout cannot be written: {error.strerror}") from error


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep logs and warnings of libraries off stderr, where each error is one line."""
    import logging

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextmanager
def progress(total: int | None, done: int, quiet: bool) -> Iterator[Progress]:
    """Show a bar with rate and time left while the block runs, on a terminal; give what moves it.

    Parameters
    ----------
    total : int or None
        All rows, if that is known.
    done : int
        The rows that an earlier run has done.
    quiet : bool
        Whether to show nothing.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda rows, total: None
        return
    from rich import progress as bars
    from rich.console import Console

    text = bars.TextColumn
    columns = [bars.BarColumn(), text("{task.fields[rate]}")]
    if total is not None:
        left = bars.TimeRemainingColumn(), text("left")
        columns = [text("{task.percentage:3.0f} %"), *columns, *left]
    console = Console(file=sys.stderr)
    with bars.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total, completed=done, rate="")
        begun = time.perf_counter()

        def move(rows: int, total: int | None) -> None:
            rate = (rows - done) / (time.perf_counter() - begun)
            bar.update(task, completed=rows, rate=f"{rate:,.0f} rows/s")

        yield move


def as_json(results: Mapping[str, Any], counts: Mapping[str, Any], seconds: float) -> str:
    """Return the outcome as one JSON object.

    JSON has no NaN and no infinity: they are the strings "NaN", "Infinity" and "-Infinity".

    Examples
    --------
    >>> counts = {"rows": 2, "nonzero_weights": 2, "nan": 1, "masked": 0}
    >>> as_json({"mae": float("nan")}, counts, 0.5).partition(", ")[0]
    '{"results": {"mae": "NaN"}'
    """
    import json

    names = *COUNTS.values(), *TERM_COUNTS.values()
    named = {name: counts[name] for name in names if name in counts}
    values = {loss: result_in_json(value) for loss, value in results.items()}
    return json.dumps({"results": values, **named, "seconds": seconds}, allow_nan=False)


def show(
    results: Mapping[str, Any],
    counts: Mapping[str, Any],
    waited: Callable[[], float],
    reduction: str,
) -> None:
    """Print the results, whose digits read back to the same bits, and the counts.

    Parameters
    ----------
    results, counts : mapping
        What is shown: numbers in a table, and below it what is none, such as a matrix.
    waited : callable
        Returns how many seconds the user has waited. It is called last: rich takes 50 ms to import.
    reduction : str
        What the results are headed.
    """
    several = {name: counts[key] for name, key in TERM_COUNTS.items() if key in counts}
    found = {name: terms for name, terms in several.items() if any(terms.values())}
    values = [
        (loss, repr(value), *(f"{terms[loss]:,}" for terms in found.values()))
        for loss, value in results.items()
        if isinstance(value, float)
    ]
    if values:
        _print_table(("loss", reduction, *found), values)
    for loss, value in results.items():
        if not isinstance(value, float):  # a matrix, a curve or a table
            print(f"\n  {shown(loss)}\n")
            print("\n".join(f"  {line}" for line in repr(value).splitlines()))
    told = {name: f"{counts[key]:,}" for name, key in COUNTS.items()}
    seconds = waited()
    told["seconds"] = f"{seconds:.3f}"
    told["rows/s"] = f"{counts['rows'] / seconds:,.0f}" if seconds else ""
    _print_table(("", ""), told.items())


def show_losses(losses: Mapping[str, Any]) -> None:
    """Print every loss with its other names, its parameters and its formula."""
    rows = [(name, *_said(loss)) for name, loss in losses.items()]
    _print_table(("loss", "also", "parameters", "formula"), rows)


def show_metrics(losses: Mapping[str, Any]) -> None:
    """Print every metric with what is kept for it and whether it is exact."""
    rows = []
    for name, loss in losses.items():
        if loss.combine is not None:
            state = state_of(loss())
            kept = "; ".join(f"{kind} {state[kind]}" for kind in ("cells", "sums") if kind in state)
            rows.append((name, *_said(loss), kept, state["exact"]))
    _print_table(("metric", "also", "parameters", "formula", "state", "exact"), rows)


def show_groups(groups: Mapping[str, Iterable[str]]) -> None:
    """Print every group with its members."""
    _print_table(("group", "losses"), [(name, ", ".join(of)) for name, of in groups.items()])


def _said(loss: Any) -> tuple[str, str, str]:
    """Return the other names of a loss class, its parameters and its formula."""
    defaults = {field: loss._field_defaults[field] for field in loss._fields}
    parameters = [f"{field}={_shown(value)}" for field, value in defaults.items()]
    return ", ".join(loss.aliases), ", ".join(parameters), loss.formula


def _shown(parameter: Any) -> str:
    """Return a parameter as `--loss` takes it."""
    return f"{parameter:g}" if isinstance(parameter, float) else str(parameter)


def _print_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table on stdout; on a narrow terminal cells have several lines, and none is cut."""
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else FILE_WIDTH)
    columns = (Column(head, overflow="fold") for head in heads)
    table = Table(*columns, box=box.SIMPLE_HEAD, show_header=any(heads))
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    with console.capture() as printed:
        console.print(table)
    print("\n".join(line.rstrip() for line in printed.get().splitlines()).rstrip())
