"""Which column plays which role, and the rows that the readers of all formats hand on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from streamloss.arrays.types import Array


class Columns(NamedTuple):
    """The names of the columns by their roles: columns of tables, or files of arrays."""

    true: str
    pred: str | None = None
    weights: str | None = None
    where: str | None = None

    def named(self) -> dict[str, str]:
        """Return the names given, by the option that gave them."""
        return {f"--{role}": name for role, name in self._asdict().items() if name is not None}


class Rows(NamedTuple):
    """Some rows of each column, in the order of the arguments of `Accumulator.update`."""

    y_true: Array
    y_pred: Array | None
    weights: Array | None
    where: Array | None


def listing(names: Iterable[str], wanted: str, most: int = 12) -> str:
    """List at most so many of the names that exist, those most like the wanted name first.

    Examples
    --------
    >>> listing(["carrier", "distance", "arr_delay"], "arr_dealy", most=2)
    'arr_delay, carrier and 1 more'
    """
    names = list(names)
    near = difflib.get_close_matches(wanted, names, most)
    ordered = near + [name for name in names if name not in near]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(ordered[:most]) or "nothing") + more
