"""Losses of directions and distances of rows."""

from __future__ import annotations

from typing import NamedTuple

from .arithmetic import INFINITY, NAN, larger, smaller, sqrt
from .define import loss
from .domains import NonNegative, Positive, Row, Share
from .formulas import distance, dot, has_nan, infinite_cosine, overlap

COSINE_EPSILON = 1e-12


@loss(
    "cosine_similarity",
    formula="-sum_c (y_c / max(|y|, epsilon)) (p_c / max(|p|, epsilon))",
)
class CosineSimilarity(NamedTuple):
    """The negative of the cosine of the angle between two rows: -1 if they point the same way.

    Keras' `CosineSimilarity`, zero for a row of zeros; without a unit.

    Examples
    --------
    >>> CosineSimilarity().row([3.0, 4.0], [0.0, 2.0])
    -0.8
    """

    epsilon: Positive = 1e-7

    def row(self, y_true: Row, y_pred: Row) -> float:
        """Return the loss of one row."""
        true = larger(sqrt(dot(y_true, y_true)), self.epsilon)
        pred = larger(sqrt(dot(y_pred, y_pred)), self.epsilon)
        cosine = dot(y_true, y_pred) / true / pred
        if pred == INFINITY:
            cosine = infinite_cosine(y_true, y_pred, true, pred)
        return -cosine


@loss("cosine_distance", formula="1 - sum_c p_c y_c")
class CosineDistance(NamedTuple):
    """1 less the cosine of the angle between two rows, which must have length 1; without a unit.

    TensorFlow 1's `cosine_distance`.

    Examples
    --------
    >>> CosineDistance().row([0.6, 0.8], [0.0, 1.0])
    0.19999999999999996
    """

    def row(self, y_true: Row, y_pred: Row) -> float:
        """Return the loss of one row."""
        total = dot(y_true, y_pred)
        return 1.0 - (total if total == total else overlap(y_true, y_pred))


@loss(
    "cosine_embedding",
    "cosine_embedding_loss",
    formula="1 - cos(a, b) if y_true = 1, max(0, cos(a, b) - margin) if y_true = -1, else 0",
)
class CosineEmbedding(NamedTuple):
    """The loss of the angle of rows ``y_pred=(a, b)`` that are alike (1) or not (-1), no unit.

    PyTorch's `CosineEmbeddingLoss`, which adds 1e-12 to each sum of squares.

    Examples
    --------
    >>> CosineEmbedding().row(1.0, [3.0, 0.0], [0.0, 2.0])
    1.0
    """

    margin: float = 0.0

    def row(self, y_true: float, a: Row, b: Row) -> float:
        """Return the loss of one row."""
        size_a, size_b = dot(a, a) + COSINE_EPSILON, dot(b, b) + COSINE_EPSILON
        cosine = dot(a, b) / sqrt(size_a * size_b)
        if (size_a == INFINITY) | (size_b == INFINITY):
            cosine = infinite_cosine(a, b, sqrt(size_a), sqrt(size_b))
        if y_true == 1.0:
            return 1.0 - cosine
        if y_true == -1.0:
            return larger(cosine - self.margin, 0.0)
        return y_true - y_true  # NaN if the label is


@loss(
    "triplet_margin",
    "triplet_margin_loss",
    formula="max(0, margin + d(a, b) - d(a, c)),  d(a, b) = |a - b + epsilon|_p;"
    " with swap, min(d(a, c), d(b, c)) for d(a, c)",
)
class TripletMargin(NamedTuple):
    """How much less than `margin` an anchor a is nearer to a row b than to a row c.

    y_true is the anchor, ``y_pred=(positive, negative)``; in the unit of their numbers. PyTorch's
    `TripletMarginLoss`; Balntas et al. (2016), Learning local feature descriptors with triplets.

    Examples
    --------
    >>> TripletMargin(epsilon=0.0).row([0.0, 0.0], [3.0, 4.0], [1.0, 0.0])
    5.0
    """

    margin: float = 1.0
    p: Positive = 2.0
    epsilon: NonNegative = 1e-6
    swap: Share = 0.0

    def row(self, anchor: Row, positive: Row, negative: Row) -> float:
        """Return the loss of one row."""
        near = distance(anchor, positive, self.p, self.epsilon)
        far = distance(anchor, negative, self.p, self.epsilon)
        if self.swap != 0.0:
            far = smaller(far, distance(positive, negative, self.p, self.epsilon))
        return larger(self.margin + near - far, 0.0)


@loss(
    "pairwise_squared_error",
    "mean_pairwise_squared_error",
    formula="2 sum d^2 / (n - 1) - 2 (sum d)^2 / (n (n - 1)),  d = p - y, n = nonzero weights;"
    " 0 if n <= 1",
)
class PairwiseSquaredError(NamedTuple):
    """The mean squared difference of the errors of two elements of a row, y_true's unit squared.

    ``y_pred=(predictions, weights)``. TensorFlow 1's `mean_pairwise_squared_error` of a sample
    before its multiplication by weights, which only count here: elements of weight zero are not
    left out of the sums.

    Error at most 5 ulp of its larger term.

    Examples
    --------
    >>> PairwiseSquaredError().row([0.0, 0.0], [1.0, 4.0], [1.0, 1.0])
    9.0
    """

    def row(self, y_true: Row, y_pred: Row, weights: Row) -> float:
        """Return the loss of one row."""
        size, n, total, endless = float(len(y_pred)), 0.0, 0.0, 0.0
        for c in range(len(y_pred)):
            n += 1.0 if weights[c] != 0.0 else 0.0
            total += y_pred[c] - y_true[c]
            endless += 1.0 if abs(y_pred[c]) == INFINITY else 0.0
        if n <= 1.0:
            return 0.0
        if endless > 0.0:  # (sum d)^2 is at most the number of large d times their squares
            return NAN if endless >= n or has_nan(y_pred) or has_nan(y_true) else INFINITY
        mean, value = total / size, 0.0
        for c in range(len(y_pred)):
            gap = y_pred[c] - y_true[c] - mean
            value += gap * gap
        return 2.0 * (value - total * mean * (size - n) / n) / (n - 1.0)
