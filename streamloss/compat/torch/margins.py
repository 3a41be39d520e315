"""The functions of PyTorch that are margins: of scores of two labels, or of a row's classes."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from streamloss import losses
from streamloss.arrays.batch import may_fit
from streamloss.arrays.types import Array, ArrayLike, DuckArray, Weights
from streamloss.compat._common.arrays import checked

from . import dtypes
from .arguments import arrays, size, spread, spread_to, without_strange
from .dtypes import common, floating, kind_of, together
from .reductions import finish, known, legacy, strict
from .weights import as_weights, class_weights

__all__ = [
    "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "soft_margin_loss",
]  # fmt: skip


def margin_ranking_loss(
    input1: ArrayLike,
    input2: ArrayLike,
    target: ArrayLike,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return max(0, -target (input1 - input2) + margin); see `MarginRankingLoss`.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.margin_ranking_loss([2.0], [5.0], [1.0], margin=0.5)
    np.float64(3.5)
    """
    reduction = known(legacy(size_average, reduce, reduction))
    found = arrays(input1=input1, input2=input2, target=target)
    if len({array.ndim for array in found}) > 1:
        sizes = ", ".join(size(array.shape) for array in found)
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes:"
            f" {sizes}"
        )
    dtypes.need_numbers("sub", *(array.dtype for array in found))
    dtypes.need_real("clamp", *(array.dtype for array in found))
    dtype = floating(together(*map(kind_of, found))).dtype
    x1, x2, y = spread(*found)
    return finish(losses.MarginRanking(margin), (y, x1, x2), reduction, dtype)


def soft_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return log(1 + exp(-target input)); see `SoftMarginLoss`.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.soft_margin_loss([0.0, -100.0], [1.0, 1.0], reduction="none")
    array([  0.69314718, 100.        ])
    """
    reduction = known(legacy(size_average, reduce, reduction))
    input, target = arrays(input=input, target=target)
    dtype = input.dtype
    dtypes.need_numbers("neg", dtype)
    dtypes.need_real("soft_margin_loss", dtype)
    dtypes.need_cast(target.dtype, dtype)
    dtypes.need_cast(dtypes.FLOAT32, dtype)
    target = spread_to(target, input)
    return finish(losses.SoftMargin(), (target, input), reduction, dtype)


def hinge_embedding_loss(
    input: ArrayLike,
    target: ArrayLike,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return input where target is 1, max(0, margin - input) where -1; see `HingeEmbeddingLoss`.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.hinge_embedding_loss([0.25, 0.25], [1.0, -1.0], reduction="none")
    array([0.25, 0.75])
    """
    reduction = known(legacy(size_average, reduce, reduction))
    input, target = arrays(input=input, target=target)
    dtype = input.dtype
    dtypes.need_numbers("sub", dtype)
    dtypes.need_real("clamp", dtype)
    if dtypes.category(dtype) == 1:
        margin = math.trunc(margin)
    loss = losses.HingeEmbedding(margin)
    x, y = spread(input, without_strange(target))
    return finish(loss, (y, x), reduction, dtype)


