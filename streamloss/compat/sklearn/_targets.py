"""The targets of regressions: numbers of one output or several, as in `sklearn.metrics`."""

from __future__ import annotations

import math
import warnings

import numpy as np

from streamloss.arrays.types import ArrayLike, DuckArray, Weights
from streamloss.compat import _engine
from streamloss.compat._engine import Sums
from streamloss.compat.sklearn._checks import (
    Outputs,
    as_numbers,
    as_weights,
    check_array_like,
    check_finite,
    check_lengths,
    column,
    floating,
    refuse,
    undefined_warning,
)
from streamloss.compat.sklearn._sums import FINITE, Call, Rules, check_weights, targets


def call_of(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights, rules: Rules = FINITE
) -> Call:
    """Return the arrays of a call with as many axes as there are outputs for: one or two."""
    for name, value in (("y_true", y_true), ("y_pred", y_pred)):
        check_array_like(name, value)
    if sample_weight is not None:
        check_array_like("sample_weight", sample_weight)
    dtype = floating(y_true, y_pred, sample_weight)
    true, pred = as_numbers("y_true", y_true, dtype), as_numbers("y_pred", y_pred, dtype)
    weights = as_weights(sample_weight, dtype)
    check_lengths(y_true=true, y_pred=pred, sample_weight=weights)
    outputs = [1 if array.ndim == 1 else array.shape[1] for array in (true, pred)]
    if outputs[0] != outputs[1]:
        counts = f"({outputs[0]}!={outputs[1]})"
        raise ValueError(f"y_true and y_pred have different number of output {counts}")
    if outputs[0] == 1:
        true, pred = column("y_true", true), column("y_pred", pred)
    return targets(true, pred, weights, dtype, rules)


def check_outputs(multioutput: Outputs, call: Call, strict: bool = True) -> None:
    """Refuse weights of outputs that do not fit; if strict, also NaN and weights of one output."""
    if isinstance(multioutput, str):
        return
    count = call.inputs[0].shape[1] if call.inputs[0].ndim == 2 else 1
    shape = np.shape(multioutput)
    if strict and count == 1:
        rule = "Custom weights are useful only in multi-output cases"
        raise ValueError(f"{rule}: got multioutput of shape {shape}")
    if strict and shape[:1] != (count,):
        weights = f"custom weights ({shape[0] if shape else 1}) as outputs ({count})"
        raise ValueError(f"There must be equally many {weights}: got multioutput of shape {shape}")
    if strict:
        check_finite("multioutput", np.asarray(multioutput, np.float64))
    if shape != (count,):
        raise TypeError(f"multioutput must have the shape of the outputs ({count},): got {shape}")


def check_spelling(multioutput: object, spellings: tuple[str, ...]) -> None:
    """Refuse what is neither one of some names nor an array-like in memory."""
    if isinstance(multioutput, str):
        if multioutput not in spellings:
            refuse("multioutput", f"one of {spellings} or an array-like", multioutput)
    elif np.isscalar(multioutput) or multioutput is None or _engine.is_lazy(multioutput):
        refuse("multioutput", f"one of {spellings} or an array-like in memory", multioutput)


def one_output(found: DuckArray) -> DuckArray:
    """Return a result as an array of the results of one output."""
    return found.reshape((1,)) if _engine.is_lazy(found) else np.reshape(found, (1,))


def is_undefined(call: Call, score: str) -> bool:
    """Return whether there is one sample only, and warn then that the score is NaN."""
    if call.inputs[0].shape[0] != 1:
        return False
    warnings.warn(
        f"{score} score is not well-defined with less than two samples.",
        undefined_warning(),
        stacklevel=3,
    )
    return True


def undefined(sums: Sums) -> float:
    """Return NaN for the sums of a single sample."""
    check_weights(sums)
    return math.nan
