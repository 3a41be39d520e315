"""The module `keras.losses`: functions, classes, and how they are named and stored.

Examples
--------
>>> from streamloss.compat.keras import losses
>>> losses.get("mse")([[0.0, 1.0]], [[1.0, 3.0]])
array([2.5], dtype=float32)
>>> losses.deserialize(losses.serialize(losses.Huber(0.5))) == losses.Huber(0.5)
True
"""

from __future__ import annotations

from typing import Any

from streamloss.compat.keras._classes import (
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SquaredHinge,
)
from streamloss.compat.keras._crossentropies import (
    CTC,
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    Circle,
    Dice,
    SparseCategoricalCrossentropy,
    Tversky,
)
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
    categorical_generalized_cross_entropy,
    categorical_hinge,
    circle,
    cosine_similarity,
    ctc,
    dice,
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
    tversky,
)
from streamloss.compat.keras._loss import Loss, LossFunctionWrapper, Reduction
from streamloss.compat.keras._named import Named

__all__ = [
    "CTC",
    "KLD",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "Reduction",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "ctc",
    "deserialize",
    "dice",
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
    "tversky",
]

_NAMED = Named(
    "loss", "keras.losses", {name: globals()[name] for name in __all__ if name in globals()}
)
_NAMED.add(
    bce=binary_crossentropy, BCE=binary_crossentropy, LossFunctionWrapper=LossFunctionWrapper
)


def get(identifier: object) -> Any:
    """Return the loss that a name, a class, a configuration or a loss itself means.

    Raises
    ------
    ValueError
        If it means none.
    """
    return _NAMED.get(identifier)


def serialize(loss: object) -> dict[str, Any]:
    """Return a loss class's instance, or a function, as a dict for JSON."""
    return _NAMED.serialize(loss)


def deserialize(name: object, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the loss of a dict that `serialize` gave, or of a name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    return _NAMED.deserialize(name, custom_objects)
