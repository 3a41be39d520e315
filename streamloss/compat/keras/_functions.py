"""The loss functions of Keras: each takes labels first and returns one loss for each row.

What they share: ``y_true`` and ``y_pred`` are array-likes of numbers, numpy or dask arrays among
them, of shape ``[batch_size, d0, .. dN]``. Labels are rounded to the dtype of the predictions, and
losses are of that dtype, or float32 for integers; Python floats are float32. The result has the
shape ``[batch_size, d0, .. dN-1]``, is exact but for one rounding, and lazy where an argument is.

All raise ValueError for shapes that do not fit or parameters out of range, and TypeError for
predictions that are no numbers or, where a loss needs floats, no floats.
"""

from __future__ import annotations

from typing import Any

from streamloss.arrays.types import ArrayLike
from streamloss.compat.keras._arrays import KerasAxis, real, rounded, tensor
from streamloss.compat.keras._reduce import rows
from streamloss.compat.keras._terms import KINDS, terms


def _call(name: str, y_true: ArrayLike, y_pred: ArrayLike, **arguments: Any) -> Any:
    """Return the losses that a function returns."""
    pred, true = tensor("y_pred", y_pred), tensor("y_true", y_true)
    result = KINDS[name].result(pred.dtype)
    if pred.dtype.kind != "c":
        real("y_true", true)
    if not name.startswith(("sparse", "categorical_generalized")):
        true = rounded("y_true", true, pred.dtype)
    return rows(terms(name, true, pred, pred.dtype, **arguments), None, result)


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean(|y_true - y_pred|, axis=-1)``, in the unit of y_true.

    Examples
    --------
    >>> mean_absolute_error([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 3.0]])
    array([0.5, 2. ], dtype=float32)
    """
    return _call("mean_absolute_error", y_true, y_pred)


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean((y_true - y_pred)**2, axis=-1)``, in the unit of y_true, squared.

    Examples
    --------
    >>> mean_squared_error([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 3.0]])
    array([0.5, 5. ], dtype=float32)
    """
    return _call("mean_squared_error", y_true, y_pred)


def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``100 * mean(|y_true - y_pred| / max(|y_true|, 1e-7), axis=-1)``, in per cent.

    Examples
    --------
    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 5.0]])
    array([37.5], dtype=float32)
    """
    return _call("mean_absolute_percentage_error", y_true, y_pred)


def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean((log(1 + y_true) - log(1 + y_pred))**2, axis=-1)``, values at least 1e-7.

    Examples
    --------
    >>> mean_squared_logarithmic_error([[0.0, 1.0]], [[0.0, 3.0]])
    array([0.2402265], dtype=float32)
    """
    return _call("mean_squared_logarithmic_error", y_true, y_pred)


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> Any:
    """Return the mean over the last axis of ``0.5 e**2`` or, beyond `delta`, of its tangent.

    With e = y_pred - y_true that is ``delta |e| - 0.5 delta**2``; in the unit of y_true, squared.

    Examples
    --------
    >>> huber([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 3.0]])
    array([0.25, 1.25], dtype=float32)
    """
    return _call("huber", y_true, y_pred, delta=delta)


