"""What comes in: numbers, labels and weights, and what scikit-learn asks of their types and shapes.

All of this is known at once; `values` has what is asked of values.
"""

from __future__ import annotations

import functools
import numbers
import sys
from typing import Any, NoReturn

import numpy as np

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.convert import holds_foreign
from streamloss.arrays.device import is_device
from streamloss.arrays.types import ArrayLike, DType, DTypeLike, DuckArray, Weights
from streamloss.compat._common import arrays
from streamloss.compat._common.sums import KNOWING
from streamloss.support.brief import brief

__all__ = ["InvalidParameterError", "UndefinedMetricWarning"]

Label = float | str
"""A class, a number or text."""

FLOATS = (np.float64, np.float32, np.float16)
"""The dtypes of probabilities and decisions that stay as they are."""


class InvalidParameterError(ValueError, TypeError):
    """An argument whose type or value no call admits, as in `sklearn.utils`."""


class UndefinedMetricWarning(UserWarning):
    """A score that is not defined for the data given, as in `sklearn.exceptions`."""


def undefined_warning() -> type[UndefinedMetricWarning]:
    """Return the class to warn with: scikit-learn's too, once its exceptions are imported."""
    theirs = getattr(sys.modules.get("sklearn.exceptions"), "UndefinedMetricWarning", None)
    return UndefinedMetricWarning if theirs is None else _both(theirs)


@functools.cache
def _both(theirs: type[Warning]) -> type[UndefinedMetricWarning]:
    return type("UndefinedMetricWarning", (UndefinedMetricWarning, theirs), {})


def refuse(name: str, rule: str, value: object) -> NoReturn:
    """Raise what says that an argument must be something else."""
    raise InvalidParameterError(f"{name} must be {rule}: got {brief(value)}")


def check_array_likes(sample_weight: Weights = None, **given: ArrayLike) -> None:
    """Refuse arguments that are no array-likes, weights if there are any."""
    given |= {} if sample_weight is None else {"sample_weight": sample_weight}
    for name, value in given.items():
        check_array_like(name, value)


def check_array_like(name: str, value: object) -> None:
    """Refuse scalars, text, None, sparse matrices and arrays of a GPU."""
    if is_device(value):
        arrays.refuse_device(name)
    found = any(hasattr(value, a) for a in ("__len__", "shape", "__array__"))
    if not found or np.isscalar(value) or hasattr(value, "tocoo"):
        refuse(name, "an array-like", value)


def check_flag(name: str, value: object) -> None:
    """Refuse what is not True or False."""
    if not isinstance(value, bool | np.bool_):
        refuse(name, "a bool", value)


def check_spelled(name: str, value: object, spellings: tuple[str | None, ...]) -> None:
    """Refuse what is none of some names, of which None may be one."""
    if not isinstance(value, str | None) or value not in spellings:
        refuse(name, f"one of {spellings}", value)


def check_count(name: str, value: object) -> int:
    """Return a whole number of at least 1."""
    if not isinstance(value, numbers.Integral) or value < 1:
        refuse(name, "a whole number of at least 1", value)
    return int(value)


def check_real(name: str, value: object, *bounds: tuple[float, float]) -> float:
    """Return a number in one of some intervals, closed at ends that are finite."""
    number = float(value) if isinstance(value, numbers.Real) else np.nan
    if np.isfinite(number) and any(low <= number <= high for low, high in bounds):
        return number
    rule = " or ".join(f"in [{low:g}, {high:g}]" for low, high in bounds)
    refuse(name, f"a finite number {rule}", value)


def floating(*values: object) -> DType:
    """Return the dtype to compute in: that of the floating arrays together, or float64.

    Lists and integers have no say: beside a float32 array they become float32.
    """
    dtypes = [_dtype_of(value) for value in values if hasattr(value, "dtype")]
    dtypes = [dtype for dtype in dtypes if dtype.kind == "f" and dtype.itemsize <= 8]
    return np.result_type(*dtypes) if dtypes else np.dtype(np.float64)


def _dtype_of(value: Any) -> DType:
    """Return the dtype of an array as numpy has it; tensors and columns have their own."""
    if isinstance(value.dtype, np.dtype):
        return value.dtype
    if is_lazy(value):
        return np.dtype(getattr(value.dtype, "numpy_dtype", np.float64))
    return arrays.array("array", value).dtype


def as_numbers(name: str, value: Any, dtype: DTypeLike) -> DuckArray:
    """Return an array of one axis or two; text is read as numbers of the dtype.

    It is refused if it is no array-like, has other axes or no elements, or if it is complex.
    """
    check_array_like(name, value)
    value = unlisted(value)
    if kind_of(value) in ("O", "U", "S"):
        value = value.astype(dtype) if is_lazy(value) else np.asarray(value, dtype)
    array = arrays.array(name, value)
    check_axes(name, array)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} has dtype {array.dtype}")
    return array


def unlisted(value: ArrayLike) -> ArrayLike:
    """Return a list as an array, but for one of arrays that are not numpy's."""
    listed = isinstance(value, list | tuple) and not holds_foreign(value)
    return np.asarray(value) if listed else value


def kind_of(value: object) -> str | None:
    """Return the letter of numpy for the dtype of an array, None for what has none."""
    kind: str | None = getattr(getattr(value, "dtype", None), "kind", None)
    return kind


def check_axes(name: str, array: DuckArray) -> None:
    """Refuse an array without rows, without columns, or with more axes than those."""
    if array.ndim == 0:
        raise TypeError(f"{name} must have at least one axis: got a scalar")
    if array.ndim > 2:
        raise ValueError(f"{name} must have at most two axes: got shape {array.shape}")
    if 0 in array.shape:
        raise ValueError(f"{name} must have at least one row and column: got shape {array.shape}")


def _check_lengths(**given: DuckArray | None) -> None:
    """Refuse arrays with different numbers of rows, as far as those are known."""
    sizes = {name: array.shape[0] for name, array in given.items() if array is not None}
    unknown = [name for name, size in sizes.items() if size != size]
    if unknown and len(unknown) < len(sizes):
        rule = f"{unknown[0]} must have known chunk sizes beside arrays that have"
        raise ValueError(f"{rule}: {KNOWING}")
    if len({size for size in sizes.values() if size == size}) > 1:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"{list(sizes.values())} of {', '.join(sizes)}"
        )


def aligned(**given: DuckArray | None) -> list[Any]:
    """Return arrays of the same samples, each hiding what the mask of any of them hides.

    Raises
    ------
    ValueError
        If they have different numbers of rows, or no row that is not hidden, as far as is known.
    """
    _check_lengths(**given)
    some = [array for array in given.values() if array is not None]
    some = arrays.hidden_together(*some)
    for array in some:
        if isinstance(array, np.ma.MaskedArray) and array.mask.all():
            raise ValueError("y_true must have at least one row: got none that no mask hides")
    found = iter(some)
    return [None if array is None else next(found) for array in given.values()]


def as_weights(value: Weights, dtype: DTypeLike) -> DuckArray | None:
    """Return the weights of samples, None if there are none."""
    if value is None:
        return None
    array = as_numbers("sample_weight", value, dtype)
    if array.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar: got shape {array.shape}")
    return array


def column(name: str, array: DuckArray) -> DuckArray:
    """Return an array of one axis; one column is as good, and more are refused."""
    if array.ndim == 1:
        return array
    if array.shape[1] != 1:
        raise ValueError(f"{name} must have one axis or one column: got shape {array.shape}")
    return array[:, 0]
