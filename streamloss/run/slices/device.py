"""The table of a batch whose arrays are on a GPU.

They stay there. The CPU gives each row of the batch the code of its slice, and the codes are copied
to the GPU, which adds every element to the sums of its slice. These are wide rows of all digits,
and come back: so it is for few cells. Batches of many are copied to the CPU.
"""

from __future__ import annotations

import math

import numpy as np

from streamloss.arrays.types import Array
from streamloss.exact.cells import Cells
from streamloss.exact.counts import ROWS
from streamloss.exact.limbs import pieces
from streamloss.exact.state import State
from streamloss.exact.table import Table
from streamloss.run import choose

from .batches import SlicedBatch
from .index import TooMany
from .keys import Keys, Memory
from .sources import AT_ONCE

ELEMENTS = 1 << 27
"""Elements whose terms the digits of a sum can take: each adds less than 2**34 to one."""


def on_gpu(sliced: SlicedBatch, before: Table | None) -> Table | None:
    """Return the table of a batch with arrays on a GPU, None if the CPU is to make it.

    So it is if elements with a NaN are refused, and if the batch or the table of those before it
    has more cells than `gpu.batches.CELLS`. The GPU is waited for.

    Raises
    ------
    TypeError, RuntimeError
        As `gpu.batches.sums`.
    """
    gpu, kept, known = choose.gpu(), math.prod(sliced.kept), before.cells.count if before else 0
    most = gpu.CELLS // max(kept, 1) - 1
    if sliced.query.nan == "raise" or known > gpu.CELLS or most < 1:
        return None
    keys = Keys(sliced.names, tuple(sliced.kinds), most)
    try:
        codes = _codes(keys, sliced)
    except TooMany:
        return None
    rows = np.bincount(codes, minlength=keys.count)
    state = _state(sliced, codes, keys.count)
    state.counts[:, ROWS] = np.repeat(rows, kept)
    found = np.flatnonzero(rows)
    places = (found[:, None] * kept + np.arange(kept)).ravel()
    cells = Cells.of_state(state).take(places)
    return Table.of(sliced.names, sliced.kinds, keys.columns(found), sliced.kept, cells)


def _codes(keys: Keys, sliced: SlicedBatch) -> Array:
    """Return the code of each row."""
    codes, prepared = np.empty(sliced.rows, np.int32), keys.prepared(sliced.keyeds, True)
    memory = Memory()
    for some in pieces(sliced.rows, AT_ONCE):
        codes[some] = keys.codes(sliced.keyeds, prepared, some, True, memory)
    return codes


def _state(sliced: SlicedBatch, codes: Array, groups: int) -> State:
    """Return the sums of all groups, of a batch that is added in parts if it is very large."""
    query, gpu, states = sliced.query, choose.gpu(), []
    step = max(1, ELEMENTS // max(sliced.inner, 1))
    for some in pieces(max(sliced.rows, 1), step):
        pending = gpu.Pending(query.parts, (groups, *sliced.kept))
        part = gpu.cut(sliced.batch, 0, some.start, some.stop)
        pending.add(part, query.axis, query.rule, codes[some])
        states.append(pending.state())
    return State.total(states)
