"""Keys made of numbers and times: bins between edges, and periods of the calendar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from streamloss.support.brief import brief

from . import calendar
from .edges import checked, places, plain
from .kinds import NOTHING, Keyed, Kind
from .types import ArrayLike


class Cut:
    """What is cut, and the kind of key that it becomes; immutable.

    Attributes
    ----------
    source : array_like or str
        Numbers or times, or the name of the column that has them.
    kind : Kind
        Bins of their edges, or periods of a frequency.
    """

    __slots__ = ("kind", "source")

    source: Any
    kind: Kind

    def __init__(self, source: ArrayLike, kind: Kind) -> None:
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "kind", kind)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self.kind.name} cannot be changed: make others")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{self.kind.name} cannot be changed: make others")

    def __reduce__(self) -> tuple[Any, ...]:
        return Cut, (self.source, self.kind)

    def __repr__(self) -> str:
        bins = self.kind.name == "bins"
        detail = list(map(plain, self.kind.detail)) if bins else self.kind.detail[0]
        return f"{self.kind.name}({brief(self.source)}, {brief(detail)})"

    def applied(self, name: str, keyed: Keyed) -> Keyed:
        """Return the bins or periods of what was read from the source.

        Raises
        ------
        TypeError
            If it holds no numbers or no times.
        """
        if self.kind.name == "bins":
            return _binned(name, keyed, self.kind)
        return _floored(name, keyed, self.kind)


def bins(x: ArrayLike, edges: Iterable[float]) -> Cut:
    """Return a key that says which of some intervals each number is in.

    The interval from a to b has a and not b, but the last has both, as `numpy.histogram` has it.
    What is below the first edge or above the last has a slice of its own, and NaN is missing.

    Parameters
    ----------
    x : array_like or str
        Numbers, or the name of the column that has them. Integers are compared exactly.
    edges : sequence of float
        Two or more numbers that increase; the first and the last may be infinite.

    Returns
    -------
    Cut
        What `by` takes. Its slices are called ``[0, 500)`` and the like.

    Raises
    ------
    TypeError
        If an edge is no number.
    ValueError
        If edges are fewer than two, do not increase, are NaN, or no float64 equals one.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.bins([320.0, 2500.0, 80.0], [0, 500, 1000, 2500])
    bins([320.0, 2500.0, 80.0], [0, 500, 1000, 2500])
    """
    return Cut(x, Kind("bins", checked(edges)))


def period(t: ArrayLike, frequency: str) -> Cut:
    """Return a key that says which year, month or the like each time is in.

    Times with a time zone are brought to UTC, and those without are taken as UTC. Weeks start on
    Monday, and the calendar is the Gregorian, also before it was introduced.

    Parameters
    ----------
    t : array_like or str
        Dates or times, or the name of the column that has them.
    frequency : {"year", "quarter", "month", "week", "day", "hour", "minute"}
        How long a period is.

    Returns
    -------
    Cut
        What `by` takes. Its slices are called ``2024``, ``2024-Q1``, ``2024-03``, ``2024-03-04`` (a
        day, and a week by its Monday), ``2024-03-04T05`` and ``2024-03-04T05:06``.

    Raises
    ------
    ValueError
        If there is no such frequency.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.period("departure", "month")
    period('departure', 'month')
    """
    if frequency not in calendar.FREQUENCIES:
        known = ", ".join(map(repr, calendar.FREQUENCIES))
        raise ValueError(f"frequency must be one of {known}: got {brief(frequency)}")
    return Cut(t, Kind("period", (frequency,)))


def _floored(name: str, keyed: Keyed, kind: Kind) -> Keyed:
    """Return the periods that times are in."""
    if keyed.kind == NOTHING:
        return keyed._replace(kind=kind)
    if keyed.kind.name != "time":
        raise TypeError(f"by {name!r} must hold times to have periods: got {keyed.kind}")
    counts = calendar.floor(keyed.values, keyed.kind.detail[0], kind.detail[0])
    if keyed.missing is not None:
        counts = np.where(keyed.missing, 0, counts)
    return keyed._replace(kind=kind, values=counts)


def _binned(name: str, keyed: Keyed, kind: Kind) -> Keyed:
    """Return the bins that numbers are in."""
    if keyed.kind.name not in ("int", "float", "missing"):
        raise TypeError(f"by {name!r} must hold numbers to have bins: got {keyed.kind}")
    found = places(keyed, kind.detail)
    missing = keyed.missing
    if keyed.codes is not None:
        missing = keyed.codes < 0
        empty = np.zeros(1, np.int8)
        found = (found if len(found) else empty).take(keyed.codes, mode="clip")
    if missing is not None:
        found[missing] = -1
    return Keyed(kind, np.arange(len(kind.detail) + 1), found)
