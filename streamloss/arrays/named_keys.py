"""Keys with named axes: the axes that they have become the rows of losses, one after another."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from streamloss.support.brief import brief

from .batch import normalise_axis
from .cuts import Cut
from .named import Axes, Named, axes_of, check_equal, in_rows, is_named
from .sets import GroupingSets, sources_of
from .types import AxisLike


def order_with(
    loss: Any, inputs: tuple[Any, ...], by: Any, before: Axes | None, axis: AxisLike
) -> tuple[Axes | None, AxisLike]:
    """Return the order of axes in which those of keys come first, and the axes to reduce by names.

    If no key has names, or no input, these are as they were: then keys are along axis 0.

    Parameters
    ----------
    loss : loss
        What the inputs are for.
    inputs : tuple of array_like
        y_true and y_pred.
    by : array_like, tuple or dict of them
        The keys.
    before : tuple of str, optional
        The order of earlier arrays, else that of the first input is taken.
    axis : int, str, or tuple of them, optional
        The axes to reduce: numbers are those of that order.

    Raises
    ------
    ValueError
        If a key has an axis that the losses have not.
    """
    known = before or axes_of(loss, inputs)
    if known is None:  # so it is of most calls
        return before, axis
    wanted = {axis for key in sources_of(by) if is_named(key) for axis in key.dims}
    if not wanted:
        return before, axis
    if not wanted <= set(known):
        rule = f"keys of by must have axes of {brief(known)}"
        raise ValueError(f"{rule}: got {brief(sorted(wanted - set(known)))}")
    if axis is not None:
        given = axis if isinstance(axis, tuple | list) else (axis,)
        axis = tuple([a if isinstance(a, str) else _name(a, known) for a in given])
    return tuple(sorted(known, key=lambda name: name not in wanted)), axis


def as_rows(named: Named, by: Any, axis: AxisLike) -> tuple[Any, AxisLike, Any]:
    """Return arguments whose first axis is that of rows, the axes to reduce, and the keys.

    Raises
    ------
    ValueError
        If coordinates of keys differ, or an axis of keys is to be kept.
    """
    wanted = {name for key in sources_of(by) if is_named(key) for name in key.dims}
    count = len(wanted)
    if not count:
        return named.arguments, axis, by
    rows, reduced = named.axes[:count], named.reduced(axis)
    if not set(range(count)) <= set(reduced):
        rule = f"axis must reduce {brief(rows)}, the axes of keys"
        raise ValueError(f"{rule}: got {brief([named.axes[k] for k in reduced])}")
    y_true, *others = named.arguments
    shape = tuple(np.shape(y_true)[:count])
    keys = _mapped(by, lambda key: _spread(key, rows, shape, named) if is_named(key) else key)
    if count == 1:
        return named.arguments, axis, keys
    flat = [_flat(array, shape) for array in (y_true, *others)]
    return tuple(flat), tuple([k - count + 1 for k in reduced if k >= count - 1]), keys


def _name(number: int, axes: Axes) -> str:
    """Return the name of an axis by its number."""
    return axes[normalise_axis(number, len(axes))[0]]


def _mapped(by: Any, change: Callable[[Any], Any]) -> Any:
    """Return keys with what a function makes of each."""
    if isinstance(by, GroupingSets):
        return _mapped(by.by, change)
    if isinstance(by, dict):
        return {name: _mapped(key, change) for name, key in by.items()}
    if isinstance(by, tuple):
        return tuple([_mapped(key, change) for key in by])
    return Cut(change(by.source), by.kind) if isinstance(by, Cut) else change(by)


def _spread(key: Any, rows: Axes, shape: tuple[int, ...], named: Named) -> Any:
    """Return a key of some axes as one of all rows, under its own name."""
    for axis, index in getattr(key, "indexes", {}).items():
        known = named.coordinates.get(axis)
        if axis in key.dims and known is not None:
            check_equal("by", axis, index, known.to_index())
    if len(rows) == 1:
        return key
    present = [axis for axis in rows if axis in key.dims]
    place = tuple(slice(None) if axis in present else None for axis in rows)
    values = key.transpose(*present).data[place]
    return in_rows(np.broadcast_to(values, shape).reshape(-1), getattr(key, "name", None))


def _flat(array: Any, shape: tuple[int, ...]) -> Any:
    """Return an array whose first axes, of a shape, are one; those of size 1 are repeated."""
    if array is None or isinstance(array, tuple):
        return None if array is None else tuple([_flat(each, shape) for each in array])
    if np.ndim(array) == 0:
        return array
    rest = tuple(array.shape[len(shape) :])
    if tuple(array.shape[: len(shape)]) != shape:
        array = np.broadcast_to(array, shape + rest)
    return array.reshape((math.prod(shape), *rest))
