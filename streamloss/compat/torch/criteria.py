"""The classes of PyTorch's losses: each has the options of its function as fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from streamloss.arrays.types import ArrayLike, Weights

from . import functional
from .criterion import Criterion, Flag, OfClasses, OfPair, OfTriplet, OfTwo, Reduced, Weighted

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CosineEmbeddingLoss", "CrossEntropyLoss",
    "GaussianNLLLoss", "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss",
    "MarginRankingLoss", "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss",
    "NLLLoss", "PoissonNLLLoss", "SmoothL1Loss", "SoftMarginLoss", "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]  # fmt: skip


class L1Loss(Reduced):
    """The mean absolute error, of complex numbers too: sum |x - y| / N.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> loss = nn.L1Loss()
    >>> loss([1.0, 2.0, 4.0], [1.5, 2.0, 2.0])
    np.float64(0.8333333333333334)
    """

    function = functional.l1_loss


class MSELoss(Reduced):
    """The mean squared error: sum (x - y)**2 / N.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.MSELoss(reduction="sum")([1.0, 2.0], [1.5, 4.0])
    np.float64(4.25)
    """

    function = functional.mse_loss


@dataclass(repr=False, eq=False)
class HuberLoss(OfPair):
    """The Huber loss, squared up to `delta` and absolute beyond; its mean divides by N.

    Raises
    ------
    TypeError
        If `delta` is neither a float nor an integer.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.HuberLoss(delta=0.5)([0.0, 2.0], [0.25, 0.0])
    np.float64(0.453125)
    """

    reduction: str = "mean"
    delta: float = 1.0
    function = functional.huber_loss

    def check(self) -> None:
        """Refuse what is no number."""
        if not isinstance(self.delta, float | int):
            raise TypeError(f"delta must be a float or int, got: {type(self.delta)}")


@dataclass(repr=False, eq=False)
class SmoothL1Loss(Reduced):
    """The Huber loss divided by `beta`, the absolute error for beta = 0; its mean divides by N.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.SmoothL1Loss(beta=0.5)([0.0, 2.0], [0.25, 0.0])
    np.float64(0.90625)
    """

    beta: float = 1.0
    function = functional.smooth_l1_loss


@dataclass(repr=False, eq=False)
class KLDivLoss(Reduced):
    """The Kullback-Leibler divergence of log-probabilities from a target of probabilities.

    "mean" divides by the number of elements, and warns; "batchmean" by that of rows.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.KLDivLoss(reduction="batchmean")([[-1.0, -2.0]], [[1.0, 0.0]])
    np.float64(1.0)
    """

    log_target: bool = False
    function = functional.kl_div


@dataclass(repr=False, eq=False)
class PoissonNLLLoss(Criterion):
    """The negative Poisson log-likelihood of logarithms of rates, or of rates.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.PoissonNLLLoss(log_input=False, eps=0.0)([1.0, 1.0], [2.0, 3.0])
    np.float64(1.0)
    """

    log_input: bool = True
    full: bool = False
    size_average: Flag = None
    eps: float = 1e-8
    reduce: Flag = None
    reduction: str = "mean"
    function = functional.poisson_nll_loss

    def forward(self, log_input: ArrayLike, target: ArrayLike) -> Any:
        """Return the loss of arrays."""
        return self.apply(log_input, target)


@dataclass(repr=False, eq=False, kw_only=True)
class GaussianNLLLoss(Criterion):
    """The negative Gaussian log-likelihood of means and variances, which `eps` is the least of.

    Raises
    ------
    ValueError
        When called, if a variance is negative.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.GaussianNLLLoss()([1.0, 2.0], [1.0, 4.0], [1.0, 1.0])
    np.float64(1.0)
    """

    full: bool = False
    eps: float = 1e-6
    reduction: str = "mean"
    function = functional.gaussian_nll_loss

    def forward(self, input: ArrayLike, target: ArrayLike, var: ArrayLike) -> Any:
        """Return the loss of arrays."""
        return self.apply(input, target, var)


class NLLLoss(OfClasses):
    """The negative of the log-probability of each class of the target.

    The mean divides by the sum of the weights of the classes that are not `ignore_index`.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.NLLLoss(weight=[1.0, 3.0])([[-1.0, -2.0], [-4.0, -8.0]], [1, 0])
    np.float64(2.5)
    """

    function = functional.nll_loss


@dataclass(repr=False, eq=False)
class CrossEntropyLoss(OfClasses):
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

    label_smoothing: float = 0.0
    function = functional.cross_entropy


class BCELoss(Weighted):
    """The binary cross-entropy of probabilities; logarithms are at least -100.

    The mean divides by the number of elements, whatever the weights.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.BCELoss(weight=[1.0, 0.5])([0.5, 0.0], [1.0, 1.0])
    np.float64(25.346573590279974)
    """

    function = functional.binary_cross_entropy


@dataclass(repr=False, eq=False)
class BCEWithLogitsLoss(Weighted):
    """The binary cross-entropy of logits, with `pos_weight` for label 1.

    The mean divides by the number of elements, whatever the weights.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.BCEWithLogitsLoss(pos_weight=[3.0, 1.0])([-800.0, 0.0], [1.0, 0.0])
    np.float64(1200.34657359028)
    """

    pos_weight: ArrayLike | None = None
    function = functional.binary_cross_entropy_with_logits


class MarginRankingLoss(OfTwo):
    """max(0, -y (x1 - x2) + margin): label 1 wants x1 larger, -1 smaller.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.MarginRankingLoss(margin=0.5)([2.0], [5.0], [1.0])
    np.float64(3.5)
    """

    function = functional.margin_ranking_loss


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
    function = functional.hinge_embedding_loss


class SoftMarginLoss(Reduced):
    """The logistic loss log(1 + exp(-y x)) of scores x for labels y of -1 and 1.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.SoftMarginLoss()([0.0, -800.0], [1.0, 1.0])
    np.float64(400.34657359027995)
    """

    function = functional.soft_margin_loss


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
    function = functional.multi_margin_loss

    def check(self) -> None:
        """Refuse another power, and weights that are not one a class."""
        if self.p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        weight: Any = self.weight
        rank = 1 if weight is None else np.ndim(weight)
        if rank != 1:
            expected = "MultiMarginLoss: expected weight to be None or 1D"
            raise ValueError(f"{expected}, got {rank}D instead")


class MultiLabelMarginLoss(Reduced):
    """The mean over classes of the hinges of the labels' scores over the others'.

    A row of the target has classes up to its first -1.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.MultiLabelMarginLoss()([[0.0, 0.5, 0.25, 0.5]], [[3, 0, -1, 1]])
    np.float64(1.125)
    """

    function = functional.multilabel_margin_loss


class MultiLabelSoftMarginLoss(Weighted):
    """The mean over classes of the weighted binary cross-entropies of logits.

    The mean divides by the number of rows, whatever the weights.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.MultiLabelSoftMarginLoss(weight=[2.0, 1.0])([[-800.0, 800.0]], [[1.0, 1.0]])
    np.float64(800.0)
    """

    function = functional.multilabel_soft_margin_loss


class CosineEmbeddingLoss(OfTwo):
    """1 - cos(x1, x2) where the target is 1, max(0, cos - margin) where it is -1, else 0.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.CosineEmbeddingLoss()([[1.0, 0.0]], [[0.0, 2.0]], [1])
    np.float64(1.0)
    """

    function = functional.cosine_embedding_loss


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
    function = functional.triplet_margin_loss


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
    function = functional.triplet_margin_with_distance_loss
