"""Several outputs a sample: what `multioutput` may be, and what becomes of the results of each."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.types import DType, DuckArray
from streamloss.compat._common.arrays import as_dtype
from streamloss.compat._common.finish import Ratio
from streamloss.compat._common.sums import reduced
from streamloss.exact.reductions import Sums
from streamloss.losses import Value

from .arguments import refuse
from .reductions import check_divisor, rounded
from .values import check_finite

Outputs = npt.ArrayLike
"""What becomes of the results of outputs: the name of a rule, or the weights of their average."""


def check_outputs(multioutput: Outputs, labels: DuckArray, strict: bool = True) -> None:
    """Refuse weights of outputs that do not fit; if strict, also NaN and weights of one output."""
    if isinstance(multioutput, str):
        return
    count = labels.shape[1] if labels.ndim == 2 else 1
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
    elif np.isscalar(multioutput) or multioutput is None or is_lazy(multioutput):
        refuse("multioutput", f"one of {spellings} or an array-like in memory", multioutput)


def is_raw(multioutput: Outputs | None) -> bool:
    """Return whether the results of outputs stay as they are."""
    return isinstance(multioutput, str) and multioutput == "raw_values"


def over_outputs(
    found: DuckArray, multioutput: Outputs | None, dtype: DType, weights: DuckArray | None = None
) -> Any:
    """Return the results of outputs, or of the only one, as they are or their average."""
    if found.ndim == 0:
        found = found.reshape((1,)) if is_lazy(found) else np.reshape(found, (1,))
    if is_raw(multioutput):
        return as_dtype(found, dtype)
    if not isinstance(multioutput, str) and multioutput is not None:
        weights = np.asarray(multioutput)
        dtype = np.result_type(dtype, weights.dtype)
    average = functools.partial(_average, dtype=dtype)
    arrays = [a for a in (found, weights) if a is not None]
    if not is_lazy(found):
        return float(average(*arrays))
    others = [a.rechunk(-1) if is_lazy(a) else a for a in arrays[1:]]
    return found.rechunk(-1).map_blocks(
        average, *others, drop_axis=0, dtype=np.float64, meta=np.empty((), np.float64)
    )


def _average(found: DuckArray, weights: DuckArray | None = None, *, dtype: DType) -> DuckArray:
    """Return the weighted average of the results of outputs."""
    mean = Ratio("weights", dtype=dtype, refuse=_check_divisor)
    return reduced(Value(), (found,), weights, rounded(mean))


def _check_divisor(sums: Sums) -> None:
    """Refuse weights of outputs whose sum is zero."""
    check_divisor(sums, "multioutput")
