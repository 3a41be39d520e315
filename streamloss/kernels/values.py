"""The values of a loss, block after block: what is compiled of a loss for slices.

Which of both loops a loss has is decided by its streams.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from typing import NamedTuple

from .elements import factors, interleave, value
from .switches import NARROW

STEP = 512
"""Elements of a block: what is read of three arrays, their terms and the integers these become are
36 KiB (`benchmarks/bench_slices.py`)."""


class Values(NamedTuple):
    """What decides the machine code of the values of a loss beside it."""

    inputs: int
    streams: int
    narrow: bool
    """Whether inputs are float32."""


def write_values(loss, inputs, out, more):
    """Write the value of a loss of each element."""
    for i in range(out.size):
        out[i] = value(loss, inputs, i)
    interleave(loss, NARROW)


def write_factors(loss, inputs, out, more):
    """Write the factors of a moment of each element; of one factor, more is the same."""
    for i in range(out.size):
        numbers = factors(loss, inputs, i)
        out[i], more[i] = numbers[0], numbers[len(numbers) - 1]


def call_values(row, addresses, first, second):
    """Call the function of a row of a plan for inputs at addresses.

    It does what `write_values` or `write_factors` does. Machine code alone can call it.
    """
    raise NotImplementedError
