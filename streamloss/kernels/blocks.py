"""One loss of a block: machine code for each loss, and how a kernel calls that of any losses.

Numba takes seconds for loops that fold, whatever the loss. So `fold_alone` is compiled once for
arrays of a `Kind` (`templates`), and of a new loss its `point` alone; `fold_cells` and `fold_views`
take in place of losses a `Table`, which has the address of each loss's function, and know nothing
of losses. A new combination of losses is then a new table.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from struct import pack
from typing import Any, NamedTuple

import numpy as np

from streamloss.losses.base import Loss

from .elements import watch
from .fold import count, fold_first, fold_loss
from .switches import Rule, Width
from .terms import Block

ADDRESS, ROW, HEAVY, PARAMETERS = range(4)
"""Columns of a table: where the function of a loss is, its first row of the sums, whether it adds
the weights and counts, as one loss does, and from here on the parameters, as float64."""


class Kind(NamedTuple):
    """What decides the machine code of a block beside the loss."""

    inputs: int
    width: Width
    weighted: bool
    masked: bool
    rule: Rule
    streams: int = 1


class Table(np.ndarray[Any, np.dtype[np.int64]]):
    """What kernels take in place of losses: a row for each, and the losses for where they fail."""

    losses: tuple[Loss, ...] = ()


def table_of(losses: tuple[Loss, ...], addresses: tuple[int, ...]) -> Table:
    """Return the table of losses whose functions have these addresses."""
    most, row, words = max([len(loss) for loss in losses]), 0, bytearray()
    # a loss of one stream sums the weights in its own loop, a moment in another
    heavy = next((k for k, loss in enumerate(losses) if loss.streams == 1), 0)
    for k, loss in enumerate(losses):
        rest = [0.0] * (most - len(loss))
        words += pack(f"3q{most}d", addresses[k], row, k == heavy, *loss, *rest)
        row += loss.streams
    found = np.frombuffer(words, np.int64).reshape(len(losses), -1).view(Table)
    found.losses = losses
    return found


def fold_alone(
    loss,
    inputs,
    weights,
    masks,
    sums,
    counts,
    guesses,
    weight_sum,
    weight_guess,
    terms,
    heavy,
    width,
    rule,
):
    """Add one block's terms of one loss to its sums and, if `heavy`, weights and elements."""
    block = Block(inputs, weights, watch(inputs, weights, masks, rule))
    if heavy:
        nonzero, there = fold_first(
            loss, block, weights, sums, guesses, weight_sum, weight_guess, terms, width, rule
        )
        count(counts, inputs[0].size, there, nonzero)
    else:
        fold_loss(loss, block, sums, 0, guesses, terms, width, rule)


def fold_table(losses, inputs, weights, masks, sums, counts, guesses, terms, width, rule):
    """Do what `fold_all` does by the functions of a table, which is what `losses` are here."""
    last = sums.shape[0] - 1
    for k in range(len(losses)):
        row = losses[k, ROW]
        call_block(
            losses[k],
            inputs,
            weights,
            masks,
            sums[row:],
            counts,
            guesses[row:],
            sums[last],
            guesses[last],
            terms,
        )


def call_block(row, inputs, weights, masks, sums, counts, guesses, weight_sum, weight_guess, terms):
    """Call the function of a row of a table, which does what `fold_alone` does.

    Machine code alone can: in Python losses are their own.
    """
    raise NotImplementedError
