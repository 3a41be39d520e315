"""The functions of PyTorch whose losses are margins between the scores of a row's classes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from streamloss import losses
from streamloss.arrays.types import Array, ArrayLike, DuckArray, Weights
from streamloss.compat.torch import _calls, _dtypes
from streamloss.compat.torch._calls import arrays, known, legacy, optional
from streamloss.compat.torch._classes import check_labels
from streamloss.compat.torch._dtypes import kind_of, together
from streamloss.losses.base import LossLike


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
    weight = optional("weight", weight)
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    rows = _rows(input)
    classes = rows.shape[1]
    _check_one_a_row(input, target, rows)
    if weight is not None and not _calls.fit(weight.shape, (classes,)):
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {weight.shape}")
    _check_dtypes("multi_margin_loss_cpu_kernel", input, target, weight)
    labels = _calls.checked(target, functools.partial(_check_range, 0, classes))
    inputs: tuple[DuckArray, ...] = labels if labels.ndim else labels.reshape((1,)), rows
    loss: LossLike = losses.MultiMargin(p, margin)
    if weight is not None:
        loss = losses.WeightedMultiMargin(p, margin)
        inputs = (*inputs, _calls.spread_to(weight, rows))
    return _one_row(_calls.reduce(loss, inputs, reduction, input.dtype), target.ndim == 0)


def _rows(input: DuckArray) -> DuckArray:
    """Return scores as rows.

    Raises
    ------
    RuntimeError
        If they are neither a row nor rows, or of no class.
    """
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
    """Refuse labels that are not one a row.

    Raises
    ------
    RuntimeError
        If they are others.
    """
    if target.ndim == 0 and rows.shape[0] == 1:
        return
    if target.ndim != 1 or not _calls.fit(target.shape, rows.shape[:1]):
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of"
            f" input samples: got {list(target.shape)} for {list(input.shape)}"
        )


def _check_dtypes(
    name: str, input: DuckArray, target: DuckArray, weight: DuckArray | None = None
) -> None:
    """Refuse all but scores of float32 or float64, labels of int64, weights as the scores.

    Raises
    ------
    NotImplementedError
        If the scores are others.
    RuntimeError
        If labels or weights are.
    """
    if input.dtype not in (np.float32, np.float64):
        _dtypes.refuse(name, input.dtype)
    check_labels(target, np.int64)
    if weight is not None and weight.dtype != input.dtype:
        raise RuntimeError(f"expected scalar type {input.dtype} but found {weight.dtype}")


def _check_range(low: int, classes: int, target: Array) -> None:
    """Refuse labels outside a range.

    Raises
    ------
    RuntimeError
        If there is one.
    """
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
    elif input.ndim == 2 and _calls.fit(target.shape, rows.shape):
        labels = target
    else:
        raise RuntimeError(
            f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}"
        )
    labels = _calls.checked(labels, functools.partial(_check_range, -1, rows.shape[1]))
    _check_dtypes("multilabel_margin_loss_forward_out_frame", input, target)
    out = _calls.reduce(losses.MultiLabelMargin(), (labels, rows), reduction, input.dtype)
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
    reduction = _calls.strict(legacy(size_average, reduce, reduction))
    input, target = arrays(input=input, target=target)
    weight = optional("weight", weight)
    _dtypes.need_float("log_sigmoid_cpu", input.dtype)
    _dtypes.need_numbers("sub", target.dtype)
    given = [input, target] if weight is None else [input, target, weight]
    _dtypes.need_real("multilabel_soft_margin_loss", *(a.dtype for a in given))
    if input.ndim == 0:
        raise IndexError("Dimension specified as -1 but tensor has no dimensions")
    dtype = together(*map(kind_of, given)).dtype
    x, y, *weights = _calls.spread(*given)
    if x.ndim != input.ndim or not _calls.fit(x.shape[-1:], input.shape[-1:]):
        raise RuntimeError(
            "target and weight must have the classes of input, in no more dimensions: got shape"
            f" {list(x.shape)} together and input of {list(input.shape)}"
        )
    plain, weighted = losses.MultiLabelSoftMargin(), losses.WeightedMultiLabelSoftMargin()
    loss = weighted if weights else plain
    return _calls.reduce(loss, (y, x, *weights), reduction, dtype)
