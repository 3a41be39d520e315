"""Slices by their keys: all of them, one that is asked for, what is near one that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from streamloss.arrays import keys
from streamloss.arrays.types import Array
from streamloss.exact.ranks import KeyColumn
from streamloss.support.brief import brief

from .sets import ALL, span
from .whole import Key, Whole, taken

FEW = 2000
"""Texts up to which those that look alike are searched for: it takes 1 us and more for each."""

NEAR = 3
"""How many that are near an error names."""


class Loc:
    """What finds one slice by its keys: `Slices.loc`."""

    def __init__(self, whole: Whole, rows: Array | None) -> None:
        self._whole, self._rows = whole, rows

    def __getitem__(self, key: Any) -> dict[Any, Any]:
        """Return the results of a slice, by the names of the losses; KeyError if there is none."""
        place = find(self._whole, key)
        if self._rows is not None and place not in self._rows:
            raise KeyError(f"slice {brief(key)} is not among the {len(self._rows)} chosen ones")
        return next(_results(self._whole, np.array([place])))


def pairs(whole: Whole, rows: Array | None) -> Iterator[tuple[Any, dict[Any, Any]]]:
    """Yield the keys of some slices, a tuple of several, with the results."""
    columns = [_items(key) for key in whole.keys(rows)]
    labels = columns[0] if len(columns) == 1 else zip(*columns, strict=True)
    yield from zip(labels, _results(whole, rows), strict=True)


def column(key: Key) -> Array:
    """Return a key as a column for users: of objects, if it is `ALL` in some slices."""
    if (key.codes <= len(key.values)).all():
        return keys.column(key.kind, key.values, key.codes)
    out = np.empty(len(key.codes), object)
    out[:] = _items(key)
    return out


def _items(key: Key) -> list[Any]:
    """Return the items of a key, one for each slice, None where it is missing."""
    values = keys.column(key.kind, key.values, np.arange(len(key.values)))
    items = list(values) if values.dtype.kind in "mM" else values.tolist()  # datetime64 stays that
    items += [None, ALL]
    return [items[code] for code in key.codes.tolist()]


def _results(whole: Whole, rows: Array | None) -> Iterator[dict[Any, Any]]:
    """Yield the results of some slices: floats, or arrays of the axes kept."""
    arrays = [taken(whole.results(k), rows) for k in range(len(whole.losses))]
    lists = [each.tolist() if each.ndim == 1 else list(each) for each in arrays]
    for each in zip(*lists, strict=True):
        yield dict(zip(whole.names, each, strict=True))


def find(whole: Whole, given: Any) -> int:
    """Return the number of the slice with some keys: an item for one, a tuple of several.

    Raises
    ------
    KeyError
        If there is none.
    """
    items, names = given if isinstance(given, tuple) else (given,), whole.by
    if len(items) != len(names):
        known = ", ".join(map(brief, names))
        raise KeyError(f"loc takes {len(names)} keys ({known}): got {brief(given)}")
    asked, places = list(zip(names, whole.table.keys[-len(names) :], items, strict=True)), None
    if whole.sets:
        asked = [each for each in asked if each[2] is not ALL]
        places = span(whole.table.keys[0], tuple([name for name, *_ in asked]), whole.sets)
    return _within(asked, given, *(places or (0, len(whole.table))))


def _within(asked: list[tuple[str, KeyColumn, Any]], given: Any, start: int, stop: int) -> int:
    """Return the number of the slice with some keys, of those from a start to a stop."""
    for name, column, item in asked:
        code = _code(name, column, item)
        codes = column.codes[start:stop]
        below, above = np.searchsorted(codes, [code, code + 1])
        if below == above:
            raise KeyError(_apart(name, column, given, codes, int(below)))
        start, stop = start + int(below), start + int(above)
    return start


def _code(name: str, column: KeyColumn, item: Any) -> int:
    """Return the code of a value of a key."""
    kind, values = column.kind, column.values
    try:
        value = keys.find(kind, item)
    except KeyError as error:
        some = _told(column, range(min(NEAR, len(values))))
        raise KeyError(f"{error.args[0]}: {brief(name)} has {some}") from None
    if value is None:
        if column.codes.max(initial=-1) < len(values):
            raise KeyError(f"no slice has {brief(name)} missing")
        return len(values)
    order = keys.order(kind, np.array([value], values.dtype))
    code = int(np.searchsorted(keys.order(kind, values), order[0]))
    if code == len(values) or values[code] != value:
        near = _alike(column, item) or _around(code, len(values))
        raise KeyError(f"no slice has {brief(name)} {brief(item)}: near is {_told(column, near)}")
    return code


def _alike(column: KeyColumn, item: Any) -> list[int]:
    """Return the codes of texts that look like one that is not there, if there are not many."""
    if not isinstance(item, str) or column.kind.name != "text" or len(column.values) > FEW:
        return []
    texts = column.values.tolist()
    return sorted([texts.index(near) for near in difflib.get_close_matches(item, texts, NEAR)])


def _around(place: int, stop: int) -> Iterable[int]:
    """Return the numbers on both sides of a place between 0 and a stop."""
    return range(max(place - 1, 0), min(place + 1, stop))


def _apart(name: str, column: KeyColumn, given: Any, codes: Any, place: int) -> str:
    """Return that keys are there, but not together."""
    near = sorted({int(codes[i]) for i in _around(place, len(codes))})
    return f"no slice {brief(given)}: near is {brief(name)} {_told(column, near)}"


def _told(column: KeyColumn, codes: Iterable[int]) -> str:
    """Return values of a key in words."""
    values = [None if c == len(column.values) else column.values[c] for c in codes]
    return " and ".join([brief(keys.item(column.kind, value)) for value in values]) or "none"
