"""Keys that columns of data give: by their names, or as bins or periods of what they hold."""

from __future__ import annotations

from typing import Any, NamedTuple

from streamloss.arrays.keys import Cut
from streamloss.arrays.sets import GroupingSets
from streamloss.support.brief import brief

from .by import By, checked


class KeyColumns(NamedTuple):
    """How slices are made of data, and of which columns.

    Attributes
    ----------
    by : By
        How slices are made, with the names of the keys.
    keys : tuple of str or Cut
        For each key the name of its column, or what is cut of that.
    """

    by: By
    keys: tuple[str | Cut, ...]

    @classmethod
    def of(cls, by: By, given: Any) -> KeyColumns:
        """Return what a call names: a key, several of them, or a dict of them by other names.

        Raises
        ------
        TypeError
            If something is no name of a column, nor bins or a period of one.
        ValueError
            If two keys have one name, or they are not those that were named before.
        """
        if given is None:
            return cls(by, by.names)
        if isinstance(given, GroupingSets):
            given = given.by
        if isinstance(given, str | Cut):
            given = (given,)
        if not isinstance(given, list | tuple | dict):
            raise TypeError(f"by must name columns where data is given: got {brief(given)}")
        keys = tuple(given.values() if isinstance(given, dict) else given)
        names = checked(tuple(given if isinstance(given, dict) else map(_source, keys)))
        for key in keys:
            _source(key)
        if not by.names:
            return cls(by._replace(names=names, declared=(None,) * len(names)), keys)
        in_order = not isinstance(given, dict) and len(keys) == len(by.names)
        if in_order and set(names) != set(by.names):
            return cls(by, keys)
        found = dict(zip(names, keys, strict=True))
        if set(found) != set(by.names):
            raise ValueError(f"by must name the keys {by.names}: got {names}")
        return cls(by, tuple([found[name] for name in by.names]))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, each once."""
        return tuple(dict.fromkeys(map(_source, self.keys)))

    def read(self, columns: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the keys of some rows, for `By.read`, of the columns of these."""
        found = dict(zip(self.columns, columns, strict=True))
        return tuple([_with(key, found[_source(key)]) for key in self.keys])


def _source(key: Any) -> str:
    """Return the name of the column of a key."""
    name = key.source if isinstance(key, Cut) else key
    if not isinstance(name, str) or not name:
        raise TypeError(f"by must name columns where data is given: got {brief(key)}")
    return name


def _with(key: str | Cut, column: Any) -> Any:
    """Return a column as the key that it is made."""
    return Cut(column, key.kind) if isinstance(key, Cut) else column
