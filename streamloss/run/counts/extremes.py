"""The key of which slices keep the largest or the smallest value: one value for all of a slice."""

from __future__ import annotations

import numpy as np

from streamloss.arrays.batch import Batch
from streamloss.arrays.key_arrays import of_floats
from streamloss.arrays.key_codes import without
from streamloss.arrays.keys import Keyed
from streamloss.arrays.types import Array, Mask
from streamloss.run.slices.keys import Keys, Memory

from .elements import Elements, values_of


def extremes(elements: Elements, batch: Batch, keys: list[Keyed], missing: Mask | None) -> Keyed:
    """Return the key of which slices keep the largest or the smallest value: that, for all of each.

    An element whose weight is zero or NaN, or that does not count, has none.

    Parameters
    ----------
    elements : Elements
        The elements.
    batch : Batch
        The same, one after another.
    keys : list of Keyed
        The keys of their slices.
    missing : bool array, optional
        Which elements are left out for a NaN in an input.
    """
    extreme = elements.counting.extreme
    assert extreme is not None
    values, sign = values_of(extreme.loss, elements.batch), 1.0 if extreme.largest else -1.0
    there = np.ones(values.size, np.bool_) if missing is None else ~missing
    if batch.where is not None:
        there &= batch.where
    if batch.weights is not None:
        there &= (batch.weights != 0.0) & ~np.isnan(batch.weights)
    lost = np.isnan(values)
    compared, codes = np.where(there & ~lost, sign * values, -np.inf), _codes(keys, values.size)
    most = np.full(int(codes.max(initial=0)) + 1, -np.inf)
    np.maximum.at(most, codes, compared)
    found = of_floats(sign * most[codes])
    return without(found, ~there | lost)


def _codes(keys: list[Keyed], rows: int) -> Array:
    """Return a number for each slice that elements are in."""
    if not keys:
        return np.zeros(rows, np.int64)
    found = Keys(("",) * len(keys), tuple([keyed.kind for keyed in keys]), 1 << 31)
    known = found.prepared(keys, False)
    return found.codes(keys, known, slice(0, rows), False, Memory()).astype(np.int64)
