"""What a saved table of slices says of its keys: their names and kinds, and what may be one."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays import calendar
from streamloss.arrays.edges import checked
from streamloss.arrays.kinds import NAMES, NOTHING, UNITS, Kind, align

from .limits import MOST
from .table import Table

POLICIES = "keep", "drop", "raise"
"""What becomes of rows without a key."""


class Slicing(NamedTuple):
    """How rows are told apart.

    Attributes
    ----------
    names : tuple of str
        The names of the keys.
    kinds : tuple of Kind
        Their kinds: as they were declared, or else those that the table has.
    declared : tuple of bool
        Which were declared.
    missing : str
        What becomes of rows without a key.
    max_slices : int, optional
        How many slices there may be; None for any number.
    missing_keys : int
        How many rows had no key, whatever became of them.
    """

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    declared: tuple[bool, ...]
    missing: str = "keep"
    max_slices: int | None = None
    missing_keys: int = 0

    def with_kinds_of(self, table: Table | None) -> Slicing:
        """Return the same with the kinds of a table, where no others were declared."""
        own = [k if d else NOTHING for k, d in zip(self.kinds, self.declared, strict=True)]
        if table is not None:
            own = [align(a, b) for a, b in zip(own, table.kinds, strict=True)]
        return self._replace(kinds=tuple(own))

    def fields(self) -> dict[str, Any]:
        """Return what a header says of it."""
        pairs = zip(self.names, self.kinds, self.declared, strict=True)
        return {
            "by": [[name, kind.name, _texts(kind), declared] for name, kind, declared in pairs],
            "missing": self.missing,
            "max_slices": self.max_slices,
            "missing_keys": self.missing_keys,
        }


RULES: dict[str, Any] = {
    "by": lambda x: type(x) is list and all([_is_key(each) for each in x]) and _differ(x),
    "missing": lambda x: type(x) is str and x in POLICIES,
    "max_slices": lambda x: x is None or (type(x) is int and 0 <= x <= MOST),
    "missing_keys": lambda x: type(x) is int and -MOST <= x <= MOST,
    "slices": lambda x: x is None or (type(x) is int and 0 <= x < 1 << 31),
}
"""What the fields of a header must be, the number of slices among them; None is no table."""


def of_fields(fields: dict[str, Any]) -> Slicing:
    """Return what a header says, whose fields are by `RULES`."""
    keys = fields["by"]
    return Slicing(
        tuple([name for name, *_ in keys]),
        tuple([_kind(name, detail) for _, name, detail, _ in keys]),
        tuple([declared for *_, declared in keys]),
        *[fields[name] for name in ("missing", "max_slices", "missing_keys")],
    )


def _is_key(value: Any) -> bool:
    """Return whether a value describes a key: its name, its kind, and whether that is declared."""
    if type(value) is not list or [type(x) for x in value] != [str, str, list, bool]:
        return False
    _, kind, detail, _ = value
    if kind not in NAMES or not all([type(x) is str for x in detail]):
        return False
    try:
        _check(_kind(kind, detail))
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
