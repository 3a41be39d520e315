"""Which runner a batch in memory gets: Python while that is quicker than compiling, else kernels.

A first result of a few hundred numbers takes a millisecond in Python, and half a second and more
where numba is imported and a kernel loaded or compiled (`benchmarks/bench_start.py`).
"""

from __future__ import annotations

import os
from typing import Any

from streamloss.arrays.batch import Arguments, Batch, refuse_labels
from streamloss.arrays.memory import memory_of
from streamloss.kernels.switches import OMIT
from streamloss.losses.base import Loss, first_of_user, memory
from streamloss.support.brief import brief
from streamloss.support.once import once


def _small() -> int:
    text = os.environ.get("STREAMLOSS_SMALL_BATCH", "1024")
    if not text.isdecimal():
        raise ValueError(
            f"STREAMLOSS_SMALL_BATCH must be an integer of at least 0: got {brief(text)}"
        )
    return int(text)


SMALL = _small()
"""Numbers of a small batch: Python takes a millisecond for each hundred or two of them.

The environment variable STREAMLOSS_SMALL_BATCH sets it; with 0 kernels take all there is.
"""

BUDGET = 1 << 14
"""Numbers that Python takes for the same losses in a process before their kernel is compiled.

They take it about 0.1 s: many small batches are then worth a kernel.
"""

_taken: dict[Any, int] = {}
"""The numbers taken so far, by the classes of the losses."""


def wait(losses: tuple[Loss, ...], size: int) -> bool:
    """Return whether a batch of so many numbers is not worth compiling a kernel yet."""
    return size <= SMALL and _taken_for(losses).get(_classes(losses), 0) + size <= BUDGET


def check_labels(losses: tuple[Loss, ...], batch: Batch) -> None:
    """Refuse labels that are no classes, as ``nan="raise"`` asks; from a GPU they are copied.

    Raises
    ------
    ValueError
        If there is one.
    """
    for k in sorted({k for loss in losses for k in loss.classes}):
        labels, where = batch.inputs[k], batch.where
        if batch.on_device:
            labels, where = gpu().on_host(labels), gpu().on_host(where)
        name = "y_true" if k == 0 else "y_pred" if batch.ranks[2:] == () else f"y_pred[{k - 1}]"
        refuse_labels(name, labels, batch.ranks[k], where, batch.row or 0)


def runner(losses: tuple[Loss, ...], batch: Batch) -> Any:
    """Return the runner for a batch, imported when it is first needed."""
    if batch.on_device:
        return gpu()
    size = 0
    for array in batch.inputs:
        size += array.size
    if wait(losses, size):
        classes, taken = _classes(losses), _taken_for(losses)
        taken[classes] = taken.get(classes, 0) + max(size, 1)
        return _python()
    return _cpu()


def at_once(query: Any, data: Arguments) -> Any:
    """Return a runner for batches in memory of a query once a kernel is worth its while, else None.

    It is a `direct.Direct` or, of rows, a `rows.Rows`.
    """
    parts = query.parts
    if query.nan == "raise":
        return None
    y_true, y_pred, _, _ = data
    sizes = _size(y_true), _size(y_pred[0] if isinstance(y_pred, tuple) and y_pred else y_pred)
    size = max(sizes[0] or 0, sizes[1] or 0)
    if sizes[0] is None or wait(parts, size * parts[0].inputs):
        return None
    runner: Any = None
    if not any(parts[0].ranks):
        runner = _direct().Direct(parts, query.rule, query.compute, query.axis)
    elif len(parts) == 1 and _takes_rows(query):
        runner = _rows().Rows(parts[0], query.rule)
    return runner


def _takes_rows(query: Any) -> bool:
    """Return whether small batches of rows are taken at once: all of them, for one result."""
    return query.axis is None and query.compute is None and query.rule != OMIT


def _size(value: Any) -> int | None:
    """Return how many elements an array, tensor or column has, None of what has no quick way."""
    array = memory_of(value)
    return None if array is None else int(array.size)


@once
def _python() -> Any:
    from . import python

    return python


@once
def _direct() -> Any:
    """Return the runner of batches in memory, imported with the kernels on first use."""
    from . import direct

    return direct


@once
def _rows() -> Any:
    """Return the runner of small batches of rows, imported with the kernels on first use."""
    from . import rows

    return rows


@once
def _cpu() -> Any:
    from . import cpu

    return cpu


@once
def gpu() -> Any:
    """Return the runner of GPUs, imported with numba.cuda on first use."""
    from .gpu import batches

    return batches


def batch_on_host(batch: Batch) -> Batch:
    """Return a batch of a GPU with arrays of numpy."""
    bring = gpu().on_host
    inputs = tuple([bring(array) for array in batch.inputs])
    return batch._replace(inputs=inputs, weights=bring(batch.weights), where=bring(batch.where))


def _taken_for(losses: tuple[Loss, ...]) -> dict[Any, int]:
    """Return where numbers are counted: for a user's losses as long as their classes live."""
    classes = _classes(losses)
    return _taken if first_of_user(classes) is None else memory(classes)


def _classes(losses: tuple[Loss, ...]) -> tuple[type, ...]:
    return tuple([type(loss) for loss in losses])
