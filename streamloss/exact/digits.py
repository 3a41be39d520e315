"""The exact sum: how it is held, added to, merged and rounded. Nothing else knows.

Every finite float64 is an integer multiple of 2**-1074, so a sum of them is an integer. It is
held in `LIMBS` digits of 32 bits, each in an int64, starting at a base digit. The digits are
*balanced*, each in [-2**31, 2**31): that form is unique for every integer whatever its sign, so
equal sums are equal arrays, and digits beyond both ends are zeros that need not be kept.

In front of the digits a row has three counts of the terms that are no integers: NaN, +inf, -inf.
A row of all 70 digits (a *wide* one) holds any sum of 2**62 float64. Wide rows are what the
kernels add to; elsewhere a row keeps only the digits in use.

The functions in the first part are bodies for the compiler: plain Python on numpy scalars, no
checks. Their `exact` is one exact sum, a wide row; `kernels.fold` says why adding `magic` splits a
float.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamloss.losses.elementary import number

Ints = NDArray[np.int64]

UNIT = -1074
"""The binary exponent of the unit of every exact sum."""

NANS, PLUS_INFS, MINUS_INFS, DIGITS = range(4)
"""Columns of a row: the counts of NaN, +inf and -inf terms, and the first digit."""

LIMBS = 70
"""Digits of a wide row: 2098 bits for the largest float64, 62 for the count, and a sign."""

WIDTH = DIGITS + LIMBS

BITS = 2098 + 62
"""Bits of the largest sum."""

BLOCK = 2048
"""Terms per block. Each adds less than 2**51 to an int64, so 2**12 is the limit; 1024 to 4096
run at the same speed and three float32 arrays of 2048 leave room in 32 KiB of L1."""

HELD = 1 << 30
"""Balanced rows that may be added without carrying: the digits of the sum stay below 2**61."""

LOWEST, HIGHEST = -974, 1021
"""Exponent bounds a block can be folded at: below, the second unit would be under 2**-1074;
above, the magic number would overflow."""


def magic(unit: Any) -> Any:
    """Return 1.5 * 2**(52 + unit): adding it rounds a float64 to a multiple of 2**unit."""
    return number((np.int64(unit + 1075) << 52) | (np.int64(1) << 51))


def bits(x: Any) -> Any:
    """Return the bit pattern of a float64 as an int64."""
    return np.float64(x).view(np.int64)


def increase(array: Any, index: Any, value: Any) -> None:
    """Add to an element of an array; on a GPU, where others add to it too, in one step."""
    array[index] += value


def add(exact: Any, total: Any, unit: Any) -> None:
    """Add the int64 `total` times 2**unit to an exact sum, leaving carries in the digits."""
    position = unit - UNIT
    k = DIGITS + (position >> 5)
    shift = position & 31
    low = (total & 0xFFFFFFFF) << shift
    high = (total >> 32) << shift
    increase(exact, k, low & 0xFFFFFFFF)
    increase(exact, k + 1, (low >> 32) + (high & 0xFFFFFFFF))
    increase(exact, k + 2, high >> 32)


def add_block(exact: Any, size: Any, total: Any, magic_number: Any, unit: Any) -> None:
    """Add a block's sum of the bit patterns of `x + magic`; it is taken modulo 2**64."""
    add(exact, total - size * bits(magic_number), unit)


def add_float(exact: Any, x: Any) -> None:
    """Add one finite float64 of any size to an exact sum."""
    pattern = bits(x)
    field = (pattern >> 52) & 0x7FF
    mantissa = (pattern & 0xFFFFFFFFFFFFF) | (np.int64(field > 0) << 52)
    add(exact, -mantissa if pattern < 0 else mantissa, (field if field > 0 else 1) - 1075)


def carry(exact: Any) -> None:
    """Bring the digits of an exact sum back to [-2**31, 2**31)."""
    for k in range(DIGITS, exact.size - 1):
        over = (exact[k] + 0x80000000) >> 32
        exact[k] -= over << 32
        exact[k + 1] += over


def carried(exact: Any) -> Any:
    """Carry the digits of an exact sum, in a row of any digits; return whether these hold it."""
    carry(exact)
    last = exact[exact.size - 1]
    return (last + 0x80000000) >> 32 == 0


