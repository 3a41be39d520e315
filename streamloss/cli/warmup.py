"""`streamloss warmup`: kernels are compiled before they are needed, in a few processes at once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np

from streamloss.api import evaluate
from streamloss.arrays.types import Array, ArrayLike
from streamloss.kernels import cache, rows
from streamloss.kernels.private import folder
from streamloss.losses.names import resolve
from streamloss.run import choose
from streamloss.run.slices import near

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
"""Losses that are compiled if none are named."""
ROWS = 8
"""Rows of the arrays that kernels are compiled with, which do not depend on it."""

CLASSES = 2, 3, 5, 10, rows.MOST + 1
"""Numbers of classes: up to `rows.MOST` each has a kernel of its own, above they share one."""


_NEAR, _FAR = np.arange(ROWS), np.arange(ROWS) << 56

KEYS = _NEAR, _NEAR.astype(np.int32), _FAR, (_NEAR, _FAR)
"""Keys of slices: those that lie close together, of both sizes, others, and pairs."""


class Compilation(NamedTuple):
    """Losses that are compiled for one pass over them, for numbers of one kind."""

    losses: tuple[str, ...]
    dtype: str
    weighted: bool
    nan: str

    def __str__(self) -> str:
        kind = "weighted" if self.weighted else "unweighted"
        return f"{', '.join(self.losses)}: {self.dtype}, {kind}"


def compilations(losses: Iterable[str], together: bool, nan: str) -> list[Compilation]:
    """Return what is to be compiled: each loss, or all for one pass, for every kind of numbers.

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
    return [Compilation(*kind, nan) for kind in kinds]


def compile_all(
    todo: list[Compilation], processes: int, total: cache.Counted
) -> Iterator[tuple[Compilation, float]]:
    """Compile in so many processes; yield each compilation that is done and its seconds.

    Kernels are counted in `total`. Those that losses share, for numbers of a kind, are compiled
    first with one loss: otherwise each process would make its own.

    Raises
    ------
    OSError
        If the folder of kernels cannot be written, or a process is killed.
    ValueError
        If numba is told to compile nothing, or losses cannot be taken together.
    """
    cache.check_writable()
    pool = ProcessPoolExecutor(processes, get_context("spawn"))
    try:
        for some in _in_turn(todo):
            with held_back():  # Ctrl-C is for this process alone
                futures = {pool.submit(compile_for, each): each for each in some}
            for future in as_completed(futures):
                seconds, counted = future.result()
                for all_of, of_one in zip(total, counted, strict=True):
                    all_of.update(of_one)
                yield futures[future], seconds
    except KeyboardInterrupt:
        kill_children()
        raise
    except BrokenProcessPool as error:
        raise OSError("a process that compiled was killed; --jobs 1 needs least memory") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _in_turn(todo: list[Compilation]) -> tuple[list[Compilation], list[Compilation]]:
    """Return the first compilation for numbers of each kind, and all others."""
    firsts = {(_inputs(each), each.dtype, each.weighted): each for each in reversed(todo)}
    first = [each for each in todo if each in firsts.values()]
    return first, [each for each in todo if each not in first]


def _inputs(todo: Compilation) -> tuple[int, ...]:
    return resolve(todo.losses[0]).ranks


def describe_cache() -> str:
    """Say how many kernels the folder of kernels holds, and how large they are."""
    with folder().opened() as place:
        num_bytes = [size for _, size, _ in place.files(".kernel")]
        return f"{len(num_bytes)} kernels, {sum(num_bytes) / 1e6:.1f} MB in {place.path}"


def compile_for(todo: Compilation) -> tuple[float, cache.Counted]:
    """Compile losses in this process, one of several; return the seconds, and what was counted.

    A few rows are evaluated as users evaluate theirs, so that the kernels kept on disk are those
    that will be looked for.
    """
    choose.SMALL = rows.ENOUGH = near.MANY = 0  # arrays of this size would be summed by others
    start = time.perf_counter()
    ranks = resolve(todo.losses[0]).ranks
    for classes in CLASSES if any(ranks) else CLASSES[:1]:
        _evaluate(todo, [np.ones((ROWS, classes)[: 1 + rank], todo.dtype) for rank in ranks])
    return time.perf_counter() - start, cache.counted


def _evaluate(todo: Compilation, arrays: list[Array]) -> None:
    """Evaluate arrays as they are, and integer labels, as most data have, beside floats.

    Labels that are no rows are read with floats of any size by one kernel, and by another under a
    mask.
    """
    weights = np.ones(ROWS, todo.dtype) if todo.weighted else None
    labels, *rest = arrays
    predictions: ArrayLike = tuple(rest) if len(rest) > 1 else rest[0] if rest else None
    some, integers = list(todo.losses), labels.astype(np.int64)
    evaluate(some, labels, predictions, weights, nan=todo.nan)
    if not todo.weighted:  # kernels of slices take weights or none
        for keys in KEYS:
            evaluate(some, labels, predictions, nan=todo.nan, by=keys)[some[0]]
    if any(resolve(todo.losses[0]).ranks):
        evaluate(some, integers, predictions, weights, nan=todo.nan)
    elif todo.dtype == "float64":
        for where in (None, np.ones(ROWS, np.bool_)):
            evaluate(some, integers, predictions, weights, where=where, nan=todo.nan)
