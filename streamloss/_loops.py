"""The loop bodies: `fold` turns a block of terms into integers, `map_rows` arrays into losses.

They are plain Python, compiled for each target from this one source. Arrays are two-dimensional
and C-contiguous, one row per output cell, all float32, all float64 or all complex128; `weights`
is None or has the shape of the inputs. Nothing is checked here.

Arguments that may be None select code when it is compiled, not when it runs: `narrow` is True
when all arrays are float32, `omit` when elements with a NaN are not to count.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from ._exact import (
    BLOCK,
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
from ._generic import (
    cut,
    cut_weights,
    missing,
    sift,
    spare,
    term,
    together,
    widen,
)
from ._missing import (
    MANY,
    find_missing,
    pack,
    pack_weights,
    take_out_losses,
    take_out_weights,
)
from .losses import Value

ELEMENTS, NONZERO, MISSING, MASKED, ROWS = range(5)
"""Columns of the counts of a cell."""

MODE, EXPONENT, PATIENCE = range(3)
"""What a sum remembers from one block to the next: see `fold_guessed`."""

SETTLE, ONE, TWO, SCREENED = range(4)
"""Modes: none known yet, one fold, two folds, two folds that look at every term."""


def fold(loss, inputs, weights, m1, m2, screened):
    """Sum the terms x of a block as integers, in 50 bits for each magic number.

    With m = magic(unit), p = x + m rounds x to a multiple of 2**unit, and the low bits of p are
    that multiple; so the sum of the bit patterns is an exact sum, of integers, in any order, and
    therefore vectorises. x - (p - m) is exact, and is folded again with m2.

    Returns the sum for each magic number (modulo 2**64); `high`, below 2**52 if every x fitted;
    `rest`, zero or a sign if nothing was left over; the count of NaN terms. If not `screened`, a
    NaN or infinity shows in `high`. If so, NaN terms are counted and dropped, and terms of weight
    zero are zero.
    """
    b1 = bits(m1)
    t1 = t2 = high = rest = nan = np.int64(0)
    for i in range(inputs[0].size):
        x = term(loss, inputs, weights, i)
        if screened is not None:
            x = sift(x, weights, i)
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


def fold_both(loss, inputs, weights, m1, m2, n1, n2):
    """Sum the terms with m1 and m2 and the weights with n1 and n2, as `fold` does, in one loop.

    It reads as it computes: two loops take 1.5 times the time of reading three float64 arrays,
    this one 1.2.
    """
    b1, c1 = bits(m1), bits(n1)
    t1 = t2 = s1 = s2 = high = rest = np.int64(0)
    for i in range(weights.size):
        x = term(loss, inputs, weights, i)
        p = x + m1
        r = x - (p - m1)
        q = r + m2
        t1 += bits(p)
        t2 += bits(q)
        high |= bits(p) ^ b1
        rest |= bits(r - (q - m2))
        w = widen(weights[i])
        p = w + n1
        r = w - (p - n1)
        s1 += bits(p)
        high |= bits(p) ^ c1
        if n2 is not None:
            q = r + n2
            r = r - (q - n2)
            s2 += bits(q)
        rest |= bits(r)
    return t1, t2, s1, s2, high, rest


def fold_block(loss, inputs, weights, row, memory, narrow):
    """Add one block's terms to a row."""
    if not fold_guessed(loss, inputs, weights, row, memory, narrow):
        settle(loss, inputs, weights, row, memory, narrow)


def fold_guessed(loss, inputs, weights, row, memory, narrow):
    """Add one block's terms by the fold that served the last; False if it does not fit these.

    `memory` holds that fold and the exponent its terms stayed below. Float32 inputs mostly fit
    one fold; it is given up for 64 blocks when a block leaves a rest.
    """
    mode = memory[MODE]
    if mode == SETTLE:
        return False
    unit = memory[EXPONENT] - 50
    m1, m2 = magic(unit), magic(unit - 50)
    if narrow is not None and mode == ONE:
        t1, t2, high, rest, nan = fold(loss, inputs, weights, m1, None, None)
        if high >> 52 == 0 and rest << 1 != 0:
            mode = memory[MODE] = TWO
            memory[PATIENCE] = 64
    if mode == TWO:
        t1, t2, high, rest, nan = fold(loss, inputs, weights, m1, m2, None)
    elif mode == SCREENED:
        t1, t2, high, rest, nan = fold(loss, inputs, weights, m1, m2, True)
    if high >> 52 != 0 or rest << 1 != 0:
        return False
    size = inputs[0].size
    add_block(row, size, t1, m1, unit)
    if mode != ONE:
        add_block(row, size, t2, m2, unit - 50)
        row[NAN] += nan
        memory[PATIENCE] -= 1
        if nan == 0:
            memory[MODE] = ONE if narrow is not None and memory[PATIENCE] <= 0 else TWO
    return True


def settle(loss, inputs, weights, row, memory, narrow):
    """Add one block of any terms to a row, and remember what would have served it."""
    terms = np.empty(inputs[0].size, np.float64)
    for i in range(terms.size):
        terms[i] = sift(term(loss, inputs, weights, i), weights, i)
    nan, largest = drop_nonfinite(row, terms)
    if largest > 0:
        exponent = bound(largest) + 2
        exponent = exponent if exponent > LOWEST else LOWEST
        memory[EXPONENT] = exponent if exponent < HIGHEST else HIGHEST
        passes = peel(row, terms, largest)
        memory[MODE] = ONE if narrow is not None and passes == 1 else TWO
        if nan > 0:
            memory[MODE] = SCREENED


