"""PyTorch's losses, exact, of numpy and dask arrays: classes here, functions in `functional`.

Change ``from torch import nn`` to ``from streamloss.compat import torch as nn``, and
``torch.nn.functional`` to ``streamloss.compat.torch.functional``. Names, arguments, order
``(input, target)``, denominators, dtypes, warnings and errors are PyTorch's; arrays may be
anything array-like, tensors on the CPU too. Results are numpy scalars and arrays of PyTorch's
dtypes, lazy for dask arrays, whose values are checked when they are computed. bfloat16 is that of
the package ml_dtypes; without it, tensors of bfloat16 give float32.
"""

import sys as _sys

from streamloss.compat._common.absent import refusing

from . import criteria, functional
from .absent import ABSENT
from .criteria import *  # noqa: F403

__all__ = ["functional"]
__all__ += criteria.__all__

__getattr__ = refusing(__name__, ABSENT)

# Pickles of version 0.1 name the modules of classes and functions as they were called then.
for _old in ("_classification", "_regression"):
    _sys.modules[f"{__name__}.{_old}"] = _sys.modules[__name__]
for _old in ("_binary", "_classes", "_elements", "_likelihood", "_margins", "_pairs"):
    _sys.modules[f"{__name__}.{_old}"] = functional
