"""The loop bodies of codes: small integers for the keys of slices, in order of arrival.

An index has the key of each code, `known`, and `slots`: codes by place, zero where there is none.
The place of a key is its distance from the lowest one if keys lie close together (`shift` is below
zero), else a hash, and the next free one after it. Code 0 is nobody's: it is for missing keys.

Several threads may look keys up while one adds some: of a new key, `known` is written before the
slot. Who finds no code for a key asks again under a lock.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from .groups import ask_ahead

FACTOR = 0x9E3779B97F4A7C15
"""Of the hash: 2**64 over the golden ratio, odd."""

AHEAD, SOONER = 12, 24
"""Keys ahead of which keys of codes, and slots, are asked for (`benchmarks/bench_slices.py`)."""

STEP = 1024
"""Keys whose hashes are computed at once."""

COUNT, DONE, MISSES = range(3)
"""What a kernel tells: how many codes there are, how many keys are done, and whether some of them
have none."""


def home(key, shift):
    """Return the place where a key is looked for first: the top bits of a product modulo 2**64."""
    return (int(key) * FACTOR & 0xFFFFFFFFFFFFFFFF) >> shift


def publish(slots, place, code):
    """Write a code to a slot, after all that was written before."""
    slots[place] = code


def find_within(keys, lowest, size, codes, state):
    """Write the distance of each key from the one before the lowest; 0 from `size` keys on."""
    misses, most = np.int64(0), np.uint64(size)
    for i in range(keys.size):
        place = np.uint64(np.int64(keys[i]) - lowest)
        inside = place < most
        codes[i] = np.int32(place + np.uint64(1)) if inside else np.int32(0)
        misses |= np.int64(not inside)
    state[MISSES] = misses


def find_near(keys, lowest, slots, codes, state):
    """Write the code of each key whose place is its distance from the lowest; 0 if it has none.

    The last slot is nobody's: what is too far away is looked for there.
    """
    least, last = np.int32(1), np.uint64(slots.size - 1)
    for i in range(keys.size):
        place = np.uint64(np.int64(keys[i]) - lowest)
        code = slots[place if place < last else last]
        codes[i] = code
        least = code if code < least else least
    state[MISSES] = least == 0


def find_hashed(keys, shift, slots, known, codes, homes, state):
    """Write the code of each key, 0 if it has none.

    `homes` is memory for `STEP` and `SOONER` integers: each block asks for the first of the next.
    """
    least, mask = np.int32(1), slots.size - 1
    for start in range(0, keys.size, STEP):
        some, out = keys[start : start + STEP], codes[start : start + STEP]
        known_homes = min(keys.size - start, STEP + SOONER)
        for i in range(known_homes):
            homes[i] = home(keys[start + i], shift)
        for i in range(some.size):
            if i + SOONER < known_homes:
                ask_ahead(slots, homes[i + SOONER])
                ask_ahead(known, np.int64(slots[homes[i + AHEAD]]))
            place, key = homes[i], np.int64(some[i])
            code = slots[place]
            while code != 0 and known[code] != key:
                place = (place + 1) & mask
                code = slots[place]
            out[i] = code
            least = code if code < least else least
    state[MISSES] = least == 0


def add_keys(keys, lowest, shift, slots, known, codes, state):
    """Give each key that has no code one, as long as there is room in `known`."""
    count, i = state[COUNT], state[DONE]
    while i < keys.size:
        if codes[i] == 0:
            place = place_of(np.int64(keys[i]), lowest, shift, slots, known)
            code = np.int64(slots[place])
            if code == 0:
                if count == known.size:
                    break
                code = count
                known[code] = keys[i]
                publish(slots, place, np.int32(code))
                count += 1
            codes[i] = code
        i += 1
    state[COUNT], state[DONE] = count, i


def fill_slots(lowest, shift, slots, known, first, last):
    """Write codes `first` to `last` to empty slots."""
    for code in range(first, last):
        place = place_of(known[code], lowest, shift, slots, known)
        publish(slots, place, np.int32(code))


def place_of(key, lowest, shift, slots, known):
    """Return the place of a key, or where it belongs."""
    if shift < 0:
        return key - lowest
    mask = slots.size - 1
    place = np.int64(home(key, shift))
    while slots[place] != 0 and known[slots[place]] != key:
        place = (place + 1) & mask
    return place


def pair(first, second, out):
    """Write a number for each pair of codes, which no other pair has: small ones of small codes."""
    for i in range(out.size):
        a, b = np.int64(first[i]), np.int64(second[i])
        out[i] = a * a + a + b if a >= b else b * b + a
