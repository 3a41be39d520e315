"""The arrays of a call, checked and aligned once: what runners and kernels take for granted."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from streamloss.losses.base import Loss
from streamloss.support.brief import brief

from .convert import as_array, as_mask
from .types import ArrayLike, AxisLike, LazyArray

if TYPE_CHECKING:  # typing has it from Python 3.13 on
    from typing_extensions import TypeIs


POLICIES = ("propagate", "omit", "raise")

Arguments = tuple[Any, Any, Any, Any]
"""y_true, y_pred, weights and where of a call: anything array-like, or dask's.

No NamedTuple: to make one takes 0.3 us of the 5 of a small update
(`benchmarks/bench_streaming.py`).
"""


class UnknownSizes(ValueError):
    """Raised for lazy arrays of unknown chunk sizes beside arrays with other chunks."""


class Batch(NamedTuple):
    """Arrays ready to be cut: weights and mask are broadcast to the losses without a copy.

    Inputs of rank 0 have the shape of the losses, those of rank 1 a last axis beyond it, the rows.
    Each array is one of numpy, or where it lies on a GPU a `DeviceArray`.
    """

    inputs: tuple[Any, ...]
    weights: Any
    where: Any
    dtype: np.dtype[Any]
    ranks: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the losses."""
        shape: tuple[int, ...] = self.inputs[0].shape
        return shape[: len(shape) - self.ranks[0]]

    @property
    def on_device(self) -> bool:
        """Whether an array is in the memory of a GPU."""
        for array in (*self.inputs, self.weights, self.where):
            if array is not None and not isinstance(array, np.ndarray):
                return True
        return False

    @property
    def row(self) -> int | None:
        """The length of a row, None if losses are of single elements."""
        return next((a.shape[-1] for a, k in zip(self.inputs, self.ranks, strict=True) if k), None)

    def rows(self, axis: AxisLike) -> int:
        """Return the rows that each cell covers: the size of axis 0 if it is reduced, else 1."""
        reduced = normalise_axis(axis, len(self.shape))
        return self.shape[0] if 0 in reduced else 1


FLOAT32, FLOAT64, COMPLEX128 = (np.dtype(code) for code in ("f4", "f8", "c16"))


def as_batch(
    losses: Sequence[Any],
    y_true: ArrayLike,
    y_pred: ArrayLike,
    weights: ArrayLike,
    where: ArrayLike,
    compute: np.dtype[Any] | None = None,
) -> Batch:
    """Return the arrays of a call as numbers of one shape.

    They are rounded to the dtype `compute` when they are read, if there is one.

    Raises
    ------
    TypeError
        If an input is missing or too many, or holds no numbers; if an input is complex and a
        loss is not made for that; if weights are not real or `where` is not boolean.
    ValueError
        If shapes differ, or weights or `where` do not align with the leading axes.
    """
    arrays, valid = [], []
    for name, value in name_inputs(losses, y_true, y_pred):
        array, mask = as_array(name, value)
        arrays.append(array)
        if mask is not None:
            valid.append(mask)
    inputs, ranks = tuple(arrays), losses[0].ranks
    shape = check_shapes(inputs, ranks)
    if valid:
        valid = [m if m.ndim <= len(shape) else np.asarray(m.all(axis=-1)) for m in valid]
    if weights is not None:
        weights, mask = as_array("weights", weights)
        if mask is not None:
            valid.append(_align("weights", mask, shape))
        weights = _align("weights", weights, shape)
    if where is not None:
        valid.append(_align("where", as_mask("where", where), shape))
    dtype = compute or common_dtype(losses, inputs, weights)
    return Batch(inputs, weights, _all(valid), dtype, ranks)


def is_lazy(value: object) -> TypeIs[LazyArray]:
    """Return whether a value is one of dask's, to be computed later."""
    cls = type(value)  # xarray's arrays have the method too, lazy or not
    return hasattr(cls, "__dask_graph__") and cls.__module__.startswith("dask")


def any_lazy(y_true: object, y_pred: object, weights: object, where: object) -> bool:
    """Return whether any argument of a call is lazy."""
    predictions = y_pred if isinstance(y_pred, tuple) else (y_pred,)
    for value in (y_true, *predictions, weights, where):
        if not isinstance(value, np.ndarray) and is_lazy(value):
            return True
    return False


