"""The columns of a table that are asked for: in the file itself, or in the names of its folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from streamloss.arrays.types import Array

from .columns import Arrays, Columns, KeyRole, KeysIn, listing
from .hive import constant, key, partitions
from .reading import Refused, explained
from .source import Reading


class Kind(NamedTuple):
    """What a column of a file holds.

    Attributes
    ----------
    is_number : bool
        Whether numpy has numbers for its values.
    is_mask : bool
        Whether they are booleans, or nulls alone.
    is_key : bool
        Whether `arrays.keys.read_key` takes them.
    text : str
        What the file calls its type.
    """

    is_number: bool
    is_mask: bool
    is_key: bool
    text: str

    def lacks(self, role: str) -> str | None:
        """Return what a column of a role must be, None if it is."""
        if role == "where":
            return None if self.is_mask else "boolean"
        if isinstance(role, KeyRole):
            return None if self.is_key else KEYS
        return None if self.is_number else "numeric"


KEYS = "of booleans, integers, floats, text, bytes, dates or times"
"""What columns of keys must be."""


class Asked(NamedTuple):
    """The columns asked of a table.

    Attributes
    ----------
    inside : list of str
        The names of those inside that are read as numbers.
    keys : list of str
        The names of those inside that have keys.
    constants : dict of arrays
        What is in the names of folders: one value of each column.
    """

    inside: list[str]
    keys: list[str]
    constants: Arrays

    @property
    def columns(self) -> list[str]:
        """The names of all columns inside, each once."""
        return list(dict.fromkeys((*self.inside, *self.keys)))

    def complete(self, arrays: Arrays, length: int) -> Arrays:
        """Return arrays of the columns inside with those that are in the names of folders."""
        for name, value in self.constants.items():
            if isinstance(name, KeysIn):
                arrays[name] = value._replace(codes=np.repeat(value.codes, length))
            else:
                arrays[name] = np.repeat(value, length)
        return arrays


def asked(
    path: str,
    columns: Columns,
    names: Sequence[str],
    kind: Callable[[str], Kind],
    reading: Reading,
) -> Asked:
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
    reading : Reading
        Which kinds of keys the names of folders have.

    Raises
    ------
    ValueError
        If a column is missing or is there twice, or holds no numbers (a mask: no booleans).
    """
    found: dict[str, str] = partitions(path)
    constants: Arrays = {}
    for role, name in columns.named():
        if name in found and name not in names:
            if isinstance(role, KeyRole):
                constants[KeysIn(name)] = key(name, found[name], reading.folders[name])
            else:
                constants[name] = _constant(path, role, name, found[name])
            continue
        check_name(path, role, name, names)
        what = kind(name)
        if (rule := what.lacks(role)) is not None:
            raise Refused(f"{role}: column {name!r} of {path} must be {rule}: it is {what.text}")
    inside = [name for name in columns.numbers() if name not in constants]
    return Asked(inside, [n for n in columns.by if KeysIn(n) not in constants], constants)


def _constant(path: str, role: str, name: str, text: str) -> Array:
    """Return the value that a folder gives a column."""
    with explained(f"{role}: column {name!r} of {path}"):
        try:
            return constant(text, role == "where")
        except ValueError as error:
            raise ValueError(f"{error}: its folder says {text!r}") from None


def check_name(path: str, role: str, name: str, names: Sequence[str]) -> None:
    """Refuse a column that is missing or is there twice.

    Raises
    ------
    ValueError
        If so. The error says which columns there are, those with like names first.
    """
    count = names.count(name)
    if count == 0:
        raise Refused(f"{role}: no column {name!r} in {path}: it has {listing(names, name)}")
    if count > 1:
        raise Refused(f"{role}: {path} has {count} columns named {name!r}")
