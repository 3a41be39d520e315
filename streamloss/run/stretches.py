"""Exact sums of files on this machine, by threads that read stretches of them side by side.

The thread that decodes a batch also sums it, while it is in the cache. Only the states of the
stretches are handed over, in the order of the rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from threading import Event
from typing import NamedTuple, TypeVar

from streamloss.exact.seen import count_rows
from streamloss.exact.state import State
from streamloss.files import Place, RowBatch, Scanner, Stretch

from .query import Query, Tally
from .threads import get_num_threads

Item = TypeVar("Item")
Pending = TypeVar("Pending")
Outcome = TypeVar("Outcome")


class Summed(NamedTuple):
    """The state of some rows, how many they are, and how far rows are done with them."""

    state: State
    rows: int
    done: Place


def summed(query: Query, state: State, done: Place) -> Summed:
    """Return the state of rows with their number, which the state has counted."""
    return Summed(state, count_rows(state, query.axis), done)


def sum_batches(query: Query, batches: Iterable[RowBatch]) -> State:
    """Return the state of batches; the error of a batch says in which file and rows it stands.

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


def sum_files(
    query: Query, data: Scanner, start: Place, batch_values: int | None
) -> Generator[Summed, None, None]:
    """Yield the sums of the next stretch or batch, in the order of the rows.

    Parameters
    ----------
    query : Query
        What is asked.
    data : Scanner
        The opened files.
    start : Place
        Which rows are done.
    batch_values : int, optional
        Most values of an input in a batch; by default what is read fastest.

    Raises
    ------
    ValueError
        As `sum_batches`.
    """
    stretches = data.side_by_side(start, get_num_threads())
    if stretches:
        yield from _sum_side_by_side(query, stretches, batch_values)
        return
    with closing(data.batches(start, batch_values)) as batches:
        for batch in batches:
            yield summed(query, sum_batches(query, [batch]), batch.done)


def _sum_side_by_side(
    query: Query, stretches: Iterable[Stretch], batch_values: int | None
) -> Generator[Summed, None, None]:
    """Yield the sums of each stretch, which one thread makes."""
    threads, ended = get_num_threads(), Event()

    def sum_stretch(stretch: Stretch) -> State:
        batches = stretch.batches(batch_values)
        return sum_batches(query, (b for b in batches if not ended.is_set()))

    def submit(stretch: Stretch) -> Future[State]:
        return pool.submit(sum_stretch, stretch)

    with ThreadPoolExecutor(threads, thread_name_prefix="streamloss-fold") as pool:
        try:
            states = in_order(
                submit, stretches, lambda: 2 * threads, lambda _, future: future.result()
            )
            for stretch, state in states:
                yield summed(query, state, stretch.done)
        finally:
            ended.set()
            pool.shutdown(cancel_futures=True)


def in_order(
    submit: Callable[[Item], Pending],
    items: Iterable[Item],
    most: Callable[[], int],
    result: Callable[[Item, Pending], Outcome],
) -> Generator[tuple[Item, Outcome], None, None]:
    """Submit items to others, and yield each item with its result, in the order of the items.

    Parameters
    ----------
    submit : callable
        Has an item worked on, and returns its future.
    items : iterable
        The items.
    most : callable
        Returns how many items may be under way at once.
    result : callable
        Waits for the future of an item and returns its result.
    """
    rest = iter(items)
    under_way: deque[tuple[Item, Pending]] = deque()

    def fill() -> None:
        more = islice(rest, max(0, most() - len(under_way)))
        under_way.extend((item, submit(item)) for item in more)

    fill()
    while under_way:
        item, future = under_way.popleft()
        outcome = result(item, future)
        fill()
        yield item, outcome
