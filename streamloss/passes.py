"""Further passes over the same data, by which results that lie in a bracket become exact."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .accumulator import Accumulator
from .arrays.batch import is_lazy
from .losses.base import Loss
from .support.brief import brief

Again = Callable[[list[Any]], Any]
"""Makes a pass over the data for some losses, and returns their accumulator, or dask's Delayed."""


def are_needed(losses: Iterable[Loss], by: Any, checkpoint: Any) -> bool:
    """Return whether one pass does not make the results of losses exact.

    Raises
    ------
    ValueError
        If so, and there are keys, a checkpoint, or a loss that no further pass makes exact.
    """
    some = [loss for loss in losses if loss.bracket is not None]
    for loss in some:
        if loss.refined is None:
            raise ValueError(f"exact=True needs metrics that have refined(): got {brief(loss)}")
    if some and by is not None:
        raise ValueError("exact=True takes no by: each slice has a bracket of its own")
    if some and checkpoint is not None:
        raise ValueError("exact=True takes no checkpoint: it needs several passes")
    return bool(some)


def results(specs: Any, reduction: str, found: Any, again: Again) -> Any:
    """Return the exact results of losses, from as many passes as they need.

    Parameters
    ----------
    specs : str, loss, or list of them
        The losses, as they are spelled.
    reduction : Reduction
        As for `evaluate`.
    found : Accumulator or Delayed
        What the first pass gave for a list of them.
    again : callable
        What makes a further pass.

    Returns
    -------
    float or dict
        As `evaluate`.

    Raises
    ------
    ValueError
        If axes are kept; if data are others in a further pass; as `evaluate`.
    """
    known, first = specs if isinstance(specs, list) else [specs], _made(found)
    if first.shape:
        raise ValueError(f"exact=True takes no axes that are kept: got those of {first.shape}")
    values, rows = first.result(reduction), first.counts["rows"]
    unsure = _asked(first, dict(zip(known, first.losses, strict=True)))
    while unsure:
        known_now, unsure = _further(unsure, reduction, again, rows)
        values |= known_now
    return values if isinstance(specs, list) else values[specs]


def _further(
    unsure: dict[Any, Loss], reduction: str, again: Again, rows: int
) -> tuple[dict[Any, Any], dict[Any, Loss]]:
    """Make a pass for losses by their spelling; return results, and what asks for a further one.

    Of the pass nothing else is left, so that the next one has the memory.
    """
    last = _made(again(list(dict.fromkeys(unsure.values()))))
    _check_rows(rows, last.counts["rows"])
    asked = _asked(last, unsure)
    done = {spec: loss for spec, loss in unsure.items() if spec not in asked}
    found = last.result(reduction) if done else {}
    return {spec: found[loss] for spec, loss in done.items()}, asked


def _check_rows(before: int, rows: int) -> None:
    """Refuse another number of rows than before."""
    if rows != before:
        rule = "exact=True needs the same data in each pass"
        once = "" if rows else ", as of a stream that can be read once only"
        raise ValueError(f"{rule}: got {before} rows, then {rows}{once}")


def _made(accumulator: Any) -> Accumulator:
    """Return an accumulator, of dask's arrays computed now."""
    made: Accumulator = accumulator.compute() if is_lazy(accumulator) else accumulator
    return made


def _asked(accumulator: Accumulator, losses: dict[Any, Loss]) -> dict[Any, Loss]:
    """Return what losses ask a further pass for, by their spelling; of known results nothing."""
    tally: Any = accumulator.tally
    table = tally.nothing() if tally.known is None else tally.known
    one = table.alone()
    found = {
        spec: next(iter(one.refined(accumulator.losses, loss)), None)
        for spec, loss in losses.items()
        if loss.refined is not None
    }
    return {spec: loss for spec, loss in found.items() if loss is not None}
