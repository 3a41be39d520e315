"""Exact sums of weighted losses of samples, finished as scikit-learn finishes its averages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.types import DType, DTypeLike, DuckArray
from streamloss.compat import _engine
from streamloss.compat._engine import Exact, Sums
from streamloss.compat._rounding import quotient
from streamloss.compat.sklearn._checks import Check, Checking, Outputs, guard
from streamloss.losses import Value
from streamloss.losses.arithmetic import sqrt
from streamloss.losses.base import LossLike


class Call(NamedTuple):
    """The arrays of a call, and what is asked of their values.

    If `late`, numbers that break a rule make the result NaN or infinite: then arrays in memory
    are looked at only if it is.
    """

    inputs: tuple[DuckArray, ...]
    weights: DuckArray | None
    checks: tuple[Checking | None, ...]
    dtype: DType
    late: bool = False

    @property
    def arrays(self) -> tuple[DuckArray, ...]:
        """All arrays, in the order of their checks."""
        return self.inputs if self.weights is None else (*self.inputs, self.weights)

    @property
    def out(self) -> DType:
        """The dtype of results: weights of float16 are float64."""
        half = self.dtype == np.float16 and self.weights is not None
        return np.dtype(np.float64) if half else self.dtype

    @property
    def is_lazy(self) -> bool:
        """Whether the result is computed later."""
        return any(map(_engine.is_lazy, self.arrays))

    def checked(self) -> Call:
        """Return the call with values checked, or to be checked."""
        arrays = [guard(a, check) for a, check in zip(self.arrays, self.checks, strict=True)]
        inputs, weights = tuple(arrays[: len(self.inputs)]), arrays[len(self.inputs) :]
        return self._replace(inputs=inputs, weights=weights[0] if weights else None)


def total(
    loss: LossLike, call: Call, finish: Callable[[Sums], float], axis: int | None = None
) -> DuckArray:
    """Return what a function makes of the sums of a loss, float64."""
    late = call.late and not call.is_lazy
    if not late:
        call = call.checked()
    inputs, compute = call.inputs, None
    if call.dtype == np.float16:  # the engine rounds to float32 alone; weights stay float64
        inputs = tuple([_engine.as_dtype(a, np.float16) for a in inputs])
    elif call.dtype == np.float32:
        compute = np.float32
    try:
        with np.errstate(over="ignore"):  # what is too large for float32 is found when checked
            found: DuckArray = _engine.reduced(
                loss, inputs, call.weights, finish, axis=axis, compute=compute
            )
    except (ValueError, ZeroDivisionError):
        if late:
            call.checked()
        raise
    if late and not np.isfinite(found).all():
        call.checked()
    return found


def scalar(found: DuckArray) -> Any:
    """Return a result as a Python float, or as the lazy array that it is."""
    return found if _engine.is_lazy(found) else float(found)


def rounded(value: float, dtype: str) -> float:
    """Return a float rounded to a dtype."""
    with np.errstate(all="ignore"):
        return float(np.dtype(dtype).type(value))


def check_weights(sums: Sums) -> None:
    """Refuse weights that are all zero."""
    if sums.elements == 0:
        raise ValueError("y_true must have at least one row: got none")
    if sums.nonzero == 0:
        raise ValueError("Sample weights must contain at least one non-zero number.")


def check_divisor(sums: Sums) -> None:
    """Refuse weights whose sum is zero."""
    if sums.weights.strange is None and sums.weights.units == 0:
        raise ZeroDivisionError("Weights sum to zero, can't be normalized: sample_weight")


def mean(sums: Sums, dtype: str = "float64", factor: float = 1.0, root: bool = False) -> float:
    """Return the mean times a power of two, or the root of the mean."""
    check_weights(sums)
    check_divisor(sums)
    if root:
        return rounded(sqrt(sums.losses[0].over(sums.weights)), dtype)
    return rounded(factor * quotient(sums.losses[0], sums.weights, dtype), dtype)


def plain_mean(sums: Sums, dtype: str = "float64") -> float:
    """Return the mean; weights may all be zero, which is a sum of zero."""
    check_divisor(sums)
    return rounded(quotient(sums.losses[0], sums.weights, dtype), dtype)


def plain_sum(sums: Sums, dtype: str = "float64") -> float:
    """Return the sum."""
    check_weights(sums)
    return rounded(quotient(sums.losses[0], 1, dtype), dtype)


def difference(a: Exact, b: Exact) -> Exact:
    """Return a - b of finite sums, exactly."""
    return Exact(a.units - b.units)


def over_outputs(
    found: DuckArray,
    multioutput: Outputs | None,
    dtype: DTypeLike,
    weights: DuckArray | None = None,
) -> Any:
    """Return the results of outputs as they are, or their average."""
    if isinstance(multioutput, str) and multioutput == "raw_values":
        return _engine.as_dtype(found, dtype)
    if not isinstance(multioutput, str) and multioutput is not None:
        weights = np.asarray(multioutput)
        dtype = np.result_type(dtype, weights.dtype)
    average = functools.partial(_average, dtype=str(dtype))
    arrays = [a for a in (found, weights) if a is not None]
    if not _engine.is_lazy(found):
        return float(average(*arrays))
    others = [a.rechunk(-1) if _engine.is_lazy(a) else a for a in arrays[1:]]
    return found.rechunk(-1).map_blocks(
        average, *others, drop_axis=0, dtype=np.float64, meta=np.empty((), np.float64)
    )


def _average(found: DuckArray, weights: DuckArray | None = None, dtype: str = "float64") -> Any:
    """Return the weighted average of the results of outputs."""
    finish = functools.partial(_outputs_mean, dtype=dtype)
    return _engine.reduced(Value(), (found,), weights, finish)


def _outputs_mean(sums: Sums, dtype: str) -> float:
    if sums.weights.units == 0 and sums.weights.strange is None:
        raise ZeroDivisionError("Weights sum to zero, can't be normalized: multioutput")
    return rounded(quotient(sums.losses[0], sums.weights, dtype), dtype)


class Rules(NamedTuple):
    """Bounds of `Check` for labels and predictions, and whether they are looked at `late`."""

    true: dict[str, Any]
    pred: dict[str, Any]
    late: bool = False


FINITE = Rules({}, {}, late=True)


def targets(
    y_true: DuckArray, y_pred: DuckArray, weights: DuckArray | None, dtype: DTypeLike, rules: Rules
) -> Call:
    """Return a call of arrays of numbers."""
    found = np.dtype(dtype).name
    checks: list[Checking] = [Check("y_true", found, **rules.true)]
    checks.append(Check("y_pred", found, **rules.pred))
    if weights is not None:
        checks.append(Check("sample_weight", "float64" if found == "float16" else found))
    return Call((y_true, y_pred), weights, tuple(checks), np.dtype(dtype), rules.late)
