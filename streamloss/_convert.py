"""Anything array-like becomes a numpy array of numbers, with a mask where it has one."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Mask = NDArray[np.bool_]


def as_array(name: str, value: Any) -> tuple[Any, Mask | None]:
    """Return the numbers of an array-like, and which of them are valid (None: all).

    Takes numpy arrays (masked ones too), lists and scalars, pandas and pyarrow columns (nulls
    become NaN), and whatever offers ``__array__`` or DLPack, torch tensors that require a
    gradient included. Nothing is copied that need not be. An array in the memory of a GPU stays
    there, as a `DeviceArray`.

    Raises
    ------
    TypeError
        If the values are no numbers float64 can hold: longdouble, object, text, dates, None.
    """
    array, valid = (value, None) if type(value) is np.ndarray else _foreign(name, value)
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        check_dtype(name, array.dtype)
    return array, valid


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
            f" a part: got dtype {dtype}"
        )


def _foreign(name: str, value: Any) -> tuple[Any, Mask | None]:
    """Convert what is no plain numpy array."""
    from ._device import as_device, is_device  # a millisecond that numpy's arrays need not take

    if value is None:
        raise TypeError(f"{name} must be an array of numbers: got None")
    if hasattr(value, "streamloss_asks_what_no_array_has"):  # mocks and proxies say yes to all
        kind = type(value).__name__
        raise TypeError(
            f"{name} must be an array of numbers: got a {kind}, which has any attribute"
        )
    if isinstance(value, np.ma.MaskedArray):
        valid = None if value.mask is np.ma.nomask else ~np.ma.getmaskarray(value)
        return np.asarray(value.data), valid
    if isinstance(value, list | tuple) and any(isinstance(v, np.ma.MaskedArray) for v in value):
        return _foreign(name, np.ma.stack(value))
    if is_tensor(value):
        return _from_torch(name, value), None
    module = type(value).__module__.partition(".")[0]
    convert = {"pyarrow": _from_arrow, "pandas": _from_pandas}.get(module)
    if convert is not None:
        return convert(name, value), None
    if is_device(value):
        return as_device(name, value), None
    if hasattr(value, "__array__") or not hasattr(value, "__dlpack__"):
        try:
            return np.asarray(value), None
        except ValueError as error:
            raise ValueError(f"{name} must be an array of numbers: {error}") from error
    return np.from_dlpack(value), None


def is_tensor(value: Any) -> bool:
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
    from ._device import from_interface

    try:
        interface = tensor.__cuda_array_interface__
    except KeyError as error:  # float8 and the like
        raise TypeError(f"{name} must be of a dtype of numpy: got {tensor.dtype}") from error
    array = from_interface(name, tensor, interface)
    array.stream = sys.modules["torch"].cuda.current_stream(tensor.device).cuda_stream
    return array


def _from_arrow(name: str, column: Any) -> Array:
    """Convert an Array or ChunkedArray of numbers; integers with nulls become float64."""
    if not hasattr(column, "null_count"):
        raise TypeError(f"{name} must be a pyarrow Array or ChunkedArray: got {type(column)}")
    kind = str(column.type)
    if not kind.startswith(("int", "uint", "float", "double", "halffloat", "bool")):
        raise TypeError(f"{name} must be a column of numbers: got a pyarrow column of {kind}")
    if column.null_count and not kind.startswith(("float", "double", "halffloat")):
        if kind == "bool":
            column = column.cast("uint8")
        column = column.cast("float64", safe=False)
    return np.asarray(column)


def _from_pandas(name: str, column: Any) -> Array:
    """Convert a Series, Index, DataFrame or extension array; missing values become NaN."""
    dtype = getattr(column, "dtype", None)
    if dtype is None and not all(isinstance(kind, np.dtype) for kind in column.dtypes):
        return np.column_stack([_from_pandas(name, part) for _, part in column.items()])
    if dtype is None or isinstance(dtype, np.dtype):
        return np.asarray(column)
    if not (getattr(dtype, "_is_numeric", False) or getattr(dtype, "_is_boolean", False)):
        raise TypeError(f"{name} must be a column of numbers: got a pandas column of {dtype}")
    if column.isna().any():
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(column.to_numpy(dtype=getattr(dtype, "numpy_dtype", np.float64)))
