"""Shapes of arguments as Keras fits them: ranks that differ by one, broadcasting, axes.

A size is NaN where dask does not know it.
"""

from __future__ import annotations

import math

from streamloss.arrays.types import DuckArray, Shape
from streamloss.compat._common import arrays
from streamloss.compat._common.sums import KNOWING
from streamloss.support.brief import brief

KerasAxis = int | tuple[int, ...] | list[int] | None
"""An axis or several, None for all."""


def squeeze_or_expand(a: DuckArray, b: DuckArray) -> tuple[DuckArray, DuckArray]:
    """Return arrays whose ranks differ by a last axis of size 1 in one rank."""
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b[..., None]) if b.ndim == 1 else (a[..., 0], b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a[..., None], b) if a.ndim == 1 else (a, b[..., 0])
    return a, b


def same_shape(y_true: DuckArray, y_pred: DuckArray) -> tuple[DuckArray, DuckArray]:
    """Return labels and predictions.

    Raises
    ------
    ValueError
        If they have not the same shape.
    """
    if not alike(y_true.shape, y_pred.shape):
        raise ValueError(
            f"y_true and y_pred must have the same shape: got {y_true.shape} and {y_pred.shape}"
        )
    return y_true, y_pred


def as_they_are(y_true: DuckArray, y_pred: DuckArray) -> tuple[DuckArray, DuckArray]:
    """Return labels and predictions, whatever their shapes."""
    return y_true, y_pred


def alike(a: Shape, b: Shape) -> bool:
    """Return whether shapes are equal as far as they are known."""
    if a == b:
        return True
    return len(a) == len(b) and all(_same(m, n) for m, n in zip(a, b, strict=True))


def fits(few: Shape, many: Shape) -> bool:
    """Return whether shapes of one rank are alike but for sizes of 1 in the first."""
    return all(m == 1 or _same(m, n) for m, n in zip(few, many, strict=True))


def _same(m: int, n: int) -> bool:
    """Return whether sizes are equal, or both not known."""
    return m == n or (m != m and n != n)


def shape_of(names: str, *shapes: Shape) -> Shape:
    """Return the shape that the shapes of arguments broadcast to.

    Raises
    ------
    ValueError
        If they do not.
    """
    if shapes.count(shapes[0]) == len(shapes):
        return shapes[0]
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    found = []
    for sizes in zip(*padded, strict=True):
        large = [size for size in sizes if size != 1] or [1]
        if not all(_same(size, large[0]) for size in large):
            unknown = any(size != size for size in sizes)
            hint = f"; sizes must be known for that: {KNOWING}" if unknown else ""
            raise ValueError(f"{names} must broadcast: got {' and '.join(map(str, shapes))}{hint}")
        found.append(large[0])
    return tuple(found)


def broadcast(array: DuckArray, shape: Shape) -> DuckArray:
    """Return an array broadcast to a shape.

    Raises
    ------
    ValueError
        If it would have to be repeated so often as nobody knows.
    """
    if alike(array.shape, shape):
        return array
    if any(size != size for size in shape):
        raise unknown_sizes()
    return arrays.broadcast(array, shape)


def unknown_sizes() -> ValueError:
    """Return the error of dask arrays whose sizes a result depends on."""
    return ValueError(f"sizes of dask arrays must be known here: {KNOWING}")


def times(few: Shape, many: Shape) -> int:
    """Return how often an array of the first shape is repeated in the second."""
    if alike(few, many) or 0 in few:
        return 1
    if all(size == size for size in few + many):
        return math.prod(many) // math.prod(few)
    padded = (1,) * (len(many) - len(few)) + few
    return math.prod(1 if _same(m, n) else n for m, n in zip(padded, many, strict=True))


def axes_of(axis: KerasAxis, rank: int) -> tuple[int, ...]:
    """Return the axes of an `axis` argument in order, all for None.

    Raises
    ------
    ValueError
        If there is no such axis.
    """
    given = range(rank) if axis is None else axis if isinstance(axis, tuple | list) else [axis]
    for k in given:
        if not -rank <= k < rank:
            raise ValueError(f"axis must be one of the {rank} axes of y_pred: got {brief(axis)}")
    return tuple(sorted(k % rank for k in given))


def axes_last(array: DuckArray, axes: tuple[int, ...]) -> DuckArray:
    """Return an array with some of its axes last."""
    if axes == tuple(range(array.ndim - len(axes), array.ndim)):
        return array
    for done, axis in enumerate(axes):
        array = arrays.move_last(array, axis - done)
    return array
