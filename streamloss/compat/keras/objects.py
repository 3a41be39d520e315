"""The loss classes of Keras: each is its function with a reduction; `Loss` has what they share."""

from __future__ import annotations

from dataclasses import dataclass

from streamloss.arrays.types import ArrayLike
from streamloss.support.brief import brief

from .arguments import DTypeArgument, KerasAxis
from .base import Loss, PlainLoss
from .reductions import MEAN

__all__ = [
    "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy", "CategoricalGeneralizedCrossEntropy", "CategoricalHinge",
    "CosineSimilarity", "Dice", "Hinge", "Huber", "KLDivergence", "LogCosh", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson",
    "SparseCategoricalCrossentropy", "SquaredHinge", "Tversky",
]  # fmt: skip


class MeanAbsoluteError(PlainLoss, function="mean_absolute_error"):
    """The mean absolute error, in the unit of y_true.

    Examples
    --------
    >>> float(MeanAbsoluteError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 3.0]]))
    1.25
    """


class MeanSquaredError(PlainLoss, function="mean_squared_error"):
    """The mean squared error, in the unit of y_true, squared.

    Examples
    --------
    >>> float(MeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 3.0]]))
    2.75
    """


class MeanAbsolutePercentageError(PlainLoss, function="mean_absolute_percentage_error"):
    """The mean absolute error in per cent of the label.

    Examples
    --------
    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 5.0]]))
    37.5
    """


class MeanSquaredLogarithmicError(PlainLoss, function="mean_squared_logarithmic_error"):
    """The mean squared error of the logarithms of 1 + the values.

    Examples
    --------
    >>> MeanSquaredLogarithmicError()([[0.0, 1.0]], [[0.0, 3.0]])
    np.float32(0.2402265)
    """


@dataclass(eq=False, repr=False)
class CosineSimilarity(Loss):
    """Minus the mean cosine of the angle between labels and predictions along `axis`.

    Examples
    --------
    >>> float(CosineSimilarity()([[0.0, 1.0], [3.0, 4.0]], [[1.0, 0.0], [3.0, 4.0]]))
    -0.5
    """

    function = "cosine_similarity"
    axis: int = -1
    reduction: str | None = MEAN
    name: str = "cosine_similarity"
    dtype: DTypeArgument = None


@dataclass(eq=False, repr=False)
class Huber(Loss):
    """The Huber loss: squared error up to `delta`, absolute beyond; in y_true's unit, squared.

    Examples
    --------
    >>> Huber()([0.0, 1.0, 1.0], [1.0, 0.0, 1.0])
    np.float32(0.33333334)
    """

    function = "huber"
    delta: float = 1.0
    reduction: str | None = MEAN
    name: str = "huber_loss"
    dtype: DTypeArgument = None


class LogCosh(PlainLoss, function="log_cosh"):
    """The mean logarithm of the hyperbolic cosine of the error.

    Examples
    --------
    >>> LogCosh()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    np.float32(0.108445205)
    """


class Hinge(PlainLoss, function="hinge"):
    """The mean hinge loss of labels -1 and 1 or, if there are no others, 0 and 1.

    Examples
    --------
    >>> float(Hinge()([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]]))
    1.25
    """


class SquaredHinge(PlainLoss, function="squared_hinge"):
    """The mean squared hinge loss, labels as for `Hinge`.

    Examples
    --------
    >>> float(SquaredHinge()([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]]))
    1.78125
    """


class CategoricalHinge(PlainLoss, function="categorical_hinge"):
    """The mean hinge loss of the score of a label's class over the best of the others.

    Examples
    --------
    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.25]]))
    1.25
    """


class KLDivergence(PlainLoss, function="kl_divergence"):
    """The mean Kullback-Leibler divergence of predicted distributions from the labels', in nats.

    Examples
    --------
    >>> KLDivergence()([[1.0, 0.5]], [[0.5, 0.5]])
    np.float32(0.6931472)
    """


class Poisson(PlainLoss, function="poisson"):
    """The mean of ``y_pred - y_true * log(y_pred)``.

    Examples
    --------
    >>> float(Poisson()([[0.0, 0.0]], [[1.0, 3.0]]))
    2.0
    """


