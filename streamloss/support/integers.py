"""Integers that users give: how many of something there are."""

from __future__ import annotations

import operator
from typing import Any

from .brief import brief


def integer(name: str, value: Any) -> int:
    """Return an integer of Python or numpy.

    Raises
    ------
    TypeError
        If it is something else, such as a bool or a float.

    Examples
    --------
    >>> integer("n", 3)
    3
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer: got {brief(value)}")
    return number


def positive(name: str, value: Any) -> int:
    """Return an integer of at least 1.

    Raises
    ------
    TypeError, ValueError
        If it is no integer, or less.
    """
    number = integer(name, value)
    if number < 1:
        raise ValueError(f"{name} must be at least 1: got {brief(number)}")
    return number
