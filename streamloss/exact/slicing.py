"""What a saved table of slices says of its keys: their names and kinds, and what may be one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays import calendar
from streamloss.arrays.edges import checked
from streamloss.arrays.kinds import NAMES, NOTHING, UNITS, Kind

from .extremes import MARK
from .header import CELLS

POLICIES = "keep", "drop", "raise"
"""What becomes of rows without a key."""

DECLARED = "bool", "int", "float", "text", "bytes", "time", "duration"
"""The kinds that may be asked for."""


class Slicing(NamedTuple):
    """How rows are told apart.

    Attributes
    ----------
    names : tuple of str
        The names of the keys; none before the first batch tells them.
    declared : tuple
        The names of the kinds that keys must have, None of those that come as they are.
    missing : str
        What becomes of rows without a key.
    max_slices : int
        How many slices there may be.
    sets : tuple of tuple of str
        The keys of each grouping set that results have, if they are of such. Bytes do not say it.
    """

    names: tuple[str, ...]
    declared: tuple[str | None, ...]
    missing: str
    max_slices: int
    sets: tuple[tuple[str, ...], ...] = ()

    @property
    def of_sums(self) -> Slicing:
        """How rows are told apart, whatever sets results are of: what sums depend on."""
        return self._replace(sets=())

    def fields(self, kinds: tuple[Kind, ...], slices: int | None) -> dict[str, Any]:
        """Return what a header says of it and of a table's keys, which are of no kind without."""
        kinds = kinds or (NOTHING,) * len(self.names)
        pairs = zip(self.names, self.declared, kinds, strict=True)
        return {
            "by": [[name, asked, kind.name, _texts(kind)] for name, asked, kind in pairs],
            "missing": self.missing,
            "max_slices": self.max_slices,
            "slices": slices,
        }


def _is_integer(value: Any, least: int) -> bool:
    return type(value) is int and least <= value < 1 << 31


RULES: dict[str, Any] = {
    "by": lambda x: type(x) is list and all([_is_key(each) for each in x]) and _differ(x),
    "missing": lambda x: type(x) is str and x in POLICIES,
    "max_slices": lambda x: _is_integer(x, 1),
    "slices": lambda x: x is None or _is_integer(x, 0),
    CELLS: lambda x: x is None or (type(x) is list and all([_is_inner(each) for each in x])),
}
"""What the fields of a header must be, the number of slices among them; None is no table."""


def cells_field(tables: Sequence[tuple[tuple[Kind, ...], int]]) -> list[Any]:
    """Return what a header says of inner tables: the kinds of their keys, and how many rows."""
    return [[[[kind.name, _texts(kind)] for kind in kinds], rows] for kinds, rows in tables]


def of_cells_field(field: list[Any]) -> list[tuple[tuple[Kind, ...], int]]:
    """Return the kinds of keys and the rows of inner tables, of a field that is by `RULES`."""
    return [(tuple([_kind(*kind) for kind in kinds]), rows) for kinds, rows in field]


def _is_inner(value: Any) -> bool:
    """Return whether a value describes an inner table."""
    if type(value) is not list or len(value) != 2 or type(value[0]) is not list:
        return False
    kinds, rows = value
    return _is_integer(rows, 0) and all([_is_described(each) for each in kinds])


def _is_described(value: Any) -> bool:
    """Return whether a value describes the kind of a key."""
    if type(value) is not list or len(value) != 2 or type(value[1]) is not list:
        return False
    name, detail = value
    known = type(name) is str and name in NAMES and all([type(x) is str for x in detail])
    return known and _is_kind(name, detail)


def of_fields(fields: dict[str, Any]) -> tuple[Slicing, tuple[Kind, ...]]:
    """Return what a header says, whose fields are by `RULES`, and the kinds of the keys."""
    by = fields["by"]
    names, declared = tuple([name for name, *_ in by]), tuple([asked for _, asked, *_ in by])
    kinds = tuple([_kind(name, detail) for *_, name, detail in by])
    return Slicing(names, declared, fields["missing"], fields["max_slices"]), kinds


def _is_key(value: Any) -> bool:
    """Return whether a value describes a key: its name, and the kinds it must have and has."""
    if type(value) is not list or len(value) != 4:
        return False
    name, declared, kind, detail = value
    if type(name) is not str or type(kind) is not str or type(detail) is not list:
        return False
    if name.startswith(MARK):
        return False
    if declared not in (None, kind) and (kind != NOTHING.name or type(declared) is not str):
        return False
    known = kind in NAMES and (declared is None or declared in DECLARED)
    return known and all([type(x) is str for x in detail]) and _is_kind(kind, detail)


def _is_kind(name: str, texts: list[str]) -> bool:
    try:
        _check(_kind(name, texts))
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def _differ(keys: list[Any]) -> bool:
    """Return whether keys have different names."""
    return len({name for name, *_ in keys}) == len(keys)


def _texts(kind: Kind) -> list[str]:
    """Return the detail of a kind as text: numbers are hexadecimal, as those of losses."""
    return [float(x).hex() for x in kind.detail] if kind.name == "bins" else list(kind.detail)


def _kind(name: str, texts: list[str]) -> Kind:
    return Kind(name, tuple([float.fromhex(x) for x in texts] if name == "bins" else texts))


def _check(kind: Kind) -> None:
    """Raise ValueError if there is no such kind."""
    name, detail = kind
    known: dict[str, Any] = {
        "int": ((), ("unsigned",)),
        "time": [(unit,) for unit in UNITS],
        "duration": [(unit,) for unit in UNITS[1:]],
        "period": [(frequency,) for frequency in calendar.FREQUENCIES],
    }
    if name == "bins":
        if checked(detail) != detail or any([math.copysign(1.0, x) < 0.0 == x for x in detail]):
            raise ValueError("edges are not spelled so")
    elif detail not in known.get(name, [()]):
        raise ValueError("there is no such detail")


def are_canonical(kind: Kind, values: Any) -> bool:
    """Return whether values of a kind are what canonical ones can be."""
    if kind.name in ("text", "bytes", "int", "period"):
        return True
    if kind.name == "missing":
        return not len(values)
    if kind.name == "float":
        floats = values.view(np.float64)
        return not bool((np.isnan(floats) | (values == np.int64(-(2**63)))).any())
    if kind.name in ("time", "duration"):
        return not bool((values == np.int64(-(2**63))).any())
    most = 1 if kind.name == "bool" else len(kind.detail)
    return not len(values) or bool(values.min() >= 0 and values.max() <= most)
