"""The loop body for cells that lie side by side: `fold_columns` folds rows of several cells.

A step is `STEP` rows of a tile. Its integers are kept if all its terms fitted the folds that were
guessed. If not, its terms are written down and others guessed from these; and if it does not fit
those, each lane is settled by itself.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from typing import Any

import numpy as np

from streamloss.exact.counts import ELEMENTS, MISSING, NONZERO, ROWS
from streamloss.exact.digits import DIGITS, UNIT, WIDTH, add, carried, move

from .elements import is_watched, watch, widen
from .fold import BASE, MISFIT
from .terms import EXPONENT, MODE, SETTLE, add_any
from .tiles import (
    APART,
    S1,
    STEP,
    T1,
    THERE,
    TILE,
    Grids,
    Tile,
    fold_step,
    guess_fold,
    write_step,
)

MOST = 1 << 12
"""Rows whose integers add up in an int64, as each is less than 2**51."""


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
        for heavy in range(1 if alone else 2):
            lines = write_step(loss, inputs, weights, tile, start, stop, grids, heavy != 0, rule)
            take_lines(rows, last if heavy else k, tile, lines, turn, grids, width)


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
            if cell > 0:
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
    shared = Tile(first, stride, weight, weight_row, weight_column, length, cells, 1, 0)
    found = sum_shared(weights, shared, grids, width) if alone else 0
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
    if cells > 0:  # the first takes what the others have copied
        window = grids[6]
        if not move(grids[4][1], sums[0, sums.shape[1] - 1], window[BASE]):
            window[MISFIT] = 1


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
