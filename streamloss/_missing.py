"""Elements with a NaN that are not to count: finding them, packing them away, taking them out.

Plain Python for the compiler, like `_loops`. A block with few of them is added whole, and their
terms are taken out again: exact sums can be subtracted from.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from typing import Any, NamedTuple

import numpy as np

from ._exact import BLOCK, MINUS_INF, NAN, PLUS_INF, add_float
from ._generic import missing, sift, term, weight_at

MANY = 64
"""From one missing element in so many on, a block is packed: taking one out costs 25 ns."""


class Gaps(NamedTuple):
    """Room to deal with the missing elements of a block.

    Attributes
    ----------
    gone : int64 (BLOCK + 1,)
        The indices of the missing elements.
    words : int64 (BLOCK / 8,)
        A byte for each element, so that 64 can be skipped at a time.
    inputs, weights : arrays (inputs, BLOCK) and (BLOCK,)
        The elements that are there.
    """

    gone: Any
    words: Any
    inputs: Any
    weights: Any

    @classmethod
    def of(cls, inputs: int, dtype: Any) -> "Gaps":
        """Return room for blocks of so many inputs of a dtype; weights of complex ones are real."""
        real = np.empty(0, dtype).real.dtype
        return cls(
            np.empty(BLOCK + 1, np.int64),
            np.empty(BLOCK // 8, np.int64),
            np.empty((inputs, BLOCK), dtype),
            np.empty(BLOCK, real),
        )


def find_missing(arrays, gaps):
    """List the elements with a NaN in one of the arrays, and return how many there are."""
    size, words = arrays[0].size, gaps.words
    marks = words.view(np.uint8)[:size]
    for i in range(size):
        marks[i] = missing(arrays, i)
    count = 0
    for k in range(0, (size + 7) // 8, 8):
        low = words[k] | words[k + 1] | words[k + 2] | words[k + 3]
        high = words[k + 4] | words[k + 5] | words[k + 6] | words[k + 7]
        if (low | high) != 0:
            count = list_marked(words, k, marks, gaps.gone, count)
    return count


def list_marked(words, k, marks, gone, count):
    """List the marked elements of eight words, and return the new count."""
    for j in range(k, k + 8):
        if words[j] != 0:
            for i in range(8 * j, min(8 * j + 8, marks.size)):
                gone[count] = i
                count += np.int64(marks[i])
    return count


def pack(arrays, out, gone, absent):
    """Copy the arrays without the absent elements, and return the copies."""
    for array, row in zip(arrays, out, strict=True):
        pack_one(array, row, gone, absent)
    return tuple(row[: arrays[0].size - absent] for row in out)


def pack_one(array, out, gone, absent):
    """Copy an array without the absent elements."""
    k = 0
    for i in range(array.size):  # assigning slices would take 2 s to compile
        if k < absent and gone[k] == i:
            k += 1
        else:
            out[i - k] = array[i]


def take_out(row, x):
    """Subtract one term from a row."""
    if abs(x) < np.inf:
        add_float(row, -x)
    elif x != x:
        row[NAN] -= 1
    else:
        row[PLUS_INF if x > 0.0 else MINUS_INF] -= 1


def take_out_losses(losses, k, inputs, weights, gaps, absent, sums):
    """Subtract the terms of some elements from every loss's row, `sums[k]` for the first."""
    for loss in losses:
        for j in range(absent):
            i = gaps.gone[j]
            take_out(sums[k], sift(term(loss, inputs, weights, i), weights, i))
        k += 1


def take_out_weights(weights, gaps, absent, row):
    """Subtract the weights of some elements from their row; return how many are not zero."""
    nonzero = 0
    for j in range(absent):
        weight = weight_at(weights, gaps.gone[j])
        take_out(row, weight)
        nonzero += weight != 0
    return nonzero
