"""The columns of a table that are asked for: in the file itself, or in the names of its folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from streamloss.arrays.types import Array

from .columns import Arrays, Columns, listing
from .hive import constant, partitions
from .reading import Refused, explained


class Kind(NamedTuple):
    """What a column of a file holds.

    Attributes
    ----------
    is_number : bool
        Whether numpy has numbers for its values.
    is_mask : bool
        Whether they are booleans, or nulls alone.
    text : str
        What the file calls its type.
    """

    is_number: bool
    is_mask: bool
    text: str


class Asked(NamedTuple):
    """The columns asked of a table: names of those inside, and the one value of the others."""

    inside: list[str]
    constants: Arrays

    def complete(self, arrays: Arrays, length: int) -> Arrays:
        """Return arrays of the columns inside with those that are in the names of folders."""
        for name, value in self.constants.items():
            arrays[name] = np.repeat(value, length)
        return arrays


def asked(path: str, columns: Columns, names: Sequence[str], kind: Callable[[str], Kind]) -> Asked:
    """Return the columns asked of a table.

    Parameters
    ----------
    path : str
        The file.
    columns : Columns
        The names of the columns.
    names : sequence of str
        The names of all columns that the file has.
    kind : callable
        Returns the kind of one of them.

    Raises
    ------
    ValueError
        If a column is missing or is there twice, or holds no numbers (a mask: no booleans).
    """
    found: dict[str, str] = partitions(path)
    constants: Arrays = {}
    for role, name in columns.named():
        is_mask = role == "where"
        if name in found and name not in names:
            constants[name] = _constant(path, role, name, found[name])
        else:
            _check(path, role, name, names)
            what = kind(name)
            if not (what.is_mask if is_mask else what.is_number):
                rule = "boolean" if is_mask else "numeric"
                raise Refused(
                    f"{role}: column {name!r} of {path} must be {rule}: it is {what.text}"
                )
    return Asked([name for name in columns.names() if name not in constants], constants)


def _constant(path: str, role: str, name: str, text: str) -> Array:
    """Return the value that a folder gives a column."""
    with explained(f"{role}: column {name!r} of {path}"):
        try:
            return constant(text, role == "where")
        except ValueError as error:
            raise ValueError(f"{error}: its folder says {text!r}") from None


def _check(path: str, role: str, name: str, names: Sequence[str]) -> None:
    """Refuse a column that is missing or is there twice."""
    count = names.count(name)
    if count == 0:
        raise Refused(f"{role}: no column {name!r} in {path}: it has {listing(names, name)}")
    if count > 1:
        raise Refused(f"{role}: {path} has {count} columns named {name!r}")
