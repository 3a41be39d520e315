"""The loop body for cells that lie side by side: `fold_columns` folds rows of several cells.

Along a row one loop adds to integers of as many cells, so that it vectorises like `fold.fold`,
whose arithmetic it has. A tile of `TILE` integers fits the nearest cache. Rows that are shorter and
lie one behind another are taken several at once, as one: then `lanes` of the tile are of one cell.

A step is `STEP` such rows. Its integers are kept if all of its terms fitted the folds that were
guessed. If not, its terms are written down and others guessed from these; and if it does not fit
those, each lane is settled by itself.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, union-attr, arg-type"

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamloss.exact.counts import ELEMENTS, MISSING, NONZERO, ROWS
from streamloss.exact.digits import (
    DIGITS,
    HIGHEST,
    LOWEST,
    UNIT,
    WIDTH,
    Ints,
    add,
    bits,
    bound,
    carried,
    holds,
    magic,
    move,
)

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
    term,
    watch,
    widen,
)
from .fold import BASE, EXPONENT, MISFIT, MODE, SETTLE, TWO_FOLDS, Block, add_any

TILE = 512
"""Integers of each sum that a loop along a row adds to: four sums of them are 16 KiB."""

STEP = 64
"""Rows of a step: their terms are 256 KiB, where they have to be written down."""

MOST = 1 << 12
"""Rows whose integers add up in an int64, as each is less than 2**51."""

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
"""What `fold_columns` writes beside its results: what `make_grids` returns."""


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
    """Add the terms of a row to as many integers of two sums, each as `fold.fold` does one.

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


def write_step(loss, inputs, weights, tile, start, stop, grids, rule):
    """Write down the terms of a step, and count the elements that are there; return the lines."""
    terms, sums, spread = grids[1], grids[2], grids[5]
    sums[:] = 0
    line = 0
    for row in range(start, stop, tile.group):
        begin, size = rows_of(tile, row)
        some = cut(inputs, begin, begin + size)
        (given,) = row_weights(weights, spread, tile, row, size)
        watched = watch(some, given, (), rule)
        for i in range(size):
            terms[line + i] = keep(sift(term(loss, some, given, i), given, i, rule), watched, i)
            sums[THERE + i] += present(watched, i)
        terms[line + size : line + TILE] = 0.0
        line += TILE
    return line


def write_weights(inputs, weights, tile, start, stop, grids, rule):
    """Write down the weights of a step, and count those that are not zero; return the lines."""
    if weights is None:
        return 0
    terms, sums, spread = grids[1], grids[2], grids[5]
    line = 0
    for row in range(start, stop, tile.group):
        begin, size = rows_of(tile, row)
        some = cut(inputs, begin, begin + size)
        (given,) = row_weights(weights, spread, tile, row, size)
        watched = watch(some, given, (), rule)
        for i in range(size):
            w = keep(widen(at(given, i)), watched, i)
            terms[line + i] = w
            sums[FOUND + i] += w != 0.0
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


def take_lines(rows, k, tile, lines, turn, grids, width):
    """Guess by the terms that are written down, or add them to their cells, lane by lane."""
    guesses, terms, _, kept, wide, _, window = grids
    if turn == 0:
        flush(rows, k, tile, guesses[k, EXPONENT], kept[k], window)
        guess_fold(guesses[k], terms[:lines])
        return
    lane = terms[STEP * TILE :]
    for j in range(tile.columns * tile.group):
        size = 0
        for i in range(j, lines, TILE):
            lane[size] = terms[i]
            size += 1
        add_any(wide[0], guesses[guesses.shape[0] - 1], lane[:size], width)
        if not move(wide[0], rows[tile.column + j % tile.columns, k], window[BASE]):
            window[MISFIT] = 1


def flush(rows, k, tile, exponent, kept, window):
    """Add what is kept of a sum, folded at an exponent, to the rows of the cells."""
    unit = exponent - 50 - 32 * window[BASE]
    if unit - 50 < UNIT or DIGITS + ((unit - UNIT) >> 5) + 2 >= rows.shape[2]:
        for j in range(tile.columns * tile.group):
            if kept[0, j] | kept[1, j] != 0:
                window[MISFIT] = 1
    else:
        for lane in range(0, tile.columns * tile.group, tile.columns):
            for j in range(tile.columns):
                row = rows[tile.column + j, k]
                add(row, kept[0, lane + j], unit)
                add(row, kept[1, lane + j], unit - 50)
    kept[:] = 0


def keep_step(kept, sums, start, size):
    """Keep the integers of two sums of a step."""
    for i in range(size):
        kept[0, i] += sums[start + i]
        kept[1, i] += sums[start + APART + i]


def add_step(loss, inputs, weights, tile, start, stop, rows, k, grids, alone, rule, width):
    """Add the terms of one loss, and the weights unless they are `alone`."""
    guesses, _, sums, kept, _, _, _ = grids
    last = rows.shape[1] - 1
    for turn in range(2):
        if guesses[k, MODE] != SETTLE and (alone or guesses[last, MODE] != SETTLE):
            guess, other = guesses[k], guesses[last]
            if fold_step(
                loss, inputs, weights, tile, start, stop, guess, other, grids, alone, rule, width
            ):
                keep_step(kept[k], sums, T1, tile.columns * tile.group)
                if not alone:
                    keep_step(kept[last], sums, S1, tile.columns * tile.group)
                return
        lines = write_step(loss, inputs, weights, tile, start, stop, grids, rule)
        take_lines(rows, k, tile, lines, turn, grids, width)
        if not alone:
            lines = write_weights(inputs, weights, tile, start, stop, grids, rule)
            take_lines(rows, last, tile, lines, turn, grids, width)


