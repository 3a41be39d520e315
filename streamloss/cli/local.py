"""Evaluation on this machine: the threads read and fold stretches of the files, side by side.

What a thread decodes it folds while the cache still has it, and nothing is handed over but the
states, merged here in the order of the rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from threading import Event
from typing import Any, TypeVar

from streamloss.accumulator import Accumulator
from streamloss.files import Batch, DataSet, Stretch
from streamloss.run.threads import get_num_threads

T = TypeVar("T")


def fold_batches(batches: Iterable[Batch], losses: list[str], nan: str) -> Accumulator:
    """Return the accumulator of batches, and say where a batch stands that it refuses.

    Raises
    ------
    ValueError
        If a batch cannot be read, or the NaN policy is "raise" and a NaN comes.
    """
    accumulator = Accumulator(losses, nan=nan)
    for batch in batches:
        y_true, y_pred, weights, where = batch.rows
        try:
            accumulator.update(y_true, y_pred, weights, where=where)
        except (TypeError, ValueError) as error:
            raise ValueError(batch.refusal(error)) from error
    return accumulator


def fold(
    data: DataSet, start: int, losses: list[str], nan: str, size: int | None
) -> Generator[tuple[int, Accumulator], None, None]:
    """Yield parts of the rows from `start` on, in order: how many rows, and their accumulator.

    Raises
    ------
    ValueError
        As `fold_batches`.
    """
    stretches = data.side_by_side(start, get_num_threads())
    if stretches:
        yield from _fold_side_by_side(stretches, losses, nan, size)
        return
    with closing(data.batches(start, size)) as batches:
        for batch in batches:
            yield batch.length, fold_batches([batch], losses, nan)


def _fold_side_by_side(
    stretches: Iterable[Stretch], losses: list[str], nan: str, size: int | None
) -> Generator[tuple[int, Accumulator], None, None]:
    """Yield each stretch, folded in a thread of its own."""
    threads, ended = get_num_threads(), Event()

    def work(stretch: Stretch) -> Accumulator:
        batches = stretch.batches(size)
        return fold_batches((b for b in batches if not ended.is_set()), losses, nan)

    with ThreadPoolExecutor(threads, thread_name_prefix="streamloss-fold") as pool:
        try:
            futures = in_order(lambda s: pool.submit(work, s), stretches, lambda: 2 * threads)
            for stretch, part in futures:
                yield stretch.rows, part
        finally:
            ended.set()
            pool.shutdown(cancel_futures=True)


def in_order(
    submit: Callable[[T], Any],
    items: Iterable[T],
    room: Callable[[], int],
    result: Callable[[T, Any], Any] = lambda item, future: future.result(),
) -> Generator[tuple[T, Any], None, None]:
    """Submit items, at most so many at once, and yield each with the result of its future."""
    rest = iter(items)
    under_way: deque[tuple[T, Any]] = deque()

    def fill() -> None:
        more = islice(rest, max(0, room() - len(under_way)))
        under_way.extend((item, submit(item)) for item in more)

    fill()
    while under_way:
        item, future = under_way.popleft()
        outcome = result(item, future)
        fill()
        yield item, outcome
