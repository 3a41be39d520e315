"""A batch that has an id: it is added once, however often it comes."""

from __future__ import annotations

from typing import Any

from .arrays.batch import Arguments
from .exact.ledger import IGNORE, Ledger
from .support.brief import brief


def update_once(acc: Any, batch_id: Any, given: Arguments, data: Any, by: Any) -> None:
    """Add a batch to an accumulator, if its id is new.

    It is summed alone, and then merged in one step with its id: an update that raises or is
    interrupted leaves neither sums nor an id. With keys other threads wait meanwhile.

    Raises
    ------
    TypeError, ValueError
        As `Accumulator.update`.
    """
    if not _is_new(acc, batch_id):
        return
    part = acc._part()
    y_true, y_pred, weights, where = given
    part.update(y_true, y_pred, weights, where=where, data=data, by=by)
    part.tally.ledger = Ledger.of([batch_id])
    with acc.tally.lock:
        if _is_new(acc, batch_id):  # as yet: another thread may have had it as well
            acc.merge(part)


def _is_new(acc: Any, batch_id: Any) -> bool:
    """Return whether there was no such batch; one that was there is refused or to be ignored."""
    ledger = acc.tally.ledger
    if batch_id not in ledger:
        return True
    if ledger.on_repeat != IGNORE:
        raise ValueError(f"batch_id must not come twice: got {brief(batch_id)} again")
    return False
