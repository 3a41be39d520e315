"""Anything array-like becomes a numpy array of numbers, with a mask where it has one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import frames
from .types import Array as Array
from .types import ArrayLike, Mask


def as_array(name: str, value: ArrayLike) -> tuple[Any, Mask | None]:
    """Return the numbers of an array-like, and which of them are valid (None: all).

    Takes numpy arrays (masked ones too), scalars and lists of all these, columns and frames of
    pandas, pyarrow and polars (nulls become NaN), and whatever offers ``__array__`` or DLPack,
    torch tensors that require a gradient included. Nothing is copied that need not be. An array
    in the memory of a GPU stays there, as a `DeviceArray`.

    Raises
    ------
    TypeError
        If the values are no numbers float64 can hold: longdouble, object, text, dates, None.
    ValueError
        If lists are ragged.
    """
    array, valid = (value, None) if type(value) is np.ndarray else _read(name, value)
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        check_dtype(name, array.dtype)
    return array, valid


def as_mask(name: str, value: ArrayLike) -> Any:
    """Return an array-like of booleans; a null or what is masked in it is False.

    Raises
    ------
    TypeError
        If the values are not boolean.
    """
    array, valid = (value, None) if type(value) is np.ndarray else _read(name, value, mask=True)
    if array.dtype != np.bool_:
        raise TypeError(f"{name} must be boolean: got dtype {array.dtype}")
    return array if valid is None else np.asarray(array & valid)


def is_numeric(dtype: np.dtype[Any]) -> bool:
    """Return whether values of the dtype can be upcast to float64 or complex128."""
    if dtype.kind in "biuf":
        return dtype.itemsize <= 8
    if dtype.kind == "c":
        return dtype.itemsize <= 16
    # bfloat16 and its like are registered with numpy from outside, as kind V
    return dtype.kind == "V" and dtype.fields is None and np.can_cast(dtype, np.float64)


def check_dtype(name: str, dtype: np.dtype[Any]) -> None:
    """Refuse a dtype whose values cannot be upcast."""
    if not is_numeric(dtype):
        raise TypeError(
            f"{name} must hold booleans, integers, or real or complex numbers of at most 64 bits"
            f" a part: got dtype {str(dtype)[:100]}"
        )


def _read(name: str, value: ArrayLike, mask: bool = False) -> tuple[Any, Mask | None]:
    """Convert what is no plain numpy array; every error names the argument, whoever raised it."""
    try:
        return _foreign(name, value, mask)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        if str(error).startswith(name) and type(error) in (TypeError, ValueError):
            raise
        kind = ValueError if isinstance(error, ValueError) else TypeError
        why = " ".join(str(error).split())[:200]
        raise kind(f"{name} must be an array of numbers: {why}") from error


def _foreign(name: str, value: Any, mask: bool) -> tuple[Any, Mask | None]:
    """Convert by the library that a value comes from."""
    from .device import as_device, is_device  # ctypes: a millisecond of the import

    if value is None:
        raise TypeError(f"{name} must be an array of numbers: got None")
    if hasattr(value, "streamloss_asks_what_no_array_has"):  # a mock has any attribute
        kind = type(value).__name__
        raise TypeError(
            f"{name} must be an array of numbers: got a {kind}, which has any attribute"
        )
    if is_masked(value):
        masked = value.mask is not np.ma.nomask
        valid = np.asarray(~np.ma.getmaskarray(value)) if masked else None
        return np.asarray(value.data), valid
    if isinstance(value, list | tuple):
        return _from_list(name, value, mask)
    if is_tensor(value):
        return _from_torch(name, value), None
    module = type(value).__module__.partition(".")[0]
    if module in _COLUMNS:
        return _COLUMNS[module](name, value, mask), None
    if is_device(value):
        return as_device(name, value), None
    if hasattr(value, "__array__") or not hasattr(value, "__dlpack__"):
        return np.asarray(value), None
    return np.from_dlpack(value), None


_COLUMNS = {
    "pyarrow": frames.from_arrow,
    "pandas": frames.from_pandas,
    "polars": frames.from_polars,
}


def _from_list(name: str, items: Sequence[object], mask: bool) -> tuple[Any, Mask | None]:
    """Convert nested lists; if they hold more than numbers and plain arrays, item by item."""
    if not holds_foreign(items):
        return np.asarray(items), None
    if mask:
        return np.stack([as_mask(f"{name}[{k}]", item) for k, item in enumerate(items)]), None
    arrays, masks = zip(
        *(as_array(f"{name}[{k}]", item) for k, item in enumerate(items)), strict=True
    )
    valid = None
    if any(m is not None for m in masks):
        pairs = zip(arrays, masks, strict=True)
        valid = np.stack([np.ones(a.shape, np.bool_) if m is None else m for a, m in pairs])
    return np.stack(arrays), valid


def holds_foreign(items: Any) -> bool:
    """Return whether nested lists hold anything but numbers and plain arrays of numpy."""
    kinds = set(map(type, items))
    if kinds <= _PLAIN:
        return False
    return any(
        holds_foreign(item) if type(item) in (list, tuple) else _is_foreign(item) for item in items
    )


_PLAIN = {bool, int, float, complex, str, bytes, type(None)}


def _is_foreign(item: object) -> bool:
    """Return whether numpy does not read an item of a list as it is, or not wholly."""
    return (
        type(item) not in _PLAIN
        and type(item) is not np.ndarray
        and not isinstance(item, np.generic)
    )


def is_masked(value: object) -> bool:
    """Return whether a value is a masked array; numpy imports their module, 7 ms, when asked."""
    kind = getattr(sys.modules.get("numpy.ma"), "MaskedArray", None)
    return kind is not None and isinstance(value, kind)


def is_tensor(value: object) -> bool:
    """Return whether a value is a tensor of PyTorch, or of a class that other packages derive."""
    kind = getattr(sys.modules.get("torch"), "Tensor", None)
    return kind is not None and isinstance(value, kind)


def _from_torch(name: str, tensor: Any) -> Any:
    """Share a tensor's memory; numpy has no bfloat16, but float32 holds its values."""
    if tensor.device.type not in ("cpu", "cuda"):
        raise TypeError(f"{name} must be a tensor of a CPU or CUDA: got one on {tensor.device}")
    tensor = tensor.detach()
    if str(tensor.dtype) == "torch.bfloat16":
        tensor = tensor.float()
    tensor = tensor.resolve_conj().resolve_neg()
    if tensor.device.type == "cpu":
        return np.asarray(tensor.numpy())
    from .device import from_interface

    try:
        interface = tensor.__cuda_array_interface__
    except KeyError as error:  # float8 and the like
        raise TypeError(f"{name} must be of a dtype of numpy: got {tensor.dtype}") from error
    array = from_interface(name, tensor, interface)
    array.stream = sys.modules["torch"].cuda.current_stream(tensor.device).cuda_stream
    return array
