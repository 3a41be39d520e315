"""What comes in, as Keras reads it: arrays, dtypes and shapes.

Arrays are numpy's or dask's; a size is NaN where dask does not know it.
"""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any, Protocol

import numpy as np

from streamloss.arrays.batch import FLOAT32
from streamloss.arrays.types import Array, ArrayLike, DType, DTypeLike, DuckArray, Shape
from streamloss.compat._common import arrays
from streamloss.compat._common.sums import KNOWING
from streamloss.support.brief import brief


class DTypePolicy(Protocol):
    """A policy of Keras, which names the dtype to compute in."""

    @property
    def compute_dtype(self) -> str:
        """The name of the dtype."""
        ...


DTypeArgument = DTypeLike | DTypePolicy | dict[str, Any] | None
"""A dtype, its name, a policy of Keras or the configuration of one; None is float32."""

KerasAxis = int | tuple[int, ...] | list[int] | None
"""An axis or several, None for all."""

EPSILON = 1e-7
"""Keras' `backend.epsilon()`."""

KEPT = -1
"""In place of an index: the array stays as it is."""

HALVES = ("float16", "bfloat16")
"""Dtypes in which 1 - 1e-7 is 1."""


def dtype_of(dtype: DTypeArgument) -> DType:
    """Return the floating or integer dtype that a `dtype` argument means, float32 for None.

    Raises
    ------
    TypeError
        If it is another.
    """
    given: Any = dtype
    if isinstance(given, dict):  # the configuration of a policy
        given = given["config"]["name"]
    named = getattr(given, "compute_dtype", given) or "float32"
    if isinstance(named, str):
        named = named.removeprefix("mixed_")
        if named == "bfloat16":
            named = importlib.import_module("ml_dtypes").bfloat16
    found = np.dtype(named)
    if not is_floating(found) and found.kind not in "iu":
        raise TypeError(f"dtype must be a floating or integer dtype: got {brief(dtype)}")
    return found


def of_means(dtype: DType) -> DType:
    """Return the dtype of means of values of a dtype: float32 of integers."""
    return dtype if is_floating(dtype) else FLOAT32


def wide(dtype: DType) -> DType:
    """Return the floating dtype of results that become values of a dtype."""
    return dtype if is_floating(dtype) else np.dtype(np.float64)


def is_floating(dtype: DType) -> bool:
    """Return whether values of a dtype are real floats, bfloat16 among them."""
    return dtype.kind == "f" or dtype.name == "bfloat16"


def tensor(name: str, value: ArrayLike) -> DuckArray:
    """Return an argument as a numpy or dask array; Python floats are float32."""
    array = arrays.array(name, value)
    if array.dtype == np.float64 and isinstance(value, float | list | tuple) and _is_plain(value):
        return array.astype(FLOAT32)
    return array


def real(name: str, array: DuckArray) -> DuckArray:
    """Return an array of real numbers.

    Raises
    ------
    TypeError
        If it is complex.
    """
    if array.dtype.kind == "c":
        raise TypeError(f"{name} must be real: got dtype {array.dtype}")
    return array


def _is_plain(value: object) -> bool:
    """Return whether nested lists begin with a number of Python."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return not hasattr(value, "dtype")


def pair_of(y_true: ArrayLike, y_pred: ArrayLike, dtype: DType) -> tuple[DuckArray, DuckArray]:
    """Return labels and predictions as values of a dtype, of one rank if theirs differ by one."""
    given = (real(n, arrays.array(n, a)) for n, a in (("y_true", y_true), ("y_pred", y_pred)))
    return squeeze_or_expand(*(cast("y_true and y_pred", array, dtype) for array in given))


def rounded(name: str, array: DuckArray, dtype: DType) -> DuckArray:
    """Return an array as values of a dtype, or as it is where sums round to that dtype."""
    return array if dtype in (FLOAT32, np.float64) else cast(name, array, dtype)


def cast(name: str, array: DuckArray, dtype: DType) -> DuckArray:
    """Return an array in a floating dtype, or truncated towards zero in one of integers.

    Raises
    ------
    ValueError
        If integers of the dtype do not reach so far; of a dask array when it is computed.
    """
    if is_floating(dtype) or array.dtype == dtype:
        return arrays.as_dtype(array, dtype)
    return arrays.mapped(array, functools.partial(_truncated, name, dtype), dtype)


def _truncated(name: str, dtype: DType, block: Array) -> Array:
    """Return the numbers of a block as integers of a dtype."""
    limits, whole = np.iinfo(dtype), np.asarray(np.trunc(block))
    least, most = float(limits.min), float(limits.max) + 1.0
    wrong = whole[~((whole >= least) & (whole < most))]
    if wrong.size:
        raise ValueError(f"{name} must fit {dtype}: got {wrong[0]}")
    return whole.astype(dtype)[()]


def compute_of(dtype: DType) -> DType | None:
    """Return the dtype that sums are to round inputs to: None but for float32."""
    return FLOAT32 if dtype == FLOAT32 else None


def edges(dtype: DType) -> dict[str, float]:
    """Return where probabilities are clipped: epsilon and 1 - epsilon in a dtype.

    In half precision 1 - 1e-7 would be 1, and the logarithm of what is left of 1 infinite.
    """
    high = 1.0 - EPSILON
    return {"low": epsilon(dtype), "high": high if dtype.name in HALVES else in_dtype(high, dtype)}


def epsilon(dtype: DType) -> float:
    """Return epsilon in a dtype."""
    return in_dtype(EPSILON, dtype)


def in_dtype(value: float, dtype: DType) -> float:
    """Return a number rounded to a floating dtype."""
    return float(np.float64(value).astype(dtype)) if is_floating(dtype) else value


def squeeze_or_expand(a: DuckArray, b: DuckArray) -> tuple[DuckArray, DuckArray]:
    """Return arrays whose ranks differ by a last axis of size 1 in one rank."""
    first, second = last_axes(a.shape, b.shape)
    return a if first == KEPT else a[..., first], b if second == KEPT else b[..., second]


def last_axes(a: Shape, b: Shape) -> tuple[int | None, int | None]:
    """Return what becomes of the last axes of arrays, so that one of size 1 makes no difference.

    0 takes the axis away, None adds one, and `KEPT` leaves the array as it is.
    """
    if len(a) == len(b) + 1 and a[-1] == 1:
        return (KEPT, None) if len(b) == 1 else (0, KEPT)
    if len(b) == len(a) + 1 and b[-1] == 1:
        return (None, KEPT) if len(a) == 1 else (KEPT, 0)
    return KEPT, KEPT


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
