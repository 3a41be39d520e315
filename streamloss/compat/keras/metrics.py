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

from typing import Any

from streamloss.compat.keras._functions import (
    KLD,
    MAE,
    MAPE,
    MSE,
    MSLE,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    kld,
    kullback_leibler_divergence,
    log_cosh,
    logcosh,
    mae,
    mape,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    mse,
    msle,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from streamloss.compat.keras._loss import snake_case
from streamloss.compat.keras._means import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    Mean,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanMetricWrapper,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
    SquaredHinge,
    Sum,
)
from streamloss.compat.keras._metric import Metric
from streamloss.compat.keras._named import Named
from streamloss.compat.keras._r2 import R2Score

__all__ = [
    "KLD",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "Poisson",
    "R2Score",
    "RootMeanSquaredError",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Sum",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "kld",
    "kullback_leibler_divergence",
    "log_cosh",
    "logcosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
]

_NAMED = Named(
    "metric", "keras.metrics", {name: globals()[name] for name in __all__ if name in globals()}
)
_NAMED.add(**{snake_case(c.__name__): c for c in map(_NAMED.find, __all__) if isinstance(c, type)})
_NAMED.add(bce=BinaryCrossentropy, BCE=BinaryCrossentropy)
_NAMED.add(mse=MeanSquaredError, MSE=MeanSquaredError, mae=MeanAbsoluteError, MAE=MeanAbsoluteError)
_NAMED.add(mape=MeanAbsolutePercentageError, MAPE=MeanAbsolutePercentageError)
_NAMED.add(msle=MeanSquaredLogarithmicError, MSLE=MeanSquaredLogarithmicError)


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
