"""Slices on the command line: a table that fits the terminal, and JSON."""

from __future__ import annotations

import json
import resource
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from streamloss.slices import Slices
from streamloss.slices.files import records_of
from streamloss.slices.shown import text_of
from streamloss.support.numbers import result_in_json

from .report import COUNTS, FILE_WIDTH, TERM_COUNTS

ENDS = 30, 10
"""How many slices are shown at the start and at the end of many."""

SHOWN = COUNTS | {"missing keys": "missing_keys"}
"""The counts that are shown: their names in a table, and in JSON."""


def show(slices: Slices, counts: Mapping[str, Any], waited: Callable[[], float]) -> None:
    """Print slices with six digits, what was counted, and what it took."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else FILE_WIDTH
    table, encoding = text_of(slices, width, ENDS), sys.stdout.encoding or "utf-8"
    print(table.encode(encoding, "backslashreplace").decode(encoding))
    seconds = waited()
    told = {name: f"{counts[key]:,}" for name, key in SHOWN.items()}
    told["seconds"] = f"{seconds:.3f}"
    told["rows/s"] = f"{counts['rows'] / seconds:,.0f}" if seconds else ""
    told["most memory"] = f"{most_memory() >> 20:,} MB"
    names = max(map(len, told))
    values = max(map(len, told.values()))
    print()
    for name, value in told.items():
        print(f"{name:{names}}  {value:>{values}}")


def print_json(slices: Slices, counts: Mapping[str, Any], seconds: float) -> None:
    """Print one JSON object: a record for each slice, results of all rows, and counts."""
    for part in _json(slices, counts, seconds):
        sys.stdout.write(part)


def _json(slices: Slices, counts: Mapping[str, Any], seconds: float) -> Iterator[str]:
    """Yield the parts of an object, for slices may be many."""
    encoded, before = json.JSONEncoder(allow_nan=False).encode, ""
    yield '{"slices": ['
    for record in records_of(slices):
        yield before + encoded(record)
        before = ", "
    overall = {name: result_in_json(value) for name, value in slices.overall.items()}
    names = *SHOWN.values(), *TERM_COUNTS.values()
    found = {name: counts[name] for name in names if name in counts}
    rest = {"overall": overall, **found, "seconds": seconds, "most_memory_bytes": most_memory()}
    yield f"], {encoded(rest)[1:]}\n"


def most_memory() -> int:
    """Return how many bytes of memory this process has had at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
