"""What metrics of counts are given, and what they make of it: for each slice and each axis kept."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from streamloss.arrays.kinds import NOTHING, UNSIGNED, align
from streamloss.arrays.labels import looked_at
from streamloss.losses.base import Loss, countings_of
from streamloss.losses.counting import Counting, Given

from .column import Column
from .counted import Counted
from .extremes import OUTPUT
from .limbs import DIGIT
from .limits import NEGATIVE
from .ranks import KeyColumn, rows_of, united
from .reductions import Reduction
from .seen import sum_of

if TYPE_CHECKING:
    from .table import Table


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


def fits(table: Table, one: Table, counting: Counting) -> bool:
    """Return whether an inner table is of slices of a table, and by keys that metrics have."""
    needed = {"int" if counting.extreme is None else "float", NOTHING.name}
    own = zip(one.kinds[-len(counting.keys) :], counting.keys, strict=True)
    for kind, key in own:
        if kind.name in ("bool", "float") if type(key) is Given else kind.name not in needed:
            return False  # labels that are such have become integers
    if OUTPUT in one.names:
        key = one.keys[one.names.index(OUTPUT)]
        known = key.kind.name == "int" and int(key.codes.max(initial=0)) < len(key.values)
        if len(one) and not (known and 0 <= key.values.min() <= key.values.max() < table.kept):
            return False
    try:
        return bool((slices_of(table, one) < len(table)).all())
    except (TypeError, ValueError):  # keys of another kind
        return False


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


def lost(one: Table, asked: Counting) -> int:
    """Return how many elements with a weight lack a key of cells."""
    keys = one.keys[len(one.names) - len(asked.names) :]
    absent = np.any([key.codes == len(key.values) for key in keys], axis=0)
    return sum_of(one.cells.counts("nonzero")[absent])


def results(table: Table, inner: tuple[Table, ...], losses: tuple[Loss, ...]) -> dict[Loss, Any]:
    """Return what metrics of counts among losses make of the cells of each slice and axis kept.

    They are float64 arrays, of objects where a result is no number: flat, in the order of cells.

    Raises
    ------
    ValueError
        If subtraction left a negative count, or a metric refuses weights.
    """
    found: dict[Loss, Any] = {}
    for one, counting in zip(inner, countings_of(losses), strict=True):
        cells = list(counted(table, one, counting))
        for loss in losses:
            if loss.counting == counting:
                assert loss.combine is not None
                values = [math.nan if each is None else loss.combine(each) for each in cells]
                found[loss] = as_array(values)
    return found


def brackets(table: Table, inner: tuple[Table, ...], losses: tuple[Loss, ...], place: int) -> Any:
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
    cells = counted_for(table, inner, losses, loss)
    pairs = [(math.nan, math.nan) if each is None else loss.bracket(each) for each in cells]
    return np.array(pairs, np.float64).reshape(-1, 2)


def counted_for(
    table: Table, inner: tuple[Table, ...], losses: tuple[Loss, ...], loss: Loss
) -> Iterator[Counted | None]:
    """Yield what each cell of a table has counted for one of the losses, as `counted` does."""
    assert loss.counting is not None
    return counted(table, inner[countings_of(losses).index(loss.counting)], loss.counting)


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
