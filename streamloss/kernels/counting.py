"""The loop bodies of counts without weights: one more in the cell of each element.

Keys are whole numbers that lie close together: they have cells in rows, so that nothing has to be
looked up. Copies of all cells let an element be counted while the one before it still is.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

DONE, WRONG = range(2)
"""What a kernel tells: how many elements are counted; and whether a value is no whole number."""

LARGE = 2.0**62
"""What whole numbers are below in size."""


def count_keys(keys, lowest, cells, counts, places, state):
    """Count keys by their distance from the lowest, up to a block in which one has no cell.

    Parameters
    ----------
    keys : integer array
        What is counted.
    lowest, cells : int
        The key of the first cell, and how many cells there are.
    counts : int64 array
        The counts of all cells, as often as there are copies: a power of two.
    places : int64 array
        Memory for a block: so many keys are looked at before any of them is counted.
    state : int64 array
        What `DONE` begins.
    """
    most, mask, done = np.uint64(cells), counts.size // cells - 1, state[DONE]
    while done < keys.size:
        some, outside = keys[done : done + places.size], np.int64(0)
        for i in range(some.size):
            place = np.int64(some[i]) - lowest
            outside |= np.int64(np.uint64(place) >= most)
            places[i] = place + (i & mask) * cells
        if outside != 0:
            break
        count_places(places, some.size, counts)
        done += some.size
    state[DONE] = done


def count_pairs(first, second, lowest, size, counts, places, state):
    """Count pairs of keys, as `count_keys` does, by both distances from the two lowest.

    Parameters
    ----------
    first, second : integer arrays
        What is counted.
    lowest : tuple of int
        The keys of the first cell.
    size : tuple of int
        How many different keys of each have cells: of one first key they are side by side.
    counts, places, state
        As for `count_keys`.
    """
    low, other, rows, row = lowest[0], lowest[1], np.uint64(size[0]), np.int64(size[1])
    cells, done = np.int64(size[0]) * row, state[DONE]
    mask = counts.size // cells - 1
    while done < first.size:
        a, b = first[done : done + places.size], second[done : done + places.size]
        outside = np.int64(0)
        for i in range(a.size):
            x, y = np.int64(a[i]) - low, np.int64(b[i]) - other
            outside |= np.int64(np.uint64(x) >= rows) | np.int64(np.uint64(y) >= np.uint64(row))
            places[i] = x * row + y + (i & mask) * cells
        if outside != 0:
            break
        count_places(places, a.size, counts)
        done += a.size
    state[DONE] = done


def count_places(places, size, counts):
    """Count each of the first places once."""
    for i in range(size):
        counts[places[i]] += 1


def as_whole(values, out, missing, state):
    """Write float64 as integers, of a NaN that it is missing, and whether one is not whole."""
    wrong, lost = np.int64(0), np.int64(0)
    for i in range(values.size):
        x = values[i]
        there = x == x
        y = x if there else 0.0
        inside = abs(y) < LARGE
        whole = np.int64(y if inside else 0.0)
        out[i] = whole
        missing[i] = not there
        wrong |= np.int64(np.float64(whole) != y)
        lost |= np.int64(not there)
    state[DONE], state[WRONG] = lost, wrong
