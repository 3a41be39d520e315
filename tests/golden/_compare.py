"""Whether our answer is the one that a framework gave, in that framework's sense.

A framework rounds each of its operations, ours is exact and rounded once. For a sum of terms t_i
over a denominator D both are within ``operations * eps * sum |t_i| / |D|`` of the true value, where
eps is that of the dtype in which the framework computes, and the last rounding adds eps times the
result. Everything else is equal: shape, dtype, NaN, infinities, errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from golden._format import decode, error_name
from numpy.typing import ArrayLike

OPERATIONS = 4
"""Roundings of a term and of the division that the bound allows for beside those of the sum."""

CAUGHT_AS = {
    "InvalidArgumentError": {"ValueError", "TypeError", "IndexError"},
    "UnimplementedError": {"TypeError"},
}
"""Errors that exist in a framework only, and what ours may be instead."""


def attempt(function: Callable[[], Any]) -> Any:
    """Return what a call gives, or the error that it raises."""
    try:
        return function()
    except Exception as error:
        return error


def eps_of(dtype: Any) -> float:
    """Return the eps of a floating (or complex) dtype, 0 of any other; bfloat16's too."""
    dtype = np.dtype(dtype)
    if dtype.kind in "biu":
        return 0.0
    if dtype.kind in "fc" and dtype.name != "bfloat16":
        return float(np.finfo(dtype).eps)
    return 2.0**-7


def tiny_of(dtype: Any) -> float:
    """Return the smallest positive number of a floating dtype, 0 of any other."""
    dtype = np.dtype(dtype)
    if dtype.kind in "biu":
        return 0.0
    if dtype.kind in "fc" and dtype.name != "bfloat16":
        return float(np.finfo(dtype).smallest_subnormal)
    return 2.0**-133


def assert_same(
    outcome: Any, ours: Any, eps: float, scale: ArrayLike = 0.0, terms: int = 1
) -> None:
    """Assert that ours is the outcome of a golden case.

    Parameters
    ----------
    outcome : encoded value
        The framework's answer.
    ours : array, number or exception
        What `attempt` returned; dask arrays computed.
    eps : float
        That of the dtype the framework computes in; 0 asks for equality.
    scale : float or array of the result's shape
        ``sum |t_i| / |denominator|``.
    terms : int
        How many terms a result sums.
    """
    if isinstance(outcome, dict) and "error" in outcome:
        _assert_error(outcome, ours)
        return
    assert not isinstance(ours, Exception), f"expected {outcome}: got {ours!r}"
    if isinstance(outcome, list):
        assert isinstance(ours, list | tuple)
        assert len(ours) == len(outcome)
        for one, our in zip(outcome, ours, strict=True):
            assert_same(one, our, eps, scale, terms)
        return
    if not (isinstance(outcome, dict) and "dtype" in outcome):
        expected = decode(outcome)
        assert type(ours) is type(expected)
        assert ours == expected or (ours != ours and expected != expected)
        return
    theirs, ours = decode(outcome), np.asarray(ours)
    assert ours.dtype == theirs.dtype, f"dtype: expected {theirs.dtype}: got {ours.dtype}"
    assert ours.shape == theirs.shape, f"shape: expected {theirs.shape}: got {ours.shape}"
    _assert_close(theirs, ours, eps, np.asarray(scale, np.float64), terms)


def _assert_error(outcome: dict[str, str], ours: Any) -> None:
    """Assert that ours is an error of the outcome's class."""
    expected, message = outcome["error"], outcome["message"]
    assert isinstance(ours, Exception), f"expected {expected} ({message}): got {ours!r}"
    names = CAUGHT_AS.get(expected, {expected})
    assert error_name(ours) in names, f"expected {expected} ({message}): got {ours!r}"


def _assert_close(theirs: Any, ours: Any, eps: float, scale: Any, terms: int) -> None:
    """Assert that ours lies within the bound and that what is not finite is equal."""
    out = eps_of(theirs.dtype)
    tiny = tiny_of(theirs.dtype) if eps else 0.0
    wide = np.complex128 if theirs.dtype.kind == "c" else np.float64
    if theirs.dtype.kind in "biu" or not eps:
        assert np.array_equal(theirs, ours, equal_nan=theirs.dtype.kind not in "biu"), (
            theirs,
            ours,
        )
        return
    theirs, ours = theirs.astype(wide), ours.astype(wide)
    with np.errstate(all="ignore"):
        finite = np.isfinite(theirs)
        bound = (OPERATIONS + terms) * eps * (scale + np.abs(theirs))
        if out > eps:  # the result is rounded once more, to a coarser dtype
            bound = bound + out * np.abs(theirs)
        near = np.abs(ours - theirs) <= bound + tiny
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    good = same | (finite & near)
    assert np.all(good), f"expected {theirs}: got {ours}, bound {bound}, differing at {~good}"
