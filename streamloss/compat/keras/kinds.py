"""Every loss of Keras by the name of its function: which loss of this package it is."""

from __future__ import annotations

from streamloss import losses
from streamloss.arrays.batch import FLOAT32
from streamloss.arrays.types import DType
from streamloss.compat._common.anyfloat import with_parameter
from streamloss.losses.base import LossLike
from streamloss.metrics import Dice, Tversky

from .arguments import EPSILON, edges, epsilon, in_dtype, same_shape, squeeze_or_expand
from .terms import Kind, Make, of_classes, of_elements, of_indices, of_rows, of_sets, of_signs


def _binary(dtype: DType, from_logits: bool, label_smoothing: float) -> LossLike:
    if from_logits:
        return losses.BinaryCrossEntropyWithLogits(label_smoothing)
    return losses.BinaryCrossEntropy(**edges(dtype), smoothing=label_smoothing)


def _focal(
    dtype: DType,
    apply_class_balancing: bool,
    alpha: float,
    gamma: float,
    from_logits: bool,
    label_smoothing: float,
) -> LossLike:
    balanced = float(bool(apply_class_balancing))
    if from_logits:  # TensorFlow clips no probability that it has the logit of
        return losses.BinaryFocalWithLogits(gamma, alpha, balanced, label_smoothing)
    return losses.BinaryFocal(gamma, alpha, balanced, **edges(dtype), smoothing=label_smoothing)


def _categorical(dtype: DType, from_logits: bool, label_smoothing: float) -> LossLike:
    if from_logits:
        return losses.SoftmaxCrossEntropy(label_smoothing)
    return losses.CategoricalCrossEntropy(**edges(dtype), smoothing=label_smoothing)


def _categorical_focal(
    dtype: DType, alpha: float, gamma: float, from_logits: bool, label_smoothing: float
) -> LossLike:
    focal = losses.CategoricalFocalWithLogits if from_logits else losses.CategoricalFocal
    return focal(alpha, gamma, **edges(dtype), smoothing=label_smoothing)


def _sparse(dtype: DType, from_logits: bool) -> LossLike:
    if from_logits:
        return losses.SparseSoftmaxCrossEntropy()
    return losses.SparseCategoricalCrossEntropy(**edges(dtype), clip_first=1.0)


def _of_errors(make: Make, others: str = "iu", least: DType | None = None) -> Kind:
    """Return a loss of the differences of labels and predictions, whose ranks may differ by one."""
    return Kind(of_elements, make, squeeze_or_expand, others, least)


KINDS: dict[str, Kind] = {
    "mean_absolute_error": _of_errors(lambda _: losses.AbsoluteError(), "iuc"),
    "mean_squared_error": _of_errors(lambda _: losses.SquaredError()),
    "mean_absolute_percentage_error": _of_errors(
        lambda d: losses.AbsolutePercentageError(epsilon(d), 100.0)
    ),
    "mean_squared_logarithmic_error": _of_errors(
        lambda d: losses.SquaredLogError(floor=epsilon(d)), least=FLOAT32
    ),
    # Keras does not check delta
    "huber": _of_errors(lambda d, delta: with_parameter(losses.Huber, in_dtype(delta, d))),
    "log_cosh": _of_errors(lambda _: losses.LogCosh(), ""),
    "hinge": Kind(of_signs, lambda _, binary=0.0: losses.Hinge(binary)),
    "squared_hinge": Kind(of_signs, lambda _, binary=0.0: losses.SquaredHinge(binary)),
    "poisson": Kind(of_elements, lambda d: losses.Poisson(epsilon(d))),
    "binary_crossentropy": Kind(of_elements, _binary, same_shape),
    "binary_focal_crossentropy": Kind(of_elements, _focal, same_shape),
    "categorical_hinge": Kind(of_rows, lambda _: losses.CategoricalHinge()),
    "kl_divergence": Kind(of_rows, lambda d: losses.KLDivergenceRow(epsilon(d))),
    "cosine_similarity": Kind(
        of_rows, lambda _: losses.CosineSimilarity(EPSILON), squeeze_or_expand
    ),
    "categorical_crossentropy": Kind(of_classes, _categorical, same_shape),
    "categorical_focal_crossentropy": Kind(of_classes, _categorical_focal),
    "sparse_categorical_crossentropy": Kind(of_indices, _sparse),
    "categorical_generalized_cross_entropy": Kind(
        of_indices, lambda _, q: losses.GeneralizedCrossEntropy(q)
    ),
    "dice": Kind(of_sets, lambda d: Dice(epsilon(d))),
    "tversky": Kind(of_sets, lambda d, alpha, beta: Tversky(alpha, beta, epsilon(d))),
}
"""How each function reads its arguments, its loss for a dtype and parameters, and what it takes."""
