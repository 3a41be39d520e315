"""Switches select code when a kernel is compiled: each is a type, of which a kernel gets a value.

A rule says how zero weights and NaN are treated, a width what the arrays are. Values without
fields reach the compiler as types, on the CPU and on GPUs alike, as losses do; `meanings` chooses
by them, and at run time nothing is passed. Python compares them by type, which tuples do not.
"""

from __future__ import annotations

from typing import Any


class Switch(tuple[()]):
    """A value of a type of its own, without fields: numba takes it for a NamedTuple."""

    __slots__ = ()
    _fields = ()

    def _asdict(self) -> dict[str, Any]:
        """Return the fields, of which there are none; numba knows NamedTuples by this method."""
        return {}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __ne__(self, other: object) -> bool:
        return type(self) is not type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return type(self).__name__


class Sift(Switch):
    """The rule that terms of weight zero are zero, whatever the loss is."""

    __slots__ = ()


class Omit(Switch):
    """The rule of `Sift`, and that elements with a NaN do not count."""

    __slots__ = ()


class Multiply(Switch):
    """The rule that each term is the product of loss and weight, whatever they are."""

    __slots__ = ()


class Narrow(Switch):
    """The width of arrays that are all float32."""

    __slots__ = ()


class Wide(Switch):
    """The width of all other arrays: float64 or complex128."""

    __slots__ = ()


SIFT, OMIT, MULTIPLY = Sift(), Omit(), Multiply()
NARROW, WIDE = Narrow(), Wide()

Rule = Sift | Omit | Multiply
Width = Narrow | Wide
