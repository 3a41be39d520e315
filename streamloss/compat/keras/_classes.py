"""The loss classes of Keras, first part: losses of numbers, scores and distributions.

Each is its function with a reduction; `Loss` has what they share.
"""

from __future__ import annotations

from streamloss.compat.keras._arrays import DTypeArgument
from streamloss.compat.keras._loss import MEAN, Loss


class MeanAbsoluteError(Loss):
    """The mean absolute error, in the unit of y_true.

    Examples
    --------
    >>> float(MeanAbsoluteError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 3.0]]))
    1.25
    """

    function = "mean_absolute_error"

    def __init__(
        self,
        reduction: str | None = MEAN,
        name: str = "mean_absolute_error",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanSquaredError(Loss):
    """The mean squared error, in the unit of y_true, squared.

    Examples
    --------
    >>> float(MeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 3.0]]))
    2.75
    """

    function = "mean_squared_error"

    def __init__(
        self,
        reduction: str | None = MEAN,
        name: str = "mean_squared_error",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanAbsolutePercentageError(Loss):
    """The mean absolute error in per cent of the label.

    Examples
    --------
    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 5.0]]))
    37.5
    """

    function = "mean_absolute_percentage_error"

    def __init__(
        self,
        reduction: str | None = MEAN,
        name: str = "mean_absolute_percentage_error",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanSquaredLogarithmicError(Loss):
    """The mean squared error of the logarithms of 1 + the values.

    Examples
    --------
    >>> MeanSquaredLogarithmicError()([[0.0, 1.0]], [[0.0, 3.0]])
    np.float32(0.2402265)
    """

    function = "mean_squared_logarithmic_error"

    def __init__(
        self,
        reduction: str | None = MEAN,
        name: str = "mean_squared_logarithmic_error",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class CosineSimilarity(Loss):
    """Minus the mean cosine of the angle between labels and predictions along `axis`.

    Examples
    --------
    >>> float(CosineSimilarity()([[0.0, 1.0], [3.0, 4.0]], [[1.0, 0.0], [3.0, 4.0]]))
    -0.5
    """

    function = "cosine_similarity"
    parameters = ("axis",)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = MEAN,
        name: str = "cosine_similarity",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = axis


class Huber(Loss):
    """The Huber loss: squared error up to `delta`, absolute beyond; in y_true's unit, squared.

    Examples
    --------
    >>> Huber()([0.0, 1.0, 1.0], [1.0, 0.0, 1.0])
    np.float32(0.33333334)
    """

    function = "huber"
    parameters = ("delta",)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = MEAN,
        name: str = "huber_loss",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.delta = delta


class LogCosh(Loss):
    """The mean logarithm of the hyperbolic cosine of the error.

    Examples
    --------
    >>> LogCosh()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    np.float32(0.108445205)
    """

    function = "log_cosh"

    def __init__(
        self, reduction: str | None = MEAN, name: str = "log_cosh", dtype: DTypeArgument = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class Hinge(Loss):
    """The mean hinge loss of labels -1 and 1 or, if there are no others, 0 and 1.

    Examples
    --------
    >>> float(Hinge()([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]]))
    1.25
    """

    function = "hinge"

    def __init__(
        self, reduction: str | None = MEAN, name: str = "hinge", dtype: DTypeArgument = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class SquaredHinge(Loss):
    """The mean squared hinge loss, labels as for `Hinge`.

    Examples
    --------
    >>> float(SquaredHinge()([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]]))
    1.78125
    """

    function = "squared_hinge"

    def __init__(
        self, reduction: str | None = MEAN, name: str = "squared_hinge", dtype: DTypeArgument = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class CategoricalHinge(Loss):
    """The mean hinge loss of the score of a label's class over the best of the others.

    Examples
    --------
    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.25]]))
    1.25
    """

    function = "categorical_hinge"

    def __init__(
        self,
        reduction: str | None = MEAN,
        name: str = "categorical_hinge",
        dtype: DTypeArgument = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class KLDivergence(Loss):
    """The mean Kullback-Leibler divergence of predicted distributions from the labels', in nats.

    Examples
    --------
    >>> KLDivergence()([[1.0, 0.5]], [[0.5, 0.5]])
    np.float32(0.6931472)
    """

    function = "kl_divergence"

    def __init__(
        self, reduction: str | None = MEAN, name: str = "kl_divergence", dtype: DTypeArgument = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class Poisson(Loss):
    """The mean of ``y_pred - y_true * log(y_pred)``.

    Examples
    --------
    >>> float(Poisson()([[0.0, 0.0]], [[1.0, 3.0]]))
    2.0
    """

    function = "poisson"

    def __init__(
        self, reduction: str | None = MEAN, name: str = "poisson", dtype: DTypeArgument = None
    ) -> None:
        super().__init__(name, reduction, dtype)
