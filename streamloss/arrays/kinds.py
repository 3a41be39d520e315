"""What keys are: their kinds, the integers they are held as, and what becomes of two kinds.

Keys are equal if their canonical values are: text and bytes are themselves, the rest an int64.

========= ============== ========================================================================
kind      detail         canonical value
========= ============== ========================================================================
bool                     0 or 1
int       "unsigned"?    the value; with "unsigned", which some value beyond 2**63 - 1 needs, the
                         int64 of the uint64's bits
float                    the int64 of the float64's bits; 0.0 for -0.0
text                     a str
bytes                    a bytes
time      unit           how many units (D, s, ms, us, ns) since 1970-01-01T00:00 in UTC
duration  unit           how many units (s, ms, us, ns)
bins      the edges      the bin's number: 0 is below the first edge, len(edges) above the last
period    frequency      its start since 1970: of a year, quarter or month in months, of a week or
                         day in days, of an hour or minute in seconds
missing                  no row has a key, so that any kind goes with it
========= ============== ========================================================================
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from streamloss.support.brief import brief

from .types import Array


class Kind(NamedTuple):
    """A kind of keys: equal values of one kind are one key.

    Attributes
    ----------
    name : str
        One of `NAMES`.
    detail : tuple
        What else the kind is told by: a unit, a frequency or the edges.
    """

    name: str
    detail: tuple[Any, ...] = ()

    def __str__(self) -> str:
        """Return it as errors name it."""
        shown = brief(list(self.detail)) if self.name == "bins" else " ".join(self.detail)
        return f"{self.name} {shown}".strip() if self.name not in ("int", "time") else self.name


class Keyed(NamedTuple):
    """One key of a batch: its kind, and for each row a canonical value, a code or some words.

    Attributes
    ----------
    kind : Kind
        The kind of all rows.
    values : array or None
        Without codes an int64 for each row, or an int32 with the same value, 0 where it is
        missing. With codes a dictionary, int64 or objects (text, bytes), in which one value may
        stand more than once, or unused.
    codes : array of integers, optional
        The place in `values` of each row, negative where the key is missing.
    missing : array of bool, optional
        Which rows have no key, if there are no codes and some have none.
    words : array of int64, optional
        (rows, words): the bytes of fixed-width text or bytes of each row, zeros behind them;
        `values` is None then. `text_of_words` decodes them.
    """

    kind: Kind
    values: Any
    codes: Any = None
    missing: Any = None
    words: Any = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(a for a in (self.codes, self.words, self.values) if a is not None))


NAMES = ("bool", "int", "float", "text", "bytes", "time", "duration", "bins", "period", "missing")

NOTHING = Kind("missing")
"""The kind where no row has a key."""

UNSIGNED = Kind("int", ("unsigned",))

UNITS = ("D", "s", "ms", "us", "ns")
"""The units of times and durations, from the longest to the shortest."""

LENGTHS = {
    **{unit: 1000 ** (6 - k) for k, unit in enumerate(("s", "ms", "us", "ns", "ps", "fs", "as"))},
    **{unit: n * 10**18 for unit, n in {"m": 60, "h": 3600, "D": 86400, "W": 604800}.items()},
}
"""How many attoseconds a unit of numpy has; years and months have no fixed length."""


def align(a: Kind, b: Kind) -> Kind:
    """Return the kind that holds keys of both kinds.

    Raises
    ------
    TypeError
        If they are of different kinds.
    ValueError
        If they are bins of different edges, or periods of different frequencies.

    Examples
    --------
    >>> align(Kind("time", ("s",)), Kind("time", ("ns",)))
    Kind(name='time', detail=('ns',))
    """
    if a == b or b == NOTHING:
        return a
    if a == NOTHING:
        return b
    if a.name != b.name:
        raise TypeError(f"keys must be of one kind: got {a} and {b}")
    if a.name in ("time", "duration"):
        return max(a, b, key=lambda kind: UNITS.index(kind.detail[0]))
    if a.name == "int":
        return UNSIGNED
    raise ValueError(f"keys must be of the same {a.name}: got {a} and {b}")


def convert(values: Array, old: Kind, new: Kind) -> Array:
    """Return canonical values as those of another kind, exactly.

    Text and bytes are of one kind and come back as they are, and so does what is so already.

    Raises
    ------
    TypeError
        If no value of the one kind is one of the other.
    ValueError
        If some value is none of the other: it is beyond its range, or between its units.
    """
    if old == new or old == NOTHING:
        return values
    if old.name == new.name and old.name in ("time", "duration"):
        return rescaled(values, LENGTHS[old.detail[0]], new)
    if old.name == new.name == "int":
        integers = values.view(np.uint64 if old.detail else np.int64)
        _refuse(integers, values.view(np.int64) < 0, old, new)
        return values
    if (old.name, new.name) == ("int", "float"):
        return _as_floats(values, old, new)
    if (old.name, new.name) == ("float", "int"):
        return _as_integers(values, old, new)
    raise TypeError(f"keys must be {new}: got {old}")


def rescaled(values: Array, length: int, new: Kind) -> Array:
    """Return counts of a length in attoseconds as counts of the unit of a kind."""
    shared = math.gcd(length, LENGTHS[new.detail[0]])
    up, down = length // shared, LENGTHS[new.detail[0]] // shared
    if up > 1 and len(values):
        limit = (2**63 - 1) // up
        if int(values.max()) > limit or int(values.min()) < -limit:
            raise ValueError(f"keys must fit into the range of {new.name}s in {new.detail[0]}")
        values = values * up
    if down > 1:
        parts = values // down
        if (parts * down != values).any():
            raise ValueError(f"keys must be whole {new.name}s in {new.detail[0]}")
        values = parts
    return values


def _as_floats(values: Array, old: Kind, new: Kind) -> Array:
    """Return integers as the bits of floats that equal them."""
    integers = values.view(np.uint64 if old.detail else np.int64)
    floats = integers.astype(np.float64)
    beyond = floats >= (2.0**64 if old.detail else 2.0**63)
    back = np.where(beyond, 0.0, floats).astype(integers.dtype)
    _refuse(integers, beyond | (back != integers), old, new)
    return floats.view(np.int64)


def _as_integers(values: Array, old: Kind, new: Kind) -> Array:
    """Return the integers that floats equal, which are given by their bits."""
    floats = values.view(np.float64)
    low, high = (0.0, 2.0**64) if new.detail else (-(2.0**63), 2.0**63)
    _refuse(floats, ~((floats >= low) & (floats < high) & (floats == np.floor(floats))), old, new)
    return floats.astype(np.uint64 if new.detail else np.int64).view(np.int64)


def _refuse(values: Array, wrong: Array, old: Kind, new: Kind) -> None:
    """Raise an error with the first value that is wrong, if one is."""
    if wrong.any():
        value = values[int(wrong.argmax())].item()
        raise ValueError(f"keys must be {' '.join((*new.detail, new.name))}s: got {value!r}")
