"""Windows of a table: the sums of successive periods, as differences of sums from the start.

A pane is a slice of one period. The sums of all panes up to each one are added up once, digit by
digit; a window is the difference of two of them. These are integers: nothing is rounded, so that
nothing of a pane stays behind when it has left. A balanced digit is at most 2**31 in size and there
are less than 2**31 panes, so that their sums stay below 2**62.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays import calendar

from .cells import Cells
from .column import Column
from .digits import Ints
from .extremes import refuse_difference
from .inner import CountedTable
from .limbs import DIGIT
from .limits import MOST_SLICES, added
from .ranks import KeyColumn, key_column
from .table import Table

HALF = 1 << DIGIT - 1
"""What makes a shift round to the nearest, so that the rest is a balanced digit."""


class Spans(NamedTuple):
    """Which panes windows have.

    Attributes
    ----------
    firsts : int array (windows,)
        The first pane of each window.
    stops : int array (windows,)
        The pane after its last one.
    """

    firsts: Ints
    stops: Ints


def windows(table: Table, over: str, size: int | None) -> Table:
    """Return the sums of the windows that end with each period, for each slice of the other keys.

    There is one for each period from the first of such a slice to the last of the table, but for
    those without counts and sums. Slices without a period are in none.

    Parameters
    ----------
    table : Table
        The panes.
    over : str
        The key of periods.
    size : int, optional
        How many periods a window has; None: all up to the one that it ends with.

    Raises
    ------
    ValueError
        If there would be more than MOST_SLICES windows, or a count would be too large.
    """
    refuse_difference(table.names)
    if not isinstance(table, CountedTable):
        return _windows(table, over, size)
    inner = tuple([windows(one, over, size) for one in table.inner])
    return CountedTable(_windows(table.outer, over, size), inner)


def _windows(table: Table, over: str, size: int | None) -> Table:
    """Return the windows of a table without inner ones."""
    others = [name for name in table.names if name != over]
    panes = table.rollup((*others, over))
    key = panes.keys[-1]
    there = np.flatnonzero(key.codes < len(key.values))
    if not len(there):
        return table.take(there)
    if len(there) < len(panes):
        panes = panes.take(there)
    *series, key = panes.keys
    times, step = key.values[key.codes], calendar.STEPS[key.kind.detail[0]]
    begins = _begins(series, len(panes))
    lengths = _lengths(times, begins, step, size)
    spans = _spans(lengths, begins, size)
    last = spans.stops - 1
    own = np.cumsum(lengths) - lengths
    periods = times[last] + step * (np.arange(len(last)) - own[last])
    keys = [column._replace(codes=column.codes[last]) for column in series]
    keys.append(key_column(key.kind, periods, None))
    cells = _cells(panes.cells, spans, panes.kept)
    return Table(panes.names, tuple(keys), table.shape, cells).rollup(table.names)


def _begins(series: list[KeyColumn], panes: int) -> Any:
    """Return which panes are the first of a slice of the other keys."""
    begins = np.zeros(panes, np.bool_)
    begins[0] = True
    for column in series:
        begins[1:] |= column.codes[1:] != column.codes[:-1]
    return begins


def _lengths(times: Ints, begins: Any, step: int, size: int | None) -> Ints:
    """Return of how many windows each pane is the last, which are at successive periods.

    Times may be as far apart as an int64 has room for, so that their differences are unsigned.

    Raises
    ------
    ValueError
        If these are more than MOST_SLICES in all.
    """
    ends = np.append(begins[1:], True)
    after = np.append(times[1:], times[-1:])
    after[ends] = times.max()
    periods = (after.view(np.uint64) - times.view(np.uint64)) // np.uint64(step)
    periods[ends] += np.uint64(1)
    most = MOST_SLICES + 1 if size is None else min(size, MOST_SLICES + 1)
    lengths: Ints = np.minimum(periods, np.uint64(most)).astype(np.int64)
    if int(lengths.sum()) > MOST_SLICES:
        raise ValueError(f"the result must have at most {MOST_SLICES:,} windows: got more")
    return lengths


def _spans(lengths: Ints, begins: Any, size: int | None) -> Spans:
    """Return the panes of all windows.

    The window at place p has no pane that begins at p - size or before. After a gap longer than
    that places are not those of the calendar, but the last pane before it has just left.
    """
    panes = np.arange(len(lengths))
    stops = np.repeat(panes + 1, lengths)
    firsts = np.repeat(np.maximum.accumulate(np.where(begins, panes, 0)), lengths)
    if size is not None and size < len(stops):
        places = np.cumsum(lengths) - lengths + size
        gone = np.zeros(len(stops), np.int64)
        gone[places[places < len(stops)]] = 1
        firsts = np.maximum(firsts, np.cumsum(gone))
    return Spans(firsts, stops)


def _cells(cells: Cells, spans: Spans, kept: int) -> Cells:
    """Return the cells of windows of slices of `kept` cells."""

    def counts(rows: Ints) -> Ints:
        panes = rows.reshape(-1, rows.shape[-1] // kept, kept)
        return added(panes, lambda some: _differences(some, spans)).reshape(*rows.shape[:-1], -1)

    def column(one: Column) -> Column:
        small = one.canonical()
        limbs = _limbs(small.limbs, spans, kept)
        flags = None if small.flags is None else counts(small.flags)
        return Column(small.unit, DIGIT, limbs, flags).canonical()

    return cells.made(len(spans.stops) * kept, counts, column)


def _limbs(digits: Any, spans: Spans, kept: int) -> Any:
    """Return the balanced digits of the sums of windows: one more than the panes have."""
    out = np.empty((len(digits) + 1, len(spans.stops) * kept), np.int32)
    over: Any = 0
    for k, digit in enumerate(digits):
        sums = _differences(digit.reshape(1, -1, kept), spans).ravel()
        sums += over
        out[k] = sums  # modulo 2**32
        sums += HALF
        over = sums >> DIGIT
    out[-1] = over
    return out


def _differences(rows: Ints, spans: Spans) -> Ints:
    """Return the sums of windows of the second axis, modulo 2**64."""
    count, panes, kept = rows.shape
    sums = np.zeros((count, panes + 1, kept), np.int64)
    np.cumsum(rows, axis=1, out=sums[:, 1:])
    found: Ints = np.take(sums, spans.stops, axis=1, mode="clip")
    found -= np.take(sums, spans.firsts, axis=1, mode="clip")
    return found
