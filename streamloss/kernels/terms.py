"""A block of terms added to one exact sum: `fold` turns it into integers, which add up exactly.

The loop bodies are plain Python, compiled for each target from this one source. Arrays are
one-dimensional and contiguous, all float32, all float64 or all complex128; `weights` is None or of
the size of the inputs. Nothing is checked here, and nothing allocated: kernels are compiled without
counting references, which took 7 % of the time (`internals.kernel_options`), and so no function can
return an array, but a tuple of them.

Three things select code when it is compiled, not when it runs, by their types: a `rule` and a
`width` of `switches`, and what of a block is `watched`, which may be nothing. `twice`, `screened`
and `apart` are constants where `fold` and `fold_both` are called. Both are inlined there, so each
is compiled once, and LLVM makes a loop of it for each set of constants.

An `exact` is one exact sum, a wide row of `exact.digits`; a `guess` says by which fold its next
block is added; and `terms` is memory for the terms of a block that fits no fold yet.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, union-attr"

from typing import Any, NamedTuple

import numpy as np

from streamloss.exact.digits import (
    HIGHEST,
    LOWEST,
    MINUS_INFS,
    NANS,
    PLUS_INFS,
    add_block,
    bits,
    bound,
    increase,
    magic,
    peel,
)

from .elements import at, interleave, is_narrow, keep, present, sift, term, widen
from .switches import NARROW

MODE, EXPONENT, PATIENCE = range(3)
"""Columns of a guess, by which fold the next block is added to a sum: a mode, the exponent that
terms stayed below, and for how many blocks two folds are not given up for one."""

SETTLE, ONE_FOLD, TWO_FOLDS, SCREENED = range(4)
"""Modes: none known yet, one fold, two folds, two folds that look at every term."""


class Block(NamedTuple):
    """The arrays of a block of elements, all of one size."""

    inputs: Any
    weights: Any
    watched: Any
    """Arrays and masks: an element is missing where one has a NaN or is False."""


def fold(loss, block, m1, m2, twice, screened, rule):
    """Sum the terms x of a block as integers, in 50 bits for each magic number.

    With m = magic(unit), p = x + m rounds x to a multiple of 2**unit, and the low bits of p are
    that multiple; so the sum of the bit patterns is an exact sum, of integers, in any order, and
    therefore vectorises. x - (p - m) is exact, and is folded again with m2.

    Returns the sum for each magic number (modulo 2**64); `high`, below 2**52 if every x fitted;
    `rest`, zero or a sign if nothing was left over; how many terms are NaN; and how many elements
    are there, not missing. If not `screened`, a NaN or infinity shows in `high`. If so, NaN terms
    are counted and dropped, and terms of weight zero are zero.
    """
    inputs, weights, watched = block
    b1 = bits(m1)
    t1 = t2 = high = rest = nan = there = np.int64(0)
    for i in range(inputs[0].size):
        x = keep(term(loss, inputs, weights, i), watched, i)
        there += present(watched, i)
        if screened:
            x = sift(x, weights, i, rule)
            nan += x != x
            x = 0.0 if x != x else x
        p = x + m1
        r = x - (p - m1)
        t1 += bits(p)
        high |= bits(p) ^ b1
        if twice:
            q = r + m2
            r = r - (q - m2)
            t2 += bits(q)
        rest |= bits(r)
    interleave(loss, NARROW)  # terms of one sum leave registers at any width
    return t1, t2, high, rest, nan, there


def fold_both(loss, block, m1, m2, n1, n2, width, apart, screened, rule):
    """Sum the terms with m1 and m2 and the weights with n1 and n2, as `fold` does, in one loop.

    Float32 weights always fit one fold, so n2 is for float64 alone. Returns also how many weights
    are not zero, NaN included; if `apart`, they are counted in a loop of its own.

    One loop computes both while their arrays are read: two loops take 1.4 times as long.
    """
    inputs, weights, watched = block
    narrow = is_narrow(width)
    b1, c1 = bits(m1), bits(n1)
    t1 = t2 = s1 = s2 = high = rest = nan = there = nonzero = np.int64(0)
    for i in range(weights.size):
        x = keep(term(loss, inputs, weights, i), watched, i)
        there += present(watched, i)
        if screened:
            x = sift(x, weights, i, rule)
            nan += x != x
            x = 0.0 if x != x else x
        p = x + m1
        r = x - (p - m1)
        q = r + m2
        t1 += bits(p)
        t2 += bits(q)
        high |= bits(p) ^ b1
        rest |= bits(r - (q - m2))
        w = keep(widen(at(weights, i)), watched, i)
        p = w + n1
        r = w - (p - n1)
        s1 += bits(p)
        high |= bits(p) ^ c1
        if not narrow:
            q = r + n2
            r = r - (q - n2)
            s2 += bits(q)
        rest |= bits(r)
        if not apart:
            nonzero += w != 0.0
    interleave(loss, width)
    if apart:
        nonzero = count_nonzero(weights, ())
    return t1, t2, s1, s2, high, rest, nan, there, nonzero


def fold_block(loss, block, exact, guess, terms, width, rule):
    """Add one block's terms to an exact sum; return how many elements are there.

    `terms` is written where no known fold fits.
    """
    there = fold_guessed(loss, block, exact, guess, width, rule)
    if there < 0:
        there = settle(loss, block, exact, guess, terms[: block.inputs[0].size], width, rule)
    return there


def fold_guessed(loss, block, exact, guess, width, rule):
    """Add one block's terms by the fold that served the last; return how many are there.

    If the fold does not fit these, nothing is added, and -1 returned.

    `guess` holds the mode of that fold, the exponent its terms stayed below, and for how many
    blocks more two folds are taken. Float32 inputs mostly fit one fold; it is given up for 64
    blocks when a block leaves a rest.
    """
    mode = guess[MODE]
    if mode == SETTLE:
        return -1
    unit = guess[EXPONENT] - 50
    m1, m2 = magic(unit), magic(unit - 50)
    if is_narrow(width) and mode == ONE_FOLD:
        t1, t2, high, rest, nan, there = fold(loss, block, m1, m2, False, False, rule)
        if high >> 52 == 0 and rest << 1 != 0:
            mode = guess[MODE] = TWO_FOLDS
            guess[PATIENCE] = 64
    if mode == TWO_FOLDS:
        t1, t2, high, rest, nan, there = fold(loss, block, m1, m2, True, False, rule)
    elif mode == SCREENED:
        t1, t2, high, rest, nan, there = fold(loss, block, m1, m2, True, True, rule)
    if high >> 52 != 0 or rest << 1 != 0:
        return -1
    size = block.inputs[0].size
    add_block(exact, size, t1, m1, unit)
    if mode != ONE_FOLD:
        add_block(exact, size, t2, m2, unit - 50)
        increase(exact, NANS, nan)
        guess[PATIENCE] -= 1
        if nan == 0:
            guess[MODE] = ONE_FOLD if is_narrow(width) and guess[PATIENCE] <= 0 else TWO_FOLDS
    return there


def settle(loss, block, exact, guess, terms, width, rule):
    """Add one block of any terms to an exact sum; return how many elements are there."""
    inputs, weights, watched = block
    there = np.int64(0)
    for i in range(terms.size):
        terms[i] = keep(sift(term(loss, inputs, weights, i), weights, i, rule), watched, i)
        there += present(watched, i)
    add_any(exact, guess, terms, width)
    return there


def add_any(exact, guess, terms, width):
    """Add any terms to an exact sum, and guess the fold for the next; destroys `terms`."""
    nan, largest = drop_nonfinite(exact, terms)
    if largest > 0:
        exponent = bound(largest) + 2
        exponent = exponent if exponent > LOWEST else LOWEST
        guess[EXPONENT] = exponent if exponent < HIGHEST else HIGHEST
        passes = peel(exact, terms, largest)
        guess[MODE] = ONE_FOLD if is_narrow(width) and passes == 1 else TWO_FOLDS
        if nan > 0:
            guess[MODE] = SCREENED
    elif guess[MODE] == SETTLE:  # of zeros alone: the next block settles too if it is larger
        guess[EXPONENT], guess[MODE] = LOWEST, TWO_FOLDS


def drop_nonfinite(exact, terms):
    """Count the terms that are not finite and make them zero.

    Returns the count of NaN and the greatest bit pattern of the others' absolute values.
    """
    largest = nan = plus = minus = np.int64(0)
    for i in range(terms.size):
        x = terms[i]
        nan += x != x
        plus += x == np.inf
        minus += x == -np.inf
        x = x if abs(x) < np.inf else 0.0
        terms[i] = x
        size = bits(abs(x))
        largest = size if size > largest else largest
    increase(exact, NANS, nan)
    increase(exact, PLUS_INFS, plus)
    increase(exact, MINUS_INFS, minus)
    return nan, largest


def count_nonzero(weights, watched):
    """Return how many weights are not zero, NaN included."""
    count = np.int32(0)  # 32 bits, as a float32 has: the loop takes as many of both in a vector
    for i in range(weights.size):
        count = np.int32(count + (keep(weights[i], watched, i) != 0))
    return np.int64(count)