def drop_nonfinite(row, terms):
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
    row[NAN] += nan
    row[PLUS_INF] += plus
    row[MINUS_INF] += minus
    return nan, largest


def count_nonzero(weights):
    """Return how many weights are not zero, NaN included."""
    count = np.int32(0)  # of the width of a float32, so that the loop has its vectors
    for i in range(weights.size):
        count = np.int32(count + (weights[i] != 0))
    return np.int64(count)


def add_both(loss, inputs, weights, row, weight_row, memory, weight_memory, narrow):
    """Add one block's terms and weights in one loop; False if they do not fit its folds."""
    fits = ONE if narrow is not None else TWO
    if memory[MODE] != TWO or weight_memory[MODE] != fits:
        return False
    size = weights.size
    unit, weight_unit = memory[EXPONENT] - 50, weight_memory[EXPONENT] - 50
    m1, m2, n1 = magic(unit), magic(unit - 50), magic(weight_unit)
    if narrow is None:
        n2 = magic(weight_unit - 50)
        t1, t2, s1, s2, high, rest = fold_both(loss, inputs, weights, m1, m2, n1, n2)
    else:
        t1, t2, s1, s2, high, rest = fold_both(loss, inputs, weights, m1, m2, n1, None)
    if high >> 52 != 0 or rest << 1 != 0:
        return False
    add_block(row, size, t1, m1, unit)
    add_block(row, size, t2, m2, unit - 50)
    add_block(weight_row, size, s1, n1, weight_unit)
    if narrow is None:
        add_block(weight_row, size, s2, n2, weight_unit - 50)
    return True


def fold_first(losses, inputs, weights, sums, memory, narrow):
    """Add one block's weights (None: ones) and first loss; return how many weights are not 0."""
    last = len(losses)
    if weights is None:
        add(sums[last], inputs[0].size, 0)
        fold_block(losses[0], inputs, weights, sums[0], memory[0], narrow)
        return inputs[0].size
    if not add_both(
        losses[0], inputs, weights, sums[0], sums[last], memory[0], memory[last], narrow
    ):
        fold_block(Value(), (weights,), None, sums[last], memory[last], narrow)
        fold_block(losses[0], inputs, weights, sums[0], memory[0], narrow)
    return count_nonzero(weights)


def fold_losses(losses, k, inputs, weights, sums, memory, narrow):
    """Add one block's terms of every loss to its row, `sums[k]` for the first."""
    for loss in losses:
        fold_block(loss, inputs, weights, sums[k], memory[k], narrow)
        k += 1


def fold_rows(losses, inputs, weights, sums, counts, rows, narrow, omit):
    """Add every element to the sums and counts of its row's cell.

    sums : int64 (cells, losses + 1, WIDTH), wide rows; the last is the sum of the weights.
    counts : int64 (cells, 5); each cell counts so many `rows` more.
    omit : None, or True to take elements with a NaN out.

    Missing elements are looked for after their block was added, while it is in the cache, and
    are taken out again: exact sums can be subtracted from. Where the last block had many of
    them, they are looked for first, and the block is packed.
    """
    last = len(losses)
    memory = np.zeros((last + 1, 3), np.int64)
    gone, words = spare(omit, BLOCK + 1), spare(omit, BLOCK // 8)
    crowded = False
    for row in range(inputs[0].shape[0]):
        counts[row, ROWS] += rows
        for start in range(0, inputs[0].shape[1], BLOCK):
            block = cut(inputs, row, start, start + BLOCK)
            heavy = cut_weights(weights, row, start, start + BLOCK)
            absent = 0
            if omit is not None and crowded:
                absent = find_missing(together(block, heavy), words, gone)
                block = pack(block, gone, absent)
                heavy = pack_weights(heavy, gone, absent)
            size = block[0].size
            counts[row, ELEMENTS] += size
            counts[row, NONZERO] += fold_first(losses, block, heavy, sums[row], memory, narrow)
            fold_losses(losses[1:], 1, block, heavy, sums[row], memory, narrow)
            if omit is not None:
                if not crowded:
                    absent = find_missing(together(block, heavy), words, gone)
                    nonzero = take_out_weights(heavy, gone, absent, sums[row, last])
                    take_out_losses(losses, 0, block, heavy, gone, absent, sums[row])
                    counts[row, ELEMENTS] -= absent
                    counts[row, NONZERO] -= nonzero
                counts[row, MISSING] += absent
                crowded = absent * MANY > size
        for k in range(last + 1):
            carry(sums[row, k])


def map_rows(loss, inputs, weights, out, omit):
    """Write the weighted loss of every element, zero where the weight is zero or it is missing."""
    for row in range(out.shape[0]):
        block = cut(inputs, row, 0, out.shape[1])
        heavy = cut_weights(weights, row, 0, out.shape[1])
        everything = together(block, heavy)
        for i in range(out.shape[1]):
            out[row, i] = sift(term(loss, block, heavy, i), heavy, i)
            if omit is not None:
                out[row, i] = 0.0 if missing(everything, i) else out[row, i]
