"""The dtypes of PyTorch's results, and the errors where it has none."""

from __future__ import annotations

import functools
import importlib
from typing import NamedTuple, NoReturn

import numpy as np

from streamloss.arrays.types import DType, DuckArray

BOOL, INT64, FLOAT32 = (np.dtype(code) for code in ("?", "i8", "f4"))
SIZES = {"u": (1,), "i": (1, 2, 4, 8), "f": (2, 4, 8)}
"""The sizes in bytes of integers and floats that PyTorch has arithmetic for."""


class Kind(NamedTuple):
    """What promotion looks at: an array of rank 0 gives way to others of its category."""

    dtype: DType
    rank: int = 1


def kind_of(array: DuckArray) -> Kind:
    """Return the kind of an array."""
    return Kind(array.dtype, min(array.ndim, 1))


def category(dtype: DType) -> int:
    """Return 0 for booleans, 1 for integers, 2 for floats (bfloat16 is one), 3 for complex."""
    return {"b": 0, "i": 1, "u": 1, "c": 3}.get(dtype.kind, 2)


def promote(one: DType, two: DType) -> DType:
    """Return the dtype that two arrays have together; integers give way to any float."""
    low, high = sorted((one, two), key=category)
    if category(low) < category(high) and (category(high) < 3 or category(low) < 2):
        return high
    if low != high and low.itemsize == high.itemsize == 2 and category(low) == 2:
        return FLOAT32  # float16 and bfloat16: numpy has nothing for them
    return np.promote_types(low, high)


def together(*kinds: Kind) -> Kind:
    """Return the kind of an operation on arrays."""
    arrays, scalars = ([k.dtype for k in kinds if k.rank == rank] for rank in (1, 0))
    if not (arrays and scalars):
        return Kind(functools.reduce(promote, arrays or scalars), int(bool(arrays)))
    high, low = functools.reduce(promote, arrays), functools.reduce(promote, scalars)
    if category(low) <= category(high):
        return Kind(high)
    return Kind(_complex_of(high) if category(high) == 2 else promote(high, low))


def common(*arrays: DuckArray) -> DType:
    """Return the dtype of an operation on arrays."""
    return together(*map(kind_of, arrays)).dtype


def _complex_of(dtype: DType) -> DType:
    """Return the complex dtype whose parts are of a dtype."""
    return np.promote_types(dtype, np.complex64)


def real_of(dtype: DType) -> DType:
    """Return the dtype of a modulus."""
    return np.empty(0, dtype).real.dtype if dtype.kind == "c" else dtype


def floating(kind: Kind) -> Kind:
    """Return the kind of a quotient or logarithm: float32 of integers."""
    return Kind(FLOAT32, kind.rank) if category(kind.dtype) < 2 else kind


def total(dtype: DType) -> DType:
    """Return the dtype of a sum: int64 of integers."""
    return INT64 if category(dtype) < 2 else dtype


def average(dtype: DType) -> DType:
    """Return the dtype of a mean; integers have none, a RuntimeError."""
    if category(dtype) < 2:
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or"
            f" complex dtype. Got: {dtype}"
        )
    return dtype


def need_float(name: str, *dtypes: DType) -> None:
    """Refuse all dtypes but real floats."""
    for dtype in dtypes:
        if category(dtype) != 2:
            refuse(name, dtype)


def need_numbers(name: str, *dtypes: DType) -> None:
    """Refuse to subtract booleans (RuntimeError), and integers without arithmetic."""
    for dtype in dtypes:
        if dtype == BOOL:
            raise RuntimeError(f"{name}: subtraction with a bool array is not supported")
        if dtype.kind in "iu" and dtype.itemsize not in SIZES[dtype.kind]:
            refuse(name, dtype)


def need_real(name: str, *dtypes: DType) -> None:
    """Refuse complex numbers."""
    for dtype in dtypes:
        if dtype.kind == "c":
            refuse(name, dtype)


def need_cast(found: DType, wanted: DType) -> None:
    """Refuse, by a RuntimeError, to store numbers of one category as those of a lower one."""
    if category(found) > category(wanted):
        raise RuntimeError(f"result type {found} can't be cast to the desired output type {wanted}")


def need_same(expected: DType, array: DuckArray | None) -> None:
    """Refuse, by a RuntimeError, weights of another dtype than that of the scores."""
    if array is not None and array.dtype != expected:
        raise RuntimeError(f"expected scalar type {expected} but found {array.dtype}")


def need_labels(target: DuckArray, *names: str) -> None:
    """Refuse, by a RuntimeError, labels of other dtypes."""
    if target.dtype not in [np.dtype(name) for name in names]:
        raise RuntimeError(
            f"expected target dtype to be {' or '.join(names)}, but got {target.dtype}"
        )


def refuse(name: str, dtype: DType) -> NoReturn:
    """Raise the NotImplementedError of a function that is not made for a dtype."""
    raise NotImplementedError(f'"{name}" not implemented for {dtype}')


def bfloat16() -> DType | None:
    """Return numpy's bfloat16, which the package ml_dtypes registers, or None without it."""
    try:
        importlib.import_module("ml_dtypes")
    except ImportError:
        return None
    return np.dtype("bfloat16")
