"""One element of a block as kernels see it: its inputs, its term, and whether it counts.

Here is what the names mean in Python; `meanings` gives them their meaning in compiled code.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from streamloss.arrays.types import Array
from streamloss.losses.arithmetic import product_error
from streamloss.losses.base import Loss

from .switches import Multiply, Narrow, Omit, Rule, Width

Arrays = tuple[Array, ...]

Columns = tuple[None, ...]
"""How many numbers each row has, as the length of a tuple: compiled, a constant. 0 is any."""

LANES = 64
"""Rows that are computed side by side: with 32 to 128 cross-entropies of 2 to 16 classes took the
same time, with 256 a quarter more (`benchmarks/bench_rows.py`)."""


def interleave(loss: Loss, width: Width) -> None:
    """Have the loops above it in a function compute several of the widest vectors at once.

    It means nothing in Python. In one vector, exp and log are chains of operations that wait for
    each other: with four vectors their loops take 0.8 of the time of two
    (`benchmarks/bench_losses.py`). Other losses get two vectors if the width is `Narrow` and
    one if it is `Wide`, for then no registers are left. Vectors have the 512 bits of some CPUs,
    of which LLVM takes half by itself.
    """


def is_narrow(width: Width) -> bool:
    """Return whether all arrays are float32: compiled, a constant."""
    return isinstance(width, Narrow)


def widen(x: Any) -> Any:
    """Return x as float64, or complex128 if it is complex."""
    return np.complex128(x) if isinstance(x, np.complexfloating) else np.float64(x)


def at(array: Array, i: int) -> Any:
    """Return element i of an array; i is not below zero, which a GPU's compiler has to be told."""
    return array[i]


def value(loss: Loss, inputs: Arrays, i: int) -> Any:
    """Return the loss of element i, of a moment the product of its factors, rounded."""
    if is_moment(loss):
        return math.prod(factors(loss, inputs, i))
    return loss.point(*(widen(a[i]) for a in inputs))


def factors(loss: Loss, inputs: Arrays, i: int) -> tuple[float, ...]:
    """Return the factors of a moment, of element i."""
    return loss.factors(*(widen(a[i]) for a in inputs))


def is_moment(loss: Loss) -> bool:
    """Return whether terms of a loss are summed without rounding, in several streams."""
    return loss.streams > 1


def rows(loss: Loss) -> int:
    """Return how many rows of a state a loss takes: compiled, a constant."""
    return loss.streams


def has_two_factors(loss: Loss) -> bool:
    """Return whether the terms of a moment are products of two factors: compiled, a constant."""
    return loss.streams == 4


def is_given(weights: Array | None) -> bool:
    """Return whether there are weights: compiled, a constant."""
    return weights is not None


def term(loss: Loss, inputs: Arrays, weights: Array | None, i: int) -> Any:
    """Return the weighted loss of element i."""
    unweighted = value(loss, inputs, i)
    return unweighted if weights is None else unweighted * widen(weights[i])


def streams(
    loss: Loss, inputs: Arrays, weights: Array | None, i: int
) -> tuple[float, float, float, float]:
    """Return four numbers whose exact sum is the product of a moment's factors and the weight.

    The last two are zero of one factor. With h and l the product of two factors as rounded and
    what rounding took from it, they are those of w h and of w l.
    """
    numbers = factors(loss, inputs, i)
    return split(numbers, None if weights is None else widen(weights[i]))


def split(numbers: tuple[float, ...], weight: float | None) -> tuple[float, float, float, float]:
    """Return what `streams` does, of the factors and the weight."""
    two = len(numbers) == 2
    high, low = math.prod(numbers), product_error(*numbers) if two else 0.0
    if weight is None:
        return high, 0.0, low, 0.0
    last = (weight * low, product_error(weight, low)) if two else (0.0, 0.0)
    return weight * high, product_error(weight, high), *last


def summand(
    loss: Loss, inputs: Arrays, weights: Array | None, i: int, heavy: bool, rule: Rule
) -> Any:
    """Return the weight of element i if `heavy`, which is none without weights, else its term."""
    if heavy and weights is not None:
        return widen(weights[i])
    return sift(term(loss, inputs, weights, i), weights, i, rule)


def of_row(loss: Loss, inputs: Arrays, scratch: Arrays, columns: Columns, i: int) -> Any:
    """Return the loss of row i; `scratch` has a float64 array for the row of each input.

    Of a known number of columns it has what `turn` wrote: i is a row of that.
    """
    pairs = zip(inputs, scratch, strict=True)
    return loss.row(*(in_row(array, row, columns, i)[0] for array, row in pairs))