def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean(log(cosh(y_pred - y_true)), axis=-1)``.

    Examples
    --------
    >>> log_cosh([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
    array([0.21689041, 0.        ], dtype=float32)
    """
    return _call("log_cosh", y_true, y_pred)


def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean(max(1 - y_true * y_pred, 0), axis=-1)``.

    Labels are -1 and 1 or, if the whole array holds nothing else, 0 and 1.

    Examples
    --------
    >>> hinge([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]])
    array([1. , 1.5], dtype=float32)
    """
    return _call("hinge", y_true, y_pred)


def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean(max(1 - y_true * y_pred, 0)**2, axis=-1)``, labels as for `hinge`.

    Examples
    --------
    >>> squared_hinge([[0.0, 1.0], [0.0, 0.0]], [[0.5, 0.5], [0.25, 0.75]])
    array([1.25  , 2.3125], dtype=float32)
    """
    return _call("squared_hinge", y_true, y_pred)


def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``max(0, max((1 - y_true) * y_pred) - sum(y_true * y_pred) + 1)`` of each row.

    Examples
    --------
    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 0.25]])
    array([1.25], dtype=float32)
    """
    return _call("categorical_hinge", y_true, y_pred)


def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``sum(y_true * log(y_true / y_pred), axis=-1)``, both clipped to [1e-7, 1]; in nats.

    Examples
    --------
    >>> kl_divergence([[1.0, 0.5]], [[0.5, 0.5]])
    array([0.6931472], dtype=float32)
    """
    return _call("kl_divergence", y_true, y_pred)


def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return ``mean(y_pred - y_true * log(y_pred + 1e-7), axis=-1)``.

    Examples
    --------
    >>> poisson([[0.0, 0.0]], [[1.0, 3.0]])
    array([2.], dtype=float32)
    """
    return _call("poisson", y_true, y_pred)


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Any:
    """Return minus the cosine of the angle between rows along `axis`, 0 for a row of zeros.

    Examples
    --------
    >>> cosine_similarity([[0.0, 1.0], [3.0, 4.0]], [[1.0, 0.0], [3.0, 4.0]])
    array([-0., -1.], dtype=float32)
    """
    return _call("cosine_similarity", y_true, y_pred, axis=axis)


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
    return _call("binary_crossentropy", y_true, y_pred, **given)


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
    return _call(
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
    return _call("categorical_crossentropy", y_true, y_pred, **given)


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
    return _call(
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
    return _call("sparse_categorical_crossentropy", y_true, y_pred, **given)


def categorical_generalized_cross_entropy(y_true: ArrayLike, y_pred: ArrayLike, q: float) -> Any:
    """Return ``(1 - p**q) / q``, with p the probability of the class that a label is the index of.

    Examples
    --------
    >>> categorical_generalized_cross_entropy([1, 0], [[0.5, 0.5], [0.25, 0.75]], q=0.5)
    array([0.58578646, 1.        ], dtype=float32)
    """
    return _call("categorical_generalized_cross_entropy", y_true, y_pred, q=q)


def dice(y_true: ArrayLike, y_pred: ArrayLike, axis: KerasAxis = None) -> Any:
    """Return ``1 - 2 sum(y_true * y_pred) / (sum(y_true) + sum(y_pred) + 1e-7)`` over `axis`.

    Examples
    --------
    >>> float(dice([[1.0, 1.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]))
    0.5
    """
    return _call("dice", y_true, y_pred, axis=axis)


def tversky(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: KerasAxis = None,
) -> Any:
    """Return ``1 - I / (I + alpha FP + beta FN + 1e-7)`` over `axis`.

    I is the sum of ``y_true * y_pred``, FP that of ``(1 - y_true) * y_pred``, the false positives,
    and FN that of ``y_true * (1 - y_pred)``.

    Examples
    --------
    >>> float(tversky([[1.0, 1.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]], alpha=0.0, beta=1.0))
    0.5
    """
    return _call("tversky", y_true, y_pred, alpha=alpha, beta=beta, axis=axis)


def circle(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    ref_labels: ArrayLike | None = None,
    ref_embeddings: ArrayLike | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Raise NotImplementedError: its loss is of all pairs in a batch, not a sum over rows."""
    raise NotImplementedError("circle is a loss of pairs within a batch, which is not a sum")


def ctc(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Raise NotImplementedError: there is no connectionist temporal classification here."""
    raise NotImplementedError("ctc, the loss of connectionist temporal classification, is not here")


MAE = mae = mean_absolute_error
MSE = mse = mean_squared_error
MAPE = mape = mean_absolute_percentage_error
MSLE = msle = mean_squared_logarithmic_error
KLD = kld = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh
