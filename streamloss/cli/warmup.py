"""Compiling kernels before they are needed, in a few processes at once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np

from streamloss.api import evaluate
from streamloss.kernels import cache
from streamloss.losses.names import resolve
from streamloss.run import choose

from .interrupts import held_back, kill_children

COMMON = (
    "mae",
    "mse",
    "rmse",
    "huber",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
)
"""What is compiled if no losses are named."""

ROWS, CLASSES = 8, 2


class Task(NamedTuple):
    """Losses that are computed in one pass, of numbers of one kind."""

    losses: tuple[str, ...]
    dtype: str
    weighted: bool
    nan: str

    def __str__(self) -> str:
        kind = "weighted" if self.weighted else "unweighted"
        return f"{', '.join(self.losses)}: {self.dtype}, {kind}"


def tasks(losses: Iterable[str], together: bool, nan: str) -> list[Task]:
    """Return what there is to compile: for each loss, or all in one pass, every kind of numbers.

    Raises
    ------
    TypeError, ValueError
        If a loss is not known.
    """
    names = tuple(losses)
    for name in names:
        resolve(name)
    passes = [names] if together else [(name,) for name in names]
    kinds = itertools.product(passes, ("float32", "float64"), (False, True))
    return [Task(*kind, nan) for kind in kinds]


def fill(todo: list[Task], jobs: int) -> Iterator[tuple[Task, float]]:
    """Do the tasks in so many processes; yield each that is done and the seconds it took.

    Raises
    ------
    OSError
        If the folder of kernels cannot be written, or a process is killed.
    ValueError
        If numba is told to compile nothing, or losses cannot be taken together.
    """
    cache.check_writable()
    pool = ProcessPoolExecutor(jobs, get_context("spawn"))
    try:
        with held_back():  # Ctrl-C is for the process that waits
            futures = {pool.submit(compile_for, task): task for task in todo}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except KeyboardInterrupt:
        kill_children()
        raise
    except BrokenProcessPool as error:
        raise OSError("a process that compiled was killed; --jobs 1 needs least memory") from error
    finally:
        pool.shutdown(cancel_futures=True)


def kept() -> str:
    """Say what the folder of kernels holds."""
    with cache.folder().opened() as place:
        sizes = [size for _, size, _ in place.files(".kernel")]
        return f"{len(sizes)} kernels, {sum(sizes) / 1e6:.1f} MB in {place.path}"


def compile_for(task: Task) -> float:
    """Compute a few losses by kernels, in a process of its own; return the seconds.

    They are asked for like any others, so that what is kept is what will be looked for.
    """
    choose.SMALL = 0
    start = time.perf_counter()
    ranks = resolve(task.losses[0]).ranks
    weights = np.ones(ROWS, task.dtype) if task.weighted else None
    arrays: list[Any] = [np.ones((ROWS, CLASSES)[: 1 + rank], task.dtype) for rank in ranks]
    predicted = None if len(ranks) == 1 else arrays[1] if len(ranks) == 2 else tuple(arrays[1:])
    # labels are integers, mostly, and some losses take them beside rows of floats
    for labels in (arrays[0], arrays[0].astype(np.int64))[: 1 + any(ranks)]:
        evaluate(list(task.losses), labels, predicted, weights, nan=task.nan)
    return time.perf_counter() - start
