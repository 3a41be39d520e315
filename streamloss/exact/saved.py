"""Cells and tables as columns that are saved, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from streamloss.arrays.kinds import Kind
from streamloss.losses.base import rows_of
from streamloss.losses.counting import Counting

from .cells import COUNTS, Cells
from .column import Column
from .digits import DIGITS, LIMBS, Ints
from .extremes import hidden
from .header import corrupt
from .ledger import DIGEST_BYTES, IGNORE, NO_IDS, RAISE, Ledger
from .limbs import DIGIT
from .limits import MOST, largest
from .planes import Stored, stored
from .ranks import KeyColumn
from .slicing import are_canonical
from .table import Table

SUM, FLAGS, COUNT, KEY, TEXT, IDS = "s", "f", "c", "k", "t", "i"
"""The types of columns: digits of sums, counts of terms that are not finite, counts, values and
codes of keys, bytes of text, and what is known of batches."""

BATCHES = "batches", "batches.rules"
"""The columns of a ledger."""

Columns = dict[str, Stored]


def of_cells(cells: Cells) -> list[Stored]:
    """Return the columns of cells in their canonical form."""
    out: list[Stored] = []
    named = [(f"sum{k}", column) for k, column in enumerate(cells.sums)]
    for name, column in [*named, *([] if cells.weights is None else [("weights", cells.weights)])]:
        digits = column.limbs if len(column.limbs) else np.zeros((1, cells.count), np.int8)
        out.append(stored(name, SUM, digits, column.unit // DIGIT))
        if column.flags is not None:
            out.append(stored(f"{name}.flags", FLAGS, column.flags))
    for name in COUNTS:
        counts = getattr(cells, name)
        if counts is not None:
            out.append(stored(name, COUNT, [counts]))
    return out


def to_cells(columns: Columns, sums: int, cells: int) -> Cells:
    """Return the cells that columns hold, which need not be in their canonical form."""
    found = tuple([_column(columns, f"sum{k}", cells) for k in range(sums)])
    weights = _column(columns, "weights", cells) if "weights" in columns else None
    elements, *others = [_counts(columns, name, COUNT, cells) for name in COUNTS]
    if elements is None:
        raise corrupt("it counts no elements")
    rows = [None if counts is None else counts[0] for counts in others]
    return Cells(cells, found, weights, elements[0], *rows)


def _column(columns: Columns, name: str, cells: int) -> Column:
    """Return the sums that a column holds."""
    planes, place = _planes(columns, name, SUM, cells), columns[name].place
    if place + len(planes) > LIMBS or any([plane.dtype.itemsize > 4 for plane in planes]):
        raise corrupt("it has a sum that no data have")
    digits = np.array(planes, np.int32)
    flags = _counts(columns, f"{name}.flags", FLAGS, cells)
    if flags is not None and len(flags) != DIGITS:
        raise corrupt(f"it lacks counts of {name}")
    return Column(DIGIT * place, DIGIT, digits, flags).canonical()


def _counts(columns: Columns, name: str, letter: str, cells: int) -> Ints | None:
    """Return counts as rows, None if there are none of that name."""
    if name not in columns:
        return None
    counts = np.array(_planes(columns, name, letter, cells), np.int64)
    if largest(counts) > MOST:
        raise corrupt("it has a count that no data have")
    return counts


def _planes(columns: Columns, name: str, letter: str, numbers: int | None = None) -> list[Any]:
    """Return the planes of a column of some type and size."""
    column = columns.get(name)
    if column is None or column.type != letter or numbers not in (None, len(column.planes[0])):
        raise corrupt(f"it lacks a column {name} of its cells")
    return column.planes


def of_table(table: Table) -> list[Stored]:
    """Return the columns of a table in its canonical form."""
    out = []
    for k, key in enumerate(table.keys):
        if key.kind.name in ("text", "bytes"):
            out.extend(_of_texts(f"key{k}", key))
        else:
            out.append(stored(f"key{k}", KEY, [key.values]))
        if not _counts_up(key.codes):
            out.append(stored(f"key{k}.codes", KEY, [key.codes]))
    return [*out, *of_cells(table.cells)]


def _counts_up(codes: Any) -> bool:
    """Return whether codes are 0, 1, 2, ..., as those of a single key are."""
    return np.array_equal(codes, np.arange(len(codes), dtype=codes.dtype))


def _of_texts(name: str, key: KeyColumn) -> list[Stored]:
    """Return text as its characters in UTF-8, and how many of them each value has."""
    values = key.values.tolist()
    if key.kind.name == "bytes":
        line = b"".join(values)
    else:
        line = "".join(values).encode("utf-8")
    lengths = np.fromiter(map(len, values), np.int64, len(values))
    return [
        stored(name, TEXT, [np.frombuffer(line, np.int8)]),
        stored(f"{name}.ends", KEY, [lengths]),
    ]


def to_table(
    columns: Columns,
    keys: tuple[tuple[str, ...], tuple[Kind, ...]],
    sums: int,
    shape: tuple[int, ...],
    slices: int,
) -> Table:
    """Return the table that columns hold, in order whatever theirs is: keys are names and kinds."""
    cells = to_cells(columns, sums, slices * math.prod(shape))
    values = [_key(columns, f"key{k}", kind, slices) for k, kind in enumerate(keys[1])]
    return Table.of(*keys, values, shape, cells)


def _key(columns: Columns, name: str, kind: Any, slices: int) -> tuple[Any, Any]:
    """Return the values of a key, and the place of each slice's, negative where it is missing."""
    if kind.name in ("text", "bytes"):
        values = _to_texts(columns, name, kind.name == "text")
    else:
        values = _planes(columns, name, KEY)[0].astype(np.int64)
        if not are_canonical(kind, values):
            raise corrupt("it has a key of no such kind")
    if slices > len(values) + 1 and f"{name}.codes" not in columns:
        raise corrupt("a slice has no key")
    if f"{name}.codes" in columns:
        codes = _planes(columns, f"{name}.codes", KEY, slices)[0].astype(np.int64)
    else:
        codes = np.arange(slices)
    if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) <= len(values):
        raise corrupt("a slice has no key")
    return values, np.where(codes == len(values), -1, codes)