def check_shapes(inputs: Sequence[Any], ranks: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the losses; sizes that are NaN, as dask has them, are not known.

    Raises
    ------
    ValueError
        If inputs have different shapes, but for the last axis where they are of different ranks.
    """
    first = ranks.index(max(ranks))
    shape: tuple[int, ...] = inputs[first].shape
    if len(shape) < ranks[first]:
        raise ValueError(f"{_input(first)} must have rows along its last axis: got shape ()")
    losses = shape[: len(shape) - ranks[first]]
    for k, (array, rank) in enumerate(zip(inputs, ranks, strict=True)):
        expected = shape if rank == ranks[first] else losses
        if array.shape != expected and not may_fit(array.shape, expected):
            if len(set(ranks)) == 1:
                rule = "y_pred must have the shape of y_true"
                raise ValueError(f"{rule}: got {array.shape} and {expected}")
            rule = f"{_input(k)} must have the shape of {_input(first)} without its last axis"
            raise ValueError(f"{rule}: got {array.shape} and {shape}")
    return losses


def _input(k: int) -> str:
    """Return the argument that input k comes from."""
    return "y_true" if k == 0 else "y_pred"


def may_fit(sizes: tuple[Any, ...], shape: tuple[Any, ...]) -> bool:
    """Return whether sizes are equal as far as both are known; NaN is one that is not."""
    pairs = zip(sizes, shape, strict=False)
    return len(sizes) == len(shape) and all(a == b or a != a or b != b for a, b in pairs)


def name_inputs(
    losses: Sequence[Any], y_true: ArrayLike, y_pred: ArrayLike
) -> list[tuple[str, Any]]:
    """Return the inputs with their names, as many as the losses take."""
    count = losses[0].inputs
    if count == 1:
        if y_pred is not None:
            raise TypeError(f"{losses[0]!r} takes one input: y_pred must be None")
        return [("y_true", y_true)]
    if count == 2:
        return [("y_true", y_true), ("y_pred", y_pred)]
    if not isinstance(y_pred, tuple) or len(y_pred) != count - 1:
        raise TypeError(f"y_pred must be a tuple of {count - 1} arrays for {losses[0]!r}")
    return [("y_true", y_true), *((f"y_pred[{k}]", p) for k, p in enumerate(y_pred))]


def check_same_inputs(losses: Sequence[Loss]) -> None:
    """Refuse losses that cannot share one pass.

    Raises
    ------
    ValueError
        If there is no loss, or losses take different numbers of inputs.
    """
    if not losses:
        raise ValueError("losses must name at least one loss: got none")
    for loss in losses:
        if loss.ranks != losses[0].ranks:
            raise ValueError(
                f"the losses of one call must take the same inputs: {losses[0]!r} takes"
                f" {describe_inputs(losses[0])}, {loss!r} takes {describe_inputs(loss)}"
            )


def refuse_labels(name: str, labels: Any, rank: int, where: Any, classes: int) -> None:
    """Refuse labels that are not indices of classes; a row of them ends before a negative number.

    A NaN is none, and refused as such elsewhere; what `where` leaves out may be anything.

    Raises
    ------
    ValueError
        If there is one: its place is named. It carries `place`, the index among the labels, and
        `rule`, what is wrong without it, for who knows a better name of the place.
    """
    labels = labels.astype(np.float64)
    wrong = ~((labels >= 0.0) & (labels < classes) & (labels == np.floor(labels)))
    wrong &= ~np.isnan(labels)
    if rank:
        wrong &= ~np.logical_or.accumulate(labels < 0.0, axis=-1)
    if where is not None:
        wrong &= where[..., None] if rank else where
    if wrong.any():
        place = tuple(map(int, np.unravel_index(int(wrong.argmax()), labels.shape)))
        what = f"must be a class from 0 to {classes - 1}: got {labels[place]:g}"
        error = ValueError(f"nan='raise': {name}[{', '.join(map(str, place))}] {what}")
        vars(error).update(place=place, rule=f"nan='raise': {name} {what}")
        raise error


def describe_inputs(loss: Loss) -> str:
    """Return how many inputs a loss takes, and which are rows."""
    if not any(loss.ranks):
        return str(loss.inputs)
    return f"{loss.inputs} ({', '.join('a row' if rank else 'a number' for rank in loss.ranks)})"


def check_policy(nan: object) -> str:
    """Return the NaN policy if there is one of that name."""
    if not isinstance(nan, str) or nan not in POLICIES:
        raise ValueError(f"nan must be one of {', '.join(map(repr, POLICIES))}: got {brief(nan)}")
    return nan


def _align(name: str, array: Any, shape: tuple[int, ...]) -> Any:
    """Broadcast an array over the leading axes: strides of zero, never a copy."""
    if array.shape == shape:
        return array
    check_alignment(name, array.shape, shape)
    if not isinstance(array, np.ndarray):
        return array.broadcast(shape)
    return np.broadcast_to(array.reshape(array.shape + (1,) * (len(shape) - array.ndim)), shape)


def check_alignment(name: str, sizes: tuple[Any, ...], shape: tuple[Any, ...]) -> None:
    """Refuse sizes that do not align with the leading axes, as far as both are known."""
    leading = zip(sizes, shape, strict=False)
    if len(sizes) > len(shape) or not all(may_fit((a,), (b,)) or a == 1 for a, b in leading):
        refuse_alignment(name, sizes, shape)


def check_rows(name: str, rows: Any, shape: tuple[Any, ...]) -> None:
    """Refuse a key that has not one value for each row of the losses, as far as both are known."""
    if not shape or not may_fit((rows,), shape[:1]):
        rule = f"by {name!r} must have a key for each row of the losses"
        raise ValueError(f"{rule}: got {rows} for losses of shape {shape}")


def refuse_alignment(name: str, sizes: tuple[Any, ...], shape: tuple[Any, ...]) -> NoReturn:
    """Raise what says that sizes do not align."""
    raise ValueError(
        f"{name} must align with the leading axes of the losses:"
        f" got {sizes} for losses of shape {shape}"
    )


def _all(masks: list[Any]) -> Any:
    """Return where all masks hold; one mask alone is not copied.

    The first of several is a masked array's, made for this call: it is overwritten where it can be.

    Raises
    ------
    TypeError
        If one of several is on a GPU.
    """
    if not masks:
        return None
    if len(masks) > 1 and not all([isinstance(mask, np.ndarray) for mask in masks]):
        raise TypeError("where must be an array of the CPU beside masked arrays: got one of a GPU")
    out = masks[0]
    for mask in masks[1:]:
        out = np.logical_and(out, mask, out=out if out.flags.writeable else None)
    return out


def common_dtype(losses: Sequence[Loss], inputs: Sequence[Any], weights: Any) -> np.dtype[Any]:
    """Return the dtype that kernels see: float32 only if all are, complex128 if an input is."""
    first: np.dtype[Any] = inputs[0].dtype
    arrays = inputs if weights is None else (*inputs, weights)
    if (first == FLOAT32 or first == FLOAT64) and all([a.dtype == first for a in arrays]):
        return first
    if weights is not None and weights.dtype.kind == "c":
        raise TypeError(f"weights must be real: got dtype {weights.dtype}")
    if any(array.dtype.kind == "c" for array in inputs):
        for loss in losses:
            if not loss.complex_inputs:
                raise TypeError(f"{loss!r} is not defined for complex numbers")
        return COMPLEX128
    return FLOAT64


def check_axis(axis: Any) -> Any:
    """Return the axes as an integer, a sorted tuple of them, or None; names as they are.

    Raises
    ------
    TypeError
        If an axis is no integer.
    """
    if axis is None or has_names(axis):
        return axis
    try:
        if isinstance(axis, tuple | list):
            return tuple(sorted(operator.index(item) for item in axis))
        return operator.index(axis)
    except TypeError:
        raise TypeError(f"axis must be an integer or a tuple of them: got {brief(axis)}") from None


def has_names(axis: object) -> bool:
    """Return whether axes are named, and not numbered."""
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    return any([isinstance(item, str) for item in axes])


def normalise_axis(axis: AxisLike, ndim: int) -> tuple[int, ...]:
    """Return the reduced axes, sorted and not negative; None is all of them.

    Raises
    ------
    ValueError
        If an axis is outside the array (numpy's AxisError) or named twice.
    TypeError
        If an axis is no integer.
    """
    if axis is None:
        return tuple(range(ndim))
    if has_names(axis):
        raise TypeError(f"axis must be an integer or a tuple of them for arrays: got {brief(axis)}")
    numbers: Any = axis
    return tuple(sorted(np.lib.array_utils.normalize_axis_tuple(numbers, ndim, argname="axis")))


def axes_with_rows(axis: AxisLike, ndim: int) -> tuple[int, ...]:
    """Return the reduced axes of losses with keys, as `normalise_axis` does.

    Raises
    ------
    ValueError
        If axis 0 is none of them.
    """
    reduced = normalise_axis(axis, ndim)
    if 0 not in reduced:
        raise ValueError(f"axis must reduce axis 0, which has the keys of by: got {axis}")
    return reduced
