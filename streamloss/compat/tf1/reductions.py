"""TensorFlow's reductions by name, what each divides by, and weighted losses reduced by one."""

from __future__ import annotations

from typing import Any

from streamloss.arrays.batch import FLOAT32
from streamloss.arrays.types import ArrayLike, DType, DTypeLike, Shape
from streamloss.compat._common.arrays import as_dtype
from streamloss.compat._common.finish import Ratio
from streamloss.compat._common.sums import Inputs, each, reduced
from streamloss.losses import Value
from streamloss.losses.base import LossLike
from streamloss.support.brief import brief

from .arguments import LOGITS, check_logits, check_same_shape, real, reals, tensor
from .weights import loss_weights

__all__ = ["Reduction", "compute_weighted_loss"]

LOSSES = "losses"
"""The default of `loss_collection`, which has no effect."""


class Reduction:
    """How weighted losses become one number: text, as in TensorFlow.

    With S the sum of the weighted losses: NONE is each of them, SUM is S, MEAN is S over the sum
    of the weights, SUM_OVER_BATCH_SIZE is S over the number of losses (not of rows), and
    SUM_BY_NONZERO_WEIGHTS, the same as SUM_OVER_NONZERO_WEIGHTS, is S over the number of losses
    whose weight is not zero.

    Examples
    --------
    >>> Reduction.MEAN
    'weighted_mean'
    """

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """Return all values, one of them twice.

        Examples
        --------
        >>> len(Reduction.all())
        6
        """
        names = cls.NONE, cls.SUM, cls.MEAN, cls.SUM_OVER_BATCH_SIZE
        return (*names, cls.SUM_OVER_NONZERO_WEIGHTS, cls.SUM_BY_NONZERO_WEIGHTS)

    @classmethod
    def validate(cls, key: object) -> None:
        """Refuse what is no value of a reduction.

        Raises
        ------
        ValueError
            If it is none.

        Examples
        --------
        >>> Reduction.validate("weighted_sum")
        """
        if isinstance(key, str) and key in cls.all():
            return
        hint = f"; did you mean 'weighted_{key}'?" if f"weighted_{key}" in cls.all() else ""
        names = ", ".join(map(repr, cls.all()[:-1]))
        raise ValueError(f"reduction must be one of {names}: got {brief(key)}{hint}")


RATIOS = {
    Reduction.SUM: Ratio(1, zero=0.0),
    Reduction.MEAN: Ratio("weights", zero=0.0),
    Reduction.SUM_OVER_BATCH_SIZE: Ratio("elements", zero=0.0),
    Reduction.SUM_BY_NONZERO_WEIGHTS: Ratio("nonzero", zero=0.0),
}


def weigh(
    loss: LossLike,
    inputs: Inputs,
    shape: Shape,
    weights: ArrayLike,
    reduction: str,
    dtype: DType = FLOAT32,
    *,
    compute: DTypeLike | None = FLOAT32,
) -> Any:
    """Return weighted losses, reduced.

    Integers are what is left of the float32 result, as TensorFlow casts it.

    Parameters
    ----------
    loss : loss
    inputs : tuple of arrays
    shape : tuple of int
        Of the losses.
    weights, reduction
        As the caller gave them.
    dtype : dtype
        Of the result.
    compute : dtype or None
        What inputs are rounded to; weights always are to float32.
    """
    Reduction.validate(reduction)
    given = loss_weights(weights, shape)
    if given is not None and compute is None:
        given = as_dtype(given, FLOAT32)
    exact = dtype if dtype.name in LOGITS else FLOAT32
    if reduction == Reduction.NONE:
        out = each(loss, inputs, given, compute=compute, dtype=exact)
    else:
        ratio = RATIOS[reduction]._replace(dtype=exact)
        out = reduced(loss, inputs, given, ratio, compute=compute, dtype=exact)
    return as_dtype(out, dtype)


def weigh_elements(
    loss: LossLike,
    labels: ArrayLike,
    predictions: ArrayLike,
    weights: ArrayLike,
    reduction: str,
    name: str = "predictions",
) -> Any:
    """Return weighted losses of labels and predictions as float32, reduced."""
    y, p = reals("labels", labels), reals(name, predictions)
    check_same_shape(("labels", name), y, p)
    return weigh(loss, (y, p), y.shape, weights, reduction)


def weigh_logits(
    loss: Any, name: str, labels: ArrayLike, logits: ArrayLike, weights: ArrayLike, reduction: str
) -> Any:
    """Return weighted losses in the dtype of the logits, reduced; labels are called `name`.

    TensorFlow casts labels to that dtype, and does not round logits of float64.
    """
    y, x = reals(name, labels), tensor("logits", logits)
    check_same_shape((name, "logits"), y, x)
    check_logits(x)
    rank = x.ndim - loss.ranks[0]
    if rank < 0:
        raise ValueError("logits must have an axis of classes: got shape ()")
    if x.dtype == FLOAT32:
        return weigh(loss, (y, x), x.shape[:rank], weights, reduction)
    if x.dtype.itemsize < 4:  # to float64 nothing need be rounded: all is read as that
        y = as_dtype(y, x.dtype)
    return weigh(loss, (y, x), x.shape[:rank], weights, reduction, x.dtype, compute=None)


def compute_weighted_loss(
    losses: ArrayLike,
    weights: ArrayLike = 1.0,
    scope: str | None = None,
    loss_collection: str | None = LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:
    """Return losses times weights, reduced.

    Parameters
    ----------
    losses : array_like
        Of any shape.
    weights : array_like
        A scalar, or an array of the rank of the losses, each axis 1 or theirs.
    scope, loss_collection
        Without effect.
    reduction : str
        A value of `Reduction`.

    Returns
    -------
    numpy scalar or, if the reduction is NONE, array of the shape of the losses
        Of the dtype of the losses; a lazy dask array if an argument is one.

    Raises
    ------
    ValueError
        If losses or weights are None, the weights have another shape, or the reduction is none.
    TypeError
        If losses or weights are no numbers.

    Examples
    --------
    >>> float(compute_weighted_loss([1.0, 2.0, 9.0], [1.0, 0.5, 0.0]))
    1.0
    """
    array = tensor("losses", losses)
    values = real("losses", array)
    return weigh(Value(), (values,), values.shape, weights, reduction, array.dtype)