@dataclass(eq=False, repr=False)
class BinaryCrossentropy(Loss):
    """The mean cross-entropy of labels 0 and 1, in nats; arguments of `binary_crossentropy`.

    Examples
    --------
    >>> BinaryCrossentropy()([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
    np.float32(0.8149245)
    """

    function = "binary_crossentropy"
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = MEAN
    name: str = "binary_crossentropy"
    dtype: DTypeArgument = None


@dataclass(eq=False, repr=False)
class BinaryFocalCrossentropy(Loss):
    """The mean focal loss of labels 0 and 1; arguments of `binary_focal_crossentropy`.

    Examples
    --------
    >>> BinaryFocalCrossentropy()([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
    np.float32(0.26783153)
    """

    function = "binary_focal_crossentropy"
    first_in_config = ("from_logits", "label_smoothing", "axis")
    apply_class_balancing: bool = False
    alpha: float = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = MEAN
    name: str = "binary_focal_crossentropy"
    dtype: DTypeArgument = None


@dataclass(eq=False, repr=False)
class CategoricalCrossentropy(Loss):
    """The mean cross-entropy of one-hot labels; arguments of `categorical_crossentropy`.

    Examples
    --------
    >>> CategoricalCrossentropy()([[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]])
    np.float32(0.6931472)
    """

    function = "categorical_crossentropy"
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = MEAN
    name: str = "categorical_crossentropy"
    dtype: DTypeArgument = None


@dataclass(eq=False, repr=False)
class CategoricalFocalCrossentropy(Loss):
    """The mean focal loss of one-hot labels; arguments of `categorical_focal_crossentropy`.

    Examples
    --------
    >>> CategoricalFocalCrossentropy()([[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]])
    np.float32(0.0433217)
    """

    function = "categorical_focal_crossentropy"
    first_in_config = ("from_logits", "label_smoothing", "axis")
    alpha: ArrayLike = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = MEAN
    name: str = "categorical_focal_crossentropy"
    dtype: DTypeArgument = None


@dataclass(eq=False, repr=False)
class SparseCategoricalCrossentropy(Loss):
    """The mean cross-entropy of classes; arguments of `sparse_categorical_crossentropy`.

    Rows of `ignore_class` count in no mean.

    Examples
    --------
    >>> SparseCategoricalCrossentropy(ignore_class=-1)([1, -1], [[0.5, 0.5], [0.25, 0.75]])
    np.float32(0.6931472)
    """

    function = "sparse_categorical_crossentropy"
    from_logits: bool = False
    ignore_class: int | None = None
    reduction: str | None = MEAN
    axis: int = -1
    name: str = "sparse_categorical_crossentropy"
    dtype: DTypeArgument = None


@dataclass(eq=False, repr=False)
class CategoricalGeneralizedCrossEntropy(Loss):
    """The mean of ``(1 - p**q) / q``, p the probability of a label's class.

    Raises
    ------
    ValueError
        If q is not strictly between 0 and 1.

    Examples
    --------
    >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
    1.0
    """

    function = "categorical_generalized_cross_entropy"
    q: float = 0.5
    reduction: str | None = MEAN
    name: str = "categorical_generalized_cross_entropy"
    dtype: DTypeArgument = None

    def __post_init__(self) -> None:
        if not 0 < self.q < 1:
            raise ValueError(f"q must be strictly between 0 and 1: got {brief(self.q)}")
        super().__post_init__()


@dataclass(eq=False, repr=False)
class Dice(Loss):
    """The Dice loss of a whole array, or the mean of those over `axis`.

    Examples
    --------
    >>> float(Dice()([[1.0, 1.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]))
    0.5
    """

    function = "dice"
    reduction: str | None = MEAN
    name: str = "dice"
    axis: KerasAxis = None
    dtype: DTypeArgument = None


@dataclass(eq=False, repr=False)
class Tversky(Loss):
    """The Tversky loss of a whole array, or the mean of those over `axis`; see `tversky`.

    Examples
    --------
    >>> float(Tversky()([[1.0, 1.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]))
    0.5
    """

    function = "tversky"
    alpha: float = 0.5
    beta: float = 0.5
    reduction: str | None = MEAN
    name: str = "tversky"
    axis: KerasAxis = None
    dtype: DTypeArgument = None
