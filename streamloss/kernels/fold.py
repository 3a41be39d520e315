"""The loop bodies: `fold` turns a block of terms into integers, which add up exactly.

They are plain Python, compiled for each target from this one source. Arrays are one-dimensional
and contiguous, all float32, all float64 or all complex128; `weights` is None or of the size of
the inputs. Nothing is checked here, and nothing allocated: without counting references, which took
7 % of the time, no function can return an array, but a tuple of them.

Some arguments select code when it is compiled, not when it runs, by being None or not: `narrow`
is True when all arrays are float32; `rule` is one of `switches`, and `seen` is the arrays to
look for a NaN in where it is `OMIT`, else the rule itself. `twice` and `screened` are constants
where `fold` and `fold_both` are called: inlined there, they are compiled but once for all of them.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, union-attr"

import numpy as np
from numpy.typing import NDArray

from streamloss.exact.counts import ELEMENTS, MISSING, NONZERO, ROWS
from streamloss.exact.digits import (
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
    increase,
    magic,
    peel,
)

from .elements import (
    at,
    cut,
    eight_at_a_time,
    interleave,
    keep,
    looked_at,
    part,
    present,
    sift,
    term,
    widen,
)

Room = tuple[Ints, NDArray[np.float64]]
"""What a sum remembers from one block to the next, for each, and the terms of a block."""


MODE, EXPONENT, PATIENCE = range(3)
"""What a sum remembers from one block to the next: see `fold_guessed`."""

SETTLE, ONE, TWO, SCREENED = range(4)
"""Modes: none known yet, one fold, two folds, two folds that look at every term."""


def fold(loss, inputs, weights, m1, m2, twice, screened, seen):
    """Sum the terms x of a block as integers, in 50 bits for each magic number.

    With m = magic(unit), p = x + m rounds x to a multiple of 2**unit, and the low bits of p are
    that multiple; so the sum of the bit patterns is an exact sum, of integers, in any order, and
    therefore vectorises. x - (p - m) is exact, and is folded again with m2.

    Returns the sum for each magic number (modulo 2**64); `high`, below 2**52 if every x fitted;
    `rest`, zero or a sign if nothing was left over; how many terms are NaN, and how many elements
    there. If not `screened`, a NaN or infinity shows in `high`. If so, NaN terms are counted and
    dropped, and terms of weight zero are zero.
    """
    b1 = bits(m1)
    t1 = t2 = high = rest = nan = there = np.int64(0)
    for i in range(inputs[0].size):
        x = keep(term(loss, inputs, weights, i), seen, i)
        there += present(seen, i)
        if screened:
            x = sift(x, weights, i, seen)
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
    interleave(loss, True)
    return t1, t2, high, rest, nan, there


def fold_both(loss, inputs, weights, m1, m2, n1, n2, narrow, apart, screened, seen):
    """Sum the terms with m1 and m2 and the weights with n1 and n2, as `fold` does, in one loop.

    Float32 weights always fit one fold, so n2 is for float64 alone. Returns also how many weights
    are not zero, NaN included; `apart` counts them in a loop of its own.

    It reads as it computes: two loops take 1.4 times as long.
    """
    b1, c1 = bits(m1), bits(n1)
    t1 = t2 = s1 = s2 = high = rest = nan = there = nonzero = np.int64(0)
    for i in range(weights.size):
        x = keep(term(loss, inputs, weights, i), seen, i)
        there += present(seen, i)
        if screened:
            x = sift(x, weights, i, seen)
            nan += x != x
            x = 0.0 if x != x else x
        p = x + m1
        r = x - (p - m1)
        q = r + m2
        t1 += bits(p)
        t2 += bits(q)
        high |= bits(p) ^ b1
        rest |= bits(r - (q - m2))
        w = keep(widen(at(weights, i)), seen, i)
        p = w + n1
        r = w - (p - n1)
        s1 += bits(p)
        high |= bits(p) ^ c1
        if narrow is None:
            q = r + n2
            r = r - (q - n2)
            s2 += bits(q)
        rest |= bits(r)
        if apart is None:
            nonzero += w != 0.0
    interleave(loss, narrow)
    if apart is not None:
        nonzero = count_nonzero(weights, None)
    return t1, t2, s1, s2, high, rest, nan, there, nonzero


def fold_block(loss, inputs, weights, row, memory, terms, narrow, seen):
    """Add one block's terms to a row; `terms` is room. Return how many elements are there."""
    there = fold_guessed(loss, inputs, weights, row, memory, narrow, seen)
    if there < 0:
        size = inputs[0].size
        there = settle(loss, inputs, weights, row, memory, terms[:size], narrow, seen)
    return there


