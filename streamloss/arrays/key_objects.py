"""Keys in lists and in arrays of objects: looked at as objects, each different one once."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from streamloss.support.brief import brief

from .key_arrays import of_dtype, of_floats, of_unsigned
from .key_codes import check_rank, check_unicode, refuse, without
from .key_times import as_plain, kind_of_scalars, of_moments
from .kinds import NOTHING, Keyed, Kind, align, convert
from .types import Array

FAMILIES: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("bool", (bool, np.bool_)),
    ("duration", (datetime.timedelta, np.timedelta64)),  # numpy's is an integer too
    ("int", (int, np.integer)),
    ("float", (float, np.float16, np.float32)),
    ("text", (str,)),
    ("bytes", (bytes,)),
    ("time", (datetime.date, np.datetime64)),
)
"""The classes of each kind; the first that fits is an object's."""

ABSENT = ("NoneType", "NAType", "NaTType", "MaskedConstant")
"""The names of classes that say that there is no value: Python's, pandas' and numpy's."""

PLAIN: dict[type, str] = {bool: "?", int: "q", float: "d"}
"""The dtypes of classes that numpy reads as they are."""


def of_array(name: str, array: Array) -> Keyed:
    """Return the keys in an array of numpy; objects are looked at as objects.

    Raises
    ------
    TypeError
        If it holds what keys are not, or keys of several kinds.
    ValueError
        If it has not one axis, or no unit holds its times.
    """
    if array.dtype.kind not in ("O", "T"):
        return of_dtype(name, array)
    check_rank(name, array.shape)
    return of_objects(name, array.tolist())


def of_masked(name: str, array: Any) -> Keyed:
    """Return the keys in a masked array; what is masked is missing, whatever it holds."""
    check_rank(name, array.shape)
    data, mask = np.asarray(array.data), np.asarray(array.mask)
    if mask.dtype != np.bool_ or not mask.any():  # a structured one has a mask for each field
        return of_array(name, data)
    data = data.copy()
    data[mask] = None if data.dtype.kind == "O" else np.zeros((), data.dtype)
    return without(of_array(name, data), mask)


def of_objects(name: str, items: list[Any]) -> Keyed:
    """Return the keys in a list of objects, as codes of those that differ.

    Raises
    ------
    TypeError
        If objects are of no kind of keys, or of more than one; bool is another than int.
    """
    types = set(map(type, items))
    if len(types) == 1 and types <= set(PLAIN):
        try:
            keyed = of_dtype(name, np.array(items, PLAIN[next(iter(types))]))
            return keyed if keyed.missing is None or not keyed.missing.all() else _nothing(items)
        except OverflowError:  # unsigned, or none of 64 bits
            pass
    families = {cls: family_of(cls) for cls in types}
    family = _family(name, families, items)
    if family in ("time", "duration"):
        items = [as_plain(item) if families[type(item)] == family else None for item in items]
    elif any(cls.__name__ == "MaskedConstant" for cls in types):  # which has no hash
        items = [None if families[type(item)] == "missing" else item for item in items]
    absent = {type(None), *(cls for cls in types if families[cls] == "missing")}
    surely = len(types) == 1 and family in ("text", "bytes")
    different, codes = _encoded(items, None if surely else absent)
    if not different:
        return _nothing(items)
    kind, values = READ[family](name, different)
    if family in ("time", "duration"):
        finest = align(kind, kind_of_scalars(name, items))
        kind, values = finest, convert(values, kind, finest)
    return Keyed(kind, values, codes)


def _encoded(items: list[Any], absent: set[type] | None) -> tuple[list[Any], Array]:
    """Return different objects that are there, and for each one its place, -1 if it is not.

    None of them is of an `absent` class, and none is NaN; None stands for all being there.
    """
    places: dict[Any, int] = dict.fromkeys(items, -1)
    different = list(places)
    if absent is not None:
        different = [item for item in places if type(item) not in absent and item == item]
    places.update(zip(different, range(len(different)), strict=True))
    return different, np.fromiter(map(places.__getitem__, items), np.int64, len(items))


def _nothing(items: Sequence[Any]) -> Keyed:
    """Return keys of objects none of which is one."""
    return without(Keyed(NOTHING, np.zeros(len(items), np.int64)), np.ones(len(items), np.bool_))


def family_of(cls: type) -> str:
    """Return the kind of keys that objects of a class are, an empty text if none."""
    if cls.__name__ in ABSENT:
        return "missing"
    return next((name for name, classes in FAMILIES if issubclass(cls, classes)), "")


def is_absent(item: Any) -> bool:
    """Return whether an object says that there is no key, as NaN and NaT do."""
    return type(item).__name__ in ABSENT or bool(item != item)


def _family(name: str, families: dict[type, str], items: list[Any]) -> str:
    """Return the kind of all objects, NaN beside others being none."""
    for cls, family in families.items():
        if not family:
            refuse(name, f"an object of type {cls.__name__[:80]}")
    found = set(families.values()) - {"missing"}
    if len(found) == 2 and "float" in found:
        numbers = tuple(cls for cls, family in families.items() if family == "float")
        if all(item != item for item in items if isinstance(item, numbers)):
            found.remove("float")
    if len(found) > 1:
        raise TypeError(
            f"by {name!r} must hold keys of one kind: got {' and '.join(sorted(found))}"
        )
    return found.pop() if found else "missing"


def _bools(name: str, items: Sequence[Any]) -> tuple[Kind, Array]:
    return Kind("bool"), np.array([int(item) for item in items], np.int64)


def _ints(name: str, items: Sequence[Any]) -> tuple[Kind, Array]:
    numbers = [int(item) for item in items]
    low, high = min(numbers), max(numbers)
    if low < -(2**63) or high >= 2**64 or (low < 0 and high >= 2**63):
        wrong = low if low < -(2**63) else high
        raise ValueError(f"by {name!r} must hold integers of 64 bits: got {brief(wrong)}")
    keyed = of_unsigned(np.array(numbers, np.uint64)) if low >= 0 else None
    return (keyed.kind, keyed.values) if keyed else (Kind("int"), np.array(numbers, np.int64))


def _floats(name: str, items: Sequence[Any]) -> tuple[Kind, Array]:
    keyed = of_floats(np.array([float(item) for item in items], np.float64))
    return keyed.kind, keyed.values


def _text(name: str, items: Sequence[Any]) -> tuple[Kind, Array]:
    check_unicode(items)
    return Kind("text"), _objects([s if type(s) is str else str.__str__(s) for s in items])


def _bytes(name: str, items: Sequence[Any]) -> tuple[Kind, Array]:
    return Kind("bytes"), _objects([b if type(b) is bytes else bytes(b) for b in items])


def _objects(items: Sequence[Any]) -> Array:
    """Return objects as an array of them."""
    array = np.empty(len(items), object)
    array[:] = items
    return array


READ: dict[str, Callable[[str, Sequence[Any]], tuple[Kind, Array]]] = {
    "bool": _bools,
    "int": _ints,
    "float": _floats,
    "text": _text,
    "bytes": _bytes,
    "time": of_moments,
    "duration": of_moments,
}
"""What reads different objects of a kind, none of which is missing."""
