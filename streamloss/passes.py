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
    values, last = first.result(reduction), first
    of = {spec: x for spec, x in zip(known, first.losses, strict=True) if x.refined is not None}
    while of := {spec: x for spec, one in of.items() if (x := _more(last, one)) is not None}:
        last = _made(again(list(dict.fromkeys(of.values()))))
        _check_rows(first.counts["rows"], last.counts["rows"])
        new = last.result(reduction)
        values |= {spec: new[loss] for spec, loss in of.items()}
    return values if isinstance(specs, list) else values[specs]


def _check_rows(before: int, rows: int) -> None:
    """Refuse another number of rows than before."""
    if rows != before:
        rule = "exact=True needs the same data in each pass"
        raise ValueError(f"{rule}: got {before} rows, then {rows}")


def _made(accumulator: Any) -> Accumulator:
    """Return an accumulator, of dask's arrays computed now."""
    made: Accumulator = accumulator.compute() if is_lazy(accumulator) else accumulator
    return made


def _more(accumulator: Accumulator, loss: Loss) -> Loss | None:
    """Return what a loss asks a further pass for, if its result is not known yet."""
    tally: Any = accumulator.tally
    table = tally.nothing() if tally.known is None else tally.known
    return next(iter(table.alone().refined(accumulator.losses, loss)), None)
