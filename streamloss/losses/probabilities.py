"""Losses of a row of probabilities of classes; labels as in `classes`."""

from __future__ import annotations

from typing import NamedTuple

from .arithmetic import INFINITY, NAN, clip, divide, expm1, larger, log, power
from .define import loss
from .domains import Class, NonNegative, Positive, Proportion, Row, Share
from .formulas import (
    dot,
    endless_gap,
    label,
    log_term,
    log_total,
    share,
    smoothed,
    surprise,
    total_of,
    weighed,
    weighed_twice,
)


@loss(
    "categorical_cross_entropy",
    "categorical_crossentropy",
    formula="-sum_c y'_c log(min(max(p_c / sum p, low), high)),"
    "  y' = y (1 - smoothing) + smoothing / C",
)
class CategoricalCrossEntropy(NamedTuple):
    """The cross-entropy of a row of labels and a row of probabilities, in nats.

    Probabilities are divided by their sum, unless `normalize` is 0, and clipped to [`low`,
    `high`]: Keras' `CategoricalCrossentropy`, whose float32 has a `high` of float32(1 - 1e-7).

    Error at most 4 ulp of the label-weighted sum of max(1, -log p).

    Examples
    --------
    >>> CategoricalCrossEntropy().row([0.0, 1.0], [3.0, 3.0])
    0.6931471805599453
    """

    low: Share = 1e-7
    high: Share = 1.0 - 1e-7
    smoothing: Share = 0.0
    normalize: Share = 1.0

    def row(self, y_true: Row, y_pred: Row) -> float:
        """Return the loss of one row."""
        total = total_of(y_pred, self.normalize)
        value = 0.0
        for c in range(len(y_pred)):
            p = clip(share(y_pred, c, total), self.low, self.high)
            value -= log_term(smoothed(y_true[c], self.smoothing, len(y_pred)), p, y_pred[c])
        return value


