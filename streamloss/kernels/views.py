"""Views: arrays of any dtype and strides, copied block by block to where folds read them.

A view is a row of integers: the code of its dtype, the address of its first element, and a stride
in bytes for each axis, zero along those it is broadcast over. Views of one shape are rows of one
int64 array, whose first row is the shape. So one kernel reads all dtypes and layouts, and what it
copies stays in the first cache.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.exact.counts import MASKED, MISSING, ROWS
from streamloss.exact.digits import carry
from streamloss.losses.elementary import number

from .elements import cut, hidden, or_none
from .fold import fold_all

BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, HALF, SINGLE, DOUBLE = range(12)
"""The codes of dtypes."""

CODES: dict[np.dtype[Any], int] = {
    np.dtype(name): code for code, name in enumerate("? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8".split())
}

CODE, ADDRESS, AXES = range(3)
"""Columns of a view: its code, its address, and the first of its strides; of the first row, from
`AXES` on, the sizes of the axes."""

I1, I2, I4, I8 = np.int8(0), np.int16(0), np.int32(0), np.int64(0)
U1, U2, U4, U8 = np.uint8(0), np.uint16(0), np.uint32(0), np.uint64(0)
F4, F8 = np.float32(0), np.float64(0)
"""Zeros, each of which stands for its type."""

PIECE = 1 << 10
"""Elements that are copied at once: buffers of three inputs leave room in 32 KiB of L1. Memory that
is asked for ahead by prefetches came no sooner."""

HALF_INFINITY, SCALE = 0x7C00, 2.0**1008
"""What all infinite and NaN float16 have set, and what makes a float64 of the bits of others."""


class Place:
    """Offers a number in memory to numpy."""

    def __init__(self, address: int, dtype: np.dtype[Any]) -> None:
        place = {"shape": (), "typestr": dtype.str, "data": (address, False), "version": 3}
        self.__array_interface__ = place


def loaded(address: Any, offset: Any, zero: Any) -> Any:
    """Return the number, of the type of `zero`, so many bytes behind an address."""
    return np.asarray(Place(int(address + offset), zero.dtype))[()]


def of_half(h: Any) -> Any:
    """Return the float16 whose bits an unsigned integer has, as float64."""
    bits = np.int64(h & 0x7FFF)
    endless = 0x7FF0000000000000 if bits >= HALF_INFINITY else 0
    return number((np.int64(h & 0x8000) << 48) | endless | (bits << 42)) * SCALE


def copy_numbers(address, stride, zero, size, out):
    """Copy numbers of the type of `zero`, so many bytes apart, to an array."""
    if stride == size:
        for i in range(out.size):
            out[i] = loaded(address, i * size, zero)
    else:
        for i in range(out.size):
            out[i] = loaded(address, i * stride, zero)


def copy_halves(address, stride, out):
    """Copy float16, so many bytes apart, to an array."""
    if stride == 2:
        for i in range(out.size):
            out[i] = of_half(loaded(address, 2 * i, U2))
    else:
        for i in range(out.size):
            out[i] = of_half(loaded(address, i * stride, U2))


def copy_run(code, address, stride, out):
    """Copy numbers of a dtype, so many bytes apart, to an array."""
    if code == DOUBLE:
        copy_numbers(address, stride, F8, 8, out)
    elif code == SINGLE:
        copy_numbers(address, stride, F4, 4, out)
    elif code == INT64:
        copy_numbers(address, stride, I8, 8, out)
    elif code == INT32:
        copy_numbers(address, stride, I4, 4, out)
    elif code == INT16:
        copy_numbers(address, stride, I2, 2, out)
    elif code == INT8:
        copy_numbers(address, stride, I1, 1, out)
    elif code == UINT64:
        copy_numbers(address, stride, U8, 8, out)
    elif code == UINT32:
        copy_numbers(address, stride, U4, 4, out)
    elif code == UINT16:
        copy_numbers(address, stride, U2, 2, out)
    elif code == UINT8:
        copy_numbers(address, stride, U1, 1, out)
    elif code == BOOL:
        for i in range(out.size):
            out[i] = loaded(address, i * stride, U1) != 0
    else:
        copy_halves(address, stride, out)


def read(views, k, start, out):
    """Copy elements of view k from `start` on, in C's order, until an array is full."""
    axis = views.shape[1] - 1
    code, address = views[k, CODE], views[k, ADDRESS]
    run, stride = np.int64(1), np.int64(0)
    if axis >= AXES:
        run, stride = views[0, axis], views[k, axis]
        while axis > AXES and views[k, axis - 1] == stride * run:
            axis -= 1
            run *= views[0, axis]
    line = start // run
    inside = start - line * run
    if stride == 0 and axis == AXES + 1:
        lines = (inside + out.size + run - 1) // run
        step = views[k, AXES]
        copy_run(code, address + line * step, step, out[:lines])
        spread(out, lines, run - inside, run)
        return
    done = np.int64(0)
    while done < out.size:
        place = address + inside * stride + line_offset(views, k, axis, line)
        size = min(run - inside, out.size - done)
        if stride == 0:
            copy_run(code, place, stride, out[done : done + 1])
            fill(out[done : done + size], out[done])
        else:
            copy_run(code, place, stride, out[done : done + size])
        done += size
        line, inside = line + 1, np.int64(0)


