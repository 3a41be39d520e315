"""Losses of a label of two classes: 0 and 1, or -1 and 1."""

from __future__ import annotations

from typing import NamedTuple

from .arithmetic import INFINITY, clip, larger, log, log1p, log1p_exp, product, softplus
from .define import loss
from .domains import NonNegative, Share
from .formulas import binary_focal, floored, logistic, sigmoid, signed, smoothed


@loss(
    "log_loss",
    formula="-y log(p + epsilon) - (1 - y) log(1 - p + epsilon)",
)
class LogLoss(NamedTuple):
    """The cross-entropy of a probability with `epsilon` added inside the logarithms, in nats.

    TensorFlow 1's `log_loss`; it is slightly negative for a perfect prediction.

    Error at most 3 ulp of the largest of its terms, y_true and 1 - y_true.

    Examples
    --------
    >>> LogLoss(epsilon=0.0).point(1.0, 0.5)
    0.6931471805599453
    """

    epsilon: NonNegative = 1e-7

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        hit = -product(y_true, log(y_pred + self.epsilon))
        return hit - product(1.0 - y_true, log(1.0 - y_pred + self.epsilon))


@loss(
    "binary_cross_entropy",
    "bce",
    "binary_crossentropy",
    formula="-y' log p' - (1 - y') log(1 - p'),  p' = min(max(p, low), high), log >= -100,"
    " y' = y (1 - smoothing) + smoothing / 2",
)
class BinaryCrossEntropy(NamedTuple):
    """The cross-entropy of a probability clipped to [`low`, `high`], in nats.

    Keras' `BinaryCrossentropy`; its float32 has a `high` of float32(1 - 1e-7). Logarithms are
    at least -100, so that low = 0 and high = 1 is PyTorch's `BCELoss`. `smoothing` moves labels
    towards 1/2.

    Error at most 4 ulp.

    Examples
    --------
    >>> BinaryCrossEntropy().point(1.0, 0.5)
    0.6931471805599453
    >>> BinaryCrossEntropy(low=0.0, high=1.0).point(1.0, 0.0)
    100.0
    """

    low: Share = 1e-7
    high: Share = 1.0 - 1e-7
    smoothing: Share = 0.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        one, zero = (
            smoothed(y_true, self.smoothing, 2.0),
            smoothed(1.0 - y_true, self.smoothing, 2.0),
        )
        p = clip(y_pred, self.low, self.high)
        return -(one * floored(log(p))) - zero * floored(log1p(-p))


@loss(
    "binary_cross_entropy_with_logits",
    "bce_with_logits",
    "sigmoid_cross_entropy",
    formula="max(x, 0) - x y' + log(1 + e^-|x|),  y' = y (1 - smoothing) + smoothing / 2",
)
class BinaryCrossEntropyWithLogits(NamedTuple):
    """The cross-entropy of the probability sigmoid(x) of a logit x = y_pred, in nats.

    TensorFlow's `sigmoid_cross_entropy`, PyTorch's `BCEWithLogitsLoss`: no logit is too large.
    `smoothing` moves labels towards 1/2.

    Error at most 4 ulp of its largest term.

    Examples
    --------
    >>> BinaryCrossEntropyWithLogits().point(0.0, 0.0)
    0.6931471805599453
    >>> BinaryCrossEntropyWithLogits().point(0.0, 1000.0)
    1000.0
    """

    smoothing: Share = 0.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        y = smoothed(y_true, self.smoothing, 2.0)
        return logistic(y_pred, y) + log1p_exp(y_pred)


@loss(
    "weighted_binary_cross_entropy_with_logits",
    "weighted_cross_entropy_with_logits",
    formula="(1 - y) x + (1 + (w - 1) y) log(1 + e^-x),  w = weight of the positive class",
)
class WeightedBinaryCrossEntropyWithLogits(NamedTuple):
    """The cross-entropy of logits with a weight of label 1, as ``y_pred=(logits, weight)``.

    In nats. PyTorch's `BCEWithLogitsLoss(pos_weight=...)`, TensorFlow's
    `weighted_cross_entropy_with_logits`.

    Error at most 5 ulp of its largest term.

    Examples
    --------
    >>> WeightedBinaryCrossEntropyWithLogits().point(1.0, -1000.0, 3.0)
    3000.0
    """

    def point(self, y_true: float, y_pred: float, positive_weight: float) -> float:
        """Return the loss of one element."""
        missed, scale = 1.0 - y_true, 1.0 + (positive_weight - 1.0) * y_true
        value = missed * y_pred + scale * softplus(-y_pred)
        edge = product(missed if y_pred > 0.0 else positive_weight * y_true, abs(y_pred))
        return value if abs(y_pred) < INFINITY else edge + 0.0 * scale  # NaN if a weight is


@loss(
    "binary_focal",
    "binary_focal_crossentropy",
    formula="a (1 - p_t)^gamma (-y' log p' - (1 - y') log(1 - p')),  p_t = y' p + (1 - y') (1 - p),"
    " p' = min(max(p, low), high), a = alpha y' + (1 - alpha) (1 - y') if balanced else 1",
)
class BinaryFocal(NamedTuple):
    """The binary cross-entropy, less where the prediction is right; in nats.

    Keras' `BinaryFocalCrossentropy`; Lin et al. (2017), Focal loss for dense object detection,
    eq. 4 and, if `balanced`, 5.

    Error at most 9 ulp.

    Examples
    --------
    >>> BinaryFocal(gamma=2.0).point(1.0, 0.5)
    0.17328679513998632
    """

    gamma: NonNegative = 2.0
    alpha: Share = 0.25
    balanced: Share = 0.0
    low: Share = 1e-7
    high: Share = 1.0 - 1e-7
    smoothing: Share = 0.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        p = clip(y_pred, self.low, self.high)
        log_p, log_q = floored(log(p)), floored(log1p(-p))
        return binary_focal(self, y_true, y_pred, 1.0 - y_pred, log_p, log_q)


