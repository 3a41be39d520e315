"""The functions of PyTorch that compare vectors: two by their angle, three by their distances."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from streamloss import losses
from streamloss.arrays.batch import may_fit
from streamloss.arrays.types import ArrayLike, DType, DuckArray

from . import dtypes
from .arguments import arrays, spread, spread_to, without_strange
from .dtypes import common, floating, kind_of, together
from .reductions import finish, known, legacy, strict

__all__ = ["cosine_embedding_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss"]


def cosine_embedding_loss(
    input1: ArrayLike,
    input2: ArrayLike,
    target: ArrayLike,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return 1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1.

    Where it is another number the loss is zero; see `CosineEmbeddingLoss`.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.cosine_embedding_loss([[1.0, 0.0]], [[0.0, 2.0]], [1])
    np.float64(1.0)
    """
    reduction = known(legacy(size_average, reduce, reduction))
    x1, x2, y = arrays(input1=input1, input2=input2, target=target)
    if y.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    for x in (x1, x2):
        if x.ndim != y.ndim + 1:
            raise RuntimeError(
                f"{y.ndim}D target tensor expects {y.ndim + 1}D input tensors, but found inputs"
                f" with sizes {list(x1.shape)} and {list(x2.shape)}."
            )
    dtypes.need_real("clamp", x1.dtype, x2.dtype)
    dtype = together(floating(kind_of(x1)), floating(kind_of(x2))).dtype
    _check_lengths(x1, x2)
    y = without_strange(y)
    x1, x2 = spread(x1, x2)
    if not may_fit(y.shape, x1.shape[:-1]):  # one label for all rows, or one row for all
        x1, x2, column = spread(x1, x2, y[..., None])
        y = column[..., 0]
    return finish(losses.CosineEmbedding(margin), (y, x1, x2), reduction, dtype)


def _check_lengths(*rows: DuckArray) -> None:
    """Refuse rows of different lengths by a RuntimeError."""
    for array in rows:
        if not may_fit(array.shape[-1:], rows[0].shape[-1:]):
            sizes = ", ".join(str(list(a.shape)) for a in rows)
            raise RuntimeError(f"The sizes of the last dimension must match: got {sizes}")


def triplet_margin_loss(
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return max(0, margin + d(anchor, positive) - d(anchor, negative)); see `TripletMarginLoss`.

    Raises
    ------
    ValueError
        If `margin` is not positive.
    RuntimeError
        If shapes don't fit.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.triplet_margin_loss([[0.0]], [[3.0]], [[1.0]], eps=0.0)
    np.float64(3.0)
    """
    reduction = known(legacy(size_average, reduce, reduction))
    _check_margin(margin)
    found = arrays(anchor=anchor, positive=positive, negative=negative)
    if p in (0.0, math.inf):
        distance = functools.partial(_distance, p, eps)
        return _triplets_by(distance, found, margin, swap, reduction, _triplet_dtype(found))
    return _triplets(found, margin, p, eps, swap, reduction)


def _distance(p: float, eps: float, x: DuckArray, y: DuckArray) -> DuckArray:
    """Return the largest |x - y + eps| of each row or, for p = 0, how many are not zero."""
    gap = abs(x.astype(np.float64) - y + eps)
    gap = gap if gap.ndim else gap[None]
    found: DuckArray = gap.max(axis=-1) if p else (gap != 0.0).sum(axis=-1).astype(np.float64)
    return found


def _triplets(
    found: list[DuckArray], margin: float, p: float, eps: float, swap: bool, reduction: str
) -> Any:
    """Return the losses of triplets, or their sum or mean."""
    _check_ranks(found)
    dtype = _triplet_dtype(found)
    rows = [array if array.ndim else array.reshape((1,)) for array in found]
    near_by, far_off = spread(*rows[:2]), spread(rows[0], rows[2])
    _check_lengths(near_by[0], far_off[0], *(spread(*rows[1:])[:1] if swap else []))
    loss = losses.TripletMargin(margin, p, eps, swap)
    return finish(loss, tuple(spread(*rows)), reduction, dtype)


def _triplet_dtype(found: list[DuckArray]) -> DType:
    """Return the dtype of the distances of triplets."""
    given = [array.dtype for array in found]
    dtypes.need_numbers("sub", *given)
    dtypes.need_real("triplet_margin_loss", *given)
    anchor, *others = map(kind_of, found)
    return together(*(floating(together(anchor, other)) for other in others)).dtype


def _check_margin(margin: float) -> None:
    """Refuse a margin that is not positive by a ValueError."""
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")


def _check_ranks(found: list[DuckArray]) -> None:
    """Refuse triplets of different ranks by a RuntimeError."""
    a, p, n = (array.ndim for array in found)
    if not a == p == n:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of"
            f" dimensions, but got: anchor {a}D, positive {p}D, and negative {n}D inputs"
        )


def triplet_margin_with_distance_loss(
    anchor: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """Return max(0, margin + d(anchor, positive) - d(anchor, negative)) of a distance d.

    `distance_function` takes two arrays, numpy's or dask's as they are given, and returns the
    distances of their rows; by default it is the Euclidean distance of `triplet_margin_loss`.
    See `TripletMarginWithDistanceLoss`.

    Raises
    ------
    ValueError
        If `margin` is not positive.
    RuntimeError
        If shapes don't fit.

    Examples
    --------
    >>> import numpy as np
    >>> from streamloss.compat.torch import functional
    >>> def manhattan(x, y):
    ...     return np.abs(x - y).sum(axis=-1)
    >>> functional.triplet_margin_with_distance_loss(
    ...     [[0.0, 0.0]], [[3.0, 4.0]], [[1.0, 1.0]], distance_function=manhattan
    ... )
    np.float64(6.0)
    """
    reduction = strict(reduction)
    _check_margin(margin)
    found = arrays(anchor=anchor, positive=positive, negative=negative)
    if distance_function is None:
        return _triplets(found, margin, 2.0, 1e-6, swap, reduction)
    return _triplets_by(distance_function, found, margin, swap, reduction)


def _triplets_by(
    distance: Callable[[Any, Any], Any],
    found: list[DuckArray],
    margin: float,
    swap: bool,
    reduction: str,
    dtype: DType | None = None,
) -> Any:
    """Return the losses of triplets for any distance, or their sum or mean."""
    _check_ranks(found)
    a, p, n = found
    near, far = arrays(near=distance(a, p), far=distance(a, n))
    if swap:
        far = np.minimum(far, distance(p, n))
    dtype = dtype or common(near, far)
    near, far = spread(near, far)
    sign = spread_to(np.asarray(-1.0), near)
    return finish(losses.MarginRanking(margin), (sign, near, far), reduction, dtype)
