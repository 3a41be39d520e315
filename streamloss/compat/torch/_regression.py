"""The classes of PyTorch's losses that are one an element."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import Any, ClassVar

from streamloss.arrays.types import ArrayLike
from streamloss.compat.torch import functional
from streamloss.compat.torch._criterion import Criterion, OfPair, OfTwo

Flag = InitVar[bool | None]


@dataclass(repr=False, eq=False)
class L1Loss(OfPair):
    """The mean absolute error, of complex numbers too: sum |x - y| / N.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> loss = nn.L1Loss()
    >>> loss([1.0, 2.0, 4.0], [1.5, 2.0, 2.0])
    np.float64(0.8333333333333334)
    """

    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.l1_loss


@dataclass(repr=False, eq=False)
class MSELoss(OfPair):
    """The mean squared error: sum (x - y)**2 / N.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.MSELoss(reduction="sum")([1.0, 2.0], [1.5, 4.0])
    np.float64(4.25)
    """

    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.mse_loss


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
    function: ClassVar[Any] = functional.huber_loss

    def check(self) -> None:
        """Refuse what is no number."""
        if not isinstance(self.delta, float | int):
            raise TypeError(f"delta must be a float or int, got: {type(self.delta)}")


@dataclass(repr=False, eq=False)
class SmoothL1Loss(OfPair):
    """The Huber loss divided by `beta`, the absolute error for beta = 0; its mean divides by N.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.SmoothL1Loss(beta=0.5)([0.0, 2.0], [0.25, 0.0])
    np.float64(0.90625)
    """

    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    beta: float = 1.0
    function: ClassVar[Any] = functional.smooth_l1_loss


@dataclass(repr=False, eq=False)
class KLDivLoss(OfPair):
    """The Kullback-Leibler divergence of log-probabilities from a target of probabilities.

    "mean" divides by the number of elements, and warns; "batchmean" by that of rows.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.KLDivLoss(reduction="batchmean")([[-1.0, -2.0]], [[1.0, 0.0]])
    np.float64(1.0)
    """

    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    log_target: bool = False
    function: ClassVar[Any] = functional.kl_div


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
    function: ClassVar[Any] = functional.poisson_nll_loss

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
    function: ClassVar[Any] = functional.gaussian_nll_loss

    def forward(self, input: ArrayLike, target: ArrayLike, var: ArrayLike) -> Any:
        """Return the loss of arrays."""
        return self.apply(input, target, var)


@dataclass(repr=False, eq=False)
class MarginRankingLoss(OfTwo):
    """max(0, -y (x1 - x2) + margin): label 1 wants x1 larger, -1 smaller.

    Examples
    --------
    >>> from streamloss.compat import torch as nn
    >>> nn.MarginRankingLoss(margin=0.5)([2.0], [5.0], [1.0])
    np.float64(3.5)
    """

    margin: float = 0.0
    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"
    function: ClassVar[Any] = functional.margin_ranking_loss
