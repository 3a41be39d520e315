"""PyTorch's reductions by name, deprecated names too, and what each divides by."""

from __future__ import annotations

import warnings
from typing import Any

from streamloss.arrays.types import DType, DuckArray
from streamloss.compat._common.finish import Ratio
from streamloss.compat._common.sums import Inputs, each, reduced
from streamloss.losses.base import LossLike
from streamloss.support.brief import brief

from . import dtypes

REDUCTIONS = ("none", "mean", "sum")
SUM, MEAN = Ratio(), Ratio("elements")


def legacy(size_average: bool | None, reduce: bool | None, reduction: Any) -> Any:
    """Return the reduction, which the two deprecated arguments override."""
    if size_average is None and reduce is None:
        return reduction
    found = "mean" if size_average in (None, True) else "sum"
    found = found if reduce in (None, True) else "none"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction={found!r} instead.",
        stacklevel=4,
    )
    return found


def known(reduction: object) -> str:
    """Return a reduction of a known name, by that of today; a ValueError if there is none."""
    if isinstance(reduction, str) and reduction == "elementwise_mean":
        warnings.warn(
            "reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.",
            stacklevel=4,
        )
        return "mean"
    if isinstance(reduction, str) and reduction in REDUCTIONS:
        return reduction
    spelled = reduction[:80] if isinstance(reduction, str) else brief(reduction)
    raise ValueError(f"{spelled} is not a valid value for reduction")


def strict(reduction: object) -> str:
    """Return a reduction of a name of today; a TypeError if it is no text, else a ValueError."""
    if not isinstance(reduction, str):
        raise TypeError(f"reduction must be text: got {brief(reduction)}")
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction[:80]} is not a valid value for reduction")
    return reduction


def of_weighted(reduction: object) -> str:
    """Return a reduction as functions with weights of elements know it, else a ValueError."""
    if not isinstance(reduction, str) or reduction not in REDUCTIONS:
        names = "'none', 'mean', 'sum'"
        raise ValueError(f"Invalid reduction mode: {reduction}. Expected one of {names}.")
    return reduction


def finish(
    loss: LossLike | tuple[LossLike, LossLike],
    inputs: Inputs,
    reduction: str,
    dtype: DType,
    *,
    weights: DuckArray | None = None,
    where: DuckArray | None = None,
    mean: Ratio = MEAN,
) -> Any:
    """Return the losses, or what a reduction makes of their exact sums.

    Parameters
    ----------
    loss : loss or two losses
        What is reduced; a second one is what `mean` divides by.
    inputs : tuple of arrays
        Of one shape, labels first.
    reduction : {"none", "mean", "sum"}
        What is returned.
    dtype : dtype
        Of the losses; sums and means have that which PyTorch gives them.
    weights, where : array, optional
        Of the shape of the losses.
    mean : Ratio
        The mean; by default it divides by the number of losses. Integers have none.
    """
    if reduction == "none":
        only: Any = loss[0] if type(loss) is tuple else loss
        return each(only, inputs, weights, dtype=dtype, where=where)
    ratio, result = (SUM, dtypes.total) if reduction == "sum" else (mean, dtypes.average)
    ratio = ratio._replace(dtype=result(dtype))
    return reduced(loss, inputs, weights, ratio, dtype=ratio.dtype, where=where)
