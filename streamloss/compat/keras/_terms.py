"""The losses of Keras as losses of this package, and the arrays of a call as what they take."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.types import Array, DType, DuckArray, LazyArray, Shape
from streamloss.compat import _engine
from streamloss.compat._engine import Sums
from streamloss.compat._unchecked import with_parameter
from streamloss.compat.keras._arrays import (
    EPSILON,
    KerasAxis,
    alike,
    axes_last,
    axes_of,
    broadcast,
    compute_of,
    edges,
    epsilon,
    in_dtype,
    is_floating,
    same_shape,
    shape_of,
    squeeze_or_expand,
    times,
)
from streamloss.losses import (
    AbsoluteError,
    AbsolutePercentageError,
    BinaryCrossEntropy,
    BinaryCrossEntropyWithLogits,
    BinaryFocal,
    BinaryFocalWithLogits,
    CategoricalCrossEntropy,
    CategoricalFocal,
    CategoricalFocalWithLogits,
    CategoricalHinge,
    CosineSimilarity,
    GeneralizedCrossEntropy,
    Hinge,
    Huber,
    KLDivergenceRow,
    LogCosh,
    Poisson,
    SoftmaxCrossEntropy,
    SparseCategoricalCrossEntropy,
    SparseSoftmaxCrossEntropy,
    SquaredError,
    SquaredHinge,
    SquaredLogError,
    Value,
)
from streamloss.losses.base import LossLike
from streamloss.metrics import Dice, Tversky
from streamloss.metrics.overlap import overlap_loss
from streamloss.support.brief import brief

Make = Callable[..., LossLike]
"""Takes a dtype and the parameters of a loss, returns the loss."""


class Terms(NamedTuple):
    """What a call sums.

    Attributes
    ----------
    losses : tuple
        The loss, or two of which `choice` is taken.
    inputs : tuple of arrays
        As the losses take them.
    shape : tuple of int
        That of Keras' losses.
    row : tuple of int
        That of the elements of whose losses each loss of Keras is the mean; () for losses of rows.
    compute : dtype or None
        To what the engine rounds the inputs.
    where : array of bool or None
        The losses that are not zero whatever they are.
    choice : int, or lazy array of it
        Which of the losses it is.
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


class Kind(NamedTuple):
    """One loss of Keras: how its `Terms` are made, and which predictions it takes.

    `read` takes labels, predictions, their dtype, `make` and the arguments of the function; `make`
    the dtype and arguments.
    """

    read: Callable[..., Terms]
    make: Make
    others: str = ""
    """Kinds of dtypes other than floating ones: i, u, c."""

    def result(self, dtype: DType) -> DType:
        """Return the dtype of the losses of predictions of a dtype.

        Raises
        ------
        TypeError
            If the loss takes no such predictions.
        """
        if is_floating(dtype):
            return np.dtype(np.float32) if self.make is _log and dtype.itemsize < 4 else dtype
        if dtype.kind not in self.others:
            raise TypeError(f"y_pred must be floating: got dtype {dtype}")
        return np.dtype(np.float64 if dtype == np.complex128 else np.float32)