def move(exact: Any, row: Any, base: Any) -> Any:
    """Move an exact sum from a wide row to one whose digits begin at `base`, and carry these.

    Returns whether it fits: what does not is lost.
    """
    for k in range(DIGITS):
        row[k] += exact[k]
        exact[k] = 0
    over = np.int64(0)
    for k in range(DIGITS, row.size):
        digit = row[k] + exact[base + k] + over
        exact[base + k] = 0
        over = (digit + 0x80000000) >> 32
        row[k] = digit - (over << 32)
    for k in range(WIDTH):
        over |= exact[k]
        exact[k] = 0
    return over == 0


def bound(pattern: Any) -> Any:
    """Return the least E with |x| < 2**E, from the bit pattern of |x|; subnormals give -1022."""
    return (pattern >> 52) - 1022


def peel(exact: Any, terms: Any, largest: Any) -> Any:
    """Add any finite terms to an exact sum, 50 bits at a time; destroys `terms`.

    `largest` is the greatest bit pattern of their absolute values. Data of one scale take two
    or three passes, terms spread over the whole exponent range 42. Returns the passes.
    """
    if bound(largest) > HIGHEST:
        largest = np.int64(0)
        for i in range(terms.size):
            if bound(bits(abs(terms[i]))) > HIGHEST:
                add_float(exact, terms[i])
                terms[i] = 0.0
            size = bits(abs(terms[i]))
            largest = size if size > largest else largest
    passes = 0
    unit: Any = np.int64(HIGHEST)
    while largest > 0:
        # what a pass leaves is below its unit, which `bound` does not tell of subnormals
        exponent = bound(largest)
        unit = (exponent if exponent < unit else unit) - 50
        unit = unit if unit > UNIT else UNIT
        m = magic(unit)
        total = np.int64(0)
        largest = np.int64(0)
        for i in range(terms.size):
            p = terms[i] + m
            rest = terms[i] - (p - m)
            terms[i] = rest
            total += bits(p)
            size = bits(abs(rest))
            largest = size if size > largest else largest
        add_block(exact, terms.size, total, m, unit)
        passes += 1
    return passes


# The second part works on whole arrays of rows, in numpy and Python integers.


def empty(cells: int, sums: int) -> Ints:
    """Return wide rows of sums that are zero, shape (cells, sums, WIDTH)."""
    return np.zeros((cells, sums, WIDTH), np.int64)


PIECE = 4096
"""Cells that are added up or rounded together, so that they stay in a cache. A result takes 40 ns a
cell, 50 with half as many, and with twice as many 35 or 100, for then freed memory may go back to
the system each time (`benchmarks/bench_cells.py`)."""


def trim(rows: Ints, base: int) -> tuple[Ints, int]:
    """Return the rows with only the digits that any of them uses, and their new base.

    Those that use all of them are returned as they are.
    """
    used = np.flatnonzero(_used(rows))
    if not used.size:
        return rows[..., :DIGITS].copy(), 0
    low, high = DIGITS + int(used[0]), DIGITS + int(used[-1]) + 1
    if high - low == rows.shape[-1] - DIGITS:
        return rows, base
    kept = np.concatenate([rows[..., :DIGITS], rows[..., low:high]], axis=-1)
    return kept, base + low - DIGITS


def _used(rows: Ints) -> Any:
    """Return which digits any of the rows uses: of many, a digit at a time takes a fifth."""
    digits = rows[..., DIGITS:]
    if len(digits) <= 64 * digits.shape[-1]:
        return digits.any(axis=tuple(range(digits.ndim - 1)))
    return [digits[..., k].any() for k in range(digits.shape[-1])]


def pad(rows: Ints, base: int, low: int, high: int) -> Ints:
    """Return the rows with the digits from `low` up to but not including `high`.

    Those that have just these are returned as they are.
    """
    if (base, base + rows.shape[-1] - DIGITS) == (low, high):
        return rows
    out = np.zeros((*rows.shape[:-1], DIGITS + high - low), np.int64)
    out[..., :DIGITS] = rows[..., :DIGITS]
    if rows.shape[-1] > DIGITS:
        start = DIGITS + base - low
        out[..., start : start + rows.shape[-1] - DIGITS] = rows[..., DIGITS:]
    return out


