"""The loop bodies of slices: terms of many groups, added to near rows.

A near row has the sums of a group as 64-bit integers side by side, of `WIDTH` bits each at a unit
that a sum has in all rows, so that a row of a group is added to it in one step of a vector. For
that losses write the values of a block (`values`), and terms become integers, column after column,
as `terms.fold` makes them. What does not fit the units, the remainder of a term or a term that is
too large or no finite number, is written to a log as it is: nothing is rounded.

It knows no loss: those are called by their addresses. So it is compiled once.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from streamloss.exact.digits import bits, magic
from streamloss.losses.arithmetic import product_error
from streamloss.losses.elementary import number

from .values import STEP, call_values
from .views import F4, F8, U1, copy_numbers, fill, loaded

WIDTH = 40
"""Bits of a sum from one of its integers to the next: 2**22 terms can be added to each before it
holds more than 2**62, and two of them take all of a float64 that is above 2**-27 of the bound."""

PLACE, BYTES = range(2)
"""Columns of arrays: an address, and the bytes from one element to the next."""

ADDRESS, SOURCE, STREAMS, FIRST, PARAMETERS = range(5)
"""Columns of a plan, a row for each loss: where its function is, 0 of an array that has its values;
which array that is, or its first input; how many sums it has, and the first; and its parameters."""

COLUMN, LIMBS, BOUND = range(3)
"""Columns of a layout, a row for each sum and one for the weights: its first column in a near row,
how many it has, none of a sum that was zero so far; and the exponent that its terms are below."""

INPUTS, WEIGHTS, MASK, ROWS, OMIT, COUNTS, HIDDEN, STARTS, COPIES, AHEAD = range(10)
"""What else a kernel is told: how many inputs or values there are; which arrays, behind these, are
the weights, a mask, and tell where a row begins, -1 if there are none; from which input on a NaN
says that its element does not count, -1 if none does; the columns of counts, of those hidden and of
rows, -1 if they are not counted; how many copies of all near rows there are; and whether it asks
for memory ahead."""

DONE, USED = range(2)
"""What a kernel tells: how many elements are added, and how many numbers are in the log."""

FIRST_TERMS, HEAVY, MEMORY = 0, 4, 5
"""Rows of memory: the terms of a loss, as many as it has streams, and the weights; and how many
there are."""

FAR = 32
"""Elements ahead of which near rows are asked for (`benchmarks/bench_slices.py`)."""


def add_groups(plan, layout, told, arrays, size, codes, block, near, log, state):
    """Add elements of arrays to the near rows of their groups.

    It ends before a block for which there may be no room in the log.

    Parameters
    ----------
    plan, layout : int64 arrays
        What `ADDRESS` and `COLUMN` begin.
    told : int64 array
        What `INPUTS` begins.
    arrays : int64 array
        Where arrays are, whose elements follow one another, and the bytes of each element: float64
        or float32 of inputs and weights, bool of others; 0 if all elements are one.
    size : int
        How many elements they have.
    codes : int32 array
        The near row of each element.
    block : tuple
        Memory for a block: float64 (MEMORY, STEP), int64 (width of a near row, STEP), and int64
        (arrays,) for addresses.
    near : int64 array
        Near rows, one after another.
    log : tuple
        The log: what a number is of, int64, its code times the number of sums and the sum's own;
        and the number, float64.
    state : int64 array
        What `DONE` begins.
    """
    _, columns, addresses = block
    start, used = np.int64(0), state[USED]
    usual = is_usual(plan, layout, told, arrays)
    while start < size:
        count = min(size - start, STEP)
        if used + layout.shape[0] * count > log[1].size:
            break
        some = codes[start : start + count]
        for k in range(arrays.shape[0]):
            addresses[k] = arrays[k, PLACE] + start * arrays[k, BYTES]
        if not (usual and fold_usual(plan, layout, told, arrays, block, count)):
            used = fold_all(plan, layout, told, arrays, block, some, log, used)
        scatter(codes[start:], count, columns, near, told, arrays, addresses)
        start += count
    state[DONE], state[USED] = start, used


def is_usual(plan, layout, told, arrays):
    """Return whether there are one loss with two integers, weights with one, and nothing else.

    So it is of float32, mostly.
    """
    if plan.shape[0] != 1 or layout.shape[0] != 2 or told[WEIGHTS] < 0 or told[HIDDEN] >= 0:
        return False
    alone = plan[0, STREAMS] == 1 and told[STARTS] < 0 and arrays[told[WEIGHTS], BYTES] == 4
    return alone and layout[0, LIMBS] == 2 and layout[1, LIMBS] == 1


def fold_usual(plan, layout, told, arrays, block, size):
    """Write all columns of a block in one loop; return whether the terms fitted, and so it counts.

    It takes 0.8 of the time of `fold_all` (`benchmarks/bench_slices.py`).
    """
    memory, columns, addresses = block
    write_values_of(plan[0], memory, addresses, size)
    terms, weights = memory[FIRST_TERMS][:size], addresses[told[WEIGHTS]]
    out, more = columns[layout[0, COLUMN]][:size], columns[layout[0, COLUMN] + 1][:size]
    heavy, here = columns[layout[1, COLUMN]][:size], columns[told[COUNTS]][:size]
    m, n = magic(layout[0, BOUND] - WIDTH), magic(layout[0, BOUND] - 2 * WIDTH)
    h = magic(layout[1, BOUND] - WIDTH)
    b, c, d, high, rest = bits(m), bits(n), bits(h), np.int64(0), np.int64(0)
    for i in range(terms.size):
        weight = np.float64(loaded(weights, i * 4, F4))
        term = terms[i] * weight if weight != 0.0 else 0.0
        p = term + m
        r = term - (p - m)
        q = r + n
        w = weight + h
        rest |= bits(r - (q - n)) | bits(weight - (w - h))
        x, y = bits(p) - b, bits(w) - d
        out[i] = x
        more[i] = bits(q) - c
        heavy[i] = y
        here[i] = 1 + (np.int64(weight != 0.0) << 32)
        high |= (x ^ (x >> 63)) | (y ^ (y >> 63))
    return high >> WIDTH == 0 and rest << 1 == 0


def fold_all(plan, layout, told, arrays, block, codes, log, used):
    """Write all columns of a block of any terms, and log what is left of them.

    Returns how many numbers are in the log.
    """
    memory, columns, addresses = block
    weights = memory[HEAVY][: codes.size]
    if told[WEIGHTS] >= 0:
        read_numbers(addresses[told[WEIGHTS]], arrays[told[WEIGHTS], BYTES], weights)
    count_elements(told, arrays, addresses, weights, columns, codes.size)
    for k in range(plan.shape[0]):
        write_values_of(plan[k], memory, addresses, codes.size)
        used = fold_loss(plan[k], layout, told, block, codes, log, used)
    if told[WEIGHTS] >= 0:
        if told[HIDDEN] >= 0:
            keep_counted(weights, columns[told[COUNTS]], told)
        last_row = layout.shape[0] - 1
        used = fold_sum(layout, last_row, weights, True, told, block, codes, log, used)
    return used


def read_numbers(address, step, out):
    """Copy float64, float32, or one float64 again and again, to an array."""
    if step == 8:
        copy_numbers(address, 8, F8, 8, out)
    elif step == 4:
        copy_numbers(address, 4, F4, 4, out)
    else:
        fill(out, loaded(address, 0, F8))


def count_elements(told, arrays, addresses, weights, columns, size):
    """Write which elements count, and 2**32 more for a weight that is not zero, and others."""
    here = columns[told[COUNTS]][:size]
    if told[MASK] < 0:
        fill(here, 1)
    else:
        copy_numbers(addresses[told[MASK]], 1, U1, 1, here)
    if told[HIDDEN] >= 0:
        hidden = columns[told[HIDDEN]][:size]
        for i in range(size):
            hidden[i] = 1 - here[i]
        if told[OMIT] >= 0:
            for k in range(told[OMIT], told[INPUTS]):
                omit_missing(addresses[k], arrays[k, BYTES], here, hidden)
            if told[WEIGHTS] >= 0:
                for i in range(size):
                    missing = here[i] if weights[i] != weights[i] else 0
                    here[i] -= missing
                    hidden[i] += missing << 32
    if told[STARTS] >= 0:
        copy_numbers(addresses[told[ROWS]], 1, U1, 1, columns[told[STARTS]][:size])
    if told[WEIGHTS] >= 0:
        for i in range(size):
            here[i] += here[i] << 32 if weights[i] != 0.0 else 0


def omit_missing(address, step, here, hidden):
    """Write that elements with a NaN in an array do not count, and 2**32 for each."""
    for i in range(here.size):
        x = loaded(address, i * 8, F8) if step == 8 else np.float64(loaded(address, i * 4, F4))
        missing = here[i] if x != x else 0
        here[i] -= missing
        hidden[i] += missing << 32


def write_values_of(row, memory, addresses, size):
    """Write the values of a loss of a plan to memory, of a moment its factors."""
    first, second = memory[FIRST_TERMS][:size], memory[FIRST_TERMS + 1][:size]
    if row[ADDRESS] != 0:
        call_values(row, addresses[row[SOURCE] :], first, second)
        return
    read_numbers(addresses[row[SOURCE]], 8, first)
    if row[STREAMS] > 1:
        read_numbers(addresses[row[SOURCE] + 1], 8, second)


def fold_loss(row, layout, told, block, codes, log, used):
    """Write the sums of a loss of a plan, of its values or factors, and log what is left."""
    memory, columns, _ = block
    size, streams = codes.size, row[STREAMS]
    if streams > 1:
        split_factors(streams == 4, told, memory, size)
    for s in range(streams):
        terms = memory[FIRST_TERMS + s][:size]
        if streams > 1:
            keep_counted(terms, columns[told[COUNTS]], told)
        used = fold_sum(layout, row[FIRST] + s, terms, streams > 1, told, block, codes, log, used)
    return used


def split_factors(two, told, memory, size):
    """Make of the factors of a moment its streams, as `elements.split` does; none of no number."""
    first, second = memory[FIRST_TERMS][:size], memory[FIRST_TERMS + 1][:size]
    third, fourth = memory[FIRST_TERMS + 2][:size], memory[FIRST_TERMS + 3][:size]
    weights = memory[HEAVY][:size]
    for i in range(size):
        x, y = first[i], second[i]
        low = product_error(x, y) if two else 0.0
        high = x * y if two else x
        w = weights[i] if told[WEIGHTS] >= 0 else 1.0
        a = high * w
        finite = abs(a) < np.inf
        first[i] = a
        second[i] = product_error(w, high) if finite else 0.0
        third[i] = w * low if finite else 0.0
        fourth[i] = product_error(w, low) if finite else 0.0


def keep_counted(terms, here, told):
    """Make terms zero of elements that do not count, or whose weight is zero."""
    if told[WEIGHTS] >= 0:
        for i in range(terms.size):
            terms[i] = terms[i] if here[i] >> 32 != 0 else 0.0
    elif told[HIDDEN] >= 0:
        for i in range(terms.size):
            terms[i] = terms[i] if here[i] != 0 else 0.0


def fold_sum(layout, row, terms, weighted, told, block, codes, log, used):
    """Write terms of a sum as integers to its columns, and to the log what is left.

    They are multiplied by the weights first if they are not `weighted`. Returns how many numbers
    are in the log.
    """
    memory, columns, _ = block
    if not weighted:
        if told[WEIGHTS] >= 0:
            weights = memory[HEAVY][: terms.size]
            for i in range(terms.size):
                terms[i] *= weights[i]
        keep_counted(terms, columns[told[COUNTS]], told)
    column, limbs, exponent = layout[row, COLUMN], layout[row, LIMBS], layout[row, BOUND]
    high, rest = fold_limbs(terms, limbs, exponent, columns, column)
    if high >> WIDTH == 0 and rest << 1 == 0:
        return used
    return fold_any(layout, row, terms, columns, codes, log, used)


def fold_limbs(terms, limbs, exponent, columns, column):
    """Write terms as one or two integers; return what `fold_once` does."""
    if limbs == 1:
        return fold_once(terms, exponent, columns[column])
    if limbs == 2:
        return fold_twice(terms, exponent, columns[column], columns[column + 1])
    return np.int64(1) << WIDTH, np.int64(0)


def fold_any(layout, row, terms, columns, codes, log, used):
    """Write any terms of a sum as integers to its columns, and log what is left; destroys them.

    Returns how many numbers are in the log.
    """
    column, limbs, exponent = layout[row, COLUMN], layout[row, LIMBS], layout[row, BOUND]
    limit = number((exponent + 1023) << 52) if limbs > 0 else 0.0
    places, logged = log
    for i in range(terms.size):
        x = terms[i]
        if not abs(x) < limit and x != 0.0:
            places[used], logged[used] = codes[i] * layout.shape[0] + row, x
            used += 1
            terms[i] = 0.0
    for k in range(limbs):
        peel_once(terms, exponent - k * WIDTH, columns[column + k])
    for i in range(terms.size):
        if terms[i] != 0.0:
            places[used], logged[used] = codes[i] * layout.shape[0] + row, terms[i]
            used += 1
    return used


def fold_once(terms, exponent, out):
    """Write terms as integers of one unit, with which none is above 2**`WIDTH`.

    Returns `high`, below 2**`WIDTH` if they fit, and `rest`, zero or a sign if nothing is left.
    """
    m = magic(exponent - WIDTH)
    b, high, rest = bits(m), np.int64(0), np.int64(0)
    out = out[: terms.size]
    for i in range(terms.size):
        p = terms[i] + m
        rest |= bits(terms[i] - (p - m))
        x = bits(p) - b
        out[i] = x
        high |= x ^ (x >> 63)
    return high, rest


def fold_twice(terms, exponent, out, more):
    """Write terms as integers of two units, as `fold_once` does of one."""
    m, n = magic(exponent - WIDTH), magic(exponent - 2 * WIDTH)
    b, c, high, rest = bits(m), bits(n), np.int64(0), np.int64(0)
    out, more = out[: terms.size], more[: terms.size]
    for i in range(terms.size):
        p = terms[i] + m
        r = terms[i] - (p - m)
        q = r + n
        rest |= bits(r - (q - n))
        x = bits(p) - b
        out[i] = x
        more[i] = bits(q) - c
        high |= x ^ (x >> 63)
    return high, rest


def peel_once(terms, exponent, out):
    """Write terms that are below a bound as integers of one unit, and leave what is left."""
    m = magic(exponent - WIDTH)
    b = bits(m)
    out = out[: terms.size]
    for i in range(terms.size):
        p = terms[i] + m
        terms[i] -= p - m
        out[i] = bits(p) - b


def scatter(codes, size, columns, near, told, arrays, addresses):
    """Add the columns of so many elements to the near rows of their codes, which go on after them.

    Meanwhile the elements of the next block are asked for: by themselves, CPUs ask for them when
    they are read.
    """
    if columns.shape[0] == 4:
        scatter_quads(codes, size, columns, near, 4, told, arrays, addresses)
    else:
        scatter_quads(codes, size, columns, near, columns.shape[0], told, arrays, addresses)
    width = columns.shape[0]
    for i in range(size & ~3, size):
        place = np.int64(codes[i]) * width
        for v in range(width):
            near[place + v] += columns[v, i]


def scatter_quads(codes, size, columns, near, width, told, arrays, addresses):
    """Do what `scatter` does, four elements at a time, for as many as there are.

    Of four in one group the sum is added once: groups of one element after another would wait for
    what was just written.
    """
    copy = near.size // told[COPIES] if told[COPIES] > 1 else 0
    far, soon = told[AHEAD] & 1 != 0, told[AHEAD] & 2 != 0
    for i in range(0, size - 3, 4):
        if soon and i & 15 == 0:
            for k in range(addresses.size):
                ask_address(addresses[k] + (i + STEP) * arrays[k, BYTES])
        a, b = np.int64(codes[i]) * width, np.int64(codes[i + 1]) * width
        c, d = np.int64(codes[i + 2]) * width, np.int64(codes[i + 3]) * width
        if far and i + FAR + 3 < codes.size:
            for k in range(4):
                ask_ahead(near, np.int64(codes[i + FAR + k]) * width)
        alike = (a ^ b) | (a ^ c) | (a ^ d) == 0
        for v in range(0, width, 4):
            if alike:
                add_alike(near, a + v, columns, v, i)
            else:
                places = a + v, b + v + copy, c + v + 2 * copy, d + v + 3 * copy
                add_four(near, places, columns, v, i)


def take_rows(near, cells, out):
    """Write the near rows of some cells, column after column."""
    width = out.shape[0]
    for i in range(cells.size):
        if i + FAR < cells.size:
            ask_ahead(near, cells[i + FAR] * width)
        place = cells[i] * width
        for v in range(width):
            out[v, i] = near[place + v]


def add_four(near, places, columns, v, i):
    """Add four columns from `v` on, of four elements from `i` on, to four places of near rows."""
    for j in range(4):
        for k in range(4):
            near[places[j] + k] += columns[v + k, i + j]


def add_alike(near, place, columns, v, i):
    """Add four columns from `v` on, of four elements from `i` on, to one place of near rows."""
    for j in range(4):
        for k in range(4):
            near[place + k] += columns[v + k, i + j]


def ask_address(address):
    """Ask for memory at an address before it is needed; it means nothing in Python."""


def ask_ahead(near, place):
    """Ask for a place of near rows before it is needed; it means nothing in Python."""
