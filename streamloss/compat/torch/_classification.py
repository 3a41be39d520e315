"""The classes of PyTorch's losses for labels and pairs of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import InitVar, dataclass
from typing import Any, ClassVar

import numpy as np

from streamloss.arrays.types import ArrayLike, Weights
from streamloss.compat.torch import functional
from streamloss.compat.torch._criterion import OfPair, OfTriplet, OfTwo

Flag = InitVar[bool | None]


@dataclass(repr=False, eq=False)
class CrossEntropyLoss(OfPair):
    """The cross-entropy of logits and classes or their probabilities; the class axis is axis 1.

    Of classes the mean divides by the sum of the weights of those that are not `ignore_index`, of
    probabilities by the number of rows.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> loss = nn.CrossEntropyLoss(weight=[1.0, 3.0])
    >>> loss([[0.0, 0.0], [800.0, 0.0], [0.0, 0.0]], [0, 1, -100])
    np.float64(600.17328679514)
    """

    weight: Weights = None
    size_average: Flag = None
    ignore_index: int = -100
    reduce: Flag = None
    reduction: str = "mean"
    label_smoothing: float = 0.0
    function: ClassVar[Any] = functional.cross_entropy


@dataclass(repr=False, eq=False)
class NLLLoss(OfPair):
    """The negative of the log-probability of each class of the target.

    The mean divides by the sum of the weights of the classes that are not `ignore_index`.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.NLLLoss(weight=[1.0, 3.0])([[-1.0, -2.0], [-4.0, -8.0]], [1, 0])
    np.float64(2.5)
    """

    weight: Weights = None
    size_average: Flag = None
    ignore_index: int = -100
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.nll_loss


@dataclass(repr=False, eq=False)
class BCELoss(OfPair):
    """The binary cross-entropy of probabilities; logarithms are at least -100.

    The mean divides by the number of elements, whatever the weights.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.BCELoss(weight=[1.0, 0.5])([0.5, 0.0], [1.0, 1.0])
    np.float64(25.346573590279974)
    """

    weight: Weights = None
    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.binary_cross_entropy


@dataclass(repr=False, eq=False)
class BCEWithLogitsLoss(OfPair):
    """The binary cross-entropy of logits, with `pos_weight` for label 1.

    The mean divides by the number of elements, whatever the weights.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.BCEWithLogitsLoss(pos_weight=[3.0, 1.0])([-800.0, 0.0], [1.0, 0.0])
    np.float64(1200.34657359028)
    """

    weight: Weights = None
    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    pos_weight: ArrayLike | None = None
    function: ClassVar[Any] = functional.binary_cross_entropy_with_logits


@dataclass(repr=False, eq=False)
class HingeEmbeddingLoss(OfPair):
    """x where the target is 1, max(0, margin - x) where it is -1, else the sum of both.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.HingeEmbeddingLoss()([0.25, 0.25], [1.0, -1.0])
    np.float64(0.5)
    """

    margin: float = 1.0
    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.hinge_embedding_loss


@dataclass(repr=False, eq=False)
class SoftMarginLoss(OfPair):
    """The logistic loss log(1 + exp(-y x)) of scores x for labels y of -1 and 1.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.SoftMarginLoss()([0.0, -800.0], [1.0, 1.0])
    np.float64(400.34657359027995)
    """

    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.soft_margin_loss


@dataclass(repr=False, eq=False)
class MultiMarginLoss(OfPair):
    """The mean over classes of w_y max(0, margin - x_y + x_i)**p; the mean divides by rows.

    Raises
    ------
    ValueError
        If `p` is neither 1 nor 2, or `weight` has another number of axes than one.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.MultiMarginLoss()([[0.25, 0.25, 0.5, 0.75]], [3])
    np.float64(0.4375)
    """

    p: int = 1
    margin: float = 1.0
    weight: Weights = None
    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.multi_margin_loss

    def check(self) -> None:
        """Refuse another power, and weights that are not one a class."""
        if self.p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        weight: Any = self.weight
        if weight is not None and np.ndim(weight) != 1:
            raise ValueError(
                f"MultiMarginLoss: expected weight to be None or 1D, got {np.ndim(weight)}D instead"
            )


@dataclass(repr=False, eq=False)
class MultiLabelMarginLoss(OfPair):
    """The mean over classes of the hinges of the labels' scores over the others'.

    A row of the target has classes up to its first -1.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.MultiLabelMarginLoss()([[0.0, 0.5, 0.25, 0.5]], [[3, 0, -1, 1]])
    np.float64(1.125)
    """

    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.multilabel_margin_loss


@dataclass(repr=False, eq=False)
class MultiLabelSoftMarginLoss(OfPair):
    """The mean over classes of the weighted binary cross-entropies of logits.

    The mean divides by the number of rows, whatever the weights.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.MultiLabelSoftMarginLoss(weight=[2.0, 1.0])([[-800.0, 800.0]], [[1.0, 1.0]])
    np.float64(800.0)
    """

    weight: Weights = None
    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.multilabel_soft_margin_loss


@dataclass(repr=False, eq=False)
class CosineEmbeddingLoss(OfTwo):
    """1 - cos(x1, x2) where the target is 1, max(0, cos - margin) where it is -1, else 0.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.CosineEmbeddingLoss()([[1.0, 0.0]], [[0.0, 2.0]], [1])
    np.float64(1.0)
    """

    margin: float = 0.0
    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.cosine_embedding_loss


@dataclass(repr=False, eq=False)
class TripletMarginLoss(OfTriplet):
    """max(0, margin + d(anchor, positive) - d(anchor, negative)), d(x, y) = |x - y + eps|_p.

    Raises
    ------
    ValueError
        If `margin` is not positive.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.TripletMarginLoss(p=1.0, eps=0.0)([[0.0, 0.0]], [[3.0, 4.0]], [[1.0, 1.0]])
    np.float64(6.0)
    """

    margin: float = 1.0
    p: float = 2.0
    eps: float = 1e-6
    swap: bool = False
    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.triplet_margin_loss

    def check(self) -> None:
        """Refuse a margin that is not positive."""
        _check_margin(self)


@dataclass(repr=False, eq=False, kw_only=True)
class TripletMarginWithDistanceLoss(OfTriplet):
    """The triplet margin loss of a distance: a function of two arrays, by default Euclidean.

    Raises
    ------
    ValueError
        If `margin` is not positive.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> loss = nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: abs(x - y))
    >>> loss([0.0, 0.0], [3.0, 4.0], [1.0, 1.0])
    np.float64(3.5)
    """

    distance_function: Callable[[Any, Any], Any] | None = None
    margin: float = 1.0
    swap: bool = False
    reduction: str = "mean"
    function: ClassVar[Any] = functional.triplet_margin_with_distance_loss

    def check(self) -> None:
        """Refuse a margin that is not positive."""
        _check_margin(self)


def _check_margin(loss: TripletMarginLoss | TripletMarginWithDistanceLoss) -> None:
    """Refuse a margin that is not positive."""
    if loss.margin <= 0:
        raise ValueError(
            f"{type(loss).__name__}: expected margin to be greater than 0, got {loss.margin}"
        )