def multi_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    p: int = 1,
    margin: float = 1.0,
    weight: Weights = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return the mean over classes of weight_y max(0, margin - x_y + x_i)**p.

    The mean over rows is over their number, whatever the weights; see `MultiMarginLoss`.

    Raises
    ------
    ValueError
        If `p` is neither 1 nor 2, or `weight` has more than one axis.
    RuntimeError
        If shapes or dtypes don't fit; if there is no such class, with the chunk that has it if
        target is a dask array.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.multi_margin_loss([[0.1, 0.2, 0.4, 0.8]], [3])
    np.float64(0.32499999999999996)
    """
    reduction = known(legacy(size_average, reduce, reduction))
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    input, target = arrays(input=input, target=target)
    weight = as_weights(weight)
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    rows = _rows(input)
    classes = rows.shape[1]
    _check_one_a_row(input, target, rows)
    if weight is not None and not may_fit(weight.shape, (classes,)):
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {weight.shape}")
    _check_dtypes("multi_margin_loss_cpu_kernel", input, target, weight)
    labels = checked(target, functools.partial(_check_range, 0, classes))
    labels = labels if labels.ndim else labels.reshape((1,))
    last = class_weights(weight, rows)
    make = losses.WeightedMultiMargin if last else losses.MultiMargin
    out = finish(make(p, margin), (labels, rows, *last), reduction, input.dtype)
    return _one_row(out, target.ndim == 0)


def _rows(input: DuckArray) -> DuckArray:
    """Return scores as rows; a RuntimeError if they are neither a row nor rows, or of no class."""
    if input.ndim > 2 or (input.ndim and input.shape[-1] == 0):
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got:"
            f" {list(input.shape)}"
        )
    return input if input.ndim == 2 else input.reshape((1, -1))


def _one_row(out: Any, alone: bool) -> Any:
    """Return losses without their axis if there is one alone; numbers as they are."""
    return out.reshape(())[()] if alone and out.ndim else out


def _check_one_a_row(input: DuckArray, target: DuckArray, rows: DuckArray) -> None:
    """Refuse labels that are not one a row by a RuntimeError."""
    if target.ndim == 0 and rows.shape[0] == 1:
        return
    if target.ndim != 1 or not may_fit(target.shape, rows.shape[:1]):
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of"
            f" input samples: got {list(target.shape)} for {list(input.shape)}"
        )


def _check_dtypes(
    name: str, input: DuckArray, target: DuckArray, weight: DuckArray | None = None
) -> None:
    """Refuse all but scores of float32 or float64, labels of int64, weights as the scores."""
    if input.dtype not in (np.float32, np.float64):
        dtypes.refuse(name, input.dtype)
    dtypes.need_labels(target, "int64")
    dtypes.need_same(input.dtype, weight)


def _check_range(low: int, classes: int, target: Array) -> None:
    """Refuse labels outside a range by a RuntimeError."""
    if np.any((target < low) | (target >= classes)):
        raise RuntimeError("target is out of range")


def multilabel_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return the mean over classes of the hinges of the labels' scores over the others'.

    A row of target has classes up to its first -1; see `MultiLabelMarginLoss`.

    Raises
    ------
    RuntimeError
        If shapes or dtypes don't fit; if there is no such class, with the chunk that has it if
        target is a dask array.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.multilabel_margin_loss([[0.1, 0.2, 0.4, 0.8]], [[3, 0, -1, 1]])
    np.float64(0.8500000000000001)
    """
    reduction = known(legacy(size_average, reduce, reduction))
    input, target = arrays(input=input, target=target)
    rows = _rows(input)
    if input.ndim < 2 and target.ndim < 2 and target.size == rows.size:
        labels = target.reshape(rows.shape)
    elif input.ndim == 2 and may_fit(target.shape, rows.shape):
        labels = target
    else:
        raise RuntimeError(
            f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}"
        )
    labels = checked(labels, functools.partial(_check_range, -1, rows.shape[1]))
    _check_dtypes("multilabel_margin_loss_forward_out_frame", input, target)
    out = finish(losses.MultiLabelMargin(), (labels, rows), reduction, input.dtype)
    return _one_row(out, target.ndim < 2)


def multilabel_soft_margin_loss(
    input: ArrayLike,
    target: ArrayLike,
    weight: Weights = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Return the mean over classes of the weighted binary cross-entropies of logits.

    The mean over rows is over their number, whatever the weights; see `MultiLabelSoftMarginLoss`.

    Raises
    ------
    RuntimeError
        If shapes don't fit: target and weight must broadcast to the shape of input, or add rows.

    Examples
    --------
    >>> from streamloss.compat.torch import functional
    >>> functional.multilabel_soft_margin_loss([[0.0, 800.0]], [[1.0, 0.0]], reduction="none")
    array([400.34657359])
    """
    reduction = strict(legacy(size_average, reduce, reduction))
    input, target = arrays(input=input, target=target)
    weight = as_weights(weight)
    dtypes.need_float("log_sigmoid_cpu", input.dtype)
    dtypes.need_numbers("sub", target.dtype)
    given = [input, target] if weight is None else [input, target, weight]
    dtypes.need_real("multilabel_soft_margin_loss", *(a.dtype for a in given))
    if input.ndim == 0:
        raise IndexError("Dimension specified as -1 but tensor has no dimensions")
    dtype = common(*given)
    x, y, *last = spread(*given)
    if x.ndim != input.ndim or not may_fit(x.shape[-1:], input.shape[-1:]):
        raise RuntimeError(
            "target and weight must have the classes of input, in no more dimensions: got shape"
            f" {list(x.shape)} together and input of {list(input.shape)}"
        )
    make = losses.WeightedMultiLabelSoftMargin if last else losses.MultiLabelSoftMargin
    return finish(make(), (y, x, *last), reduction, dtype)
