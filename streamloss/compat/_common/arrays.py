"""Arrays of a call: numpy's or dask's, masked or not, brought to one shape and one dtype."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from streamloss.arrays import convert
from streamloss.arrays.batch import is_lazy, may_fit
from streamloss.arrays.convert import as_array
from streamloss.arrays.device import DeviceArray
from streamloss.arrays.named import is_named
from streamloss.arrays.types import Array, ArrayLike, DTypeLike, DuckArray, Shape
from streamloss.run.query import later, lazy

Blockwise = Callable[[Any], Any]
"""Makes numbers of the numbers of a block, an array of numpy, of its shape."""


def array(name: str, value: ArrayLike) -> DuckArray:
    """Return anything array-like as a numpy array, or as a dask array if it is lazy.

    Masks stay: what is masked is left out of sums and counts, as by `where`.

    Raises
    ------
    TypeError
        If the values are no numbers, or on a GPU.
    """
    if is_named(value):  # frameworks know no names of axes
        value = value.data  # type: ignore[attr-defined]
    found: DuckArray
    if is_lazy(value):
        found = lazy().numbers(name, value)
        return found
    numbers, valid = as_array(name, value)
    if isinstance(numbers, DeviceArray):
        refuse_device(name)
    found = numbers if valid is None else np.ma.masked_array(numbers, ~valid)
    return found


def refuse_device(name: str) -> NoReturn:
    """Raise the error of an argument on a GPU, where compat does not compute."""
    raise TypeError(f"{name} must be an array of the CPU in compat: got one of a GPU")


def broadcast(array: DuckArray, shape: Shape) -> DuckArray:
    """Return a view of an array broadcast by numpy's rules, with its mask."""
    if array.shape == shape:
        return array
    module = _module(array)
    if is_masked(array):
        both = module.ma.getdata(array), module.ma.getmaskarray(array)
        data, mask = (module.broadcast_to(each, shape) for each in both)
        return hide(data, mask)
    found: DuckArray = module.broadcast_to(array, shape)
    return found


def filled(like: DuckArray, value: DuckArray) -> DuckArray:
    """Return float64 of the shape of an array, all of them one number; lazy if either is."""
    if not is_lazy(like):
        return broadcast(value if is_lazy(value) else np.asarray(value), like.shape)
    meta = np.empty((0,) * like.ndim)
    return like.map_blocks(_filled, value, dtype=np.float64, meta=meta)


def _filled(block: Array, value: Array) -> Array:
    """Return a view of a number as an array of the shape of a block."""
    return np.broadcast_to(value, block.shape)


def spread(*arrays: DuckArray) -> list[DuckArray]:
    """Return arrays broadcast to one shape: views, or lazy arrays beside lazy ones.

    Raises
    ------
    ValueError
        If there is none.
    """
    if all(may_fit(a.shape, arrays[0].shape) for a in arrays):
        return list(arrays)
    if any(size != size for a in arrays for size in a.shape):  # dask cannot broadcast to these
        every = functools.reduce(np.logical_or, [a == a for a in arrays])
        elemwise = _module(every).core.elemwise
        return [elemwise(_repeated, every, a, dtype=a.dtype) for a in arrays]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return [broadcast(a, shape) for a in arrays]


def _repeated(every: Array, array: Array) -> DuckArray:
    """Return an array broadcast to the shape that it has together with another."""
    return broadcast(array, np.broadcast_shapes(every.shape, array.shape))


def move_last(array: DuckArray, axis: int) -> DuckArray:
    """Return a view of an array with one of its axes last."""
    moved: DuckArray = _module(array).moveaxis(array, axis, -1)
    return moved


def as_dtype(array: DuckArray | float, dtype: DTypeLike) -> DuckArray:
    """Return an array or a scalar in a dtype, without warnings of what that does not hold."""
    found: DuckArray | Any = np.float64(array) if isinstance(array, float) else array
    if found.dtype == dtype:
        return found
    if is_lazy(found):
        return mapped(found, functools.partial(as_dtype, dtype=dtype), dtype)
    with np.errstate(all="ignore"):
        return found.astype(dtype)


def is_masked(array: DuckArray) -> bool:
    """Return whether an array, or each chunk of it, has a mask."""
    return convert.is_masked(getattr(array, "_meta", array))


def hidden(array: DuckArray) -> DuckArray:
    """Return where an array is masked."""
    mask: DuckArray = _module(array).ma.getmaskarray(array)
    return mask


def bare(array: DuckArray) -> DuckArray:
    """Return an array without its mask, and with whatever that hides."""
    found: DuckArray = _module(array).ma.getdata(array)
    return found


