"""The loop bodies: `fold` turns a block of terms into integers, `map_rows` arrays into losses.

They are plain Python, compiled for each target from this one source. Arrays are two-dimensional
and C-contiguous, one row per output cell, all float32, all float64 or all complex128; `weights`
is None or has the shape of the inputs. Nothing is checked here.

Arguments that are None or a tuple select code when it is compiled, not when it runs: `narrow`
is True when all arrays are float32; `screen` holds the arrays whose NaN takes an element out.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from ._exact import (
    BLOCK,
    DIGITS,
    HIGHEST,
    LOWEST,
    MINUS_INF,
    NAN,
    PLUS_INF,
    add,
    add_block,
    bits,
    bound,
    carry,
    magic,
    peel,
)
from ._generic import choose_screen, cut, cut_weights, missing, term
from .losses import Value

ELEMENTS, NONZERO, MISSING, MASKED = range(4)
"""Columns of the counts of a cell."""

MODE, EXPONENT, PATIENCE = range(3)
"""What a sum remembers from one block to the next: see `fold_block`."""

SETTLE, ONE, TWO, SCREENED = range(4)


def fold(loss, inputs, weights, m1, m2, screen):
    """Sum the terms x of a block as integers, in 50 bits for each magic number.

    With m = magic(unit), p = x + m rounds x to a multiple of 2**unit, and the low bits of p are
    that multiple; so the sum of the bit patterns is an exact sum, of integers, in any order, and
    therefore vectorises. x - (p - m) is exact, and is folded again with m2.

    Returns the sum for each magic number (modulo 2**64); `high`, below 2**52 if every x fitted;
    `rest`, zero or a sign if nothing was left over; the count of NaN terms. Without a `screen`
    (None) a NaN or infinity shows in `high`. With one (a tuple of arrays), terms of weight zero
    and of elements missing in one of its arrays are zero, and NaN terms are counted and zero.
    """
    b1 = bits(m1)
    t1 = t2 = high = rest = nan = np.int64(0)
    for i in range(inputs[0].size):
        x = term(loss, inputs, weights, i)
        if screen is not None:
            x = sift(x, weights, screen, i)
            nan += x != x
            x = 0.0 if x != x else x
        p = x + m1
        r = x - (p - m1)
        t1 += bits(p)
        high |= bits(p) ^ b1
        if m2 is not None:
            q = r + m2
            r = r - (q - m2)
            t2 += bits(q)
        rest |= bits(r)
    return t1, t2, high, rest, nan


def sift(x, weights, screen, i):
    """Return term x, or zero where the weight is zero or the element is missing."""
    if weights is not None:
        x = x if weights[i] != 0 else 0.0
    return 0.0 if missing(screen, i) else x


def fold_block(loss, inputs, weights, screen, dirty, row, memory, narrow):
    """Add one block's terms to a row, by the cheapest fold that is exact for them.

    `memory` holds the fold that served the last block and the exponent its terms stayed below.
    Whatever is guessed is checked after the block, which is redone if it was wrong. `dirty` says
    that an element is missing. Float32 inputs mostly fit one fold; it is given up for 64 blocks
    when a block leaves a rest.
    """
    mode = SCREENED if dirty and memory[MODE] != SETTLE else memory[MODE]
    unit = memory[EXPONENT] - 50
    m1, m2 = magic(unit), magic(unit - 50)
    size = inputs[0].size
    if narrow is not None and mode == ONE:
        t1, t2, high, rest, nan = fold(loss, inputs, weights, m1, None, None)
        if high >> 52 == 0 and rest << 1 == 0:
            add_block(row, size, t1, m1, unit)
            return
        mode = memory[MODE] = TWO
        memory[PATIENCE] = 64
    if mode == TWO or mode == SCREENED:
        if mode == TWO:
            t1, t2, high, rest, nan = fold(loss, inputs, weights, m1, m2, None)
        else:
            t1, t2, high, rest, nan = fold(loss, inputs, weights, m1, m2, screen)
        if high >> 52 == 0 and rest << 1 == 0:
            add_block(row, size, t1, m1, unit)
            add_block(row, size, t2, m2, unit - 50)
            row[NAN] += nan
            memory[PATIENCE] -= 1
            if nan == 0 and not dirty:
                memory[MODE] = ONE if narrow is not None and memory[PATIENCE] <= 0 else TWO
            return
    settle(loss, inputs, weights, screen, row, memory, narrow)


def settle(loss, inputs, weights, screen, row, memory, narrow):
    """Add one block of any terms to a row, and remember what would have served it."""
    terms = np.empty(inputs[0].size, np.float64)
    largest = np.int64(0)
    nan = plus = minus = np.int64(0)
    for i in range(terms.size):
        x = sift(term(loss, inputs, weights, i), weights, screen, i)
        nan += x != x
        plus += x == np.inf
        minus += x == -np.inf
        x = x if abs(x) < np.inf else 0.0
        terms[i] = x
        size = bits(abs(x))
        largest = size if size > largest else largest
    row[NAN] += nan
    row[PLUS_INF] += plus
    row[MINUS_INF] += minus
    if largest > 0:
        exponent = bound(largest) + 2
        exponent = exponent if exponent > LOWEST else LOWEST
        memory[EXPONENT] = exponent if exponent < HIGHEST else HIGHEST
        passes = peel(row, terms, largest)
        memory[MODE] = ONE if narrow is not None and passes == 1 else TWO
        if nan > 0:
            memory[MODE] = SCREENED


def count_missing(arrays, size):
    """Return how many elements have a NaN in one of the arrays."""
    count = np.int64(0)
    for i in range(size):
        count += missing(arrays, i)
    return count


def count_nonzero(weights, screen):
    """Return how many weights are not zero, NaN included, of elements that are not missing."""
    count = np.int64(0)
    for i in range(weights.size):
        count += weights[i] != 0 and not missing(screen, i)
    return count


def add_weights(weights, size, absent, screen, row, memory, narrow):
    """Add one block's weights, None being ones, to their row; return how many are not zero."""
    if weights is None:
        add(row, size - absent, 0)
        return size - absent
    fold_block(Value(), (weights,), None, screen, absent > 0, row, memory, narrow)
    return count_nonzero(weights, screen)