@loss(
    "sparse_categorical_cross_entropy",
    "sparse_categorical_crossentropy",
    formula="-log(min(max(p_y / sum p, low), high)); with clip_first, of p'_y / sum p',"
    " p' = min(max(p, low), high)",
)
class SparseCategoricalCrossEntropy(NamedTuple):
    """The cross-entropy of the index of a class and a row of probabilities, in nats.

    Parameters as in `CategoricalCrossEntropy`; with `clip_first` probabilities are clipped before
    they are divided by their sum, which is Keras' `SparseCategoricalCrossentropy`.

    Error at most 2 ulp of the larger of it and 1.

    Examples
    --------
    >>> SparseCategoricalCrossEntropy().row(1.0, [3.0, 3.0])
    0.6931471805599453
    """

    low: Share = 1e-7
    high: Share = 1.0 - 1e-7
    normalize: Share = 1.0
    clip_first: Share = 0.0

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the loss of one row."""
        y = label(y_true, len(y_pred))
        if y < 0:
            return NAN
        if self.clip_first != 0.0:
            total = 0.0
            for c in range(len(y_pred)):
                total += clip(y_pred[c], self.low, self.high)
            return -log(divide(clip(y_pred[y], self.low, self.high), total))
        total = total_of(y_pred, self.normalize)
        return -log(clip(share(y_pred, y, total), self.low, self.high))


@loss(
    "categorical_focal",
    "categorical_focal_crossentropy",
    formula="sum_c alpha (1 - p'_c)^gamma (-y'_c log p'_c),  p' and y' as in"
    " categorical_cross_entropy",
)
class CategoricalFocal(NamedTuple):
    """The categorical cross-entropy, less where the prediction is right; in nats.

    Keras' `CategoricalFocalCrossentropy` with one `alpha`; Lin et al. (2017), Focal loss for
    dense object detection, eq. 5.

    A probability near 1 is rounded before it is taken from 1: the error is at most 5 ulp of the
    sum of alpha y ((1 - p)^gamma max(1, -log p) - gamma p (1 - p)^(gamma - 1) log p).

    Examples
    --------
    >>> CategoricalFocal(alpha=1.0, gamma=1.0).row([0.0, 1.0], [0.5, 0.5])
    0.34657359027997264
    """

    alpha: NonNegative = 0.25
    gamma: NonNegative = 2.0
    low: Share = 1e-7
    high: Share = 1.0 - 1e-7
    smoothing: Share = 0.0

    def row(self, y_true: Row, y_pred: Row) -> float:
        """Return the loss of one row."""
        total = total_of(y_pred, 1.0)
        value = 0.0
        for c in range(len(y_pred)):
            p = clip(share(y_pred, c, total), self.low, self.high)
            y = smoothed(y_true[c], self.smoothing, len(y_pred))
            term = log_term(y, p, y_pred[c])
            value -= weighed_twice(self.alpha * power(1.0 - p, self.gamma), term)
        return value


@loss(
    "categorical_focal_with_logits",
    formula="categorical_focal of p = softmax(x)",
)
class CategoricalFocalWithLogits(NamedTuple):
    """The categorical focal loss of the softmax of a row of logits, in nats.

    Keras' `CategoricalFocalCrossentropy(from_logits=True)` with one `alpha`.

    Error at most 6 ulp times the range of the logits, if above 1.

    Examples
    --------
    >>> CategoricalFocalWithLogits(alpha=1.0, gamma=1.0).row([0.0, 1.0], [7.0, 7.0])
    0.34657359027997264
    """

    alpha: NonNegative = 0.25
    gamma: NonNegative = 2.0
    low: Share = 1e-7
    high: Share = 1.0 - 1e-7
    smoothing: Share = 0.0

    def row(self, y_true: Row, y_pred: Row) -> float:
        """Return the loss of one row."""
        largest, total = log_total(y_pred)
        value = 0.0
        for c in range(len(y_pred)):
            log_p = -surprise(y_pred[c], largest, total)
            log_p = clip(log_p, log(self.low), log(self.high))
            y = smoothed(y_true[c], self.smoothing, len(y_pred))
            scale = self.alpha * power(-expm1(log_p), self.gamma)
            value -= weighed_twice(scale, weighed(y, log_p))
        return value if total == total else total


@loss(
    "generalized_cross_entropy",
    "categorical_generalized_cross_entropy",
    "gce",
    formula="(1 - p_y^q) / q",
)
class GeneralizedCrossEntropy(NamedTuple):
    """The generalized cross-entropy of the index of a class and a row of probabilities.

    Between the cross-entropy (q near 0) and the absolute error (q near 1), without a unit. Zhang
    and Sabuncu (2018), Generalized cross entropy loss, eq. 6.

    Error at most 4 ulp.

    Examples
    --------
    >>> GeneralizedCrossEntropy(q=0.5).row(1.0, [1.0, 0.0])
    2.0
    """

    q: Proportion = 0.5

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the loss of one row."""
        y = label(y_true, len(y_pred))
        return NAN if y < 0 else -expm1(self.q * log(y_pred[y])) / self.q


@loss(
    "kl_divergence_row",
    "kld",
    "kullback_leibler_divergence",
    formula="sum_c y'_c log(y'_c / p'_c),  clipped to [epsilon, 1]",
)
class KLDivergenceRow(NamedTuple):
    """The Kullback-Leibler divergence of a row of probabilities from the labels', in nats.

    Keras' `KLDivergence`.

    Error at most 3 ulp of the sum of y max(1, |log(y / p)|).

    Examples
    --------
    >>> KLDivergenceRow().row([1.0], [0.5])
    0.6931471805599453
    """

    epsilon: Positive = 1e-7

    def row(self, y_true: Row, y_pred: Row) -> float:
        """Return the loss of one row."""
        value = 0.0
        for c in range(len(y_pred)):
            y = clip(y_true[c], self.epsilon, 1.0)
            value += y * log(y / clip(y_pred[c], self.epsilon, 1.0))
        return value


@loss(
    "categorical_hinge",
    formula="max(0, max_c (1 - y_c) p_c - sum_c y_c p_c + 1)",
)
class CategoricalHinge(NamedTuple):
    """The hinge loss of a row of scores and a row of labels 0 and 1 (or -1), in the scores' unit.

    Keras' `CategoricalHinge`.

    Examples
    --------
    >>> CategoricalHinge().row([0.0, 1.0], [0.5, 0.25])
    1.25
    """

    def row(self, y_true: Row, y_pred: Row) -> float:
        """Return the loss of one row."""
        other = -INFINITY
        for c in range(len(y_pred)):
            other = larger(other, (1.0 - y_true[c]) * y_pred[c])
        gap = other - dot(y_true, y_pred)
        if gap != gap:
            gap = endless_gap(y_true, y_pred)
        return larger(gap + 1.0, 0.0)
