"""Cross-entropies of a row of logits or log-probabilities of classes.

A label is the index of a class, as one number for each row, or a row of probabilities. An index
that is no class gives NaN.
"""

from __future__ import annotations

from typing import NamedTuple

from .arithmetic import NAN, product
from .define import loss
from .domains import Class, Row, Share
from .formulas import label, log_total, smoothed, surprise, weighed


@loss(
    "softmax_cross_entropy",
    "categorical_cross_entropy_with_logits",
    formula="sum_c y'_c (log(sum_k e^x_k) - x_c),  y' = y (1 - smoothing) + smoothing / C",
)
class SoftmaxCrossEntropy(NamedTuple):
    """The cross-entropy of a row of labels and softmax of a row of logits, in nats.

    TensorFlow's `softmax_cross_entropy`; labels need not sum to 1. No logit is too large.
    Szegedy et al. (2016), Rethinking the inception architecture, section 7, for `smoothing`.

    Error at most 4 ulp times the range of the logits, if above 1.

    Examples
    --------
    >>> SoftmaxCrossEntropy().row([0.0, 1.0], [1000.0, 0.0])
    1000.0
    """

    smoothing: Share = 0.0

    def row(self, y_true: Row, y_pred: Row) -> float:
        """Return the loss of one row."""
        largest, total = log_total(y_pred)
        value = 0.0
        for c in range(len(y_pred)):
            y = smoothed(y_true[c], self.smoothing, len(y_pred))
            value += weighed(y, surprise(y_pred[c], largest, total))
        return value if total == total else total


@loss(
    "weighted_softmax_cross_entropy",
    formula="sum_c w_c y'_c (log(sum_k e^x_k) - x_c),  y' = y (1 - smoothing) + smoothing / C",
)
class WeightedSoftmaxCrossEntropy(NamedTuple):
    """The softmax cross-entropy with a weight of each class, as ``y_pred=(logits, weights)``.

    PyTorch's `CrossEntropyLoss(weight=...)` of probabilities; in nats.

    Error at most 4 ulp times the range of the logits, if above 1.

    Examples
    --------
    >>> WeightedSoftmaxCrossEntropy().row([0.0, 1.0], [1000.0, 0.0], [1.0, 3.0])
    3000.0
    """

    smoothing: Share = 0.0

    def row(self, y_true: Row, y_pred: Row, class_weights: Row) -> float:
        """Return the loss of one row."""
        largest, total = log_total(y_pred)
        value = 0.0
        for c in range(len(y_pred)):
            y = smoothed(y_true[c], self.smoothing, len(y_pred))
            value += weighed(class_weights[c] * y, surprise(y_pred[c], largest, total))
        return value if total == total else total


@loss(
    "sparse_softmax_cross_entropy",
    "sparse_categorical_cross_entropy_with_logits",
    "cross_entropy",
    formula="log(sum_k e^x_k) - x_y; with smoothing s, (1 - s) times that and s times its mean over"
    " all classes",
)
class SparseSoftmaxCrossEntropy(NamedTuple):
    """The cross-entropy of the index of a class and softmax of a row of logits, in nats.

    TensorFlow's `sparse_softmax_cross_entropy`, PyTorch's `CrossEntropyLoss`. No logit is too
    large.

    Error at most 4 ulp times the range of the logits, if above 1.

    Examples
    --------
    >>> SparseSoftmaxCrossEntropy().row(1.0, [1000.0, 0.0])
    1000.0
    """

    smoothing: Share = 0.0

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the loss of one row."""
        y, s = label(y_true, len(y_pred)), self.smoothing
        if y < 0:
            return NAN
        largest, total = log_total(y_pred)
        value = weighed(1.0 - s, surprise(y_pred[y], largest, total))
        if s != 0.0:
            for c in range(len(y_pred)):
                value += s / len(y_pred) * surprise(y_pred[c], largest, total)
        return value


@loss(
    "weighted_sparse_softmax_cross_entropy",
    "weighted_cross_entropy",
    formula="(1 - s) w_y nll_y + s / C sum_c w_c nll_c,  nll_c = log(sum_k e^x_k) - x_c",
)
class WeightedSparseSoftmaxCrossEntropy(NamedTuple):
    """The sparse softmax cross-entropy with a weight of each class, ``y_pred=(logits, weights)``.

    PyTorch's `CrossEntropyLoss(weight=...)`, whose mean divides by the sum of `ClassWeight`; in
    nats.

    Error at most 4 ulp times the range of the logits, if above 1.

    Examples
    --------
    >>> WeightedSparseSoftmaxCrossEntropy().row(1.0, [1000.0, 0.0], [1.0, 3.0])
    3000.0
    """

    smoothing: Share = 0.0

    def row(self, y_true: Class, y_pred: Row, class_weights: Row) -> float:
        """Return the loss of one row."""
        y, s = label(y_true, len(y_pred)), self.smoothing
        if y < 0:
            return NAN
        largest, total = log_total(y_pred)
        value = weighed((1.0 - s) * class_weights[y], surprise(y_pred[y], largest, total))
        if s != 0.0:
            for c in range(len(y_pred)):
                weight = s / len(y_pred) * class_weights[c]
                value += weighed(weight, surprise(y_pred[c], largest, total))
        return value if total == total else total


@loss("class_weight", formula="w_y")
class ClassWeight(NamedTuple):
    """The weight of the class of a label: what weighted means over classes divide by.

    It takes the inputs of the weighted losses, ``y_pred=(logits, weights)``, to share their pass.

    Examples
    --------
    >>> ClassWeight().row(1.0, [0.0, 0.0], [1.0, 3.0])
    3.0
    """

    def row(self, y_true: Class, y_pred: Row, class_weights: Row) -> float:
        """Return the weight of one row."""
        y = label(y_true, len(class_weights))
        return NAN if y < 0 else class_weights[y]


@loss("nll", "nll_loss", "negative_log_likelihood", formula="-x_y")
class NLL(NamedTuple):
    """The negative of the log-probability of the class of a label, in nats.

    PyTorch's `NLLLoss`.

    Examples
    --------
    >>> NLL().row(1.0, [-0.5, -2.0])
    2.0
    """

    def row(self, y_true: Class, y_pred: Row) -> float:
        """Return the loss of one row."""
        y = label(y_true, len(y_pred))
        return NAN if y < 0 else -y_pred[y]


@loss("weighted_nll", formula="-w_y x_y")
class WeightedNLL(NamedTuple):
    """`NLL` with a weight of each class, as ``y_pred=(log_probabilities, weights)``, in nats.

    PyTorch's `NLLLoss(weight=...)`, whose mean divides by the sum of `ClassWeight`.

    Examples
    --------
    >>> WeightedNLL().row(1.0, [-0.5, -2.0], [1.0, 3.0])
    6.0
    """

    def row(self, y_true: Class, y_pred: Row, class_weights: Row) -> float:
        """Return the loss of one row."""
        y = label(y_true, len(y_pred))
        return NAN if y < 0 else product(class_weights[y], -y_pred[y])
