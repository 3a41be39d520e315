"""The table of what few elements count, made by numpy without compiling anything."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.exact.cells import Cells
from streamloss.exact.column import Column
from streamloss.exact.table import Table
from streamloss.kernels.switches import Omit
from streamloss.run.slices.batches import SlicedBatch
from streamloss.run.slices.keys import Keys, Memory


def in_numpy(sliced: SlicedBatch) -> Table:
    """Return the table of what elements count, without sums of losses."""
    batch, keyeds = sliced.batch, sliced.keyeds
    keys = Keys(sliced.names, tuple(sliced.kinds), 1 << 31)
    known, rows = keys.prepared(keyeds, False), slice(0, sliced.rows)
    codes = keys.codes(keyeds, known, rows, False, Memory())
    found, places = np.unique(codes, return_inverse=True)

    def count(some: Any) -> Any:
        return np.bincount(places[some], minlength=len(found)).astype(np.int64)

    here = np.ones(sliced.rows, np.bool_) if batch.where is None else batch.where.copy()
    masked, missing, weights, nonzero = count(~here), None, None, None
    if isinstance(sliced.query.rule, Omit):
        lost = here & np.isnan(batch.inputs[0])
        if batch.weights is not None:
            lost |= here & np.isnan(batch.weights)
        here, missing = here & ~lost, count(lost)
    if batch.weights is not None:
        heavy = np.asarray(batch.weights, np.float64)
        nonzero = count(here & (heavy != 0.0))
        weights = Column.of_floats(heavy[here], places[here], len(found))
    starts = None if sliced.first is None else count(sliced.first)
    cells = Cells(len(found), (), weights, count(here), nonzero, missing, masked, starts)
    return Table.of(sliced.names, sliced.kinds, keys.columns(found), (), cells)
