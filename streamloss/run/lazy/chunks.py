"""What is done with each chunk of some arrays: a blockwise task, which dask fuses with loading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
from dask.layers import ArrayBlockwiseDep

from streamloss.arrays.batch import Arguments, may_fit, refuse_alignment
from streamloss.support.maker import Task

from .blocks import Blocks

Work = Callable[[Arguments], Any]
"""What makes something of the arrays of a chunk; it can be pickled."""


class Chunk:
    """What is done with the blocks of a chunk; an error says of which chunk."""

    def __init__(self, work: Work, blocks: Blocks) -> None:
        self._work = work
        self._weights, self._where = _broadcast(blocks.weights), _broadcast(blocks.where)
        ends = zip(blocks.inputs, blocks.ranks, strict=True)
        self._rows = [a.shape[a.ndim - rank :] for a, rank in ends]

    def __call__(self, *blocks: Any) -> Any:
        """Return what is made of a chunk; the last block is its place, and then its sizes."""
        *arrays, numbers = blocks
        rank = len(numbers) // 2
        place, sizes = numbers[:rank], numbers[rank:]
        try:
            return self._run(self._arguments(arrays, sizes), place)
        except Exception as error:
            if type(error) in (TypeError, ValueError):
                raise type(error)(f"chunk {place}: {error}") from error
            # another class may not be made of a text alone
            error.add_note(f"This was in chunk {place}.")
            raise

    def _arguments(self, blocks: list[Any], sizes: tuple[Any, ...]) -> Any:
        """Return y_true, y_pred, weights and where of a chunk, as `_run` takes them."""
        blocks = [block[0] if type(block) is list else block for block in blocks]
        for k, row in enumerate(self._rows):
            if getattr(blocks[k], "shape", None) != sizes + row:
                _check_block("y_true" if k == 0 else "y_pred", blocks[k], sizes + row)
        shape = blocks[0].shape[: len(sizes)]
        where = _take_last("where", blocks, self._where, shape)
        weights = _take_last("weights", blocks, self._weights, shape)
        y_true, *others = blocks
        y_pred = tuple(others) if len(others) > 1 else others[0] if others else None
        return y_true, y_pred, weights, where

    def _run(self, data: Any, place: Any) -> Any:
        return self._work(data)


class _Places(ArrayBlockwiseDep):
    """The place of each chunk, followed by its sizes.

    They are one argument, for dask makes a task anew for each: two took a tenth more time to make
    and optimise a graph (`benchmarks/bench_dask.py`).
    """

    def __init__(self, chunks: tuple[Any, ...], name: str) -> None:
        super().__init__(chunks)
        self._name = name

    def __getitem__(self, place: tuple[int, ...]) -> tuple[Any, ...]:
        """Return the place and the sizes of a chunk."""
        return place + tuple([sizes[k] for k, sizes in zip(place, self.chunks, strict=True)])

    def __dask_tokenize__(self) -> Any:
        """Return what dask names it by: reading a hundred thousand sizes takes longer."""
        return type(self).__name__, self._name


def _broadcast(array: Any) -> tuple[bool, ...] | None:
    """Return which axes of an array are broadcast, None without one."""
    return None if array is None else tuple(size == 1 for size in array.shape)


def _take_last(
    name: str, blocks: list[Any], broadcast: tuple[bool, ...] | None, shape: tuple[int, ...]
) -> Any:
    """Take the last block off a list, unless there is none of that name.

    Raises
    ------
    ValueError
        If it would be broadcast only because it happens to have one row.
    """
    if broadcast is None:
        return None
    block = blocks.pop()
    sizes = zip(np.shape(block), shape, broadcast, strict=False)
    fits = all(size == full or one for size, full, one in sizes)
    if np.ndim(block) != len(broadcast) or not fits:
        refuse_alignment(name, np.shape(block), shape)
    return block


def _check_block(name: str, block: Any, sizes: tuple[Any, ...]) -> None:
    """Refuse a block that is no array of the sizes that were announced for it, rows included.

    Raises
    ------
    ValueError
        If a function that made the array has returned another: its meta or chunks are wrong.
    """
    shape = np.shape(block)
    if not may_fit(shape, sizes):
        rule = f"{name} must have the sizes that its chunks announce"
        raise ValueError(f"{rule}: got {shape} and {sizes}")


def apply(task: Chunk, blocks: Blocks, name: str, chunks: tuple[Any, ...], like: Any) -> Any:
    """Return the array of what a task returns for each chunk, which is like an array.

    It is what `dask.array.map_blocks` does, without a function around the task for its `block_id`:
    that took a fifth of the time to optimise a graph.
    """
    rank = len(chunks)
    arrays = [*zip(blocks.arrays, blocks.axes, strict=True)]
    arrays.append((_Places(blocks.chunks, name), tuple(range(rank))))
    return da.blockwise(
        Task(task),
        tuple(range(rank)),
        *(item for pair in arrays for item in pair),
        name=name,
        adjust_chunks=dict(enumerate(chunks)),
        align_arrays=False,
        concatenate=True,
        meta=np.empty_like(like, shape=(0,) * rank),
    )