def _to_texts(columns: Columns, name: str, text: bool) -> Any:
    """Return the text or bytes of a column."""
    line: Any = _planes(columns, name, TEXT)[0].tobytes()
    lengths = _planes(columns, f"{name}.ends", KEY)[0]
    try:
        line = line.decode("utf-8") if text else line
    except UnicodeDecodeError:
        raise corrupt("a key is no text") from None
    if largest(lengths) > len(line) or (len(lengths) and int(lengths.min()) < 0):
        raise corrupt("a key is longer than all")
    ends = np.cumsum(lengths, dtype=np.int64)
    if (int(ends[-1]) if len(ends) else 0) != len(line):
        raise corrupt("its keys are not as long as their text")
    starts = (ends - lengths).tolist()
    out = np.empty(len(ends), object)
    out[:] = [line[a:b] for a, b in zip(starts, ends.tolist(), strict=True)]
    return out


def of_inner(tables: tuple[Table, ...]) -> list[Stored]:
    """Return the columns of the inner tables of a canonical one: their names tell of which."""
    return [
        column._replace(name=f"{_prefix(k)}{column.name}")
        for k, table in enumerate(tables)
        for column in of_table(table)
    ]


def to_inner(
    columns: Columns,
    told: list[tuple[tuple[Kind, ...], int]],
    names: tuple[str, ...],
    countings: tuple[Counting, ...],
    has_outputs: bool,
) -> tuple[Table, ...]:
    """Return the inner tables that columns hold, by the kinds of their keys and their rows."""
    if len(told) != len(countings):
        raise corrupt("it has cells of other metrics")
    found = []
    for k, ((kinds, rows), counting) in enumerate(zip(told, countings, strict=True)):
        called, prefix = (*names, *hidden(counting, has_outputs)), _prefix(k)
        if len(called) != len(kinds):
            raise corrupt("it has cells of other keys")
        own = {n.removeprefix(prefix): c for n, c in columns.items() if n.startswith(prefix)}
        found.append(to_table(own, (called, kinds), rows_of(counting.parts), (), rows))
    return tuple(found)


def _prefix(number: int) -> str:
    """Return what the names of the columns of an inner table begin with."""
    return f"cells{number}."


def of_ledger(ledger: Ledger) -> list[Stored]:
    """Return the columns of ids, none where there are none."""
    if not ledger.sets:
        return []
    ids = np.frombuffer(b"".join(ledger.digests()), np.int8)
    rules = np.array([ledger.on_repeat == IGNORE, ledger.untracked], np.int8)
    some = [stored(BATCHES[0], IDS, [ids])]
    return [*some, stored(BATCHES[1], IDS, [rules])] if rules.any() else some


def to_ledger(columns: Columns) -> Ledger:
    """Return the ledger that columns hold, in order whatever theirs is."""
    if BATCHES[0] not in columns:
        return NO_IDS
    line = _planes(columns, BATCHES[0], IDS)[0].tobytes()
    if len(line) % DIGEST_BYTES:
        raise corrupt("it has an id that is cut")
    ignored = untracked = False
    if BATCHES[1] in columns:
        ignored, untracked = _planes(columns, BATCHES[1], IDS, 2)[0].astype(bool).tolist()
    digests = [line[at : at + DIGEST_BYTES] for at in range(0, len(line), DIGEST_BYTES)]
    return Ledger.of_digests(digests, untracked, IGNORE if ignored else RAISE)