def fold_losses(losses, k, inputs, weights, screen, dirty, sums, memory, narrow):
    """Add one block's terms of every loss to its row, `sums[k]` for the first."""
    for loss in losses:
        fold_block(loss, inputs, weights, screen, dirty, sums[k], memory[k], narrow)
        k += 1


def fold_rows(losses, inputs, weights, sums, counts, narrow, omit):
    """Add every element to the sums and counts of its row's cell.

    sums : int64 (rows, losses + 1, WIDTH), wide rows; the last is the sum of the weights.
    counts : int64 (rows, 4).
    omit : None, or True to take elements with a NaN out.
    """
    last = len(losses)
    memory = np.zeros((last + 1, 3), np.int64)
    for row in range(inputs[0].shape[0]):
        for start in range(0, inputs[0].shape[1], BLOCK):
            block = cut(inputs, row, start, start + BLOCK)
            heavy = cut_weights(weights, row, start, start + BLOCK)
            size = block[0].size
            screen = choose_screen(block, heavy, omit)
            absent = count_missing(screen, size)
            nonzero = add_weights(
                heavy, size, absent, screen, sums[row, last], memory[last], narrow
            )
            fold_losses(losses, 0, block, heavy, screen, absent > 0, sums[row], memory, narrow)
            counts[row, ELEMENTS] += size - absent
            counts[row, NONZERO] += nonzero
            counts[row, MISSING] += absent
        for k in range(last + 1):
            carry(sums[row, k])


def map_rows(loss, inputs, weights, out, omit):
    """Write the weighted loss of every element, zero where the weight is zero or it is missing."""
    for row in range(out.shape[0]):
        block = cut(inputs, row, 0, out.shape[1])
        heavy = cut_weights(weights, row, 0, out.shape[1])
        screen = choose_screen(block, heavy, omit)
        for i in range(out.shape[1]):
            out[row, i] = sift(term(loss, block, heavy, i), heavy, screen, i)