def in_row(array: Array, row: Array, columns: Columns, i: int) -> tuple[Any]:
    """Return in a tuple, as `cut_weights`, the number at i, or the row at i, copied to `row`."""
    if columns:
        return (row[i] if array.ndim == 1 else column(row, columns, i),)
    if array.ndim == 1:
        return (np.float64(array[i]),)
    row[:] = array[i]
    return (row,)


def lanes(inputs: Arrays, columns: Columns) -> Arrays:
    """Return memory for `LANES` rows of each input, column after column; compiled, of the stack.

    No other array overlaps what is there, which LLVM has to know before it makes vectors of rows.
    """
    return tuple(np.empty(LANES * (len(columns) if a.ndim == 2 else 1)) for a in inputs)


def turn(array: Array, block: Array, columns: Columns) -> None:
    """Write rows, at most `LANES`, column after column; the first also where there are no more."""
    if array.ndim == 1:
        for i in range(array.size):
            block[i] = array[i]
        for i in range(array.size, LANES):
            block[i] = block[0]
    else:
        for i in range(array.shape[0]):
            for c in range(len(columns)):
                block[c * LANES + i] = array[i, c]
        for i in range(array.shape[0], LANES):
            for c in range(len(columns)):
                block[c * LANES + i] = block[c * LANES]


def turn_all(inputs: Arrays, blocks: Arrays, columns: Columns) -> None:
    """Write the rows of each input as `turn` does."""
    for array, block in zip(inputs, blocks, strict=True):
        turn(array, block, columns)


def column(block: Array, columns: Columns, i: int) -> Array:
    """Return row i of what `turn` wrote."""
    return block.reshape(len(columns), LANES)[:, i]


def across() -> None:
    """Have the loops above it in a function compute rows side by side, in vectors.

    It means nothing in Python. All that a row calls is inlined, and its loops, which end at a known
    number of columns, are unrolled (`vectors.marked`): LLVM makes vectors of innermost loops alone.
    """


def cut(arrays: Arrays, start: int, stop: int) -> Arrays:
    """Return the slice [start, stop) of each array."""
    return tuple(a[start:stop] for a in arrays)


def cut_weights(weights: Array | None, start: int, stop: int) -> tuple[Array | None]:
    """Return the slice [start, stop) of weights, None of None, in a tuple.

    Compiled, no function can return an array, as `fold` says. And a function chooses between both
    by the type of its argument, where a branch of the caller would be compiled for None as well.
    """
    return (None if weights is None else weights[start:stop],)


def or_none(weights: Arrays) -> Arrays | tuple[None]:
    """Return a tuple with an array, or None in it if it is empty, as where no weights are given."""
    return weights or (None,)


def hidden(masks: Arrays) -> Any:
    """Return how many elements a mask hides: none if there is no mask."""
    return sum(mask.size - np.count_nonzero(mask) for mask in masks)


def row_weights(
    weights: Array | None, spread: Array, tile: Any, row: int, size: int
) -> tuple[Array | None]:
    """Return the weights of a row of a tile of `columns`, as they lie or copied to `spread`."""
    if weights is None:
        return (None,)
    columns, start = tile.columns, tile.weight + row * tile.weight_row
    if tile.weight_column == 1 and (size <= columns or tile.weight_row == columns):
        return (weights[start : start + size],)
    for i in range(0, size, columns):
        if tile.weight_column == 0:
            spread[i : i + columns] = weights[start]
        else:
            spread[i : i + columns] = weights[start : start + columns]
        start += tile.weight_row
    return (spread[:size],)


def watch(inputs: Arrays, weights: Array | None, masks: Arrays, rule: Rule) -> Arrays:
    """Return what is watched for missing elements: masks and, to omit NaN, inputs and weights."""
    if not isinstance(rule, Omit):
        return masks
    return (*inputs, *masks) if weights is None else (*inputs, weights, *masks)


def is_watched(watched: Arrays) -> bool:
    """Return whether elements can be missing: compiled, a constant."""
    return bool(watched)


def counts_apart(width: Width, watched: Arrays) -> bool:
    """Return whether nonzero weights are faster counted in a loop of its own: compiled, a constant.

    Those of float32 are, eight at a time, if no element can be missing.
    """
    return is_narrow(width) and not watched


def present(watched: Arrays, i: int) -> bool:
    """Return whether none of the watched arrays has a NaN at i, and no mask a False."""
    return all(a[i] if a.dtype == np.bool_ else a[i] == a[i] for a in watched)


def sift(x: Any, weights: Array | None, i: int, rule: Rule) -> Any:
    """Return term x of element i, or zero where its weight is zero, unless these are multiplied."""
    return x if weights is None or isinstance(rule, Multiply) or weights[i] != 0 else 0.0


def keep(x: Any, watched: Arrays, i: int) -> Any:
    """Return x, or zero where element i is missing."""
    return x if present(watched, i) else 0.0
