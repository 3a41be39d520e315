"""The losses of TensorFlow 1: ``tf.losses``, in TensorFlow 2 ``tf.compat.v1.losses``.

Arguments, results, dtypes and errors are TensorFlow's in eager mode; arrays are NumPy's, or dask's
for a lazy result. Inputs and weights are rounded to float32 first, as TensorFlow does, sums are
exact and rounded once.

Weights are a scalar, or an array of the rank of the losses whose axes are 1 or theirs. They
multiply: zero times NaN is NaN. 0/0 is 0.

`scope` and `loss_collection` are taken and have no effect: nothing is collected, as in eager mode.
"""

import sys as _sys

from .classification import (
    hinge_loss,
    log_loss,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
)
from .collections import (
    add_loss,
    get_losses,
    get_regularization_loss,
    get_regularization_losses,
    get_total_loss,
)
from .reductions import Reduction, compute_weighted_loss
from .regression import (
    absolute_difference,
    huber_loss,
    mean_pairwise_squared_error,
    mean_squared_error,
)
from .similarity import cosine_distance

__all__ = [
    "Reduction",
    "absolute_difference",
    "add_loss",
    "compute_weighted_loss",
    "cosine_distance",
    "get_losses",
    "get_regularization_loss",
    "get_regularization_losses",
    "get_total_loss",
    "hinge_loss",
    "huber_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]

# Pickles of version 0.1 name the modules of functions as they were called then.
for _old in ("_collections", "_elements", "_rows", "_weighing"):
    _sys.modules[f"{__name__}.{_old}"] = _sys.modules[__name__]
