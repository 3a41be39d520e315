"""Keras' losses of probabilities, logits and rates; `regression` says what all share."""

from __future__ import annotations

from typing import Any

from streamloss.arrays.types import ArrayLike

from .reductions import losses_of

__all__ = [
    "KLD", "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
    "categorical_focal_crossentropy", "categorical_generalized_cross_entropy", "kl_divergence",
    "kld", "kullback_leibler_divergence", "poisson", "sparse_categorical_crossentropy",
]  # fmt: skip


def binary_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the mean over `axis` of the cross-entropy of labels 0 and 1, in nats.

    Probabilities are clipped to [1e-7, 1 - 1e-7]; with `from_logits` y_pred holds logits.
    `label_smoothing` moves labels towards 1/2.

    Examples
    --------
    >>> binary_crossentropy([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
    array([0.91629076, 0.7135582 ], dtype=float32)
    """
    given = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
    return losses_of("binary_crossentropy", y_true, y_pred, **given)


def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the mean over `axis` of ``(1 - p_t)**gamma`` times the binary cross-entropy.

    p_t is the probability of the label; `apply_class_balancing` weighs labels 1 by `alpha` and
    0 by 1 - alpha. In nats; the other arguments are those of `binary_crossentropy`.

    Examples
    --------
    >>> binary_focal_crossentropy([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
    array([0.32986468, 0.2057984 ], dtype=float32)
    """
    return losses_of(
        "binary_focal_crossentropy",
        y_true,
        y_pred,
        apply_class_balancing=apply_class_balancing,
        alpha=alpha,
        gamma=gamma,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        axis=axis,
    )


def categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return ``-sum(y_true * log(y_pred / sum(y_pred)), axis)``, in nats.

    Probabilities are clipped to [1e-7, 1 - 1e-7]; with `from_logits` their softmax is taken first.
    `label_smoothing` moves labels towards one over the number of classes.

    Examples
    --------
    >>> categorical_crossentropy([[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]])
    array([0.6931472], dtype=float32)
    """
    given = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
    return losses_of("categorical_crossentropy", y_true, y_pred, **given)


def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: ArrayLike = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the sum over classes of ``alpha (1 - p)**gamma`` times the categorical cross-entropy.

    `alpha` is a number, or a list of one for each class. In nats; the other arguments are those
    of `categorical_crossentropy`.

    Examples
    --------
    >>> categorical_focal_crossentropy([[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]])
    array([0.0433217], dtype=float32)
    """
    return losses_of(
        "categorical_focal_crossentropy",
        y_true,
        y_pred,
        alpha=alpha,
        gamma=gamma,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        axis=axis,
    )


def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """Return ``-log(y_pred[y_true])`` of labels that are the indices of classes, in nats.

    A row of `ignore_class` has a loss of zero. A label that is no class is a ValueError, raised
    when they are computed if labels are lazy. The other arguments are those of
    `categorical_crossentropy`.

    Examples
    --------
    >>> sparse_categorical_crossentropy([1, 0], [[0.5, 0.5], [0.25, 0.75]])
    array([0.6931472, 1.3862944], dtype=float32)
    """
    given = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
    return losses_of("sparse_categorical_crossentropy", y_true, y_pred, **given)


def categorical_generalized_cross_entropy(y_true: ArrayLike, y_pred: ArrayLike, q: float) -> Any:
    """Return ``(1 - p**q) / q``, with p the probability of the class that a label is the index of.

    Examples
    --------
    >>> categorical_generalized_cross_entropy([1, 0], [[0.5, 0.5], [0.25, 0.75]], q=0.5)
    array([0.58578646, 1.        ], dtype=float32)
    """
    return losses_of("categorical_generalized_cross_entropy", y_true, y_pred, q=q)


def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``sum(y_true * log(y_true / y_pred), axis=-1)``, both clipped to [1e-7, 1]; in nats.

    Examples
    --------
    >>> kl_divergence([[1.0, 0.5]], [[0.5, 0.5]])
    array([0.6931472], dtype=float32)
    """
    return losses_of("kl_divergence", y_true, y_pred)


def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean(y_pred - y_true * log(y_pred + 1e-7), axis=-1)``.

    Examples
    --------
    >>> poisson([[0.0, 0.0]], [[1.0, 3.0]])
    array([2.], dtype=float32)
    """
    return losses_of("poisson", y_true, y_pred)


KLD = kld = kullback_leibler_divergence = kl_divergence
