"""Grouping sets as they are asked for: which keys each set has, and what these are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from streamloss.support.brief import brief

from .cuts import Cut
from .types import ArrayLike

Names = tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class GroupingSets:
    """Several choices of keys; immutable.

    Attributes
    ----------
    sets : tuple of tuple of str
        The names of the keys of each set.
    names : tuple of str
        The names of all keys, in the order of slices.
    keys : tuple
        What each is made of: an array, the name of a column, or bins or periods of either.
    """

    sets: tuple[Names, ...]
    names: Names
    keys: tuple[Any, ...]

    @property
    def by(self) -> dict[str, Any]:
        """The keys by their names."""
        return dict(zip(self.names, self.keys, strict=True))

    def __repr__(self) -> str:
        return f"grouping_sets({', '.join([brief(list(names)) for names in self.sets])})"


def grouping_sets(*sets: Any, keys: Mapping[str, ArrayLike] | None = None) -> GroupingSets:
    """Return several choices of keys, for each of which there are slices in one table: subtotals.

    Rows are told apart by all keys at once, and `max_slices` is how many combinations of them there
    may be; the slices of each set are then made of these, exactly (`Slices.grouping_sets`).
    With ``missing="drop"`` a row that lacks any of the keys is in no set.

    Parameters
    ----------
    *sets : list of keys, or a key
        Each key is a name, or `bins` or a `period` of one. The set of no keys, ``[]``, is the
        whole.
    keys : dict of array_like, optional
        What the keys are, by their names and in the order of slices: arrays, `bins` or a `period`.
        Without it they are columns of data, or given by each `Accumulator.update`, and come in the
        order in which the sets name them.

    Returns
    -------
    GroupingSets
        What `by` takes.

    Raises
    ------
    TypeError
        If a set is no list of keys, or a key has no name.
    ValueError
        If there is no key at all; if a key comes twice in a set, or a set twice; if two keys have
        one name; if `keys` has other names than the sets.

    Examples
    --------
    >>> import streamloss as sl
    >>> keys = {"carrier": ["AA", "UA", "AA"], "origin": ["JFK", "JFK", "LAX"]}
    >>> sets = sl.grouping_sets(["carrier"], ["origin"], [], keys=keys)
    >>> res = sl.evaluate("mae", [1.0, 2.0, 4.0], [2.0, 2.5, 2.0], by=sets)
    >>> res.loc["AA", sl.ALL], res.loc[sl.ALL, "JFK"], res.loc[sl.ALL, sl.ALL]
    ({'mae': 1.5}, {'mae': 0.75}, {'mae': 1.1666666666666667})
    """
    found = [_named(each) for each in sets]
    made: dict[str, Any] = {}
    for some in found:
        for name, key in some.items():
            if _told(made.setdefault(name, key)) != _told(key):
                rule = "keys of grouping sets must each have a name of its own"
                raise ValueError(f"{rule}: got {brief(made[name])} and {brief(key)}")
    if not made:
        raise ValueError(f"grouping_sets must have a key: got {brief(sets)}")
    names = _distinct([tuple(some) for some in found])
    if keys is not None:
        made = _given(made, keys)
    return GroupingSets(names, tuple(made), tuple(made.values()))


def sources_of(by: Any) -> list[Any]:
    """Return what the keys that `by` takes are made of: arrays, or names of columns."""
    by = by.by if isinstance(by, GroupingSets) else by
    keys = by.values() if isinstance(by, dict) else by if isinstance(by, tuple) else (by,)
    return [key.source if isinstance(key, Cut) else key for key in keys]


def sets_among(known: Names, sets: Iterable[Any]) -> tuple[Names, ...]:
    """Return sets of names, each in the order of the known ones.

    Raises
    ------
    TypeError, ValueError
        As `grouping_sets`, and if there is no set, or a key is not known.
    """
    found = [_named(each) for each in sets]
    for some in found:
        for key in some.values():
            if key not in known:
                rule = f"grouping_sets takes the keys {', '.join(map(brief, known))}"
                raise ValueError(f"{rule}: got {brief(key)}")
    if not found:
        raise ValueError("grouping_sets must have a set: got none")
    return _distinct([tuple([name for name in known if name in some]) for some in found])


def _named(given: Any) -> dict[str, Any]:
    """Return the keys of a set by their names."""
    keys = (given,) if isinstance(given, str | Cut) else given
    if not isinstance(keys, tuple | list):
        raise TypeError(f"a grouping set must be a list of keys: got {brief(given)}")
    names = [key.source if isinstance(key, Cut) else key for key in keys]
    for name in names:
        if not isinstance(name, str) or not name:
            rule = "a key of a grouping set must be a name, or bins or a period of one"
            raise TypeError(f"{rule}: got {brief(name)}")
    if len(set(names)) < len(names):
        raise ValueError(f"a grouping set must have each key once: got {brief(names)}")
    return dict(zip(names, keys, strict=True))


def _told(key: Any) -> Any:
    """Return what two equal keys share."""
    return (key.source, key.kind) if isinstance(key, Cut) else key


def _distinct(sets: list[Names]) -> tuple[Names, ...]:
    """Return sets, refused if two have the same keys."""
    for k, names in enumerate(sets):
        if {*names} in [{*others} for others in sets[:k]]:
            raise ValueError(
                f"grouping_sets must have each set once: got {brief(list(names))} twice"
            )
    return tuple(sets)


def _given(made: dict[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return keys made of what is given by their names."""
    if not isinstance(keys, Mapping):
        raise TypeError(f"keys must be a dict of keys by their names: got {brief(keys)}")
    if {*keys} != {*made}:
        rule = f"keys must be those of the sets, {', '.join(map(brief, made))}"
        raise ValueError(f"{rule}: got {brief(list(keys))}")
    cuts = {name: key.kind for name, key in made.items() if isinstance(key, Cut)}
    return {name: Cut(key, cuts[name]) if name in cuts else key for name, key in keys.items()}
