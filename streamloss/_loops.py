"""The loop bodies: `fold` turns a block of terms into integers, `map_terms` arrays into losses.

They are plain Python, compiled for each target from this one source. Arrays are one-dimensional
and contiguous, all float32, all float64 or all complex128; `weights` is None or of the size of
the inputs. Nothing is checked here,
and nothing allocated: without counting references (7 % of the time) no function can return
an array, but a tuple of them.

Arguments that may be None select code when it is compiled, not when it runs: `narrow` is True
when all arrays are float32.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, union-attr"

import numpy as np

from ._exact import (
    BLOCK,
    HIGHEST,
    LOWEST,
    MINUS_INF,
    NAN,
    PLUS_INF,
    Ints,
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
    missing,
    sift,
    term,
    together,
    widen,
)
from ._missing import (
    MANY,
    find_missing,
    pack,
    pack_one,
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

    Returns also how many weights are not zero, NaN included.

    It reads as it computes: two loops take 1.4 times as long. Float64 weights are counted here,
    float32 ones faster eight at a time in a loop of their own.
    """
    b1, c1 = bits(m1), bits(n1)
    t1 = t2 = s1 = s2 = high = rest = nonzero = np.int64(0)
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
            nonzero += w != 0.0
        rest |= bits(r)
    if n2 is None:
        nonzero = count_nonzero(weights)
    return t1, t2, s1, s2, high, rest, nonzero


def fold_block(loss, inputs, weights, row, memory, terms, narrow):
    """Add one block's terms to a row; `terms` is room for them."""
    if not fold_guessed(loss, inputs, weights, row, memory, narrow):
        settle(loss, inputs, weights, row, memory, terms[: inputs[0].size], narrow)


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


def settle(loss, inputs, weights, row, memory, terms, narrow):
    """Add one block of any terms to a row, and remember what would have served it."""
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


def fold_first(losses, inputs, weights, sums, memory, terms, narrow):
    """Add one block's weights (None: ones) and first loss; return how many weights are not 0."""
    last = len(losses)
    if weights is None:
        add(sums[last], inputs[0].size, 0)
        fold_block(losses[0], inputs, weights, sums[0], memory[0], terms, narrow)
        return inputs[0].size
    nonzero = add_both(
        losses[0], inputs, weights, sums[0], sums[last], memory[0], memory[last], narrow
    )
    if nonzero < 0:
        fold_block(Value(), (weights,), None, sums[last], memory[last], terms, narrow)
        fold_block(losses[0], inputs, weights, sums[0], memory[0], terms, narrow)
        nonzero = count_nonzero(weights)
    return nonzero


def add_both(loss, inputs, weights, row, weight_row, memory, weight_memory, narrow):
    """Add one block's terms and weights in one loop; return how many weights are not 0.

    Where they do not fit the folds of that loop, add nothing and return -1.
    """
    fits = ONE if narrow is not None else TWO
    if memory[MODE] != TWO or weight_memory[MODE] != fits:
        return -1
    size = weights.size
    unit, weight_unit = memory[EXPONENT] - 50, weight_memory[EXPONENT] - 50
    m1, m2, n1 = magic(unit), magic(unit - 50), magic(weight_unit)
    if narrow is None:
        n2 = magic(weight_unit - 50)
        t1, t2, s1, s2, high, rest, nonzero = fold_both(loss, inputs, weights, m1, m2, n1, n2)
    else:
        t1, t2, s1, s2, high, rest, nonzero = fold_both(loss, inputs, weights, m1, m2, n1, None)
    if high >> 52 != 0 or rest << 1 != 0:
        return -1
    add_block(row, size, t1, m1, unit)
    add_block(row, size, t2, m2, unit - 50)
    add_block(weight_row, size, s1, n1, weight_unit)
    if narrow is None:
        add_block(weight_row, size, s2, n2, weight_unit - 50)
    return nonzero


def fold_losses(losses, k, inputs, weights, sums, memory, terms, narrow):
    """Add one block's terms of every loss to its row, `sums[k]` for the first."""
    for loss in losses:
        fold_block(loss, inputs, weights, sums[k], memory[k], terms, narrow)
        k += 1


def fold_cells(losses, inputs, weights, sums, counts, rows, room, gaps, narrow):
    """Add every element to the sums and counts of its cell: equally many follow for each.

    sums : int64 (cells, losses + 1, WIDTH), wide rows; the last is the sum of the weights.
    counts : int64 (cells, 5); each cell counts so many `rows` more.
    room : what `make_room` returns. With the same for the next arrays of these dtypes, it starts
        with the folds that served these.
    gaps : None, or `Gaps` to take elements with a NaN out.

    Missing elements are looked for after their block was added, while it is in the cache, and
    are taken out again: exact sums can be subtracted from. Where the last block had many of
    them, they are looked for first, and the block is packed.
    """
    last = len(losses)
    memory = room[: 3 * (last + 1)].reshape(last + 1, 3)
    terms = room[3 * (last + 1) :].view(np.float64)
    crowded = False
    cells = counts.shape[0]
    length = inputs[0].size // cells if cells > 0 else 0
    for cell in range(cells):
        counts[cell, ROWS] += rows
        for start in range(cell * length, (cell + 1) * length, BLOCK):
            end = min(start + BLOCK, (cell + 1) * length)
            block = cut(inputs, start, end)
            heavy = None if weights is None else weights[start:end]
            absent = 0
            if gaps is not None and crowded:
                absent = find_missing(together(block, heavy), gaps)
                block = pack(block, gaps.inputs, gaps.gone, absent)
                if weights is not None:
                    pack_one(heavy, gaps.weights, gaps.gone, absent)
                    heavy = gaps.weights[: heavy.size - absent]
            size = block[0].size
            counts[cell, ELEMENTS] += size
            counts[cell, NONZERO] += fold_first(
                losses, block, heavy, sums[cell], memory, terms, narrow
            )
            fold_losses(losses[1:], 1, block, heavy, sums[cell], memory, terms, narrow)
            if gaps is not None:
                if not crowded:
                    absent = find_missing(together(block, heavy), gaps)
                    nonzero = take_out_weights(heavy, gaps, absent, sums[cell, last])
                    take_out_losses(losses, 0, block, heavy, gaps, absent, sums[cell])
                    counts[cell, ELEMENTS] -= absent
                    counts[cell, NONZERO] -= nonzero
                counts[cell, MISSING] += absent
                crowded = absent * MANY > size
        for k in range(last + 1):
            carry(sums[cell, k])


def make_room(losses: int) -> Ints:
    """Return what `fold_cells` needs to remember and to write for so many losses."""
    return np.zeros(3 * (losses + 1) + BLOCK, np.int64)


def map_terms(loss, inputs, weights, out, omit):
    """Write the weighted loss of every element, zero where the weight is zero or it is missing."""
    everything = together(inputs, weights)
    for i in range(out.size):
        out[i] = sift(term(loss, inputs, weights, i), weights, i)
        if omit is not None:
            out[i] = 0.0 if missing(everything, i) else out[i]
