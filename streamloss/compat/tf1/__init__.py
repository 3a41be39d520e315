"""The losses of TensorFlow 1: ``tf.losses``, in TensorFlow 2 ``tf.compat.v1.losses``.

Arguments, results, dtypes and errors are TensorFlow's in eager mode; arrays are NumPy's, or dask's
for a lazy result. Inputs and weights are rounded to float32 first, as TensorFlow does, sums are
exact and rounded once.

Weights are a scalar, or an array of the rank of the losses whose axes are 1 or theirs. They
multiply: zero times NaN is NaN. 0/0 is 0.

`scope` and `loss_collection` are taken and have no effect: nothing is collected, as in eager mode.
"""

from ._collections import (
    add_loss,
    get_losses,
    get_regularization_loss,
    get_regularization_losses,
    get_total_loss,
)
from ._elements import (
    absolute_difference,
    hinge_loss,
    huber_loss,
    log_loss,
    mean_squared_error,
    sigmoid_cross_entropy,
)
from ._rows import (
    cosine_distance,
    mean_pairwise_squared_error,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
)
from ._weighing import Reduction, compute_weighted_loss

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