def _elements(
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


def _rows(
    y: DuckArray, p: DuckArray, dtype: DType, make: Make, axis: int = -1, **given: Any
) -> Terms:
    """Read losses of rows along `axis`."""
    found = _elements(y, p, dtype, make, operator.index(axis), **given)
    return found._replace(row=())


def _squeezed(read: Callable[..., Terms]) -> Callable[..., Terms]:
    """Return a reader of arrays whose ranks may differ by one."""
    return lambda y, p, *rest, **given: read(*squeeze_or_expand(y, p), *rest, **given)


def _alike(read: Callable[..., Terms]) -> Callable[..., Terms]:
    """Return a reader of arrays of one shape."""

    def alike(y: DuckArray, p: DuckArray, *rest: Any, **given: Any) -> Terms:
        same_shape(y, p)
        found: Terms = read(y, p, *rest, **given)
        return found

    return alike


def _classes(
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
        return _rows(y, p, dtype, make, axis, **given)
    smoothing = given["label_smoothing"]  # a factor of the label, the loss being linear in it
    factors = _along(along, p.shape, np.asarray(alpha, np.float64))
    y = (y * (1.0 - smoothing) + smoothing / p.shape[along]) * factors
    return _rows(y, p, dtype, make, axis, **given | {"alpha": 1.0, "label_smoothing": 0.0})


def _along(axis: int, shape: Shape, alpha: Array) -> Array:
    """Return one number for each class as an array that broadcasts along the axis of classes."""
    if alpha.ndim > 1:  # which broadcasts by itself
        return alpha
    if len(alpha) not in (1, shape[axis]):
        rule = f"alpha must be a number or a list of one for each of {shape[axis]} classes"
        raise ValueError(f"{rule}: got {len(alpha)}")
    return alpha.reshape(-1, *(1,) * (len(shape) - 1 - axis))


def _hinges(y: DuckArray, p: DuckArray, dtype: DType, make: Make) -> Terms:
    """Read labels that are -1 and 1 or, if there are no others, 0 and 1."""
    found = _elements(y, p, dtype, make)
    labels = _engine.as_dtype(y, dtype)
    binary = ((labels == 0) | (labels == 1)).all()
    choice = binary.astype(np.int64) if _engine.is_lazy(binary) else int(binary)
    return found._replace(losses=(make(dtype), make(dtype, 1.0)), choice=choice)


def _sparse(
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
    if _engine.is_lazy(labels):
        return labels.map_blocks(_checked, classes, dtype=labels.dtype, meta=labels._meta)
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        rule = f"y_true must hold classes from 0 to {classes - 1}"
        raise ValueError(f"{rule}: got {labels.min()} to {labels.max()}")
    return labels


def _sets(
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
    finish = made.combine if repeats == [1, 1] else Repeated(made, *repeats).combine
    inputs = broadcast(y, shape), broadcast(p, shape)
    axes = None if axis is None else axes_of(axis, len(shape))
    values = _engine.reduced(made, inputs, None, finish, compute=compute_of(dtype), axis=axes)
    values = np.asarray(values) if not _engine.is_lazy(values) else values
    return Terms((Value(),), (values,), values.shape, (), None)


class Repeated(NamedTuple):
    """A `Dice` of labels and predictions that were broadcast so many times."""

    loss: Dice | Tversky
    true: int
    pred: int

    def combine(self, sums: Sums) -> float:
        """Return the result of exact sums; Keras sums the arrays as they are given."""
        if not isinstance(self.loss, Dice):
            return self.loss.combine(sums)
        by = Fraction(1, self.true), Fraction(1, self.pred)
        return overlap_loss(sums, 2, *by, 0, self.loss.epsilon)


def _huber(dtype: DType, delta: float) -> LossLike:
    return with_parameter(Huber, in_dtype(delta, dtype))  # Keras does not check it


def _log(dtype: DType) -> LossLike:
    return SquaredLogError(floor=epsilon(dtype))


def _hinge(dtype: DType, binary: float = 0.0) -> LossLike:
    return Hinge(binary)


def _squared_hinge(dtype: DType, binary: float = 0.0) -> LossLike:
    return SquaredHinge(binary)


def _binary(dtype: DType, from_logits: bool, label_smoothing: float) -> LossLike:
    if from_logits:
        return BinaryCrossEntropyWithLogits(label_smoothing)
    return BinaryCrossEntropy(**edges(dtype), smoothing=label_smoothing)


def _focal(
    dtype: DType,
    apply_class_balancing: bool,
    alpha: float,
    gamma: float,
    from_logits: bool,
    label_smoothing: float,
) -> LossLike:
    balanced = float(bool(apply_class_balancing))
    if from_logits:  # which TensorFlow finds behind its sigmoid, and clips nothing
        return BinaryFocalWithLogits(gamma, alpha, balanced, label_smoothing)
    return BinaryFocal(gamma, alpha, balanced, **edges(dtype), smoothing=label_smoothing)


def _categorical(dtype: DType, from_logits: bool, label_smoothing: float) -> LossLike:
    if from_logits:
        return SoftmaxCrossEntropy(label_smoothing)
    return CategoricalCrossEntropy(**edges(dtype), smoothing=label_smoothing)


def _categorical_focal(
    dtype: DType, alpha: float, gamma: float, from_logits: bool, label_smoothing: float
) -> LossLike:
    focal = CategoricalFocalWithLogits if from_logits else CategoricalFocal
    return focal(alpha, gamma, **edges(dtype), smoothing=label_smoothing)


def _sparse_categorical(dtype: DType, from_logits: bool) -> LossLike:
    if from_logits:
        return SparseSoftmaxCrossEntropy()
    return SparseCategoricalCrossEntropy(**edges(dtype), clip_first=1.0)


def _tversky(dtype: DType, alpha: float, beta: float) -> LossLike:
    return Tversky(alpha, beta, epsilon(dtype))


KINDS: dict[str, Kind] = {
    "mean_absolute_error": Kind(_squeezed(_elements), lambda d: AbsoluteError(), "iuc"),
    "mean_squared_error": Kind(_squeezed(_elements), lambda d: SquaredError(), "iu"),
    "mean_absolute_percentage_error": Kind(
        _squeezed(_elements), lambda d: AbsolutePercentageError(epsilon(d), 100.0), "iu"
    ),
    "mean_squared_logarithmic_error": Kind(_squeezed(_elements), _log, "iu"),
    "huber": Kind(_squeezed(_elements), _huber, "iu"),
    "log_cosh": Kind(_squeezed(_elements), lambda d: LogCosh()),
    "hinge": Kind(_hinges, _hinge),
    "squared_hinge": Kind(_hinges, _squared_hinge),
    "poisson": Kind(_elements, lambda d: Poisson(epsilon(d))),
    "binary_crossentropy": Kind(_alike(_elements), _binary),
    "binary_focal_crossentropy": Kind(_alike(_elements), _focal),
    "categorical_hinge": Kind(_rows, lambda d: CategoricalHinge()),
    "kl_divergence": Kind(_rows, lambda d: KLDivergenceRow(epsilon(d))),
    "cosine_similarity": Kind(_squeezed(_rows), lambda d: CosineSimilarity(EPSILON)),
    "categorical_crossentropy": Kind(_alike(_classes), _categorical),
    "categorical_focal_crossentropy": Kind(_classes, _categorical_focal),
    "sparse_categorical_crossentropy": Kind(_sparse, _sparse_categorical),
    "categorical_generalized_cross_entropy": Kind(_sparse, lambda d, q: GeneralizedCrossEntropy(q)),
    "dice": Kind(_sets, lambda d: Dice(epsilon(d))),
    "tversky": Kind(_sets, _tversky),
}
"""Every loss by the name of its function."""


def terms(name: str, y_true: DuckArray, y_pred: DuckArray, dtype: DType, **arguments: Any) -> Terms:
    """Return what a loss sums of labels and predictions, which are rounded to a dtype."""
    kind = KINDS[name]
    return kind.read(y_true, y_pred, dtype, kind.make, **arguments)
