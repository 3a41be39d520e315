"""How Keras reads arrays and dtypes: what is rounded to which dtype, and where epsilon lies."""

from __future__ import annotations

import functools
import importlib
from typing import Any, Protocol

import numpy as np

from streamloss.arrays.types import Array, ArrayLike, DType, DTypeLike, DuckArray
from streamloss.compat._common import arrays
from streamloss.compat.keras.shapes import squeeze_or_expand
from streamloss.support.brief import brief


class DTypePolicy(Protocol):
    """A policy of Keras, which names the dtype to compute in."""

    @property
    def compute_dtype(self) -> str:
        """The name of the dtype."""
        ...


DTypeArgument = DTypeLike | DTypePolicy | dict[str, Any] | None
"""A dtype, its name, a policy of Keras or the configuration of one; None is float32."""

EPSILON = 1e-7
"""Keras' `backend.epsilon()`."""

FLOAT32 = np.dtype(np.float32)
HALVES = ("float16", "bfloat16")


def dtype_of(dtype: DTypeArgument) -> DType:
    """Return the floating or integer dtype that a `dtype` argument means, float32 for None.

    Raises
    ------
    TypeError
        If it is another.
    """
    given: Any = dtype
    if isinstance(given, dict):  # the configuration of a policy
        given = given["config"]["name"]
    named = getattr(given, "compute_dtype", given) or "float32"
    if isinstance(named, str):
        named = named.removeprefix("mixed_")
        if named == "bfloat16":
            named = importlib.import_module("ml_dtypes").bfloat16
    found = np.dtype(named)
    if not is_floating(found) and found.kind not in "iu":
        raise TypeError(f"dtype must be a floating or integer dtype: got {brief(dtype)}")
    return found


def of_means(dtype: DType) -> DType:
    """Return the dtype of means of values of a dtype: float32 of integers."""
    return dtype if is_floating(dtype) else FLOAT32


def wide(dtype: DType) -> DType:
    """Return the floating dtype of results that become values of a dtype."""
    return dtype if is_floating(dtype) else np.dtype(np.float64)


def is_floating(dtype: DType) -> bool:
    """Return whether values of a dtype are real floats, bfloat16 among them."""
    return dtype.kind == "f" or dtype.name == "bfloat16"


def tensor(name: str, value: ArrayLike) -> DuckArray:
    """Return an argument as a numpy or dask array; Python floats are float32."""
    array = arrays.array(name, value)
    if array.dtype == np.float64 and isinstance(value, float | list | tuple) and _is_plain(value):
        return array.astype(FLOAT32)
    return array


def real(name: str, array: DuckArray) -> DuckArray:
    """Return an array of real numbers.

    Raises
    ------
    TypeError
        If it is complex.
    """
    if array.dtype.kind == "c":
        raise TypeError(f"{name} must be real: got dtype {array.dtype}")
    return array


def _is_plain(value: object) -> bool:
    """Return whether nested lists begin with a number of Python."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return not hasattr(value, "dtype")


def pair_of(y_true: ArrayLike, y_pred: ArrayLike, dtype: DType) -> tuple[DuckArray, DuckArray]:
    """Return labels and predictions as values of a dtype, of one rank if theirs differ by one."""
    given = (real(n, arrays.array(n, a)) for n, a in (("y_true", y_true), ("y_pred", y_pred)))
    return squeeze_or_expand(*(cast("y_true and y_pred", array, dtype) for array in given))


def rounded(name: str, array: DuckArray, dtype: DType) -> DuckArray:
    """Return an array as values of a dtype where the engine does not round it by itself."""
    return array if dtype in (FLOAT32, np.float64) else cast(name, array, dtype)


def cast(name: str, array: DuckArray, dtype: DType) -> DuckArray:
    """Return an array in a floating dtype, or truncated towards zero in one of integers.

    Raises
    ------
    ValueError
        If integers of the dtype do not reach so far; of a dask array when it is computed.
    """
    if is_floating(dtype) or array.dtype == dtype:
        return arrays.as_dtype(array, dtype)
    return arrays.mapped(array, functools.partial(_truncated, name, dtype), dtype)


def _truncated(name: str, dtype: DType, block: Array) -> Array:
    """Return the numbers of a block as integers of a dtype."""
    limits, whole = np.iinfo(dtype), np.asarray(np.trunc(block))
    least, most = float(limits.min), float(limits.max) + 1.0
    wrong = whole[~((whole >= least) & (whole < most))]
    if wrong.size:
        raise ValueError(f"{name} must fit {dtype}: got {wrong[0]}")
    return whole.astype(dtype)[()]


def compute_of(dtype: DType) -> DType | None:
    """Return the dtype that the engine is to round to: it reads all but float32 as they are."""
    return FLOAT32 if dtype == FLOAT32 else None


def edges(dtype: DType) -> dict[str, float]:
    """Return where probabilities are clipped: epsilon and 1 - epsilon in a dtype.

    In half precision 1 - 1e-7 would be 1, whose logarithm's counterpart is infinite.
    """
    high = 1.0 - EPSILON
    return {"low": epsilon(dtype), "high": high if dtype.name in HALVES else in_dtype(high, dtype)}


def epsilon(dtype: DType) -> float:
    """Return epsilon in a dtype."""
    return in_dtype(EPSILON, dtype)


def in_dtype(value: float, dtype: DType) -> float:
    """Return a number rounded to a floating dtype."""
    return float(np.float64(value).astype(dtype)) if is_floating(dtype) else value
