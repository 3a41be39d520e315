"""The arrays of a call, what is asked of their values, and the exact sums of their losses."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import FLOAT64, is_lazy
from streamloss.arrays.types import ArrayLike, DType, DuckArray, Weights
from streamloss.compat._common.arrays import as_dtype, checked, is_masked
from streamloss.compat._common.finish import Ratio
from streamloss.compat._common.sums import Finish, reduced
from streamloss.losses.base import LossLike

from .arguments import (
    aligned,
    as_numbers,
    as_weights,
    check_array_likes,
    column,
    floating,
    undefined_warning,
)
from .reductions import rounded
from .values import Bounds, Check, Checking


class Call(NamedTuple):
    """The arrays of a call, and what is asked of their values.

    If `late`, numbers that break a rule make the result NaN or infinite: then arrays in memory
    are looked at only if it is.
    """

    inputs: tuple[DuckArray, ...]
    weights: DuckArray | None
    checks: tuple[Checking | None, ...]
    dtype: DType = FLOAT64
    late: bool = False

    @property
    def arrays(self) -> tuple[DuckArray, ...]:
        """All arrays, in the order of their checks."""
        return self.inputs if self.weights is None else (*self.inputs, self.weights)

    @property
    def out(self) -> DType:
        """The dtype of results: weights of float16 are float64."""
        return FLOAT64 if self.dtype == np.float16 and self.weights is not None else self.dtype

    def checked(self) -> Call:
        """Return the call with values checked, or to be checked."""
        pairs = zip(self.arrays, self.checks, strict=True)
        arrays = tuple([a if check is None else checked(a, check) for a, check in pairs])
        weights = None if self.weights is None else arrays[-1]
        return self._replace(inputs=arrays[: len(self.inputs)], weights=weights)


class Rules(NamedTuple):
    """Bounds of labels and predictions, and whether they are looked at `late`."""

    true: Bounds = Bounds()
    pred: Bounds = Bounds()
    late: bool = False


FINITE = Rules(late=True)


def call_of(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights, rules: Rules = FINITE
) -> Call:
    """Return the arrays of a call with as many axes as there are outputs for: one or two."""
    check_array_likes(sample_weight, y_true=y_true, y_pred=y_pred)
    dtype = floating(y_true, y_pred, sample_weight)
    true, pred = as_numbers("y_true", y_true, dtype), as_numbers("y_pred", y_pred, dtype)
    weights = as_weights(sample_weight, dtype)
    true, pred, weights = aligned(y_true=true, y_pred=pred, sample_weight=weights)
    outputs = [1 if array.ndim == 1 else array.shape[1] for array in (true, pred)]
    if outputs[0] != outputs[1]:
        counts = f"({outputs[0]}!={outputs[1]})"
        raise ValueError(f"y_true and y_pred have different number of output {counts}")
    if outputs[0] == 1:
        true, pred = column("y_true", true), column("y_pred", pred)
    name = dtype.name
    checks = Check("y_true", name, rules.true), Check("y_pred", name, rules.pred)
    of_weights = weights_check(weights, "float64" if name == "float16" else name)
    return Call((true, pred), weights, (*checks, *of_weights), dtype, rules.late)


def weights_check(weights: DuckArray | None, dtype: str = "float64") -> tuple[Check, ...]:
    """Return what is asked of weights, which are finite in a dtype; nothing if there are none."""
    return () if weights is None else (Check("sample_weight", dtype),)


def total(loss: LossLike, call: Call, finish: Ratio | Finish, axis: int | None = None) -> DuckArray:
    """Return what is made of the sums of a loss, float64."""
    late = call.late and not any(map(is_lazy, call.arrays))
    if not late:
        call = call.checked()
    inputs, compute = call.inputs, None
    if call.dtype == np.float16:  # sums are of float32 or float64; weights stay float64
        inputs = tuple([as_dtype(a, np.float16) for a in inputs])
    elif call.dtype == np.float32:
        compute = np.float32
    last = rounded(finish) if isinstance(finish, Ratio) else finish
    try:
        with np.errstate(over="ignore"):  # what is too large for float32 is found when checked
            found = reduced(loss, inputs, call.weights, last, axis=axis, compute=compute)
    except (ValueError, ZeroDivisionError):
        if late:
            call.checked()
        raise
    if late and not np.isfinite(found).all():
        call.checked()
    return found


def scalar(found: DuckArray) -> Any:
    """Return a result as a Python float, or as the lazy array that it is."""
    return found if is_lazy(found) else float(found)


def is_undefined(call: Call, score: str) -> bool:
    """Return whether there is one sample only, and warn then that the score is NaN."""
    true = call.inputs[0]
    counts_masks = is_masked(true) and not is_lazy(true)  # what chunks mask is not known yet
    if (np.ma.count(true, axis=0).max() if counts_masks else true.shape[0]) != 1:
        return False
    warnings.warn(
        f"{score} score is not well-defined with less than two samples.",
        undefined_warning(),
        stacklevel=3,
    )
    return True