def add_steps(losses, k, inputs, weights, tile, start, stop, rows, grids, rule, width):
    """Add the terms of every loss by itself, to the sum k of the first."""
    for loss in losses:
        add_step(loss, inputs, weights, tile, start, stop, rows, k, grids, True, rule, width)
        k += 1


def add_tile(losses, inputs, weights, tile, rows, grids, alone, rule, width):
    """Add the elements of a tile to the rows of its cells, without carrying."""
    guesses, _, sums, kept, _, _, window = grids
    last = len(losses)
    kept[:] = 0
    tally = kept[last + 1]
    step = STEP * tile.group
    for start in range(0, tile.rows, step):
        stop = start + step if start + step < tile.rows else tile.rows
        add_step(losses[0], inputs, weights, tile, start, stop, rows, 0, grids, alone, rule, width)
        keep_step(tally, sums, THERE, tile.columns * tile.group)
        add_steps(losses[1:], 1, inputs, weights, tile, start, stop, rows, grids, rule, width)
        if stop == tile.rows or (start // step + 1) % (MOST // STEP) == 0:
            for k in range(last + 1):
                flush(rows, k, tile, guesses[k, EXPONENT], kept[k], window)


def sum_shared(weights, tile, grids, width):
    """Add the weights that all cells share to the second wide row; return how many are not zero."""
    if weights is None:
        return 0
    guesses, terms, _, _, wide, _, _ = grids
    found = 0
    for start in range(0, tile.rows, STEP * TILE):
        stop = start + STEP * TILE if start + STEP * TILE < tile.rows else tile.rows
        for row in range(start, stop):
            w = widen(weights[tile.weight + row * tile.weight_row])
            terms[row - start] = w
            found += w != 0.0
        for row in range(0, stop - start, MOST):
            end = row + MOST if row + MOST < stop - start else stop - start
            add_any(wide[1], guesses[guesses.shape[0] - 1], terms[row:end], width)
    return found


def finish_tile(weights, tile, rows, counts, size, grids, watched, alone, found):
    """Count the elements of a tile, add weights that are ones or shared, and carry the digits."""
    _, _, _, kept, wide, _, window = grids
    last = rows.shape[1] - 1
    tally = kept[last + 1]
    for lane in range(tile.columns, tile.columns * tile.group, tile.columns):
        for j in range(tile.columns):
            tally[0, j] += tally[0, lane + j]
            tally[1, j] += tally[1, lane + j]
    for j in range(tile.columns):
        cell = tile.column + j
        there = tally[0, j] if is_watched(watched) else tile.rows
        nonzero = tally[1, j]
        if weights is None:
            nonzero = there
            add(rows[cell, last], there, -32 * window[BASE])
        elif alone:
            nonzero = found
            copy(wide[1], rows[cell, last], window[BASE])
        counts[cell, ELEMENTS] += there
        counts[cell, NONZERO] += nonzero
        counts[cell, MISSING] += tile.rows - there
        counts[cell, ROWS] += size
        for k in range(last + 1):
            if not carried(rows[cell, k]):
                window[MISFIT] = 1


def copy(exact, row, base):
    """Add a wide row to one whose first digit is `base`."""
    for k in range(DIGITS):
        row[k] += exact[k]
    for k in range(DIGITS, row.size):
        row[k] += exact[base + k]


def fold_columns(losses, inputs, weights, sums, counts, size, grids, place, rule, width):
    """Add each element of rows to the sums and counts of its cell: that of its column.

    sums : int64 (cells, losses + 1, DIGITS + digits), rows of which all begin at one digit.
    counts : int64 (cells, 5); each cell counts `size` rows more.
    grids : what `make_grids` returns. It says of `sums` which digit is the first, and is told if
        sums have others: what is in `sums` then is of no use.
    place : six integers. The first element and the distance of rows, in the inputs; the number of
        rows; and the first weight and the distances of rows and columns, in the weights.
    """
    first, stride, length, weight, weight_row, weight_column = place
    cells = counts.shape[0]
    watched = watch(inputs, weights, (), rule)
    alone = weights is None or (weight_column == 0 and not is_watched(watched))
    found = 0
    if alone:
        grids[4][1] = 0
        shared = Tile(first, stride, weight, weight_row, weight_column, length, cells, 1, 0)
        found = sum_shared(weights, shared, grids, width)
        window = grids[6]
        if not holds(grids[4][1], window[BASE], sums.shape[2]):
            window[MISFIT] = 1
    group = TILE // cells if stride == cells and 2 * cells <= TILE else 1
    for column in range(0, cells, TILE):
        columns = TILE if column + TILE < cells else cells - column
        tile = Tile(
            first + column,
            stride,
            weight + column * weight_column,
            weight_row,
            weight_column,
            length,
            columns,
            group,
            column,
        )
        add_tile(losses, inputs, weights, tile, sums, grids, alone, rule, width)
        finish_tile(weights, tile, sums, counts, size, grids, watched, alone, found)


def make_grids(losses: int, dtype: Any, base: int = 0) -> Grids:
    """Return what `fold_columns` writes beside its results, for rows that begin at a digit.

    Weights, if there are any, are of the dtype.
    """
    return (
        np.zeros((losses + 2, 3), np.int64),
        np.empty((STEP + 1) * TILE),
        np.zeros(6 * APART, np.int64),
        np.zeros((losses + 2, 2, TILE), np.int64),
        np.zeros((2, WIDTH), np.int64),
        np.empty(TILE, dtype),
        np.array([base, 0]),
    )
