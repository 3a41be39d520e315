"""The losses of `torch.nn.functional`, exact, of numpy and dask arrays.

Names, arguments, order ``(input, target)``, denominators, dtypes and errors are PyTorch's.
Results are numpy scalars and arrays, lazy for dask arrays.
"""

from streamloss.compat.torch import _missing
from streamloss.compat.torch._binary import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge_embedding_loss,
    soft_margin_loss,
)
from streamloss.compat.torch._classes import cross_entropy, nll_loss
from streamloss.compat.torch._elements import huber_loss, l1_loss, mse_loss, smooth_l1_loss
from streamloss.compat.torch._likelihood import gaussian_nll_loss, kl_div, poisson_nll_loss
from streamloss.compat.torch._margins import (
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
)
from streamloss.compat.torch._pairs import (
    cosine_embedding_loss,
    margin_ranking_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


def __getattr__(name: str) -> object:
    raise _missing.error(__name__, name)
