"""The module `keras.metrics`: streaming means of losses, the R2 score, means and sums of values.

They have Keras' verbs ``update_state``, ``result`` and ``reset_state`` and, besides, ``merge`` and
``merge_state``, pickling and equality. Sums are exact, so the result has the same bits however the
data was cut into batches and in whatever order parts were merged. Dask arrays are computed when a
metric is updated with them.

Examples
--------
>>> from streamloss.compat.keras import metrics
>>> a, b = metrics.MeanAbsoluteError(), metrics.MeanAbsoluteError()
>>> a.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
>>> b.update_state([[0.0, 4.0]], [[0.0, 0.0]], sample_weight=[2.0])
>>> a.merge(b).result()
np.float32(1.125)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from streamloss.arrays.types import ArrayLike, Weights
from streamloss.exact.numbers import Exact
from streamloss.losses import SquaredError

from . import margins, probabilities, regression
from .arguments import broadcast, pair_of, shape_of
from .base import Metric, snake_case
from .margins import *  # noqa: F403
from .names import Named
from .probabilities import *  # noqa: F403
from .r2 import R2Score
from .regression import *  # noqa: F403
from .sample_means import FunctionMean, Mean, MeanMetricWrapper, SampleMean, Sum
from .terms import Terms

__all__ = [
    "BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalHinge", "CosineSimilarity",
    "Hinge", "KLDivergence", "LogCoshError", "Mean", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanMetricWrapper", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "Metric", "Poisson", "R2Score", "RootMeanSquaredError",
    "SparseCategoricalCrossentropy", "SquaredHinge", "Sum", "deserialize", "get", "serialize",
]  # fmt: skip
__all__ += margins.__all__
__all__ += probabilities.__all__
__all__ += regression.__all__
__all__.remove("categorical_generalized_cross_entropy")  # a loss alone


class MeanAbsoluteError(FunctionMean, function="mean_absolute_error"):
    """The mean absolute error.

    Examples
    --------
    >>> float(MeanAbsoluteError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]]))
    0.25
    """


class MeanSquaredError(FunctionMean, function="mean_squared_error"):
    """The mean squared error.

    Examples
    --------
    >>> float(MeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[3.0, 1.0], [0.0, 0.0]]))
    2.25
    """


@dataclass(eq=False, repr=False)
class RootMeanSquaredError(SampleMean):
    """The square root of the mean squared error.

    Examples
    --------
    >>> float(RootMeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[3.0, 1.0], [0.0, 0.0]]))
    1.5
    """

    name: str | None = "root_mean_squared_error"

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights = None
    ) -> None:
        """Add a batch; the arguments are those of `MeanSquaredError.update_state`.

        Sample weights may have the shape of the labels.

        Raises
        ------
        ValueError, TypeError
            If shapes do not fit, or arrays hold no numbers.
        """
        true, pred = pair_of(y_true, y_pred, self._dtype)
        shape = shape_of("y_true and y_pred", true.shape, pred.shape)
        inputs = broadcast(true, shape), broadcast(pred, shape)
        self._add(Terms((SquaredError(),), inputs, shape, (), None), sample_weight, None)

    def _mean(self, totals: Exact, counts: Exact) -> float:
        # a root halves a relative error: the float64 mean is near enough for one of float32
        return math.sqrt(totals.over(counts, 0.0))


class MeanAbsolutePercentageError(FunctionMean, function="mean_absolute_percentage_error"):
    """The mean absolute error in per cent of the label.

    Examples
    --------
    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 5.0]]))
    37.5
    """


class MeanSquaredLogarithmicError(FunctionMean, function="mean_squared_logarithmic_error"):
    """The mean squared error of the logarithms of 1 + the values.

    Examples
    --------
    >>> MeanSquaredLogarithmicError()([[0.0, 1.0]], [[0.0, 3.0]])
    np.float32(0.2402265)
    """


@dataclass(eq=False, repr=False)
class CosineSimilarity(FunctionMean):
    """The mean cosine of the angle between labels and predictions along `axis`.

    Examples
    --------
    >>> float(CosineSimilarity()([[0.0, 1.0], [3.0, 4.0]], [[1.0, 0.0], [3.0, 4.0]]))
    0.5
    """

    function = "cosine_similarity"
    name: str | None = "cosine_similarity"
    axis: int = -1

    def _mean(self, totals: Exact, counts: Exact) -> float:
        return 0.0 - super()._mean(totals, counts)


class LogCoshError(FunctionMean, function="log_cosh", name="logcosh"):
    """The mean logarithm of the hyperbolic cosine of the error.

    Examples
    --------
    >>> LogCoshError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    np.float32(0.108445205)
    """


class Hinge(FunctionMean, function="hinge"):
    """The mean hinge loss of labels -1 and 1 or, if none of any batch is another, 0 and 1.

    Examples
    --------
    >>> float(Hinge()([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]]))
    1.25
    """


class SquaredHinge(FunctionMean, function="squared_hinge"):
    """The mean squared hinge loss, labels as for `Hinge`.

    Examples
    --------
    >>> float(SquaredHinge()([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]]))
    1.78125
    """


class CategoricalHinge(FunctionMean, function="categorical_hinge"):
    """The mean hinge loss of the score of a label's class over the best of the others.

    Examples
    --------
    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.25]]))
    1.25
    """


class KLDivergence(FunctionMean, function="kl_divergence"):
    """The mean Kullback-Leibler divergence of predicted distributions from the labels', in nats.

    Examples
    --------
    >>> KLDivergence()([[1.0, 0.5]], [[0.5, 0.5]])
    np.float32(0.6931472)
    """


class Poisson(FunctionMean, function="poisson"):
    """The mean of ``y_pred - y_true * log(y_pred)``.

    Examples
    --------
    >>> float(Poisson()([[0.0, 0.0]], [[1.0, 3.0]]))
    2.0
    """


@dataclass(eq=False, repr=False)
class BinaryCrossentropy(FunctionMean):
    """The mean cross-entropy of labels 0 and 1, in nats.

    Examples
    --------
    >>> BinaryCrossentropy()([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
    np.float32(0.8149245)
    """

    function = "binary_crossentropy"
    name: str | None = "binary_crossentropy"
    from_logits: bool = False
    label_smoothing: float = 0


@dataclass(eq=False, repr=False)
class CategoricalCrossentropy(FunctionMean):
    """The mean cross-entropy of one-hot labels, in nats.

    Examples
    --------
    >>> CategoricalCrossentropy()([[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]])
    np.float32(0.6931472)
    """

    function = "categorical_crossentropy"
    name: str | None = "categorical_crossentropy"
    from_logits: bool = False
    label_smoothing: float = 0
    axis: int = -1


@dataclass(eq=False, repr=False)
class SparseCategoricalCrossentropy(FunctionMean):
    """The mean cross-entropy of labels that are the indices of classes, in nats.

    The loss of a row of `ignore_class` is zero; with sample weights, its weight too.

    Examples
    --------
    >>> SparseCategoricalCrossentropy()([1, 1], [[0.5, 0.5], [0.5, 0.5]])
    np.float32(0.6931472)
    """

    function = "sparse_categorical_crossentropy"
    name: str | None = "sparse_categorical_crossentropy"
    from_logits: bool = False
    ignore_class: int | None = None
    axis: int = -1


_KNOWN = {name: globals()[name] for name in __all__ if name in globals()}
# to Keras, short names and those in snake_case mean the metric, not its function
_KNOWN |= {snake_case(name): value for name, value in _KNOWN.items() if isinstance(value, type)}
_KNOWN |= dict.fromkeys(("mae", "MAE"), MeanAbsoluteError)
_KNOWN |= dict.fromkeys(("mse", "MSE"), MeanSquaredError)
_KNOWN |= dict.fromkeys(("mape", "MAPE"), MeanAbsolutePercentageError)
_KNOWN |= dict.fromkeys(("msle", "MSLE"), MeanSquaredLogarithmicError)
_KNOWN |= dict.fromkeys(("bce", "BCE"), BinaryCrossentropy)
_NAMED = Named("metric", "keras.metrics", _KNOWN)


def get(identifier: object) -> Any:
    """Return the metric that a name, a class, a configuration or a metric itself means.

    Raises
    ------
    ValueError
        If it means none.
    """
    return _NAMED.get(identifier)


def serialize(metric: object) -> dict[str, Any]:
    """Return a metric's class and configuration as a dict for JSON, without what it has seen."""
    return _NAMED.serialize(metric)


def deserialize(config: object, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the metric of a dict that `serialize` gave, or of a name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    return _NAMED.deserialize(config, custom_objects)
