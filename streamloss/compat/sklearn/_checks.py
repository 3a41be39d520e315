"""What scikit-learn asks of arguments: of their types at once, of their values when they are read.

A check of values is a callable that takes a block and returns it or raises. For arrays in memory
it is called, for dask arrays it becomes part of the tasks that load the blocks.
"""

from __future__ import annotations

import functools
import numbers
import sys
from typing import Any, NamedTuple, NoReturn, Protocol

import numpy as np
import numpy.typing as npt

from streamloss.arrays.device import is_device
from streamloss.arrays.types import Array, ArrayLike, DType, DTypeLike, DuckArray, Weights
from streamloss.compat import _engine
from streamloss.support.brief import brief


class Checking(Protocol):
    """A check of values, which raises where a block of them breaks its rule."""

    def __call__(self, block: Any, /) -> object: ...


Outputs = npt.ArrayLike
"""What becomes of the results of several outputs: the name of a rule, or their weights."""

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


SHOWN, SHORT = 9, 200
"""How many labels an error shows, and how many characters of them."""


def few(labels: DuckArray) -> str:
    """Return labels as the text of a list, of the first ones if there are many."""
    text = str(np.asarray(labels)[:SHOWN].tolist())[:SHORT]
    return text if len(labels) <= SHOWN else f"{text[:-1]}, ...]"


def refuse(name: str, rule: str, value: object) -> NoReturn:
    """Raise what says that an argument must be something else."""
    raise InvalidParameterError(f"{name} must be {rule}: got {brief(value)}")


def check_array_like(name: str, value: object) -> None:
    """Refuse scalars, text, None, sparse matrices and arrays of a GPU."""
    if is_device(value):
        _engine.refuse_device(name)
    found = any(hasattr(value, a) for a in ("__len__", "shape", "__array__"))
    if not found or np.isscalar(value) or hasattr(value, "tocoo"):
        refuse(name, "an array-like", value)


def check_flag(name: str, value: object) -> None:
    """Refuse what is not True or False."""
    if not isinstance(value, bool | np.bool_):
        refuse(name, "a bool", value)


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
    if isinstance(value.dtype, np.dtype) or not _engine.is_lazy(value):
        given = value.dtype
        return given if isinstance(given, np.dtype) else _engine.array("array", value).dtype
    return np.dtype(getattr(value.dtype, "numpy_dtype", np.float64))


def as_numbers(name: str, value: ArrayLike, dtype: DTypeLike) -> DuckArray:
    """Return an array of one axis or two; text is read as numbers of the dtype.

    Raises
    ------
    InvalidParameterError
        If it is no array-like.
    TypeError
        If it has no axis.
    ValueError
        If it has more than two axes, or none of its axes has elements; if it is complex or text
        that is no number.
    """
    check_array_like(name, value)
    if isinstance(value, list | tuple) and not _engine.holds_foreign(value):
        value = np.asarray(value)
    if kind_of(value) in ("O", "U", "S"):
        value = value.astype(dtype) if _engine.is_lazy(value) else np.asarray(value, dtype)
    array: DuckArray = _engine.array(name, value)
    check_axes(name, array)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} has dtype {array.dtype}")
    return array


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


def check_lengths(**arrays: DuckArray | None) -> None:
    """Refuse arrays with different numbers of rows, as far as those are known."""
    sizes = {name: array.shape[0] for name, array in arrays.items() if array is not None}
    unknown = [name for name, size in sizes.items() if size != size]
    if unknown and len(unknown) < len(sizes):
        rule = f"{unknown[0]} must have known chunk sizes beside arrays that have"
        raise ValueError(f"{rule}: {_engine.KNOWING}")
    if len({size for size in sizes.values() if size == size}) > 1:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"{list(sizes.values())} of {', '.join(sizes)}"
        )


def as_weights(value: Weights, dtype: DTypeLike) -> DuckArray | None:
    """Return the weights of samples, None if there are none."""
    if value is None:
        return None
    array = as_numbers("sample_weight", value, dtype)
    if array.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar: got shape {array.shape}")
    return array


def column(name: str, array: DuckArray) -> DuckArray:
    """Return an array of one axis; one column is as good.

    Raises
    ------
    ValueError
        If there are more columns.
    """
    if array.ndim == 1:
        return array
    if array.shape[1] != 1:
        raise ValueError(f"{name} must have one axis or one column: got shape {array.shape}")
    return array[:, 0]


def check_finite(name: str, block: DuckArray) -> None:
    """Refuse floats that are NaN or infinite."""
    if np.isnan(block).any():
        raise ValueError(f"Input {name} contains NaN.")
    if np.isinf(block).any():
        rule = f"infinity or a value too large for {block.dtype!r}"
        raise ValueError(f"Input {name} contains {rule}.")


class Check(NamedTuple):
    """Asks that numbers are finite in a dtype and lie above a bound, or in [low, high].

    `rule` is scikit-learn's sentence about numbers that do not.
    """

    name: str
    dtype: str
    above: float | None = None
    low: float | None = None
    high: float | None = None
    rule: str = ""

    def __call__(self, block: Array) -> Array:
        """Return the block.

        Raises
        ------
        ValueError
            If a number in it breaks the rule.
        """
        with np.errstate(all="ignore"):
            if block.dtype.kind not in "biu" or self.dtype == "float16":
                rounded = block.astype(self.dtype, copy=False)
                if not np.isfinite(rounded.sum()):
                    check_finite(self.name, rounded)
        if block.size:
            self._check_bounds(block.min(), block.max())
        return block

    def _check_bounds(self, least: float, most: float) -> None:
        if self.above is not None and not least > self.above:
            self._refuse(f"be greater than {self.above:g}", least)
        if self.low is not None and not least >= self.low:
            self._refuse(f"be at least {self.low:g}", least)
        if self.high is not None and not most <= self.high:
            self._refuse(f"be at most {self.high:g}", most)

    def _refuse(self, rule: str, value: float) -> None:
        raise ValueError(f"{self.rule}{self.name} must {rule}: got {value}")


def guard(array: DuckArray, check: Checking | None) -> DuckArray:
    """Return an array whose blocks have passed a check, or will when they are computed."""
    if check is not None:
        array = _engine.checked(array, check)
    return array
