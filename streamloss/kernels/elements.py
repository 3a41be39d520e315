"""One element of a block as kernels see it: its inputs, its term, and whether it counts.

Here is what the names mean in Python; `meanings` gives them their meaning in compiled code.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamloss.losses.arithmetic import product_error
from streamloss.losses.base import Loss

Array = NDArray[Any]
Arrays = tuple[Array, ...]

Rule = bool | tuple[Array | bool, ...] | None
"""One of `switches`, or masks to look at too, with True at their end if NaN are looked for."""


def interleave(loss: Loss, spare: bool | None) -> None:
    """Have the loops above it in a function compute several of the widest vectors at once.

    In one vector, exp and log are chains of operations that wait for each other: with four it
    takes 0.8 of the time of two, which suit other losses; one if `spare` is None, for no
    registers are. And of itself LLVM takes half of the 512 bits that some CPUs have. It means
    nothing in Python.
    """


def widen(x: Any) -> Any:
    """Return x as float64, or complex128 if it is complex."""
    return np.complex128(x) if isinstance(x, np.complexfloating) else np.float64(x)


def at(array: Array, i: int) -> Any:
    """Return element i of an array, which is not below zero: a GPU's compiler has to be told."""
    return array[i]


def value(loss: Loss, inputs: Arrays, i: int) -> Any:
    """Return the loss of element i."""
    return loss.point(*(widen(a[i]) for a in inputs))


def term(loss: Loss, inputs: Arrays, weights: Array | None, i: int) -> Any:
    """Return the weighted loss of element i, or what rounding took from it if it asks for that."""
    if loss.residue:
        return 0.0 if weights is None else product_error(value(loss, inputs, i), widen(weights[i]))
    unweighted = value(loss, inputs, i)
    return unweighted if weights is None else unweighted * widen(weights[i])


def of_row(loss: Loss, inputs: Arrays, room: Arrays, i: int) -> Any:
    """Return the loss of row i; `room` has a float64 array for the row of each input."""
    return loss.row(*(in_row(a, row, i) for a, row in zip(inputs, room, strict=True)))


def in_row(array: Array, row: Array, i: int) -> Any:
    """Return the number that an array has at i, or its row at i, copied to `row`."""
    if array.ndim == 1:
        return np.float64(array[i])
    row[:] = array[i]
    return row


def present(arrays: Any, i: int) -> bool:
    """Return whether no array has a NaN at i, and no mask False; None or () is no arrays."""
    return all(a[i] if a.dtype == np.bool_ else a[i] == a[i] for a in arrays or ())


def cut(arrays: Arrays, start: int, stop: int) -> Arrays:
    """Return the slice [start, stop) of each array."""
    return tuple(a[start:stop] for a in arrays)


def part(array: Array | None, start: int, stop: int) -> tuple[Array | None]:
    """Return the slice [start, stop) of an array, None of None: in a tuple, as `fold` says."""
    return (None if array is None else array[start:stop],)


def looked_at(inputs: Arrays, weights: Array | None, rule: Rule) -> Any:
    """Return the arrays to look for NaN in: inputs and weights if the rule says so, else itself.

    A rule may be masks, which are looked at too, with True at their end if it says so.
    """
    if type(rule) is tuple and rule and rule[-1] is True:
        return (*looked_at(inputs, weights, True), *rule[:-1])
    if rule is not True:
        return rule
    return inputs if weights is None else (*inputs, weights)


def eight_at_a_time(narrow: bool | None, seen: Rule) -> bool | None:
    """Return True if weights are faster counted apart: float32 ones, none of them missing."""
    return True if narrow is not None and not seen else None


def sift(x: Any, weights: Array | None, i: int, seen: Rule) -> Any:
    """Return term x of element i, or zero where its weight is zero, unless seen is ()."""
    return x if weights is None or seen == () or weights[i] != 0 else 0.0


def keep(x: Any, seen: Rule, i: int) -> Any:
    """Return x, or zero where one of the arrays seen has a NaN at i; None looks at none."""
    return x if present(seen, i) else 0.0
