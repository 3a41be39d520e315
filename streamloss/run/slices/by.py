"""What `by` says: the names and kinds of keys, and the keys of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.device import as_device, is_device
from streamloss.arrays.keys import Cut, Keyed, LastDictionary, read_key
from streamloss.arrays.named import unnamed
from streamloss.arrays.sets import GroupingSets
from streamloss.exact.extremes import MARK
from streamloss.exact.slicing import DECLARED, POLICIES, Slicing
from streamloss.run import choose
from streamloss.support.brief import brief
from streamloss.support.integers import integer

LARGEST = (1 << 31) - 1
"""The most slices that there may be."""


class By(Slicing):
    """How slices are made, of what users say."""

    __slots__ = ()

    @classmethod
    def any(cls) -> By:
        """Return that any keys make slices, and tell their names."""
        return cls((), (), "keep", LARGEST)

    @classmethod
    def of(cls, keys: Any) -> By:
        """Return what an accumulator is told: names, a dict of names and kinds, or sets of names.

        Raises
        ------
        TypeError, ValueError
            If a name is none or comes twice, or there is no such kind or policy.
        """
        if isinstance(keys, str):
            keys = (keys,)
        declared = dict(keys) if isinstance(keys, dict) else dict.fromkeys(_names(keys))
        for name, kind in declared.items():
            if kind is not None and kind not in DECLARED:
                rule = f"by {brief(name)} must have a kind of {', '.join(DECLARED)}"
                raise ValueError(f"{rule}: got {brief(kind)}")
        names = checked(tuple(declared))
        return cls(names, tuple(declared.values()), "keep", LARGEST)

    def limited(self, missing: str, max_slices: int) -> By:
        """Return the same with a policy for missing keys, and a number of slices.

        Raises
        ------
        TypeError, ValueError
            If there is no such policy, or the number is no positive integer.
        """
        if missing not in POLICIES:
            rule = f"missing must be one of {', '.join(map(repr, POLICIES))}"
            raise ValueError(f"{rule}: got {brief(missing)}")
        most = integer("max_slices", max_slices)
        if not 0 < most <= LARGEST:
            raise ValueError(f"max_slices must be from 1 to 2**31 - 1: got {brief(most)}")
        return self._replace(missing=missing, max_slices=most)

    def named(self, keys: Any) -> tuple[By, list[Any]]:
        """Return the keys of a batch, not read yet, and how slices are made, with their names.

        Raises
        ------
        TypeError, ValueError
            If they are not as many, or not those that were named.
        """
        if isinstance(keys, GroupingSets):
            keys = keys.by
        if isinstance(keys, dict):
            given = checked(tuple(keys))
            if self.names and set(given) != set(self.names):
                raise ValueError(f"by must name the keys {self.names}: got {given}")
            names = self.names or given
            columns = [keys[name] for name in names]
        else:
            columns = list(keys) if isinstance(keys, tuple) else [keys]
            names = self.names or checked(_called(columns))
            if len(columns) != len(names) or keys is None:
                got = "None" if keys is None else f"{len(columns)}"
                raise ValueError(f"by must have an array for each of the keys {names}: got {got}")
        if self.names:
            return self, columns
        return self._replace(names=names, declared=(None,) * len(names)), columns

    def read(
        self, keys: Any, known: Mapping[str, LastDictionary] | None = None
    ) -> tuple[By, list[Keyed]]:
        """Return the keys of a batch, and how slices are made, with their names.

        Texts of dictionaries that came before are known by the names of keys.

        Raises
        ------
        TypeError, ValueError
            As `named`, and as `arrays.keys.read_key`.
        """
        asked, columns = self.named(keys)
        columns = [_on_host(*each) for each in zip(asked.names, columns, strict=True)]
        kinds = zip(asked.names, columns, asked.declared, strict=True)
        words = {} if known is None else known
        return asked, [read_key(name, key, kind, words.get(name)) for name, key, kind in kinds]

    def check_missing(self, keyeds: list[Keyed]) -> None:
        """Refuse keys that are missing, if so asked.

        Raises
        ------
        ValueError
            If one is.
        """
        if self.missing != "raise":
            return
        for name, keyed in zip(self.names, keyeds, strict=True):
            absent = keyed.missing if keyed.codes is None else np.asarray(keyed.codes) < 0
            if absent is not None and (count := np.count_nonzero(absent)):
                first = int(np.argmax(absent))
                rule = f"by {name!r} must have no missing key with missing='raise'"
                raise ValueError(f"{rule}: got {count}, the first in row {first}")


def _on_host(name: str, column: Any) -> Any:
    """Return a key as one of the CPU, also what is cut of one: from a GPU it is copied."""
    if isinstance(column, Cut):
        return Cut(_on_host(name, column.source), column.kind)
    if not is_device(column):
        return column
    return choose.gpu().on_host(as_device(f"by {name!r}", column))


def _names(keys: Any) -> tuple[Any, ...]:
    """Return names that come one after another, or in sets."""
    if isinstance(keys, GroupingSets) and all([isinstance(key, str) for key in keys.keys]):
        return keys.names
    if not isinstance(keys, tuple | list):
        raise TypeError(f"by must name keys, which each update gives: got {brief(keys)}")
    return tuple(keys)


def checked(names: tuple[Any, ...]) -> tuple[str, ...]:
    """Return names of keys, if they can be."""
    for name in names:
        if not isinstance(name, str) or not name:
            raise TypeError(f"the name of a key must be text: got {brief(name)}")
        if name.startswith(MARK):  # as those of the keys of metrics do
            raise ValueError(f"the name of a key must not begin with NUL: got {brief(name)}")
    if not names or len(set(names)) < len(names):
        raise ValueError(f"by must have keys, each of its own name: got {brief(list(names))}")
    return names


def _name(column: Any) -> Any:
    """Return what a column calls itself; dask's arrays have the names of their tasks."""
    name, array = getattr(column, "name", None), unnamed(column)
    if is_lazy(array) and not hasattr(type(array), "to_dask_array") and name == array.name:
        return None
    return name


def _called(columns: list[Any]) -> tuple[str, ...]:
    """Return what arrays call themselves, or names for those that do not."""
    default = ["key"] if len(columns) == 1 else [f"key_{k}" for k in range(len(columns))]
    own = [_name(column.source if isinstance(column, Cut) else column) for column in columns]
    return tuple(
        [
            name if isinstance(name, str) and name else k
            for name, k in zip(own, default, strict=True)
        ]
    )