def hide(array: DuckArray, mask: DuckArray) -> DuckArray:
    """Return an array with a mask."""
    module = _module(mask if is_lazy(mask) else array)
    masked: DuckArray = module.ma.masked_array(array, mask=mask)
    return masked


def hidden_together(*arrays: DuckArray) -> list[DuckArray]:
    """Return arrays of the same samples, each hiding what the mask of any of them hides.

    It hides samples; where several arrays have rows of as many outputs, numbers of these, and
    samples of which no output is left.
    """
    if not any(map(is_masked, arrays)):
        return list(arrays)
    masks = list(map(hidden, arrays))
    rows = [mask for mask in masks if _is_of_rows(mask)]
    one_by_one = len({mask.shape[1] for mask in rows}) == 1 < len(rows)
    outputs = functools.reduce(np.logical_or, rows) if one_by_one else None
    samples = [] if outputs is None else [outputs.all(axis=1)]
    for mask in masks:
        if outputs is None or not _is_of_rows(mask):
            samples.append(mask if mask.ndim == 1 else mask.any(axis=1))
    absent = functools.reduce(np.logical_or, samples)
    found = []
    for array, mask in zip(arrays, masks, strict=True):
        own = mask if outputs is None or not _is_of_rows(mask) else outputs
        found.append(hide(array, own | (absent if own.ndim == 1 else absent[:, None])))
    return found


def _is_of_rows(mask: DuckArray) -> bool:
    """Return whether a mask is of several numbers of each sample."""
    return mask.ndim == 2 and mask.shape[1] != 1


def mapped(array: DuckArray, function: Blockwise, dtype: DTypeLike | None = None) -> DuckArray:
    """Return what a function makes of an array, or of each chunk if it is lazy, of its shape."""
    if not is_lazy(array):
        return _beside_mask(function, array)
    meta = meta_of(array, array.dtype if dtype is None else dtype)
    each = functools.partial(_beside_mask, function)
    return array.map_blocks(each, dtype=meta.dtype, meta=meta)


def _beside_mask(function: Blockwise, block: Any) -> DuckArray:
    """Return what a function makes of the numbers of a block, with its mask."""
    if is_masked(block):
        return hide(function(block.data), hidden(block))
    found: DuckArray = function(block)
    return found


def meta_of(array: DuckArray, dtype: DTypeLike) -> Array:
    """Return the metadata of a lazy array's like of a dtype: whether its chunks have masks."""
    meta = np.empty((0,) * array.ndim, dtype)
    return np.ma.masked_array(meta) if is_masked(array) else meta


def of_present(function: Blockwise, block: Array) -> Array:
    """Return what a function makes of the numbers of a block that are not masked, in its shape."""
    if not is_masked(block):
        found: Array = function(block)
        return found
    mask, made = np.ma.getmaskarray(block), function(np.ma.compressed(block))
    out = np.zeros(block.shape, made.dtype)
    out[~mask] = made
    return np.ma.masked_array(out, mask=mask)


def checked(array: DuckArray, check: Callable[[Array], object]) -> DuckArray:
    """Return an array whose values are checked: at once, or with each chunk if it is lazy."""
    if is_lazy(array):
        meta = meta_of(array, array.dtype)
        return array.map_blocks(functools.partial(_pass, check), dtype=array.dtype, meta=meta)
    return _pass(check, array)


def _pass(check: Callable[[Array], object], block: Any) -> DuckArray:
    """Return an array that has passed a check, of its numbers or rows without a masked one."""
    seen = block
    if is_masked(block):
        whole = ~np.ma.getmaskarray(block).any(axis=tuple(range(1, block.ndim)))
        seen = block.data[whole]
    check(seen)
    found: DuckArray = block
    return found


def from_delayed(made: Any, shape: tuple[float, ...], dtype: DTypeLike) -> DuckArray:
    """Return the dask array of a Delayed number or array; a size of NaN is not known."""
    block = later(_block, made)
    meta = np.empty((0,) * len(shape), dtype)
    found: DuckArray = sys.modules["dask.array"].from_delayed(block, shape, dtype, meta=meta)
    return found


def _block(made: Any) -> Any:
    """Return a number or an array as dask keeps it: as numpy's."""
    return np.asarray(made)[()]


def _module(array: DuckArray) -> Any:
    """Return the module whose functions take an array: numpy, or dask.array."""
    # who has such an array has loaded it; to import it is for the runner of lazy arrays
    return sys.modules["dask.array"] if is_lazy(array) else np
