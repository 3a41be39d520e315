"""Inner tables: the cells that metrics of counts tell apart in each slice of a table.

They are tables themselves, one for each thing that metrics ask for: by the keys of the slices, by
the number of an axis kept where there are such, and by the keys that metrics have, whose names
begin with a mark that no key of a user has. So cells merge, roll up and leave as slices do.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from streamloss.arrays.kinds import UNSIGNED, align
from streamloss.arrays.labels import looked_at
from streamloss.losses.base import Loss, countings_of
from streamloss.losses.counting import Counting

from .cells import COUNTS, Cells
from .column import Column
from .counted import Counted
from .limbs import DIGIT
from .limits import NEGATIVE
from .ranks import KeyColumn, rows_of, united
from .reductions import Reduction

if TYPE_CHECKING:
    from .table import Table

MARK = "\0"
"""What the names of the keys of metrics begin with."""

LARGEST, SMALLEST = f"{MARK}>", f"{MARK}<"
"""What the name of a key begins with of which a slice keeps the largest value, or the smallest."""

OUTPUT = f"{MARK}output"
"""The key that is the number of an axis kept, where a slice keeps some."""


def hidden(counting: Counting, has_outputs: bool) -> tuple[str, ...]:
    """Return what the keys of cells are called beside those of slices."""
    extreme = counting.extreme
    mark = MARK if extreme is None else LARGEST if extreme.largest else SMALLEST
    own = tuple([f"{mark}{name}" for name in counting.names])
    return (OUTPUT, *own) if has_outputs else own


def each(table: Table, change: Callable[[Table], Table]) -> tuple[Table, ...]:
    """Return the inner tables of a table after a change of each."""
    return tuple([change(one) for one in table.inner])


def by_fewer(table: Table, names: Sequence[str]) -> tuple[Table, ...]:
    """Return the inner tables by some of the keys of slices."""
    own = [tuple(name for name in one.names if name.startswith(MARK)) for one in table.inner]
    pairs = zip(table.inner, own, strict=True)
    return tuple([one.rollup((*names, *hidden_names)) for one, hidden_names in pairs])


def busy(table: Table) -> Any:
    """Return which slices of a table have inner cells."""
    found = np.zeros(len(table), np.bool_)
    for one in table.inner:
        found[slices_of(table, one)] = True
    return found


def taken(table: Table, indices: Any) -> tuple[Table, ...]:
    """Return the inner tables of some slices."""
    chosen = np.zeros(len(table) + 1, np.bool_)
    chosen[indices] = True
    found = [np.flatnonzero(chosen[slices_of(table, one)]) for one in table.inner]
    return tuple([one.take(some) for one, some in zip(table.inner, found, strict=True)])


def slices_of(table: Table, one: Table) -> Any:
    """Return which slice of a table each row of an inner one is in: their number for none."""
    if not table.names:
        return np.zeros(len(one), np.int64)
    columns = []
    for mine, others in zip(table.keys, one.keys[: len(table.keys)], strict=True):
        a, b = united([mine, others])
        columns.append((np.concatenate([a.codes, b.codes]), len(a.values) + 1))
    ranks, count = rows_of(columns, len(table) + len(one))
    ranks = np.arange(count) if ranks is None else ranks
    places = np.full(count, len(table), np.int64)
    places[ranks[: len(table)]] = np.arange(len(table))
    return places[ranks[len(table) :]]


def numbers_of(table: Table, one: Table) -> Any:
    """Return which cell of a table each row of an inner one is in."""
    slices = slices_of(table, one)
    if OUTPUT not in one.names:
        return slices
    key = one.keys[one.names.index(OUTPUT)]
    return slices * table.kept + key.values[key.codes]


def counted(table: Table, one: Table, counting: Counting) -> Iterator[Counted | None]:
    """Yield what each cell of a table has counted, None where it is not known.

    That is where an element of a weight that is not zero has no key, or a weight is not finite.

    Raises
    ------
    ValueError
        If subtraction left a negative count.
    """
    cells, keys = one.cells, _told(one, counting)
    if any([(cells.counts(name) < 0).any() for name in ("elements", "nonzero")]):
        raise ValueError(NEGATIVE)
    numbers = numbers_of(table, one)
    if (numbers[1:] < numbers[:-1]).any():
        order = np.argsort(numbers, kind="stable")
        one, numbers = one.take(order), numbers[order]
        cells, keys = one.cells, _told(one, counting)
    bounds = np.searchsorted(numbers, np.arange(len(table) * table.kept + 1)).tolist()
    absent = np.zeros(len(one), np.bool_)
    for key in keys:
        absent |= key.codes == len(key.values)
    lost = absent & (cells.counts("nonzero") != 0)
    absent |= cells.elements == 0  # what was masked or omitted has keys all the same
    if cells.weights is not None and cells.weights.flags is not None:
        lost |= cells.weights.flags.any(axis=0)
    names = counting.names
    for start, stop in itertools.pairwise(bounds):
        if lost[start:stop].any():
            yield None
            continue
        some = start + np.flatnonzero(~absent[start:stop])
        columns = {name: _values(key, some) for name, key in zip(names, keys, strict=True)}
        yield _counted(one, some, columns, counting)


def _told(one: Table, counting: Counting) -> list[KeyColumn]:
    """Return the keys that a metric has: times of both inputs in one unit, to be compared."""
    found = list(one.keys[len(one.names) - len(counting.names) :])
    times = [k for k, key in enumerate(found) if key.kind.name in ("time", "duration")]
    if len({found[k].kind for k in times}) > 1:
        kind = functools.reduce(align, [found[k].kind for k in times])
        for k in times:
            found[k] = found[k].as_kind(kind)
    return found


def _values(key: KeyColumn, some: Any) -> Any:
    """Return the values of a key of some rows as users know them, and not as their bits."""
    found = looked_at(key.kind, key.values)[key.codes[some]]
    return found.astype(object) if key.kind == UNSIGNED else found


def keeps(names: tuple[str, ...]) -> int:
    """Return whether each slice keeps the largest of the last key, 1, the smallest, -1, or all."""
    last = names[-1] if names else ""
    return 1 if last.startswith(LARGEST) else -1 if last.startswith(SMALLEST) else 0


def pruned(table: Table) -> Table:
    """Return a table whose slices keep one value of the last key, if that is an extreme one.

    All that others count is counted with it; a missing one stays what it is.
    """
    sign = keeps(table.names)
    if not sign or not len(table):
        return table
    *others, key = table.keys
    columns = [(each.codes, len(each.values) + 1) for each in others]
    ranks, _ = rows_of(columns, len(table)) if columns else (np.zeros(len(table), np.int64), 1)
    ranks = np.arange(len(table)) if ranks is None else ranks
    absent = key.codes == len(key.values)
    compared = np.where(absent, -1, key.codes if sign > 0 else len(key.values) - 1 - key.codes)
    most = np.full(int(ranks.max()) + 1, -1, np.int64)
    np.maximum.at(most, ranks, compared)
    found = most[ranks] if sign > 0 else len(key.values) - 1 - most[ranks]
    codes = np.where(absent, key.codes, found).astype(np.int32)
    if np.array_equal(codes, key.codes):
        return table
    keys = (*others, key._replace(codes=codes).used())
    return type(table)(table.names, keys, table.shape, table.cells).sorted()


def refuse_difference(names: tuple[str, ...]) -> None:
    """Refuse to take something out where only the largest or the smallest value is kept.

    Raises
    ------
    ValueError
        If it is so.
    """
    if sign := keeps(names):
        which = "largest" if sign > 0 else "smallest"
        raise ValueError(
            f"nothing can be taken out of a {which} value: what was the {which} before is not known"
        )


def _counted(one: Table, some: Any, columns: dict[str, Any], counting: Counting) -> Counted:
    """Return the cells of some rows of an inner table, whose keys these are."""
    cells = one.cells
    elements, sums = cells.elements[some], {}
    if counting.parts:
        of_rows = cells.take(some).state().sums_of(counting.parts) if len(some) else []
        for k, name in enumerate(counting.sums):
            sums[name] = [found.losses[k] for found in of_rows]
    if cells.weights is None:
        return Counted(columns, elements, elements, sums=sums)
    return Counted.of_units(columns, elements, units_of(cells.weights.take(some)), sums)


def outer_of(
    one: Table, counting: Counting, names: tuple[str, ...], shape: tuple[int, ...]
) -> Table:
    """Return the slices of an inner table, with what their elements count and no sums.

    Where classes or outputs come in turn the first of them has every element.
    """
    if counting.turning is not None:
        name = f"{MARK}{counting.names[counting.turning]}"
        key = one.keys[one.names.index(name)]
        one = one.take(np.flatnonzero((key.codes == 0) & (key.values[:1] == 0).any()))
    made = type(one)
    one = made(one.names, one.keys, (), _alone(one.cells))
    slices = one.rollup(names)
    if not shape:
        return slices
    places = numbers_of(made(slices.names, slices.keys, shape, slices.cells), one)
    count = len(slices) * math.prod(shape)
    order = np.argsort(places, kind="stable")
    starts = np.flatnonzero(np.diff(places[order], prepend=-1))
    summed = one.cells.grouped(order, starts, 1)
    cells = Cells.total([(summed, places[order][starts], 1)], count)
    return made(names, slices.keys, shape, cells)


def _alone(cells: Cells) -> Cells:
    """Return cells without the sums of losses."""
    own = [cells.weights, cells.elements, *[getattr(cells, name) for name in COUNTS[1:]]]
    return Cells(cells.count, (), *own)


def results(table: Table, losses: tuple[Loss, ...]) -> dict[Loss, Any]:
    """Return what metrics of counts among losses make of the cells of each slice and axis kept.

    They are float64 arrays, of objects where a result is no number: flat, in the order of cells.

    Raises
    ------
    ValueError
        If subtraction left a negative count, or a metric refuses weights.
    """
    found: dict[Loss, Any] = {}
    for one, counting in zip(table.inner, countings_of(losses), strict=True):
        cells = list(counted(table, one, counting))
        for loss in losses:
            if loss.counting == counting:
                assert loss.combine is not None
                values = [math.nan if each is None else loss.combine(each) for each in cells]
                found[loss] = as_array(values)
    return found


def brackets(table: Table, losses: tuple[Loss, ...], place: int) -> Any:
    """Return bounds of the results of one loss, (cells, 2): both the result where that is exact.

    Raises
    ------
    ValueError
        If results are no numbers.
    """
    loss: Any = losses[place]
    if loss.bracket is None:
        values = table.results(losses, Reduction.MEAN)[place].reshape(-1)
        if values.dtype == object:
            raise ValueError(f"results of {loss!r} are no numbers: they have no bracket")
        return np.stack([values, values], axis=1)
    one = table.inner[countings_of(losses).index(loss.counting)]
    cells = counted(table, one, loss.counting)
    pairs = [(math.nan, math.nan) if each is None else loss.bracket(each) for each in cells]
    return np.array(pairs, np.float64).reshape(-1, 2)


def as_array(values: list[Any]) -> Any:
    """Return results as an array."""
    if all([isinstance(value, float | int) for value in values]):
        return np.array(values, np.float64)
    out = np.empty(len(values), object)
    for k, value in enumerate(values):  # one by one: some would become arrays together
        out[k] = value
    return out


def units_of(column: Column) -> list[int]:
    """Return the sums of a column, all finite, as integers in units of 2**-1074."""
    small = column.canonical()
    total: Any = np.zeros(small.cells, object)
    for k, digits in enumerate(small.limbs):
        total = total + (digits.astype(object) << small.unit + DIGIT * k)
    return [int(each) for each in total]
