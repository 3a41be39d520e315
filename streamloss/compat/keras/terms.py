"""The arrays of a call as what losses of this package take: what is summed, and of which shape."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.types import Array, DType, DuckArray, LazyArray, Shape
from streamloss.compat._common import arrays
from streamloss.compat._common.sums import reduced
from streamloss.exact.reductions import Sums
from streamloss.losses import Value
from streamloss.losses.base import LossLike
from streamloss.metrics import Dice, Tversky
from streamloss.metrics.overlap import overlap_loss
from streamloss.support.brief import brief

from .arguments import (
    KerasAxis,
    alike,
    as_they_are,
    axes_last,
    axes_of,
    broadcast,
    compute_of,
    is_floating,
    same_shape,
    shape_of,
    times,
)

Make = Callable[..., LossLike]
"""Takes a dtype and the parameters of a loss, returns the loss."""

Fit = Callable[[DuckArray, DuckArray], tuple[DuckArray, DuckArray]]
"""Takes labels and predictions, returns them in the shapes that a function reads."""


class Terms(NamedTuple):
    """What a call sums.

    Attributes
    ----------
    losses : tuple
        The loss or, for hinges, that of labels -1 and 1 and that of labels 0 and 1.
    inputs : tuple of arrays
        As the losses take them.
    shape : tuple of int
        That of Keras' losses.
    row : tuple of int
        That of the elements whose losses have one loss of Keras as their mean; () for losses of
        rows.
    compute : dtype or None
        To what inputs and weights are rounded when they are summed.
    where : array of bool or None
        Which losses count; those of an ignored class are zero.
    choice : int, or lazy array of it
        Which of `losses` it is: 1 if all labels are 0 or 1.
    """

    losses: tuple[LossLike, ...]
    inputs: tuple[DuckArray, ...]
    shape: Shape
    row: Shape
    compute: DType | None
    where: DuckArray | None = None
    choice: int | LazyArray = 0

    @property
    def per(self) -> int:
        """How many elements a loss is the mean of."""
        return math.prod(self.row)

    @classmethod
    def of_values(cls, values: DuckArray, where: DuckArray | None = None) -> Terms:
        """Return losses that are known, as those of rows."""
        return cls((Value(),), (values,), values.shape, (), None, where)


class Kind(NamedTuple):
    """One loss of Keras: how its `Terms` are made, and which predictions it takes.

    Attributes
    ----------
    read : callable
        Takes labels, predictions, their dtype, `make` and the arguments of the function; returns
        its `Terms`.
    make : callable
        Takes a dtype and arguments of the function, returns the loss.
    fit : callable
        How labels and predictions come to one shape, beyond broadcasting.
    others : str
        Kinds of dtypes other than floating ones: i, u, c.
    least : dtype or None
        Of losses of predictions with fewer bits; by default losses have the predictions' dtype.
    """

    read: Callable[..., Terms]
    make: Make
    fit: Fit = as_they_are
    others: str = ""
    least: DType | None = None

    @property
    def takes_indices(self) -> bool:
        """Whether labels are indices of classes, which nothing rounds."""
        return self.read is of_indices

    def result(self, dtype: DType) -> DType:
        """Return the dtype of the losses of predictions of a dtype.

        Raises
        ------
        TypeError
            If the loss takes no such predictions.
        """
        if is_floating(dtype):
            if self.least is None or dtype.itemsize >= self.least.itemsize:
                return dtype
            return self.least
        if dtype.kind not in self.others:
            raise TypeError(f"y_pred must be floating: got dtype {dtype}")
        return np.dtype(np.float64 if dtype == np.complex128 else np.float32)

    def terms(self, y: DuckArray, p: DuckArray, dtype: DType, arguments: dict[str, Any]) -> Terms:
        """Return what is summed of labels and predictions, which are rounded to a dtype."""
        return self.read(*self.fit(y, p), dtype, self.make, **arguments)


def of_elements(
    y: DuckArray, p: DuckArray, dtype: DType, make: Make, axis: KerasAxis = -1, **given: Any
) -> Terms:
    """Read losses of elements whose mean over `axis` is a loss of Keras."""
    shape = shape_of("y_true and y_pred", y.shape, p.shape)
    if not shape:
        raise ValueError("y_true and y_pred must have at least one axis: got scalars")
    axes = axes_of(axis, len(shape))
    y, p = (axes_last(broadcast(a, shape), axes) for a in (y, p))
    kept, row = p.shape[: p.ndim - len(axes)], p.shape[p.ndim - len(axes) :]
    return Terms((make(dtype, **given),), (y, p), kept, row, compute_of(dtype))


def of_rows(
    y: DuckArray, p: DuckArray, dtype: DType, make: Make, axis: int = -1, **given: Any
) -> Terms:
    """Read losses of rows along `axis`."""
    found = of_elements(y, p, dtype, make, operator.index(axis), **given)
    return found._replace(row=())


def of_classes(
    y: DuckArray, p: DuckArray, dtype: DType, make: Make, axis: int = -1, **given: Any
) -> Terms:
    """Read losses of rows of classes along `axis`; `alpha` may be a list of one for each class."""
    if isinstance(axis, bool):
        raise ValueError(f"axis must be an int: got {brief(axis)}")
    (along,) = axes_of(operator.index(axis), p.ndim)
    if p.shape[along] == 1:
        warnings.warn(
            "expected y_pred.shape to be (batch_size, num_classes) with num_classes > 1. Received: "
            f"y_pred.shape={p.shape}. For two classes use 'binary_crossentropy'.",
            SyntaxWarning,
            stacklevel=2,
        )
    alpha = given.get("alpha")
    if alpha is None or np.ndim(alpha) == 0:
        return of_rows(y, p, dtype, make, axis, **given)
    # the loss is linear in the label: alpha becomes a factor of the smoothed label
    smoothing = given["label_smoothing"]
    factors = _along(along, p.shape, np.asarray(alpha, np.float64))
    y = (y * (1.0 - smoothing) + smoothing / p.shape[along]) * factors
    return of_rows(y, p, dtype, make, axis, **given | {"alpha": 1.0, "label_smoothing": 0.0})


def _along(axis: int, shape: Shape, alpha: Array) -> Array:
    """Return one number for each class as an array that broadcasts along the axis of classes."""
    if alpha.ndim > 1:  # an array that broadcasts as it is
        return alpha
    if len(alpha) not in (1, shape[axis]):
        rule = f"alpha must be a number or a list of one for each of {shape[axis]} classes"
        raise ValueError(f"{rule}: got {len(alpha)}")
    return alpha.reshape(-1, *(1,) * (len(shape) - 1 - axis))


def of_signs(y: DuckArray, p: DuckArray, dtype: DType, make: Make) -> Terms:
    """Read labels that are -1 and 1 or, if there are no others, 0 and 1."""
    found = of_elements(y, p, dtype, make)
    labels = arrays.as_dtype(y, dtype)
    binary = ((labels == 0) | (labels == 1)).all()
    choice = binary.astype(np.int64) if is_lazy(binary) else int(binary)
    return found._replace(losses=(make(dtype), make(dtype, 1.0)), choice=choice)


def of_indices(
    y: DuckArray,
    p: DuckArray,
    dtype: DType,
    make: Make,
    axis: int = -1,
    ignore_class: int | None = None,
    **given: Any,
) -> Terms:
    """Read the indices of classes and rows of predictions along `axis`."""
    shape, axes = p.shape, axes_of(operator.index(axis), p.ndim)
    p = axes_last(p, axes)
    if y.ndim == p.ndim and y.shape[axis] == 1:
        y = axes_last(y, axes)[..., 0]
    if not alike(y.shape, p.shape[:-1]):
        rule = f"y_true must have the shape of y_pred without its axis {axis}"
        raise ValueError(f"{rule}: got {y.shape} and {shape}")
    where = None if ignore_class is None else y != ignore_class
    with np.errstate(invalid="ignore"):
        labels = y.astype(np.int64) if y.dtype.kind not in "iu" else y
    labels = _checked(labels if where is None else labels * where, p.shape[-1])
    return Terms((make(dtype, **given),), (labels, p), y.shape, (), compute_of(dtype), where)


def _checked(labels: DuckArray, classes: int) -> DuckArray:
    """Return the indices of classes; one that is none raises, of dask arrays when computed."""
    if is_lazy(labels):
        return labels.map_blocks(_checked, classes, dtype=labels.dtype, meta=labels._meta)
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        rule = f"y_true must hold classes from 0 to {classes - 1}"
        raise ValueError(f"{rule}: got {labels.min()} to {labels.max()}")
    return labels


def of_sets(
    y: DuckArray,
    p: DuckArray,
    dtype: DType,
    make: Callable[..., Dice | Tversky],
    axis: KerasAxis = None,
    **given: Any,
) -> Terms:
    """Read the labels and predictions of sets; a loss is one of a whole array, or along axes."""
    shape = shape_of("y_true and y_pred", y.shape, p.shape)
    if axis is not None:
        same_shape(y, p)
    made = make(dtype, **given)
    repeats = [times(a.shape, shape) for a in (y, p)]
    finish = Repeated(made, *repeats).combine
    inputs = broadcast(y, shape), broadcast(p, shape)
    axes = None if axis is None else axes_of(axis, len(shape))
    values = reduced(made, inputs, None, finish, compute=compute_of(dtype), axis=axes)
    values = np.asarray(values) if not is_lazy(values) else values
    return Terms.of_values(values)


class Repeated(NamedTuple):
    """A `Dice` of labels and predictions that were broadcast so many times."""

    loss: Dice | Tversky
    true: int
    pred: int

    def combine(self, sums: Sums) -> float:
        """Return the result of exact sums; Keras sums the arrays as they are given."""
        both, true, pred = sums.losses
        if not isinstance(self.loss, Dice):
            return self.loss.combine(both, true, pred)
        by = Fraction(1, self.true), Fraction(1, self.pred)
        return overlap_loss((both, true, pred), 2, *by, 0, self.loss.epsilon)
