"""Rows of a tile: the loops along each, which add to one integer a column, and steps of them.

So they vectorise like `terms.fold`, whose arithmetic they have. The `TILE` integers of a sum are
in the nearest cache. Rows that are shorter and lie one behind another are taken several at once, as
one: then several `lanes` of the tile are of one column.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, union-attr, arg-type"

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamloss.exact.digits import HIGHEST, LOWEST, Ints, bits, bound, magic

from .elements import (
    at,
    cut,
    interleave,
    is_narrow,
    is_watched,
    keep,
    present,
    row_weights,
    sift,
    summand,
    term,
    watch,
    widen,
)
from .terms import EXPONENT, MODE, TWO_FOLDS, Block

TILE = 1024
"""Integers of each sum that a loop along a row adds to: two sums of them are 16 KiB. With 512, rows
of 1,024 columns took 1.3 to 1.9 times as long (`benchmarks/bench_reductions.py`, `Cells`)."""

STEP = 64
"""Rows of a step: their terms are 512 KiB, where they have to be written down."""

HALF = 1 << 51
"""Added to the bit pattern of `x + magic` less that of `magic`, it is below 2**52 if x fitted."""

INFINITE = 0x7FF << 52
"""The bit pattern of infinity."""

APART = TILE + 104
"""How far a step's sums are apart: with a distance of 4 KiB they would share lines of the cache."""

T1, T2, S1, S2, THERE, FOUND = range(0, 6 * APART, APART)
"""Where a step's sums begin: two folds of terms and of weights, how many elements are there, and
how many weights are not zero. They are one array, so that a compiler sees them to be apart."""

Grids = tuple[Ints, NDArray[np.float64], Ints, Ints, Ints, NDArray[Any], Ints]
"""What `columns.fold_columns` writes beside its results: what `columns.make_grids` returns."""


class Tile(NamedTuple):
    """Which elements and weights are taken: of `rows`, some columns, that follow one another."""

    first: Any
    stride: Any
    """The number of the first element, and how far the next row is."""
    weight: Any
    weight_row: Any
    weight_column: Any
    """The number of the first weight, and how far those of the next row and column are."""
    rows: Any
    columns: Any
    group: Any
    """How many rows are taken as one."""
    column: Any
    """The number of the first column among the cells."""


def fold_row(loss, block, sums, m1, m2, rule, width):
    """Add the terms of a row to as many integers of two sums, each as `terms.fold` does one.

    Returns `high`, below 2**52 if each of them fitted, and `rest`, zero or a sign if nothing was
    left over.
    """
    inputs, weights, watched = block
    b1, b2 = bits(m1), bits(m2)
    high = rest = np.int64(0)
    for i in range(inputs[0].size):
        x = keep(sift(term(loss, inputs, weights, i), weights, i, rule), watched, i)
        p = x + m1
        r = x - (p - m1)
        q = r + m2
        over = bits(p) - b1
        sums[T1 + i] += over
        sums[T2 + i] += bits(q) - b2
        high |= over + HALF
        rest |= bits(r - (q - m2))
        if is_watched(watched):
            sums[THERE + i] += present(watched, i)
    interleave(loss, width)
    return high, rest


def fold_row_both(loss, block, sums, m1, m2, n1, n2, rule, width):
    """Add the terms and the weights of a row, as `fold_row` does terms, and count those not zero.

    Float32 weights always fit one fold.
    """
    inputs, weights, watched = block
    b1, b2, c1, c2 = bits(m1), bits(m2), bits(n1), bits(n2)
    high = rest = np.int64(0)
    for i in range(inputs[0].size):
        x = keep(sift(term(loss, inputs, weights, i), weights, i, rule), watched, i)
        p = x + m1
        r = x - (p - m1)
        q = r + m2
        over = bits(p) - b1
        sums[T1 + i] += over
        sums[T2 + i] += bits(q) - b2
        high |= over + HALF
        rest |= bits(r - (q - m2))
        w = keep(widen(at(weights, i)), watched, i)
        p = w + n1
        r = w - (p - n1)
        over = bits(p) - c1
        sums[S1 + i] += over
        high |= over + HALF
        if not is_narrow(width):
            q = r + n2
            sums[S2 + i] += bits(q) - c2
            r = r - (q - n2)
        rest |= bits(r)
        sums[FOUND + i] += w != 0.0
        if is_watched(watched):
            sums[THERE + i] += present(watched, i)
    interleave(loss, width)
    return high, rest


def fold_any_row(loss, block, weights, sums, magics, alone, rule, width):
    """Add a row by one of the two, without the weights if they are None or terms are `alone`."""
    m1, m2, n1, n2 = magics
    if weights is None:
        return fold_row(loss, block, sums, m1, m2, rule, width)
    if alone:
        return fold_row(loss, block, sums, m1, m2, rule, width)
    return fold_row_both(loss, block, sums, m1, m2, n1, n2, rule, width)


def rows_of(tile, start):
    """Return the first element and the size of a row of a tile, which is of several if grouped."""
    some = tile.group if start + tile.group < tile.rows else tile.rows - start
    return tile.first + start * tile.stride, some * tile.columns


def fold_step(loss, inputs, weights, tile, start, stop, guess, other, grids, alone, rule, width):
    """Fold the rows of a step by the guesses; return whether all terms fitted."""
    sums, spread = grids[2], grids[5]
    unit, weight_unit = guess[EXPONENT] - 50, other[EXPONENT] - 50
    magics = magic(unit), magic(unit - 50), magic(weight_unit), magic(weight_unit - 50)
    sums[:] = 0
    high = rest = np.int64(0)
    for row in range(start, stop, tile.group):
        begin, size = rows_of(tile, row)
        some = cut(inputs, begin, begin + size)
        (given,) = row_weights(weights, spread, tile, row, size)
        block = Block(some, given, watch(some, given, (), rule))
        above, below = fold_any_row(loss, block, given, sums, magics, alone, rule, width)
        high |= above
        rest |= below
    return high >> 52 == 0 and rest << 1 == 0


def write_step(loss, inputs, weights, tile, start, stop, grids, heavy, rule):
    """Write down the terms of a step, or its weights if `heavy`; return the lines.

    Elements that are there are counted with terms, and those that are not zero with weights.
    """
    terms, sums, spread = grids[1], grids[2], grids[5]
    line = 0
    tally = FOUND if heavy else THERE
    sums[tally : tally + TILE] = 0
    for row in range(start, stop, tile.group):
        begin, size = rows_of(tile, row)
        some = cut(inputs, begin, begin + size)
        (given,) = row_weights(weights, spread, tile, row, size)
        watched = watch(some, given, (), rule)
        for i in range(size):
            x = keep(summand(loss, some, given, i, heavy, rule), watched, i)
            terms[line + i] = x
            sums[tally + i] += x != 0.0 if heavy else present(watched, i)
        terms[line + size : line + TILE] = 0.0
        line += TILE
    return line


def guess_fold(guess, terms):
    """Guess by the largest of terms how they are folded."""
    largest = np.int64(0)
    for i in range(terms.size):
        size = bits(abs(terms[i]))
        if size < INFINITE:
            largest = size if size > largest else largest
    exponent = bound(largest) + 2
    exponent = exponent if exponent > LOWEST else LOWEST
    guess[EXPONENT] = exponent if exponent < HIGHEST else HIGHEST
    guess[MODE] = TWO_FOLDS
