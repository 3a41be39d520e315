"""Files on this machine: the threads read and fold stretches of them, side by side.

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

from streamloss.exact.state import State
from streamloss.files import Batch, DataSet, Stretch

from .query import Query, Tally
from .threads import get_num_threads

T = TypeVar("T")


def fold_batches(query: Query, batches: Iterable[Batch]) -> State:
    """Return the state of batches, and say where a batch stands that is refused.

    Raises
    ------
    ValueError
        If a batch cannot be read, or the NaN policy is "raise" and a NaN comes.
    """
    tally = Tally(query)
    for batch in batches:
        try:
            tally.add(batch.rows)
        except (TypeError, ValueError) as error:
            raise ValueError(batch.refusal(error)) from error
    return tally.state


def fold(
    query: Query, data: DataSet, start: int, size: int | None
) -> Generator[tuple[int, State], None, None]:
    """Yield parts of the rows from `start` on, in order: how many rows, and their state.

    Raises
    ------
    ValueError
        As `fold_batches`.
    """
    stretches = data.side_by_side(start, get_num_threads())
    if stretches:
        yield from _fold_side_by_side(query, stretches, size)
        return
    with closing(data.batches(start, size)) as batches:
        for batch in batches:
            yield batch.length, fold_batches(query, [batch])


def _fold_side_by_side(
    query: Query, stretches: Iterable[Stretch], size: int | None
) -> Generator[tuple[int, State], None, None]:
    """Yield each stretch, folded in a thread of its own."""
    threads, ended = get_num_threads(), Event()

    def work(stretch: Stretch) -> State:
        batches = stretch.batches(size)
        return fold_batches(query, (b for b in batches if not ended.is_set()))

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
