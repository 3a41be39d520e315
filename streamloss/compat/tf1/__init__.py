"""The losses of TensorFlow 1: ``tf.losses``, in TensorFlow 2 ``tf.compat.v1.losses``.

Arguments, results, dtypes and errors are TensorFlow's in eager mode; arrays are NumPy's, or dask's
for a lazy result. Inputs and weights are rounded to float32 first, as TensorFlow does, sums are
exact and rounded once.

Weights are a scalar, or an array of the rank of the losses whose axes are 1 or theirs. They
multiply: zero times NaN is NaN. 0/0 is 0.

`scope` and `loss_collection` are taken and have no effect: nothing is collected, as in eager mode.
"""

import sys as _sys

from . import classification, collections, reductions, regression, similarity
from .classification import *  # noqa: F403
from .collections import *  # noqa: F403
from .reductions import *  # noqa: F403
from .regression import *  # noqa: F403
from .similarity import *  # noqa: F403

__all__: list[str] = []
__all__ += classification.__all__ + collections.__all__ + reductions.__all__
__all__ += regression.__all__ + similarity.__all__

# Pickles of version 0.1 name the modules of functions as they were called then.
for _old in ("_collections", "_elements", "_rows", "_weighing"):
    _sys.modules[f"{__name__}.{_old}"] = _sys.modules[__name__]
