"""Format version 1: what streamloss 0.1 wrote is read, and nothing else in it."""

import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.exact.digits import BITS, DIGITS, integers
from streamloss.exact.limits import MOST
from tests.exact.test_format import MAKERS, seal


def packed(value: int) -> bytes:
    """An integer as the format has it, written from its description."""
    if value == 0:
        return bytes(4)
    twos = (value & -value).bit_length() - 1
    odd = value >> twos
    size = odd.bit_length() // 8 + 1
    return struct.pack("<HH", twos, size) + odd.to_bytes(size, "little", signed=True)


def early(acc: sl.Accumulator, change: Any = None) -> bytes:
    """An accumulator as version 1 wrote it, with its integers changed."""
    data = acc.to_bytes()
    size = int.from_bytes(data[36:40], "little")
    state, numbers = acc.tally.known, []
    if state is not None:
        sums = iter(integers(state.sums, state.base))
        flags = state.sums[..., :DIGITS].tolist()
        for counts, rows in zip(state.counts.tolist(), flags, strict=True):
            numbers += counts
            for row in rows:
                numbers += [*row, next(sums)]
    numbers = numbers if change is None else change(numbers)
    return seal(data[36 : 40 + size] + b"".join(map(packed, numbers)), 1)


@pytest.mark.parametrize("kind", MAKERS)
def test_what_version_1_wrote_is_read(kind: str) -> None:
    acc = MAKERS[kind]()
    data = early(acc)
    for form in (bytes, bytearray, memoryview):
        back = sl.Accumulator.from_bytes(form(data))
        assert back == acc
        assert back.to_bytes() == acc.to_bytes()


@given(st.lists(st.integers(-(1 << BITS - 8), 1 << BITS - 8), min_size=1, max_size=4))
def test_sums_of_any_size(values: list[int]) -> None:
    acc = sl.accumulate("value", np.ones((1, len(values))), axis=0)

    def change(numbers: list[int]) -> list[int]:
        numbers[8::13] = values
        return numbers

    back = sl.Accumulator.from_bytes(early(acc, change)).tally.state
    assert integers(back.sums, back.base)[::2] == values


WRONG = {
    "fewer": lambda numbers: numbers[:-1],
    "more": lambda numbers: [*numbers, 0],
    "a large count": lambda numbers: [MOST + 1, *numbers[1:]],
    "a huge count": lambda numbers: [1 << 70, *numbers[1:]],
    "a large sum": lambda numbers: [*numbers[:-1], 1 << BITS],
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_integers_that_cannot_be_are_refused(change: Any) -> None:
    with pytest.raises(ValueError, match="data is corrupt"):
        sl.Accumulator.from_bytes(early(sl.accumulate("mae", [1.0], [3.0]), change))


def test_every_changed_byte_is_refused() -> None:
    data = early(sl.accumulate("mae", [1.0, 2.0], [3.0, math.nan], [0.5, 1.0]))
    for at in range(len(data)):
        for change in (0x01, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[at] ^= change
            with pytest.raises(ValueError, match="data"):
                sl.Accumulator.from_bytes(damaged)
    for stop in range(len(data)):
        with pytest.raises(ValueError, match="data"):
            sl.Accumulator.from_bytes(data[:stop])


def test_an_integer_that_is_not_in_the_shortest_form_is_refused() -> None:
    data = early(sl.accumulate("mae", [1.0], [3.0]))
    at = 40 + int.from_bytes(data[36:40], "little")
    for wrong in (struct.pack("<HHH", 0, 2, 1), struct.pack("<HHB", 0, 1, 2), b"\xff\xff\1\0\1"):
        with pytest.raises(ValueError, match=r"shortest|ends within"):
            sl.Accumulator.from_bytes(seal(data[36:at] + wrong + data[at + 5 :], 1))


def test_what_it_declares_is_checked_before_it_is_built() -> None:
    data = early(sl.accumulate("mae", [[1.0]], [[2.0]], axis=0))
    size = int.from_bytes(data[36:40], "little")
    header = json.loads(data[40 : 40 + size]) | {"shape": [10**9]}
    text = json.dumps(header, separators=(",", ":")).encode()
    with pytest.raises(ValueError, match="too few or too many"):
        sl.Accumulator.from_bytes(seal(struct.pack("<I", len(text)) + text + data[40 + size :], 1))


def test_slices_are_of_no_version_1() -> None:
    data = early(sl.accumulate("mae", [1.0], [3.0]))
    header = json.loads(data[40 : 40 + int.from_bytes(data[36:40], "little")])
    header |= {"by": [], "missing": "keep", "max_slices": None, "missing_keys": 0, "slices": 1}
    line = json.dumps(header, separators=(",", ":")).encode()
    with pytest.raises(ValueError, match="fields"):
        sl.Accumulator.from_bytes(seal(struct.pack("<I", len(line)) + line, 1))
