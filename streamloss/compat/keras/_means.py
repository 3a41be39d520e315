"""The streaming means of Keras, each of one loss; `_metric` has what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from streamloss.arrays.types import ArrayLike, Weights
from streamloss.compat._engine import Exact
from streamloss.compat.keras._arrays import DTypeArgument
from streamloss.compat.keras._loss import snake_case
from streamloss.compat.keras._metric import FunctionMean, RootMean, Size, ValueMean
from streamloss.compat.keras._rows import quotient
from streamloss.compat.keras._terms import Terms


class Mean(ValueMean):
    """The weighted mean of values; a sample is a row of axis 0, whatever its size.

    Examples
    --------
    >>> metric = Mean()
    >>> metric.update_state([1.0, 3.0, 5.0, 7.0], sample_weight=[1.0, 1.0, 0.0, 0.0])
    >>> metric.result()
    np.float32(2.0)
    """

    def __init__(self, name: str | None = "mean", dtype: DTypeArgument = None) -> None:
        super().__init__(name, dtype)


class Sum(ValueMean):
    """The weighted sum of values.

    Examples
    --------
    >>> metric = Sum()
    >>> metric.update_state([1.0, 3.0, 5.0, 7.0], sample_weight=[1.0, 1.0, 0.0, 0.0])
    >>> metric.result()
    np.float32(4.0)
    """

    def __init__(self, name: str | None = "sum", dtype: DTypeArgument = None) -> None:
        super().__init__(name, dtype)

    def _size(self, found: Terms, counts_all: bool) -> Size:
        return Size(1, counts_all)

    @property
    def _out(self) -> np.dtype[Any]:
        return self._dtype

    @property
    def variables(self) -> list[Any]:
        """What Keras keeps in a variable, to be read: the total."""
        return super().variables[:1]

    def _mean(self, totals: Exact, counts: Exact) -> float:
        return quotient(totals, 1, self._dtype)


class MeanMetricWrapper(Mean):
    """The mean of what a function ``fn(y_true, y_pred, **kwargs)`` returns for each sample.

    Examples
    --------
    >>> import numpy as np
    >>> metric = MeanMetricWrapper(lambda y_true, y_pred: abs(y_true - y_pred))
    >>> metric.update_state(np.array([0.0, 1.0]), np.array([1.0, 3.0]))
    >>> metric.result()
    np.float32(1.5)
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: DTypeArgument = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name or snake_case(type(self).__name__), dtype)
        self._fn, self._fn_kwargs = fn, kwargs

    def update_state(  # type: ignore[override]
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights = None
    ) -> None:
        """Add what the function returns for a batch."""
        super().update_state(self._fn(y_true, y_pred, **self._fn_kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a metric like this one, the function itself among them."""
        return super().get_config() | {"fn": self._fn} | self._fn_kwargs


class MeanAbsoluteError(FunctionMean):
    """The mean absolute error.

    Examples
    --------
    >>> float(MeanAbsoluteError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]]))
    0.25
    """

    function = "mean_absolute_error"

    def __init__(
        self, name: str | None = "mean_absolute_error", dtype: DTypeArgument = None
    ) -> None:
        super().__init__(name, dtype)


class MeanSquaredError(FunctionMean):
    """The mean squared error.

    Examples
    --------
    >>> float(MeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[3.0, 1.0], [0.0, 0.0]]))
    2.25
    """

    function = "mean_squared_error"

    def __init__(
        self, name: str | None = "mean_squared_error", dtype: DTypeArgument = None
    ) -> None:
        super().__init__(name, dtype)


class RootMeanSquaredError(RootMean):
    """The square root of the mean squared error.

    Examples
    --------
    >>> float(RootMeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[3.0, 1.0], [0.0, 0.0]]))
    1.5
    """

    def __init__(
        self, name: str | None = "root_mean_squared_error", dtype: DTypeArgument = None
    ) -> None:
        super().__init__(name, dtype)


class MeanAbsolutePercentageError(FunctionMean):
    """The mean absolute error in per cent of the label.

    Examples
    --------
    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 5.0]]))
    37.5
    """

    function = "mean_absolute_percentage_error"

    def __init__(
        self, name: str | None = "mean_absolute_percentage_error", dtype: DTypeArgument = None
    ) -> None:
        super().__init__(name, dtype)


class MeanSquaredLogarithmicError(FunctionMean):
    """The mean squared error of the logarithms of 1 + the values.

    Examples
    --------
    >>> MeanSquaredLogarithmicError()([[0.0, 1.0]], [[0.0, 3.0]])
    np.float32(0.2402265)
    """

    function = "mean_squared_logarithmic_error"

    def __init__(
        self, name: str | None = "mean_squared_logarithmic_error", dtype: DTypeArgument = None
    ) -> None:
        super().__init__(name, dtype)


class CosineSimilarity(FunctionMean):
    """The mean cosine of the angle between labels and predictions along `axis`.

    Examples
    --------
    >>> float(CosineSimilarity()([[0.0, 1.0], [3.0, 4.0]], [[1.0, 0.0], [3.0, 4.0]]))
    0.5
    """

    function = "cosine_similarity"
    parameters = ("axis",)

    def __init__(
        self, name: str | None = "cosine_similarity", dtype: DTypeArgument = None, axis: int = -1
    ) -> None:
        super().__init__(name, dtype)
        self.axis = axis

    def _mean(self, totals: Exact, counts: Exact) -> float:
        return 0.0 - super()._mean(totals, counts)


class LogCoshError(FunctionMean):
    """The mean logarithm of the hyperbolic cosine of the error.

    Examples
    --------
    >>> LogCoshError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    np.float32(0.108445205)
    """

    function = "log_cosh"

    def __init__(self, name: str | None = "logcosh", dtype: DTypeArgument = None) -> None:
        super().__init__(name, dtype)


class Hinge(FunctionMean):
    """The mean hinge loss of labels -1 and 1 or, if none of any batch is another, 0 and 1.

    Examples
    --------
    >>> float(Hinge()([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]]))
    1.25
    """

    function = "hinge"

    def __init__(self, name: str | None = "hinge", dtype: DTypeArgument = None) -> None:
        super().__init__(name, dtype)


class SquaredHinge(FunctionMean):
    """The mean squared hinge loss, labels as for `Hinge`.

    Examples
    --------
    >>> float(SquaredHinge()([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]]))
    1.78125
    """

    function = "squared_hinge"

    def __init__(self, name: str | None = "squared_hinge", dtype: DTypeArgument = None) -> None:
        super().__init__(name, dtype)


class CategoricalHinge(FunctionMean):
    """The mean hinge loss of the score of a label's class over the best of the others.

    Examples
    --------
    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.25]]))
    1.25
    """

    function = "categorical_hinge"

    def __init__(self, name: str | None = "categorical_hinge", dtype: DTypeArgument = None) -> None:
        super().__init__(name, dtype)


class KLDivergence(FunctionMean):
    """The mean Kullback-Leibler divergence of predicted distributions from the labels', in nats.

    Examples
    --------
    >>> KLDivergence()([[1.0, 0.5]], [[0.5, 0.5]])
    np.float32(0.6931472)
    """

    function = "kl_divergence"

    def __init__(self, name: str | None = "kl_divergence", dtype: DTypeArgument = None) -> None:
        super().__init__(name, dtype)


class Poisson(FunctionMean):
    """The mean of ``y_pred - y_true * log(y_pred)``.

    Examples
    --------
    >>> float(Poisson()([[0.0, 0.0]], [[1.0, 3.0]]))
    2.0
    """

    function = "poisson"

    def __init__(self, name: str | None = "poisson", dtype: DTypeArgument = None) -> None:
        super().__init__(name, dtype)


class BinaryCrossentropy(FunctionMean):
    """The mean cross-entropy of labels 0 and 1, in nats.

    Examples
    --------
    >>> BinaryCrossentropy()([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
    np.float32(0.8149245)
    """

    function = "binary_crossentropy"
    parameters = ("from_logits", "label_smoothing")

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: DTypeArgument = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(name, dtype)
        self.from_logits, self.label_smoothing = from_logits, label_smoothing


class CategoricalCrossentropy(FunctionMean):
    """The mean cross-entropy of one-hot labels, in nats.

    Examples
    --------
    >>> CategoricalCrossentropy()([[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]])
    np.float32(0.6931472)
    """

    function = "categorical_crossentropy"
    parameters = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: DTypeArgument = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class SparseCategoricalCrossentropy(FunctionMean):
    """The mean cross-entropy of labels that are the indices of classes, in nats.

    The loss of a row of `ignore_class` is zero; with sample weights, its weight too.

    Examples
    --------
    >>> SparseCategoricalCrossentropy()([1, 1], [[0.5, 0.5], [0.5, 0.5]])
    np.float32(0.6931472)
    """

    function = "sparse_categorical_crossentropy"
    parameters = ("from_logits", "ignore_class", "axis")

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: DTypeArgument = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis
