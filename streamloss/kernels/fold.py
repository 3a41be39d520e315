"""All elements of cells added to their sums, counts and weights, block after block.

What is said in `terms` of loop bodies holds here too. `sums` has rows for each loss, `streams` of
them, and the last for the weights; `guesses` one for each row, of which a moment uses the first.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, union-attr"

import numpy as np
from numpy.typing import NDArray

from streamloss.exact.counts import ELEMENTS, MISSING, NONZERO, ROWS
from streamloss.exact.digits import (
    BLOCK,
    NANS,
    WIDTH,
    Ints,
    add,
    add_block,
    carry,
    increase,
    magic,
    move,
)

from .elements import counts_apart, cut, cut_weights, is_moment, is_narrow, keep, rows, watch, widen
from .moments import fold_moment, fold_moment_first
from .terms import (
    EXPONENT,
    MODE,
    ONE_FOLD,
    SCREENED,
    SETTLE,
    TWO_FOLDS,
    Block,
    add_any,
    count_nonzero,
    fold_block,
    fold_both,
)

Workspace = tuple[Ints, NDArray[np.float64], Ints, Ints]
"""What `fold_cells` writes beside its results: the guess of each sum, the terms of a block, wide
rows for the sums of a cell, and a window."""

BASE, MISFIT = range(2)
"""Of a window: the first digit that the rows of cells have, and whether a sum has others."""


def fold_first(loss, block, weights, sums, guesses, weight_sum, weight_guess, terms, width, rule):
    """Add one block's terms of a loss to its sums, and the weights (None: ones) to theirs.

    The weights of the block are an argument of their own: the compiler leaves out a branch for
    the type of an argument alone. Returns how many weights are not zero, and how many elements
    are there.
    """
    way = fold_moment_first if is_moment(loss) else fold_loss_first
    return way(loss, block, weights, sums, guesses, weight_sum, weight_guess, terms, width, rule)


def fold_loss_first(
    loss, block, weights, sums, guesses, weight_sum, weight_guess, terms, width, rule
):
    """Do what `fold_first` does for a loss that is no moment: in one loop, where it can."""
    exact, guess = sums[0], guesses[0]
    if weights is None:
        there = fold_block(loss, block, exact, guess, terms, width, rule)
        add(weight_sum, there, 0)
        return there, there
    nonzero, there = add_both(loss, block, exact, weight_sum, guess, weight_guess, width, rule)
    if nonzero < 0:
        some = terms[: weights.size]
        for i in range(weights.size):
            some[i] = keep(widen(weights[i]), block.watched, i)
        add_any(weight_sum, weight_guess, some, width)
        there = fold_block(loss, block, exact, guess, terms, width, rule)
        nonzero = count_nonzero(weights, block.watched)
    return nonzero, there


def add_both(loss, block, exact, weight_exact, guess, weight_guess, width, rule):
    """Add one block's terms and weights in one loop; return what `fold_first` does.

    If they do not fit the folds of that loop, nothing is added, and -1 returned.
    """
    mode = guess[MODE]
    if mode == SETTLE or weight_guess[MODE] != (ONE_FOLD if is_narrow(width) else TWO_FOLDS):
        return -1, 0
    unit, weight_unit = guess[EXPONENT] - 50, weight_guess[EXPONENT] - 50
    m1, m2 = magic(unit), magic(unit - 50)
    n1, n2 = magic(weight_unit), magic(weight_unit - 50)
    apart = counts_apart(width, block.watched)
    if mode == SCREENED:
        found = fold_both(loss, block, m1, m2, n1, n2, width, apart, True, rule)
    else:
        found = fold_both(loss, block, m1, m2, n1, n2, width, apart, False, rule)
    t1, t2, s1, s2, high, rest, nan, there, nonzero = found
    if high >> 52 != 0 or rest << 1 != 0:
        return -1, 0
    size = block.inputs[0].size
    add_block(exact, size, t1, m1, unit)
    add_block(exact, size, t2, m2, unit - 50)
    add_block(weight_exact, size, s1, n1, weight_unit)
    if not is_narrow(width):
        add_block(weight_exact, size, s2, n2, weight_unit - 50)
    increase(exact, NANS, nan)
    if nan == 0:
        guess[MODE] = TWO_FOLDS
    return nonzero, there


def fold_losses(losses, k, block, sums, guesses, terms, width, rule):
    """Add one block's terms of every loss to its exact sums, which begin with `sums[k]`."""
    for loss in losses:
        fold_loss(loss, block, sums, k, guesses, terms, width, rule)
        k += rows(loss)


def fold_loss(loss, block, sums, k, guesses, terms, width, rule):
    """Add one block's terms of a loss to its exact sums; return how many elements are there."""
    if is_moment(loss):
        return fold_moment(loss, block, sums[k : k + rows(loss)], guesses[k], terms, rule)
    return fold_block(loss, block, sums[k], guesses[k], terms, width, rule)


def fold_all(losses, inputs, weights, masks, sums, counts, guesses, terms, width, rule):
    """Add one block's weights, terms of all losses, and elements to one cell.

    Where one of the masks, of which there may be none, is False an element counts as missing.
    """
    last = sums.shape[0] - 1
    block = Block(inputs, weights, watch(inputs, weights, masks, rule))
    nonzero, there = fold_first(
        losses[0], block, weights, sums, guesses, sums[last], guesses[last], terms, width, rule
    )
    fold_losses(losses[1:], rows(losses[0]), block, sums, guesses, terms, width, rule)
    count(counts, inputs[0].size, there, nonzero)


def count(counts, size, there, nonzero):
    """Count the elements of a block, those that are missing, and weights that are not zero."""
    counts[ELEMENTS] += there
    counts[NONZERO] += nonzero
    counts[MISSING] += size - there


def fold_cells(losses, inputs, weights, sums, counts, more, workspace, width, rule):
    """Add every element to the sums and counts of its cell: equally many follow for each.

    sums : int64 (cells, losses + 1, DIGITS + digits), wide rows or others that all begin at one
        digit; the last is the sum of the weights.
    counts : int64 (cells, 5); each cell counts so many `more` rows.
    workspace : what `make_workspace` returns. With the same for the next arrays of these dtypes,
        it starts with the folds that served these. It says of `sums` which digit is the first, and
        is told if sums have others: what is in `sums` then is of no use.
    """
    guesses, terms, wide, window = workspace
    cells = counts.shape[0]
    length = inputs[0].size // cells if cells > 0 else 0
    for cell in range(cells):
        counts[cell, ROWS] += more
        exacts, tally = sums[cell] if sums.shape[2] == WIDTH else wide, counts[cell]
        stop = (cell + 1) * length
        for start in range(cell * length, stop, BLOCK):
            end = start + BLOCK if start + BLOCK < stop else stop
            some_inputs = cut(inputs, start, end)
            (some_weights,) = cut_weights(weights, start, end)
            fold_all(
                losses, some_inputs, some_weights, (), exacts, tally, guesses, terms, width, rule
            )
        for k in range(sums.shape[1]):
            if sums.shape[2] == WIDTH:
                carry(sums[cell, k])
            elif not move(wide[k], sums[cell, k], window[BASE]):
                window[MISFIT] = 1


def make_workspace(losses: int, base: int = 0) -> Workspace:
    """Return what `fold_cells` writes beside its results, for losses of so many rows."""
    guesses, terms = np.zeros((losses + 1, 3), np.int64), np.empty(BLOCK)
    return guesses, terms, np.zeros((losses + 1, WIDTH), np.int64), np.array([base, 0])
