"""What the interfaces of other frameworks share: arrays brought to one shape, sums finished.

They multiply losses by weights, whatever those are, and round their inputs to a dtype first, as
the frameworks do. Of dask arrays everything stays lazy.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from streamloss.arrays.batch import Arguments, UnknownSizes, is_lazy, may_fit
from streamloss.arrays.convert import as_array, holds_foreign, is_tensor
from streamloss.arrays.device import DeviceArray
from streamloss.arrays.named import is_named
from streamloss.exact.reductions import Exact, Sums
from streamloss.exact.state import State
from streamloss.run.query import Query, lazy, sums, values

__all__ = [
    "KNOWING",
    "Exact",
    "Sums",
    "array",
    "as_dtype",
    "broadcast",
    "broadcast_shapes",
    "checked",
    "each",
    "hidden",
    "hide",
    "holds_foreign",
    "is_lazy",
    "is_masked",
    "is_tensor",
    "mapped",
    "may_fit",
    "meta_of",
    "move_last",
    "of_present",
    "reduced",
    "spread",
    "state",
]

Finish = Callable[[Sums], float]

KNOWING = (
    "give to_dask_array(lengths=True) of a Series or DataFrame, compute_chunk_sizes() of arrays"
)
"""How chunk sizes become known that dask does not know."""


def array(name: str, value: Any) -> Any:
    """Return anything array-like as a numpy array, or as a dask array if it is lazy.

    Masks stay: what is masked is left out of sums and counts, as by `where`.

    Raises
    ------
    TypeError
        If the values are no numbers, or on a GPU.
    """
    if is_named(value):  # whose frameworks know no names
        value = value.data
    if is_lazy(value):
        return lazy().numbers(name, value)
    numbers, valid = as_array(name, value)
    if isinstance(numbers, DeviceArray):
        refuse_device(name)
    return numbers if valid is None else np.ma.masked_array(numbers, ~valid)


def refuse_device(name: str) -> NoReturn:
    """Raise what says that an argument is on a GPU, where compat does not compute."""
    raise TypeError(f"{name} must be an array of the CPU in compat: got one of a GPU")


def broadcast_shapes(*arrays: Any) -> tuple[int, ...]:
    """Return the shape that numpy's rules give arrays together.

    Raises
    ------
    ValueError
        If there is none.
    """
    return np.broadcast_shapes(*(a.shape for a in arrays))


def broadcast(array: Any, shape: tuple[int, ...]) -> Any:
    """Return a view of an array broadcast by numpy's rules, with its mask."""
    if array.shape == shape:
        return array
    module = _module(array)
    if not is_masked(array):
        return module.broadcast_to(array, shape)
    both = module.ma.getdata(array), module.ma.getmaskarray(array)
    data, mask = (module.broadcast_to(each, shape) for each in both)
    return module.ma.masked_array(data, mask=mask)


def is_masked(array: Any) -> bool:
    """Return whether an array, or each chunk of it, has a mask."""
    return isinstance(getattr(array, "_meta", array), np.ma.MaskedArray)


def spread(*arrays: Any) -> list[Any]:
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
    shape = broadcast_shapes(*arrays)
    return [broadcast(a, shape) for a in arrays]


def _repeated(every: Any, array: Any) -> Any:
    """Return an array broadcast to the shape that it has together with another."""
    return broadcast(array, np.broadcast_shapes(every.shape, array.shape))


def hidden(array: Any) -> Any:
    """Return where an array is masked."""
    return _module(array).ma.getmaskarray(array)


def hide(array: Any, mask: Any) -> Any:
    """Return an array with a mask."""
    lazy = mask if is_lazy(mask) else array
    return _module(lazy).ma.masked_array(array, mask=mask)


def move_last(array: Any, axis: int) -> Any:
    """Return a view of an array with one of its axes last."""
    return _module(array).moveaxis(array, axis, -1)


def as_dtype(array: Any, dtype: Any) -> Any:
    """Return an array or a scalar in a dtype."""
    if isinstance(array, float):
        array = np.float64(array)
    if array.dtype == dtype:
        return array
    if is_lazy(array):
        return mapped(array, functools.partial(as_dtype, dtype=dtype), dtype)
    with np.errstate(all="ignore"):
        return array.astype(dtype)


def mapped(array: Any, function: Callable[[Any], Any], dtype: Any = None) -> Any:
    """Return what a function makes of an array, or of each chunk if it is lazy, of its shape."""
    if not is_lazy(array):
        return _beside_mask(function, array)
    meta = meta_of(array, array.dtype if dtype is None else dtype)
    each = functools.partial(_beside_mask, function)
    return array.map_blocks(each, dtype=meta.dtype, meta=meta)


def meta_of(array: Any, dtype: Any) -> Any:
    """Return the metadata of a lazy array's like of a dtype: whether its chunks have masks."""
    meta = np.empty((0,) * array.ndim, dtype)
    return np.ma.masked_array(meta) if is_masked(array) else meta