def fold_guessed(loss, inputs, weights, row, memory, narrow, seen):
    """Add one block's terms by the fold that served the last; return how many are there.

    If the fold does not fit these, nothing is added, and -1 returned.

    `memory` holds that fold and the exponent its terms stayed below. Float32 inputs mostly fit
    one fold; it is given up for 64 blocks when a block leaves a rest.
    """
    mode = memory[MODE]
    if mode == SETTLE:
        return -1
    unit = memory[EXPONENT] - 50
    m1, m2 = magic(unit), magic(unit - 50)
    if narrow is not None and mode == ONE:
        t1, t2, high, rest, nan, there = fold(loss, inputs, weights, m1, m2, False, False, seen)
        if high >> 52 == 0 and rest << 1 != 0:
            mode = memory[MODE] = TWO
            memory[PATIENCE] = 64
    if mode == TWO:
        t1, t2, high, rest, nan, there = fold(loss, inputs, weights, m1, m2, True, False, seen)
    elif mode == SCREENED:
        t1, t2, high, rest, nan, there = fold(loss, inputs, weights, m1, m2, True, True, seen)
    if high >> 52 != 0 or rest << 1 != 0:
        return -1
    size = inputs[0].size
    add_block(row, size, t1, m1, unit)
    if mode != ONE:
        add_block(row, size, t2, m2, unit - 50)
        increase(row, NAN, nan)
        memory[PATIENCE] -= 1
        if nan == 0:
            memory[MODE] = ONE if narrow is not None and memory[PATIENCE] <= 0 else TWO
    return there


def settle(loss, inputs, weights, row, memory, terms, narrow, seen):
    """Add one block of any terms to a row; return how many elements are there."""
    there = np.int64(0)
    for i in range(terms.size):
        terms[i] = keep(sift(term(loss, inputs, weights, i), weights, i, seen), seen, i)
        there += present(seen, i)
    add_any(row, memory, terms, narrow)
    return there


def add_any(row, memory, terms, narrow):
    """Add any terms to a row, and remember what would have served them; destroys `terms`."""
    nan, largest = drop_nonfinite(row, terms)
    if largest > 0:
        exponent = bound(largest) + 2
        exponent = exponent if exponent > LOWEST else LOWEST
        memory[EXPONENT] = exponent if exponent < HIGHEST else HIGHEST
        passes = peel(row, terms, largest)
        memory[MODE] = ONE if narrow is not None and passes == 1 else TWO
        if nan > 0:
            memory[MODE] = SCREENED
    elif memory[MODE] == SETTLE:  # zeros alone: as if they were small, which the next may not be
        memory[EXPONENT], memory[MODE] = LOWEST, TWO


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
    increase(row, NAN, nan)
    increase(row, PLUS_INF, plus)
    increase(row, MINUS_INF, minus)
    return nan, largest


def count_nonzero(weights, seen):
    """Return how many weights are not zero, NaN included."""
    count = np.int32(0)  # of the width of a float32, so that the loop has its vectors
    for i in range(weights.size):
        count = np.int32(count + (keep(weights[i], seen, i) != 0))
    return np.int64(count)


