"""Columns, cells and tables made for tests, and what is true of them in Python's integers."""

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import streamloss as sl
from streamloss.arrays.keys import Kind
from streamloss.exact.cells import Cells
from streamloss.exact.column import Column
from streamloss.exact.state import State
from streamloss.exact.table import Table

LOSSES = sl.Accumulator("value").losses


def integers(column: Column) -> list[int]:
    """Return the sums of a column in units of 2**-1074."""
    units = [0] * column.cells
    for k, limb in enumerate(column.limbs.tolist()):
        for cell, value in enumerate(limb):
            units[cell] += value << column.unit + column.width * k
    return units


def column_of(
    units: Sequence[int], width: int = 40, rng: random.Random | None = None, flags: Any = None
) -> Column:
    """Return a column of such sums, whose limbs are as unbalanced as they may be."""
    rng = rng or random.Random(0)
    twos = min([(x & -x).bit_length() - 1 for x in units if x], default=0)
    unit = max(twos - rng.randrange(60), 0)
    bits = max([abs(x).bit_length() for x in units], default=0) - unit
    count = max(bits // width + rng.randrange(1, 3), 1)
    limbs = np.zeros((count, len(units)), np.int64)
    for cell, value in enumerate(units):
        value >>= unit
        for k in range(count - 1):
            limb = value & (1 << width) - 1
            over = rng.randrange(-(1 << 61 - width), 1 << 61 - width)
            limbs[k, cell] = limb + (over << width)
            value = (value >> width) - over
        limbs[-1, cell] = value
    return Column(unit, width, limbs, flags)


def relaid(cells: Cells, rng: random.Random) -> Cells:
    """Return equal cells in another layout, that says all that may be left out."""

    def again(column: Column) -> Column:
        width = rng.choice((32, 37, 40))
        flags = np.zeros((3, column.cells), np.int64) if column.flags is None else column.flags
        return column_of(integers(column), width, rng, flags)

    names = ("elements", "nonzero", "missing", "masked", "rows")
    counts = [cells.counts(name) for name in names]
    sums = tuple([again(column) for column in cells.sums])
    return Cells(cells.count, sums, again(cells.heavy), *counts)


class Row(NamedTuple):
    """A row of data: the keys, a loss, a weight, whether it counts."""

    keys: tuple[Any, ...]
    value: float
    weight: float = 1.0
    kept: bool = True


KINDS = (Kind("int"), Kind("text"))


def state_of(rows: Sequence[Row]) -> State:
    """Return the state of rows, whatever their keys are."""
    value, weight, kept = [[row[k] for row in rows] for k in (1, 2, 3)]
    accumulator = sl.Accumulator("value", nan="omit")
    if rows:
        accumulator.update(np.array(value), None, np.array(weight), where=np.array(kept))
    state: State = accumulator.tally.state
    return state


def table_of(rows: Sequence[Row], kinds: tuple[Kind, ...] = KINDS, seed: int = 0) -> Table:
    """Return the table of rows, in any order of their slices and some layout."""
    rng = random.Random(seed)
    slices = sorted({row.keys for row in rows}, key=str)
    rng.shuffle(slices)
    names = [f"k{n}" for n in range(len(kinds))]
    columns = [dictionary([s[n] for s in slices], kind, rng) for n, kind in enumerate(kinds)]
    if not slices:
        return Table.nothing(names, kinds, (), 1)
    states = [state_of([row for row in rows if row.keys == keys]) for keys in slices]
    flat = [State((1,), s.sums, s.base, s.counts, s.held) for s in states]
    cells = Cells.of_state(State.concatenated(flat, 0))
    return Table.of(names, kinds, columns, (), relaid(cells, rng) if seed else cells)


def dictionary(values: list[Any], kind: Kind, rng: random.Random) -> tuple[Any, Any]:
    """Return values as codes of a dictionary in disorder, with duplicates and more than is used."""
    known = [value for value in values if value is not None]
    words = known + known[:1] + (["zz", ""] if kind.name == "text" else [999, -999])
    rng.shuffle(words)
    places = [[k for k, word in enumerate(words) if word == value] for value in values]
    codes = np.array([rng.choice(p) if p else -1 for p in places], rng.choice(["i4", "i8"]))
    return np.array(words, object if kind.name == "text" else np.int64), codes
