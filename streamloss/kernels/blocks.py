"""One loss of a block: machine code for each loss, and how a kernel calls that of any losses.

Numba takes seconds for loops that fold, whatever the loss. So `fold_alone` is compiled once for
arrays of a `Kind` (`templates`), and of a new loss its `point` alone; `fold_cells` and `fold_views`
take in place of losses a `Table`, which has the address of each loss's function, and know nothing
of losses. A new combination of losses is then a new table.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamloss.losses.base import Loss

from .elements import watch
from .fold import Block, fold_all, fold_losses
from .switches import Rule, Width

ADDRESS, ROW, PARAMETERS = range(3)
"""Columns of a table: where the function of a loss is, its first row of the sums, and from here on
the parameters, as float64."""


class Kind(NamedTuple):
    """What decides the machine code of a block beside the loss."""

    inputs: int
    width: Width
    weighted: bool
    masked: bool
    rule: Rule


class Table(np.ndarray[Any, np.dtype[np.int64]]):
    """What kernels take in place of losses: a row for each, and the losses for where they fail."""

    losses: tuple[Loss, ...] = ()


def table_of(losses: tuple[Loss, ...], addresses: tuple[int, ...]) -> Table:
    """Return the table of losses whose functions have these addresses."""
    most = max([len(loss) for loss in losses])
    table = np.zeros((len(losses), PARAMETERS + most), np.int64)
    table[:, ADDRESS] = addresses
    table[:, ROW] = range(len(losses))
    parameters: NDArray[np.float64] = table.view(np.float64)[:, PARAMETERS:]
    for k, loss in enumerate(losses):
        parameters[k, : len(loss)] = loss
    found = table.view(Table)
    found.losses = losses
    return found


def fold_alone(losses, inputs, weights, masks, sums, counts, guesses, terms, heavy, width, rule):
    """Add one block's terms of one loss and, if `heavy`, its weights and elements to one cell.

    `sums` and `guesses` begin with the row of the loss. That of the weights, which follows it, is
    looked at only if `heavy`: so these go with the last loss.
    """
    if heavy:
        fold_all(losses, inputs, weights, masks, sums, counts, guesses, terms, width, rule)
    else:
        block = Block(inputs, weights, watch(inputs, weights, masks, rule))
        fold_losses(losses, 0, block, sums, guesses, terms, width, rule)


def fold_table(losses, inputs, weights, masks, sums, counts, guesses, terms, width, rule):
    """Do what `fold_all` does by the functions of a table, which is what `losses` are here."""
    last = len(losses) - 1
    for k in range(len(losses)):
        row = losses[k, ROW]
        some, few, heavy = sums[row:], guesses[row:], k == last
        call_block(losses[k], heavy, inputs, weights, masks, some, counts, few, terms)


def call_block(row, heavy, inputs, weights, masks, sums, counts, guesses, terms):
    """Call the function of a row of a table, which does what `fold_alone` does.

    Machine code alone can: in Python losses are their own.
    """
    raise NotImplementedError
