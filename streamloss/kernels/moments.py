"""The loop bodies of moments: sums of products that are not rounded, each of up to four streams.

A term w x y is the sum of four float64, `elements.streams`: with h and l what x y is rounded to and
what that takes, they are w h and w l and what rounding takes from these. Each is a row of a state,
folded as `terms.fold` does it, all in one loop. A stream is below 2**-53 of the one that it was
taken from, so their folds share magic numbers: with E the exponent that w h stays below, the first
has the units 2**(E - 50) and 2**(E - 100), the second and third begin with the latter, and the
fourth with the unit below it.

Of a term that is no finite number, the first stream has it all, and the others are zero.

Much of that is often zero: of float32, products of two have no error, and of small integers none
has. `SHORT` folds take that for granted, and look that it is so.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, union-attr"

import numpy as np

from streamloss.exact.digits import (
    HIGHEST,
    LOWEST,
    NANS,
    add,
    add_block,
    bits,
    bound,
    increase,
    magic,
    peel,
)
from streamloss.losses.regression import Value

from .elements import has_two_factors, is_given, keep, present, rows, sift, streams
from .terms import (
    EXPONENT,
    MODE,
    ONE_FOLD,
    PATIENCE,
    SCREENED,
    SETTLE,
    TWO_FOLDS,
    Block,
    count_nonzero,
    drop_nonfinite,
    fold_block,
)

SHORT, FULL = ONE_FOLD, TWO_FOLDS
"""Modes of a guess: some streams are zero, or none has to be."""

SMALLEST = LOWEST + 100
"""The least exponent that blocks are folded at: the last of four units is then 2**-1074."""

WEIGHT = Value()
"""The loss that a weight is, where weights are summed by themselves."""


def fold_streams(loss, block, m1, m2, m3, m4, short, screened, rule):
    """Sum the streams a, b, c, d of a block's terms as integers, as `terms.fold` does.

    Returns two sums for each stream; `high`, `rest`, the count of NaN, and how many elements are
    there, as `fold` does. A stream that is not folded since it has to be zero is part of `rest`.
    """
    two, heavy = has_two_factors(loss), is_given(block.weights)
    once = short and not two and not heavy
    first = bits(m1)
    a1 = a2 = b1 = b2 = c1 = c2 = d1 = d2 = high = rest = nan = there = np.int64(0)
    for i in range(block.inputs[0].size):
        a, b, c, d = streams_of(loss, block, i, screened, rule)
        there += present(block.watched, i)
        if screened:
            nan += a != a
            a = 0.0 if a != a else a
        p, q, r = fold_one(a, m1, m2, once)
        a1, a2, rest, high = a1 + p, a2 + q, rest | r, high | (p ^ first)
        if heavy and (two or not short):
            p, q, r = fold_one(b, m2, m3, False)
            b1, b2, rest = b1 + p, b2 + q, rest | r
        else:
            rest |= bits(b)
        if two and not short:
            p, q, r = fold_one(c, m2, m3, False)
            c1, c2, rest = c1 + p, c2 + q, rest | r
            p, q, r = fold_one(d, m3, m4, False)
            d1, d2, rest = d1 + p, d2 + q, rest | r
        else:
            rest |= bits(c) | bits(d)
    return a1, a2, b1, b2, c1, c2, d1, d2, high, rest, nan, there


def streams_of(loss, block, i, screened, rule):
    """Return the streams of element i; of a term that is no finite number, the first alone.

    They are zero where the element is missing and, if `screened`, where its weight is zero. If not,
    what is not finite is not looked for: it does not fit a fold.
    """
    inputs, weights, watched = block
    a, b, c, d = streams(loss, inputs, weights, i)
    if screened:
        a, b = sift(a, weights, i, rule), sift(b, weights, i, rule)
        c, d = sift(c, weights, i, rule), sift(d, weights, i, rule)
        finite = abs(a) < np.inf
        b, c, d = (b if finite else 0.0), (c if finite else 0.0), (d if finite else 0.0)
    a, b = keep(a, watched, i), keep(b, watched, i)
    return a, b, keep(c, watched, i), keep(d, watched, i)


def fold_one(x, m, n, once):
    """Return a number in units of two magic numbers, as bit patterns, and what is left over.

    If `once`, in units of the first alone.
    """
    p = x + m
    r = x - (p - m)
    q = 0.0 if once else r + n
    return bits(p), bits(q), bits(r if once else r - (q - n))


def fold_moment(loss, block, exacts, guess, terms, rule):
    """Add one block's terms of a moment to its rows; return how many elements are there.

    Where the folds that served the last block do not fit, the terms are looked at, and folded as
    these ask for. `terms` is written if that does not fit either.
    """
    there = np.int64(-1)
    for turn in range(2):
        if turn == 1:
            guess_streams(loss, block, guess, rule)
        there = fold_as_before(loss, block, exacts, guess, rule)
        if there >= 0:
            return there
    return settle_streams(loss, block, exacts, terms[: block.inputs[0].size], rule)


def fold_as_before(loss, block, exacts, guess, rule):
    """Add one block's terms by the folds that served the last; return how many are there.

    If these do not fit, nothing is added, and -1 returned.
    """
    mode = guess[MODE]
    if mode == SETTLE:
        return -1
    unit = guess[EXPONENT] - 50
    m1, m2, m3, m4 = magic(unit), magic(unit - 50), magic(unit - 100), magic(unit - 150)
    if mode == SHORT:
        found = fold_streams(loss, block, m1, m2, m3, m4, True, False, rule)
        if found[8] >> 52 == 0 and found[9] << 1 != 0:
            mode = guess[MODE] = FULL
            guess[PATIENCE] = 64
    if mode == FULL:
        found = fold_streams(loss, block, m1, m2, m3, m4, False, False, rule)
    elif mode == SCREENED:
        found = fold_streams(loss, block, m1, m2, m3, m4, False, True, rule)
    a1, a2, b1, b2, c1, c2, d1, d2, high, rest, nan, there = found
    if high >> 52 != 0 or rest << 1 != 0:
        return -1
    add_streams(loss, block, exacts, (a1, a2, b1, b2, c1, c2, d1, d2), unit, mode == SHORT)
    increase(exacts[0], NANS, nan)
    if mode != SHORT and nan == 0:
        guess[PATIENCE] -= 1
        guess[MODE] = SHORT if guess[PATIENCE] <= 0 else FULL
    return there


def add_streams(loss, block, exacts, totals, unit, short):
    """Add what `fold_streams` has summed to the rows."""
    a1, a2, b1, b2, c1, c2, d1, d2 = totals
    two, heavy, size = has_two_factors(loss), is_given(block.weights), block.inputs[0].size
    m1, m2, m3, m4 = magic(unit), magic(unit - 50), magic(unit - 100), magic(unit - 150)
    add_block(exacts[0], size, a1, m1, unit)
    if two or heavy or not short:
        add_block(exacts[0], size, a2, m2, unit - 50)
    if heavy and (two or not short):
        add_block(exacts[1], size, b1, m2, unit - 50)
        add_block(exacts[1], size, b2, m3, unit - 100)
    if two and not short:
        add_block(exacts[2], size, c1, m2, unit - 50)
        add_block(exacts[2], size, c2, m3, unit - 100)
        add_block(exacts[3], size, d1, m3, unit - 100)
        add_block(exacts[3], size, d2, m4, unit - 150)


def guess_streams(loss, block, guess, rule):
    """Guess the folds for a block by its largest term, as rounded, and by whether one is NaN."""
    largest = nan = np.int64(0)
    for i in range(block.inputs[0].size):
        a, _, _, _ = streams_of(loss, block, i, True, rule)
        nan += a != a
        size = bits(abs(a if abs(a) < np.inf else 0.0))
        largest = size if size > largest else largest
    exponent = bound(largest) + 2
    exponent = exponent if exponent > SMALLEST else SMALLEST
    guess[EXPONENT] = exponent if exponent < HIGHEST else HIGHEST
    guess[MODE] = SCREENED if nan > 0 else SHORT


def settle_streams(loss, block, exacts, terms, rule):
    """Add one block of any terms of a moment to its rows; return how many elements are there."""
    there = np.int64(0)
    for s in range(exacts.shape[0]):
        for i in range(terms.size):
            a, b, c, d = streams_of(loss, block, i, True, rule)
            terms[i] = (a if s == 0 else b) if s < 2 else (c if s == 2 else d)
        _, largest = drop_nonfinite(exacts[s], terms)
        if largest > 0:
            peel(exacts[s], terms, largest)
    for i in range(terms.size):
        there += present(block.watched, i)
    return there


def fold_moment_first(
    loss, block, weights, sums, guesses, weight_sum, weight_guess, terms, width, rule
):
    """Add one block's terms of a moment to its rows, and the weights (None: ones) to theirs.

    Returns what `fold.fold_first` does.
    """
    there = fold_moment(loss, block, sums[: rows(loss)], guesses[0], terms, rule)
    if weights is None:
        add(weight_sum, there, 0)
        return there, there
    alone = Block((weights,), None, block.watched)
    fold_block(WEIGHT, alone, weight_sum, weight_guess, terms, width, rule)
    return count_nonzero(weights, block.watched), there
