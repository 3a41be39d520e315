"""The arrays of a call as dask arrays that are cut at the same places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

import dask.array as da
import numpy as np

from streamloss.arrays.batch import (
    Arguments,
    UnknownSizes,
    check_alignment,
    check_rows,
    check_shapes,
    common_dtype,
    is_lazy,
    name_inputs,
)
from streamloss.arrays.convert import as_array, as_mask, check_dtype, is_masked
from streamloss.arrays.device import DeviceArray
from streamloss.losses.base import Loss
from streamloss.run.counts.labels import of_list

from .keys import Key


class Blocks(NamedTuple):
    """The arrays of a call as dask arrays of one rank that are cut at the same places.

    Inputs of rank 1 have a last axis more, the rows, in one piece; keys have the first axis alone.
    """

    inputs: tuple[Any, ...]
    weights: Any
    where: Any
    ranks: tuple[int, ...]
    keys: tuple[Any, ...] = ()

    @property
    def arrays(self) -> tuple[Any, ...]:
        """All arrays in order."""
        others = (array for array in (self.weights, self.where) if array is not None)
        return (*self.inputs, *others, *self.keys)

    @property
    def chunks(self) -> tuple[Any, ...]:
        """The chunks of the losses."""
        chunks = self.inputs[0].chunks
        return tuple(chunks[: len(chunks) - self.ranks[0]])

    @property
    def axes(self) -> list[tuple[int, ...]]:
        """The axes of all arrays in order, as blockwise wants to know them."""
        axes = tuple(range(len(self.chunks)))
        return [(*axes, len(axes))[: array.ndim] for array in self.arrays]

    def whole(self, axes: list[int]) -> Blocks:
        """Return the same with some axes, beyond the first, in one piece each."""
        cut = [k for k in axes if len(self.chunks[k]) > 1]
        arrays = [
            array if array is None else array.rechunk(dict.fromkeys(cut, -1))
            for array in (*self.inputs, self.weights, self.where)
        ]
        *inputs, weights, where = arrays
        return self._replace(inputs=tuple(inputs), weights=weights, where=where)


def align(
    losses: Sequence[Loss],
    data: Arguments,
    compute: Any = None,
    keys: Sequence[Key] = (),
    are_labels: bool = False,
) -> Blocks:
    """Check what is known of the arrays of a call, and cut them all at the same places.

    Inputs that are labels may hold text, or anything that keys can be.

    Raises
    ------
    TypeError, ValueError
        As `as_batch`, as far as dtypes and shapes are known (of the rest the tasks do); and
        if arrays of unknown chunk sizes have not the same chunks.
    """
    y_true, y_pred, weights, where = data
    named = name_inputs(losses, y_true, y_pred)
    read = labels if are_labels else numbers
    inputs = [read(*pair) for pair in named]
    others = ("weights", weights), ("where", where)
    weights = None if weights is None else numbers("weights", weights)
    where = None if where is None else numbers("where", where, mask=True)
    ranks = losses[0].ranks
    shape = check_shapes(inputs, ranks)
    if weights is not None:
        check_alignment("weights", weights.shape, shape)
    if where is not None:
        check_alignment("where", where.shape, shape)
    for key in keys:
        check_rows(key.name, key.rows, shape)
    if compute is None:
        common_dtype(losses, inputs, weights)
    given = [array for array in (*inputs, weights, where) if array is not None]
    try:
        arrays, cut = _cut(given, len(shape), [*ranks, 0, 0], keys)
    except ValueError as error:
        names = [(f"by {key.name!r}", key.given) for key in keys]
        lazy = [*inputs, weights, where, *(key.lazy for key in keys)]
        _refuse_sizes([*named, *others, *names], lazy, error)
    where = None if where is None else arrays.pop()
    weights = None if weights is None else arrays.pop()
    return Blocks(tuple(arrays), weights, where, ranks, cut)


def labels(name: str, value: Any) -> Any:
    """Return labels as a dask array or, if they are not lazy, a numpy array, of any dtype."""
    if not is_lazy(value):
        if is_masked(value):
            return value
        return of_list(value) if isinstance(value, list | tuple) else np.asarray(value)
    if hasattr(type(value), "to_dask_array") and value.ndim:
        value = value.astype(object).to_dask_array()
    if not isinstance(value, da.Array):
        raise TypeError(f"{name} must be a dask array or column: got {type(value).__name__}")
    return value


def numbers(name: str, value: Any, mask: bool = False) -> Any:
    """Return an argument as a dask array or, if it is not lazy, a numpy array; or a mask."""
    if not is_lazy(value):
        array, valid = (as_mask(name, value), None) if mask else as_array(name, value)
        if isinstance(array, DeviceArray):
            rule = f"{name} must be a dask array, or an array of the CPU, beside dask arrays"
            raise TypeError(f"{rule}: got one of a GPU")
        return array if valid is None else np.ma.masked_array(array, ~valid)
    # asked of the type, for a Delayed has any attribute; a scalar of a dataframe has the method too
    if hasattr(type(value), "to_dask_array") and value.ndim:
        value = _plain_columns(name, value, mask).to_dask_array()
    if not isinstance(value, da.Array):
        raise TypeError(f"{name} must be a dask array or column: got {type(value).__name__}")
    if mask and value.dtype != np.bool_:
        raise TypeError(f"{name} must be boolean: got dtype {value.dtype}")
    check_dtype(name, value.dtype)
    return value


def _plain_columns(name: str, frame: Any, mask: bool) -> Any:
    """Return a dask Series or DataFrame with one dtype of numpy, its parts read as in memory."""
    return frame.map_partitions(_plain, name, mask, meta=_plain(frame._meta, name, mask))


def _plain(part: Any, name: str, mask: bool) -> Any:
    array = as_mask(name, part) if mask else as_array(name, part)[0]
    return part._constructor(array, index=part.index)


def _refuse_sizes(named: list[tuple[str, Any]], arrays: list[Any], error: Exception) -> NoReturn:
    """Raise what says how chunk sizes become known that do not fit others."""
    unknown = [
        pair
        for pair, array in zip(named, arrays, strict=True)
        if array is not None and any(size != size for size in array.shape)
    ]
    rule = f"{unknown[0][0]} must have no unknown chunk sizes beside arrays with other chunks"
    ways = [name + _knowing(name, value) for name, value in unknown]
    raise UnknownSizes(f"{rule}: give {', '.join(ways)}") from error


def _knowing(name: str, value: Any) -> str:
    """Return what to call so that an argument has known chunk sizes, and dtypes of numpy."""
    if not hasattr(type(value), "to_dask_array"):
        return ".compute_chunk_sizes()"
    dtypes = list(value.dtypes) if value.ndim == 2 else [value.dtype]
    plain = len(set(dtypes)) == 1 and isinstance(dtypes[0], np.dtype) and dtypes[0].kind != "O"
    casts = {"where": ".fillna(False).astype(bool)", "by": ".astype(object)"}
    cast = "" if plain else casts.get(name.partition(" ")[0], ".astype(float)")
    return f"{cast}.to_dask_array(lengths=True)"


def _cut(
    arrays: list[Any], rank: int, ranks: list[int], keys: Sequence[Key]
) -> tuple[list[Any], tuple[Any, ...]]:
    """Return dask arrays of so many axes, and their rows, and of keys with the same chunks.

    Raises
    ------
    ValueError
        If sizes of chunks that are not known stand beside others.
    """
    by = [key.lazy for key in keys if key.lazy is not None]
    lazy = [array for array in arrays if isinstance(array, da.Array)]
    chunks = [*(_chunks_of([*lazy, *by], axis) for axis in range(rank)), None]
    arrays = [_whole(a) if isinstance(a, da.Array) else _wrap(a, chunks) for a in arrays]
    arrays = [a[(..., *[None] * (rank - a.ndim))] if a.ndim < rank else a for a in arrays]
    arrays = [a.rechunk({rank: -1}) if k else a for a, k in zip(arrays, ranks, strict=False)]
    together = [*arrays, *map(_whole, by)]
    _, together = da.core.unify_chunks(*[x for a in together for x in (a, tuple(range(a.ndim)))])
    arrays, by = list(together[: len(arrays)]), list(together[len(arrays) :])
    first = arrays[0].chunks[0] if rank else ()
    if any(len(key.chunks[0]) != len(first) for key in by):
        raise ValueError("one row is not repeated for each chunk of keys")
    cut = [key.pieces(first) if key.lazy is None else by.pop(0) for key in keys]
    return arrays, tuple(cut)


def _chunks_of(arrays: list[Any], axis: int) -> Any:
    """Return the chunks of the first array that is cut along an axis, None if there is none."""
    found = [a.chunks[axis] for a in arrays if a.ndim > axis and not a.shape[axis] <= 1]
    return found[0] if found else None


def _whole(array: Any) -> Any:
    """Return an array with axes of size 0 or 1 in one chunk."""
    cut = [k for k, size in enumerate(array.shape) if size <= 1 < array.numblocks[k]]
    if not cut:
        return array
    if 0 not in array.shape:
        return array.rechunk(dict.fromkeys(cut, -1))
    chunks = tuple((size,) if k in cut else array.chunks[k] for k, size in enumerate(array.shape))
    # dask cannot rechunk arrays without elements
    return da.zeros(array.shape, array.dtype, chunks=chunks)


def _wrap(array: Any, chunks: list[Any]) -> Any:
    """Return a numpy array as a dask array with these chunks where its size is theirs."""
    sizes = tuple(
        known if known is not None and sum(known) == size else (size,)
        for known, size in zip(chunks, array.shape, strict=False)
    )
    repeated = [
        stride == 0 and size > 1 for stride, size in zip(array.strides, array.shape, strict=True)
    ]
    if not any(repeated):
        return da.from_array(array, chunks=sizes)
    # of a broadcast array a graph is to hold each number once, for it may be sent to workers
    once = array[tuple(slice(0, 1) if again else slice(None) for again in repeated)]
    cut = tuple((1,) if again else size for again, size in zip(repeated, sizes, strict=True))
    return da.broadcast_to(da.from_array(once.copy(), chunks=cut), array.shape, sizes)