def fill(out, x):
    """Make all numbers of an array one; in an index that starts at zero compilers see no below."""
    for i in range(out.size):
        out[i] = x


def spread(out, lines, first, run):
    """Repeat so many first numbers of an array, the first `first` times, others `run` times."""
    stop = out.size
    for line in range(lines - 1, -1, -1):
        start = first + (line - 1) * run if line > 0 else 0
        fill(out[start:stop], out[line])
        stop = start


def line_offset(views, k, axis, line):
    """Return how many bytes behind its address a line of view k begins, along axes from `axis`."""
    offset = np.int64(0)
    for outer in range(axis - 1, AXES, -1):
        over = line // views[0, outer]
        offset += (line - over * views[0, outer]) * views[k, outer]
        line = over
    return offset + line * views[k, AXES] if axis > AXES else offset


def is_constant(views, k):
    """Return whether all elements of view k are one number in memory."""
    for axis in range(AXES, views.shape[1]):
        if views[k, axis] != 0:
            return False
    return True


def read_all(views, k, start, arrays, again):
    """Copy view k to the first of some arrays, the next to the second, and so on.

    Of views of one number nothing is copied `again`.
    """
    for array in arrays:
        if not (again and is_constant(views, k)):
            read(views, k, start, array)
        k += 1


def fold_views(losses, views, first, last, block, sums, counts, rows, workspace, width, rule):
    """Add elements `first` to `last` of views to the sums and counts of their cells.

    block : the memory of a block of inputs, of weights or None, and of a mask in a tuple or none.
    """
    inputs, weights, masks = block
    guesses, terms, _, _ = workspace
    cells = counts.shape[0]
    length = (last - first) // cells if cells > 0 else 0
    for cell in range(cells):
        counts[cell, ROWS] += rows
        exacts, tally = sums[cell], counts[cell]
        stop = first + (cell + 1) * length
        for start in range(first + cell * length, stop, PIECE):
            size = min(stop - start, PIECE)
            some, few, where = cut(inputs, 0, size), cut(weights, 0, size), cut(masks, 0, size)
            read_all(views, 1, start, (*some, *few, *where), start > first)
            (given,) = or_none(few)
            masked = hidden(where)
            fold_all(losses, some, given, where, exacts, tally, guesses, terms, width, rule)
            tally[MASKED] += masked
            tally[MISSING] -= masked
        for k in range(exacts.shape[0]):
            carry(exacts[k])