def _beside_mask(function: Callable[[Any], Any], block: Any) -> Any:
    """Return what a function makes of the numbers of a block, with its mask."""
    if not is_masked(block):
        return function(block)
    return np.ma.masked_array(function(block.data), mask=np.ma.getmaskarray(block))


def of_present(function: Callable[[Any], Any], block: Any) -> Any:
    """Return what a function makes of the numbers of a block that are not masked, in its shape."""
    if not is_masked(block):
        return function(block)
    mask = np.ma.getmaskarray(block)
    found = function(block.compressed())
    out = np.zeros(block.shape, found.dtype)
    out[~mask] = found
    return np.ma.masked_array(out, mask=mask)


def checked(array: Any, check: Callable[[Any], Any]) -> Any:
    """Return an array whose values are checked: at once, or with each chunk if it is lazy."""
    if is_lazy(array):
        meta = meta_of(array, array.dtype)
        return array.map_blocks(functools.partial(_pass, check), dtype=array.dtype, meta=meta)
    return _pass(check, array)


def _pass(check: Callable[[Any], Any], block: Any) -> Any:
    """Return an array that has passed a check, of its numbers or rows without a masked one."""
    seen = block
    if is_masked(block):
        whole = ~np.ma.getmaskarray(block).any(axis=tuple(range(1, block.ndim)))
        seen = block.data[whole]
    check(seen)
    return block


def _module(array: Any) -> Any:
    """Return the module whose functions take an array: numpy, or dask.array."""
    # who has such an array has loaded it; to import it is for the runner of lazy arrays
    return sys.modules["dask.array"] if is_lazy(array) else np


def reduced(
    losses: Any,
    inputs: tuple[Any, ...],
    weights: Any,
    finish: Finish,
    *,
    compute: Any = None,
    axis: Any = None,
    dtype: Any = None,
    where: Any = None,
) -> Any:
    """Return what a function makes of the exact sums of weighted losses.

    Parameters
    ----------
    losses : loss or tuple of losses
        What is summed; a metric that combines sums stands for its parts.
    inputs : tuple of arrays
        As the losses take them, of the right shapes.
    weights : array or None
        Of the shape of the losses.
    finish : callable
        Takes the `Sums` of a cell, returns a float. It can be pickled.
    compute : dtype, optional
        float32 or float64, to which inputs and weights are rounded first.
    axis : int or tuple of int, optional
        The axes of the losses to reduce, all by default.
    dtype : dtype, optional
        Of the result; float64 by default.
    where : array of bool, optional
        Which losses count, of their shape or aligned with its leading axes.

    Returns
    -------
    numpy scalar or array, or lazy dask array
    """
    query = Query.of_framework(losses if type(losses) is tuple else (losses,), axis, compute)
    found = _asked(sums, query, _arguments(inputs, weights, where))
    return as_dtype(found.apply(_Last(finish, len(query.parts))), dtype or np.float64)


class _Last:
    """Applies a finish to each cell of a state."""

    def __init__(self, finish: Finish, count: int) -> None:
        self._finish, self._count = finish, count

    def __call__(self, state: State) -> Any:
        """Return the values of all cells."""
        values = [self._finish(sums) for sums in state.sums_of(range(self._count))]
        return np.float64(state.in_shape(values))


def state(
    parts: tuple[Any, ...],
    inputs: tuple[Any, ...],
    weights: Any,
    *,
    compute: Any = None,
    axis: Any = None,
    where: Any = None,
) -> Any:
    """Return the State of losses or, of dask arrays, an array of the states of chunks."""
    query = Query.of_framework(parts, axis, compute)
    return _asked(sums, query, _arguments(inputs, weights, where))


def _asked(function: Callable[[Query, Arguments], Any], query: Query, data: Arguments) -> Any:
    """Return the answer to a query; of sizes that are not known the caller's names are."""
    try:
        return function(query, data)
    except UnknownSizes as error:
        rule = "arrays must have no unknown chunk sizes beside arrays with other chunks"
        raise ValueError(f"{rule}: {KNOWING}") from error


def each(
    loss: Any,
    inputs: tuple[Any, ...],
    weights: Any,
    *,
    compute: Any = None,
    dtype: Any = None,
    where: Any = None,
) -> Any:
    """Return the weighted loss of every element or row; the arguments are those of `reduced`."""
    query = Query.of_framework((loss,), None, compute)
    (out,) = _asked(values, query, _arguments(inputs, weights, where))
    return as_dtype(out if out.ndim or is_lazy(out) else out[()], dtype or np.float64)


def _arguments(inputs: tuple[Any, ...], weights: Any, where: Any) -> Arguments:
    """Return inputs, weights and mask as a query takes them."""
    y_true, *others = inputs
    y_pred = tuple(others) if len(others) > 1 else others[0] if others else None
    return y_true, y_pred, weights, where