def fold_first(losses, inputs, weights, sums, memory, terms, narrow, seen):
    """Add one block's weights (None: ones) and first loss.

    Returns how many weights are not zero, and how many elements are there.
    """
    loss, last = losses[0], len(losses)
    if weights is None:
        there = fold_block(loss, inputs, weights, sums[0], memory[0], terms, narrow, seen)
        add(sums[last], there, 0)
        return there, there
    nonzero, there = add_both(
        loss, inputs, weights, sums[0], sums[last], memory[0], memory[last], narrow, seen
    )
    if nonzero < 0:
        some = terms[: weights.size]
        for i in range(weights.size):
            some[i] = keep(widen(weights[i]), seen, i)
        add_any(sums[last], memory[last], some, narrow)
        there = fold_block(loss, inputs, weights, sums[0], memory[0], terms, narrow, seen)
        nonzero = count_nonzero(weights, seen)
    return nonzero, there


def add_both(loss, inputs, weights, row, weight_row, memory, weight_memory, narrow, seen):
    """Add one block's terms and weights in one loop; return what `fold_first` does.

    If they do not fit the folds of that loop, nothing is added, and -1 returned.
    """
    mode = memory[MODE]
    if mode == SETTLE or weight_memory[MODE] != (ONE if narrow is not None else TWO):
        return -1, 0
    unit, weight_unit = memory[EXPONENT] - 50, weight_memory[EXPONENT] - 50
    m1, m2 = magic(unit), magic(unit - 50)
    n1, n2 = magic(weight_unit), magic(weight_unit - 50)
    apart = eight_at_a_time(narrow, seen)
    if mode == SCREENED:
        found = fold_both(loss, inputs, weights, m1, m2, n1, n2, narrow, apart, True, seen)
    else:
        found = fold_both(loss, inputs, weights, m1, m2, n1, n2, narrow, apart, False, seen)
    t1, t2, s1, s2, high, rest, nan, there, nonzero = found
    if high >> 52 != 0 or rest << 1 != 0:
        return -1, 0
    size = weights.size
    add_block(row, size, t1, m1, unit)
    add_block(row, size, t2, m2, unit - 50)
    add_block(weight_row, size, s1, n1, weight_unit)
    if narrow is None:
        add_block(weight_row, size, s2, n2, weight_unit - 50)
    increase(row, NAN, nan)
    if nan == 0:
        memory[MODE] = TWO
    return nonzero, there


def fold_losses(losses, k, inputs, weights, sums, memory, terms, narrow, seen):
    """Add one block's terms of every loss to its row, `sums[k]` for the first."""
    for loss in losses:
        fold_block(loss, inputs, weights, sums[k], memory[k], terms, narrow, seen)
        k += 1


def fold_all(losses, inputs, weights, sums, counts, memory, terms, narrow, rule):
    """Add one block's weights, terms of all losses, and elements to one cell."""
    seen = looked_at(inputs, weights, rule)
    nonzero, there = fold_first(losses, inputs, weights, sums, memory, terms, narrow, seen)
    fold_losses(losses[1:], 1, inputs, weights, sums, memory, terms, narrow, seen)
    counts[ELEMENTS] += there
    counts[NONZERO] += nonzero
    counts[MISSING] += inputs[0].size - there


def fold_cells(losses, inputs, weights, sums, counts, rows, room, narrow, rule):
    """Add every element to the sums and counts of its cell: equally many follow for each.

    sums : int64 (cells, losses + 1, WIDTH), wide rows; the last is the sum of the weights.
    counts : int64 (cells, 5); each cell counts so many `rows` more.
    room : what `make_room` returns. With the same for the next arrays of these dtypes, it starts
        with the folds that served these.
    """
    last = len(losses)
    memory, terms = room
    cells = counts.shape[0]
    length = inputs[0].size // cells if cells > 0 else 0
    for cell in range(cells):
        counts[cell, ROWS] += rows
        stop = (cell + 1) * length
        for start in range(cell * length, stop, BLOCK):
            end = start + BLOCK if start + BLOCK < stop else stop
            block = cut(inputs, start, end)
            (heavy,) = part(weights, start, end)  # asked here, None would be compiled as well
            fold_all(losses, block, heavy, sums[cell], counts[cell], memory, terms, narrow, rule)
        for k in range(last + 1):
            carry(sums[cell, k])


def make_room(losses: int) -> Room:
    """Return what `fold_cells` needs to remember and to write for so many losses."""
    return np.zeros((losses + 1, 3), np.int64), np.empty(BLOCK)
