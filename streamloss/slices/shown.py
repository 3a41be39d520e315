"""How a table of slices is shown: its first and last rows as text and as HTML, each key escaped."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays import keys
from streamloss.arrays.types import Array
from streamloss.support.text import shown as spelled

from .whole import Key, Whole

FIRST, LAST = 10, 5
"""How many rows are shown at the start and at the end of a long table."""

WIDTH = 100
"""Columns of a terminal that a row takes at most."""

WIDEST = 24
"""Columns that a key or a name takes at most."""

MOST = 20
"""Columns of results that are made ready to be shown at most."""

WHOLE = "overall"
"""What the last row is called."""

MISSING = "missing"
"""What a key that is missing is called."""

ALL = "all"
"""What all values of a key are called, in subtotals."""


class Column(NamedTuple):
    """A column of a table as it is shown."""

    name: str
    cells: list[str]
    """The first rows, the last ones, and what is said of all together."""

    kind: str
    """What it has: "key", "number" (keys that are), "result" or "count"."""


class Sheet(NamedTuple):
    """A table as it is shown."""

    title: str
    columns: list[Column]
    more: int
    """How many rows are left out, between the first and the last ones."""

    absent: int
    """How many columns of results are left out."""

    before: int
    """How many rows come before those."""

    note: str = ""
    """What is to be said below it."""


def sheet(whole: Whole, rows: Array | None, ends: tuple[int, int] = (FIRST, LAST)) -> Sheet:
    """Return some slices of a table as they are shown, without results if a difference has none.

    Of a long one they are so many at the start and at the end.
    """
    size = len(whole.table) if rows is None else len(rows)
    shown = np.arange(size)
    if size > sum(ends) + 1:  # one line says how many are not shown
        shown = np.concatenate([shown[: ends[0]], shown[size - ends[1] :]])
    few = shown if rows is None else rows[shown]
    columns = [_of_key(key, "" if k else WHOLE) for k, key in enumerate(whole.keys(few))]
    try:
        results = list(itertools.islice(_of_results(whole, few), MOST))
        names = heads([column.name for column in results])
        columns += [c._replace(name=name) for c, name in zip(results, names, strict=True)]
        note, absent = "", len(whole.names) * whole.table.kept - MOST
    except (TypeError, ValueError) as error:
        note, absent = f"no results: {error}", 0
    columns += _of_counts(whole, few)
    return Sheet(_title(whole, size), columns, size - len(few), max(absent, 0), ends[0], note)


def _title(whole: Whole, size: int) -> str:
    """Return what a table of so many slices is."""
    many = f"{size:,}" if size == len(whole.table) else f"{size:,} of {len(whole.table):,}"
    by = ", ".join([shortened(name) for name in whole.by])
    what = whole.reduction.removeprefix("weighted_").replace("_", " ")
    told = "" if whole.origin is None else f", {visible(whole.origin.told)}"
    return f"{many} slice{'' if len(whole.table) == 1 else 's'} by {by}: {what}{told}"


def _of_key(key: Key, last: str) -> Column:
    """Return the column of a key, and what it says last."""
    codes, others = key.codes.tolist(), (MISSING, ALL)
    texts = [
        key_text(keys.shown(key.kind, key.values[code])) if beyond < 0 else others[beyond]
        for code, beyond in zip(codes, [code - len(key.values) for code in codes], strict=True)
    ]
    numbers = key.kind.name in ("int", "float")
    return Column(shortened(key.name), [*texts, last], "number" if numbers else "key")


def _of_results(whole: Whole, few: Array) -> Iterator[Column]:
    """Yield the columns of results, with six digits."""
    for name, values, overall in whole.columns():
        shown = [_result_text(value) for value in (*values[few].tolist(), overall)]
        yield Column(name, shown, "result")


def heads(names: Sequence[str]) -> list[str]:
    """Return the names of results in the room of a column each.

    A long one is without its parameters if no other result has the rest of it; and if two would be
    the same, they are shown by their ends.

    Examples
    --------
    >>> heads(["accuracy:scores=probabilities", "f1:average=macro,scores=classes", "f1"])
    ['accuracy', 'f1:average=macro,scores…', 'f1']
    >>> heads([f"precision:scores=logits,threshold={k}" for k in (0.5, 0.25)])
    ['…es=logits,threshold=0.5', '…s=logits,threshold=0.25']
    >>> heads(["mean_absolute_percentage_error[0]", "mean_absolute_percentage_error[1]"])
    ['…ute_percentage_error[0]', '…ute_percentage_error[1]']
    """
    bare = [name.partition(":")[0] for name in names]
    texts = [
        alone if bare.count(alone) == 1 and shortened(name) != visible(name) else name
        for name, alone in zip(names, bare, strict=True)
    ]
    found = list(map(shortened, texts))
    ends = list(map(_end, texts))
    return [end if found.count(seen) > 1 else seen for seen, end in zip(found, ends, strict=True)]


def _end(text: str, most: int = WIDEST) -> str:
    """Return visible text, cut at its start so that it takes at most so many columns."""
    seen = visible(text[-2 * most :])
    if len(text) <= 2 * most and columns_of(seen) <= most:
        return seen
    while columns_of(seen) >= most:
        seen = seen[1:]
    return f"…{seen}"


def _result_text(value: Any) -> str:
    """Return a result with six digits, of one that is no number what it is."""
    return f"{value:.6g}" if isinstance(value, float) else type(value).__name__


def _of_counts(whole: Whole, few: Array) -> Iterator[Column]:
    """Yield the column of elements, and those of other counts that say something else."""
    elements = whole.counts["elements"]
    usual = {"elements": None, "nonzero_weights": elements, "nan": 0, "masked": 0}
    for name, expected in usual.items():
        counts = whole.counts[name]
        if expected is None or (counts != expected).any():
            values = [*counts[few].tolist(), whole.count(name)]
            yield Column(name, [f"{value:,}" for value in values], "count")


def visible(text: str) -> str:
    r"""Return text as one line without what cannot be seen, which is spelled as `repr` spells it.

    That is what controls a terminal, breaks a line or turns the direction of writing. Backslashes
    are doubled, so that two texts never look the same.

    Examples
    --------
    >>> print(visible("a\x1b[31m\n\u202e é"))
    a\x1b[31m\n\u202e é
    """
    return spelled(text.replace("\\", r"\\"))


def key_text(text: str) -> str:
    """Return the text of a key, in quotes where it would be taken for something else."""
    seen = shortened(text)
    return f"'{seen}'" if text != text.strip(" ") or text in ("", MISSING, WHOLE, ALL) else seen


def shortened(text: str, most: int = WIDEST) -> str:
    """Return visible text, cut so that it takes at most so many columns of a terminal."""
    seen = cut(visible(text[: 2 * most]), most)
    return seen if len(text) <= 2 * most or seen.endswith("…") else f"{seen}…"


def cut(seen: str, most: int) -> str:
    """Return text that can be seen, cut to so many columns of a terminal."""
    if columns_of(seen) <= most:
        return seen
    while columns_of(seen) >= most:
        seen = seen[:-1]
    return f"{seen}…"


def columns_of(text: str) -> int:
    """Return how many columns of a terminal text takes: letters of East Asia take two."""
    return len(text) if text.isascii() else sum([_columns_of(c) for c in text])


def _columns_of(char: str) -> int:
    """Return how many columns a character takes."""
    return 0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")


def text_of(slices: Any, width: int, ends: tuple[int, int]) -> str:
    """Return `Slices` as text of at most so many columns, so many at the start and at the end."""
    whole, rows = slices._chosen
    return as_text(sheet(whole, rows, ends), width)


def as_text(sheet: Sheet, width: int = WIDTH) -> str:
    """Return a table as lines of text that take at most so many columns of a terminal."""
    columns = _fitting(sheet.columns, width)
    absent = sheet.absent + len(sheet.columns) - len(columns)
    lines = [cut(sheet.title, width), "", *_lines(columns, sheet)]
    return "\n".join([*lines, *_remarks(absent, sheet.note)])


def _fitting(columns: list[Column], width: int) -> list[Column]:
    """Return the columns for which there is room: of results one at least."""
    kept = list(columns)
    while len(kept) > 1 and sum([_width(column) + 2 for column in kept]) - 2 > width:
        results = [k for k, column in enumerate(kept) if column.kind == "result"]
        del kept[results[-1] if len(results) > 1 else -1]
    return kept


def _width(column: Column) -> int:
    """Return how many columns of a terminal a column takes."""
    return max([columns_of(text) for text in (column.name, *column.cells)])


def _lines(columns: list[Column], sheet: Sheet) -> list[str]:
    """Return the lines of a table: names, rows, and the one of all together."""
    widths = [_width(column) for column in columns]
    rule = "-" * (sum(widths) + 2 * len(widths) - 2)
    head, *rows, foot = [_line(columns, widths, texts) for texts in _rows(columns)]
    if sheet.more:
        rows.insert(sheet.before, f"… {sheet.more:,} more")
    return [head, rule, *rows, rule, foot]


def _rows(columns: list[Column]) -> list[tuple[str, ...]]:
    """Return the texts of columns by rows, those of their names first."""
    return list(zip(*[(column.name, *column.cells) for column in columns], strict=True))


def _line(columns: list[Column], widths: list[int], texts: Sequence[str]) -> str:
    """Return a row as text, keys on the left of their columns and numbers on the right."""
    padded = []
    for column, width, text in zip(columns, widths, texts, strict=True):
        gap = " " * (width - columns_of(text))
        padded.append(text + gap if column.kind == "key" else gap + text)
    return "  ".join(padded).rstrip()


def _remarks(absent: int, note: str) -> list[str]:
    """Return what is said below a table."""
    some = [f"… {absent:,} more column{'' if absent == 1 else 's'}"] if absent else []
    return [*some, note] if note else some


def as_html(sheet: Sheet) -> str:
    """Return a table as HTML, for notebooks."""
    head, *rows, foot = _rows(sheet.columns)
    body = [_html_row(sheet.columns, row, "td") for row in rows]
    if sheet.more:
        more = (
            f"<td colspan='{len(sheet.columns)}' style='text-align:left'>… {sheet.more:,} more</td>"
        )
        body.insert(sheet.before, f"<tr>{more}</tr>")
    remarks = "".join(f"<p>{escape(text)}</p>" for text in _remarks(sheet.absent, sheet.note))
    return (
        f"<table><caption>{escape(sheet.title)}</caption>"
        f"<thead>{_html_row(sheet.columns, head, 'th')}</thead><tbody>{''.join(body)}</tbody>"
        f"<tfoot>{_html_row(sheet.columns, foot, 'th')}</tfoot></table>{remarks}"
    )


def _html_row(columns: list[Column], texts: Sequence[str], tag: str) -> str:
    """Return a row of a table as HTML."""
    sides = ["left" if column.kind == "key" else "right" for column in columns]
    cells = [
        f"<{tag} style='text-align:{side}'>{escape(text)}</{tag}>"
        for side, text in zip(sides, texts, strict=True)
    ]
    return f"<tr>{''.join(cells)}</tr>"