def span(parts: list[tuple[Ints, int]]) -> tuple[int, int]:
    """Return the first digit that rows with their bases have, and that after the last."""
    ends = [
        (base, base + rows.shape[-1] - DIGITS) for rows, base in parts if rows.shape[-1] > DIGITS
    ]
    return min((low for low, _ in ends), default=0), max((high for _, high in ends), default=0)


def total(parts: list[tuple[Ints, int]]) -> tuple[Ints, int]:
    """Return the sum of rows with their bases: integer arithmetic, so exact and in any order.

    Raises
    ------
    ValueError
        If a sum does not fit a wide row.
    """
    low, high = span(parts)
    high = min(high + 1, LIMBS)  # one more digit for the carries of up to 2**31 parts
    out = np.empty((*parts[0][0].shape[:-1], DIGITS + high - low), np.int64)
    for start in range(0, len(out), PIECE):
        some = [(rows[start : start + PIECE], base) for rows, base in parts]
        out[start : start + PIECE] = _total(some, low, high).T
    if high == LIMBS and (out[..., -1] + 0x80000000 >> 32).any():
        raise ValueError("a sum is larger than that of any data")
    return out, low


def _total(parts: list[tuple[Ints, int]], low: int, high: int) -> Ints:
    """Return the sum of some rows with the digits from `low` up to but not including `high`.

    Its last axis is the first of the rows, for numpy has long axes sooner than short ones.
    """
    out = np.zeros((DIGITS + high - low, *parts[0][0].shape[-2::-1]), np.int64)
    for rows, base in parts:
        lines = np.ascontiguousarray(rows.T)
        out[:DIGITS] += lines[:DIGITS]
        start = DIGITS + base - low
        out[start : start + len(lines) - DIGITS] += lines[DIGITS:]
    digits = out[DIGITS:]
    while (over := (digits[:-1] + 0x80000000) >> 32).any():
        digits[:-1] -= over << 32
        digits[1:] += over
    return out


def integers(rows: Ints, base: int) -> list[int]:
    """Return each row's sum as an integer number of units, in C order of the rows."""
    line, width = rows.reshape(-1), rows.shape[-1]
    if line.size > 128 * width:  # with few digits each, object arrays take half the time
        total: Any = np.zeros(line.size // width, object)
        for k in range(DIGITS, width):
            total += line[k::width].astype(object) << 32 * (base + k - DIGITS)
        return [int(value) for value in total]
    sums = [0] * (line.size // width)
    used = line.nonzero()[0]
    for place, digit in zip(used.tolist(), line[used].tolist(), strict=True):
        row, k = divmod(place, width)
        if k >= DIGITS:
            sums[row] += digit << 32 * (base + k - DIGITS)
    return sums


def from_integers(values: list[int], flags: Ints) -> tuple[Ints, int]:
    """Return rows (len(values), digits in use) for the sums, with their counts, and the base."""
    rows = np.zeros((len(values), WIDTH), np.int64)
    rows[:, :DIGITS] = flags
    for row, value in zip(rows, values, strict=True):
        zeros = max((value & -value).bit_length() - 1, 0) // 32
        k, value = DIGITS + zeros, value >> 32 * zeros
        while value:
            digit = ((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            row[k] = digit
            value = (value - digit) >> 32
            k += 1
    return trim(rows, 0)


def split(numbers: Ints) -> Ints:
    """Return two balanced digits of each number below 2**62, the lowest first."""
    high = (numbers + 0x80000000) >> 32
    return np.array([numbers - (high << 32), high])


NEGATIVE_FLAGS = "this difference has a negative count of NaN or infinite terms"


def nonfinite(flags: Ints) -> float | None:
    """Return what IEEE arithmetic makes of the terms that are not finite, None without any."""
    nan, plus, minus = (int(count) for count in flags)
    if nan < 0 or plus < 0 or minus < 0:
        raise ValueError(NEGATIVE_FLAGS)
    if nan or (plus and minus):
        return float("nan")
    if plus:
        return float("inf")
    return float("-inf") if minus else None


def divide(numerator: int, denominator: int) -> float:
    """Return the correctly rounded quotient; 0/0 is NaN and anything else over 0 infinite."""
    if denominator == 0:
        sign = (numerator > 0) - (numerator < 0)
        return sign * float("inf") if sign else float("nan")
    try:
        return numerator / denominator
    except OverflowError:
        return float("inf") if (numerator > 0) == (denominator > 0) else float("-inf")