@loss(
    "binary_focal_with_logits",
    "sigmoid_focal",
    formula="binary_focal of p = 1 / (1 + e^-x)",
)
class BinaryFocalWithLogits(NamedTuple):
    """The binary focal loss of the probability sigmoid(x) of a logit x = y_pred, in nats.

    Keras' `BinaryFocalCrossentropy(from_logits=True)`, on TensorFlow. No logit is too large. Lin
    et al. (2017), Focal loss for dense object detection.

    Error at most 9 ulp.

    Examples
    --------
    >>> BinaryFocalWithLogits(gamma=2.0).point(1.0, 0.0)
    0.17328679513998632
    >>> BinaryFocalWithLogits().point(0.0, 1000.0)
    1000.0
    """

    gamma: NonNegative = 2.0
    alpha: Share = 0.25
    balanced: Share = 0.0
    smoothing: Share = 0.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        log_p, log_q = -softplus(-y_pred), -softplus(y_pred)
        return binary_focal(self, y_true, sigmoid(y_pred), sigmoid(-y_pred), log_p, log_q)


@loss(
    "hinge", "hinge_loss", formula="max(0, 1 - s y_pred),  s = 2 y_true - 1 if binary else y_true"
)
class Hinge(NamedTuple):
    """The hinge loss of a score, in its unit; labels are -1 and 1, or 0 and 1 if `binary`.

    Cortes and Vapnik (1995), Support-vector networks. `binary` is TensorFlow 1's `hinge_loss`.

    Examples
    --------
    >>> Hinge().point(-1.0, 0.5), Hinge(binary=1.0).point(0.0, 0.5)
    (1.5, 1.5)
    """

    binary: Share = 0.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        return larger(1.0 - product(signed(y_true, self.binary), y_pred), 0.0)


@loss(
    "squared_hinge",
    formula="max(0, 1 - s y_pred)^2,  s = 2 y_true - 1 if binary else y_true",
)
class SquaredHinge(NamedTuple):
    """The squared hinge loss of a score, in its unit squared; labels as in `Hinge`.

    Keras' `SquaredHinge`.

    Examples
    --------
    >>> SquaredHinge().point(-1.0, 0.5), SquaredHinge(binary=1.0).point(1.0, 3.0)
    (2.25, 0.0)
    """

    binary: Share = 0.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        gap = larger(1.0 - product(signed(y_true, self.binary), y_pred), 0.0)
        return gap * gap


@loss(
    "hinge_embedding",
    "hinge_embedding_loss",
    formula="y_pred if y_true = 1, max(0, margin - y_pred) if y_true = -1, else the sum of both",
)
class HingeEmbedding(NamedTuple):
    """The loss of a distance of two that are alike (1) or not (-1), in the unit of the distance.

    PyTorch's `HingeEmbeddingLoss`.

    Examples
    --------
    >>> HingeEmbedding().point(1.0, 0.25), HingeEmbedding().point(-1.0, 0.25)
    (0.25, 0.75)
    """

    margin: float = 1.0

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        apart = larger(self.margin - y_pred, 0.0)
        if y_true == -1.0:
            return apart
        alike = y_pred + (y_true - y_true)  # NaN if the label is
        if y_true == 1.0:
            return alike
        return alike + apart if y_pred != -INFINITY else self.margin + (y_true - y_true)


@loss("soft_margin", "soft_margin_loss", formula="log(1 + e^(-y_true y_pred))")
class SoftMargin(NamedTuple):
    """The logistic loss of a score for labels -1 and 1, in nats; no score is too large.

    PyTorch's `SoftMarginLoss`.

    Error at most 2 ulp.

    Examples
    --------
    >>> SoftMargin().point(1.0, 0.0), SoftMargin().point(-1.0, 1000.0)
    (0.6931471805599453, 1000.0)
    """

    def point(self, y_true: float, y_pred: float) -> float:
        """Return the loss of one element."""
        return softplus(-product(y_true, y_pred))


@loss(
    "margin_ranking",
    "margin_ranking_loss",
    formula="max(0, -y_true (x1 - x2) + margin)",
)
class MarginRanking(NamedTuple):
    """The loss of the order of two scores ``y_pred=(x1, x2)``, in their unit.

    Label 1 wants the first to be larger, -1 the second. PyTorch's `MarginRankingLoss`.

    Examples
    --------
    >>> MarginRanking().point(1.0, 2.0, 5.0), MarginRanking(margin=1.0).point(-1.0, 2.0, 5.0)
    (3.0, 0.0)
    """

    margin: float = 0.0

    def point(self, y_true: float, x1: float, x2: float) -> float:
        """Return the loss of one element."""
        gap = x1 - x2
        if (y_true == 0.0) & (x1 == x1) & (x2 == x2):
            gap = 0.0
        return larger(-y_true * gap + self.margin, 0.0)
