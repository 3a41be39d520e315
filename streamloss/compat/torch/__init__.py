"""PyTorch's losses, exact, of numpy and dask arrays: classes here, functions in `functional`.

Change ``from torch import nn`` to ``from streamloss.compat import torch as nn``, and
``torch.nn.functional`` to ``streamloss.compat.torch.functional``. Names, arguments, order
``(input, target)``, denominators, dtypes, warnings and errors are PyTorch's; arrays may be
anything array-like, tensors on the CPU too. Results are numpy scalars and arrays of PyTorch's
dtypes, lazy for dask arrays, whose values are checked when they are computed. bfloat16 is that of
the package ml_dtypes; without it, tensors of bfloat16 give float32.
"""

from streamloss.compat.torch import _missing, functional
from streamloss.compat.torch._classification import (
    BCELoss,
    BCEWithLogitsLoss,
    CosineEmbeddingLoss,
    CrossEntropyLoss,
    HingeEmbeddingLoss,
    MultiLabelMarginLoss,
    MultiLabelSoftMarginLoss,
    MultiMarginLoss,
    NLLLoss,
    SoftMarginLoss,
    TripletMarginLoss,
    TripletMarginWithDistanceLoss,
)
from streamloss.compat.torch._regression import (
    GaussianNLLLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MarginRankingLoss,
    MSELoss,
    PoissonNLLLoss,
    SmoothL1Loss,
)

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
    "functional",
]


def __getattr__(name: str) -> object:
    raise _missing.error(__name__, name)
