"""Exact sums of files on this machine, by threads that read stretches of them side by side.

The thread that decodes a batch also sums it, while it is in the cache. Each has a tally of its own,
and these are merged when somebody wants the sums: for a checkpoint, or at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import chain, islice
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from streamloss.exact.state import State
from streamloss.files import Place, RowBatch, Scanner, Stretch

from .question import Question
from .threads import get_num_threads

if TYPE_CHECKING:
    from streamloss.exact.table import Table

Item = TypeVar("Item")
Pending = TypeVar("Pending")
Outcome = TypeVar("Outcome")


class Summed(NamedTuple):
    """The sums of some rows, how many they are, and how far rows are done with them.

    Without sums they are still to come, with those of rows that follow.
    """

    sums: State | Table | None
    rows: int
    done: Place


def sum_batches(asked: Question, batches: Iterable[RowBatch]) -> State | Table | None:
    """Return the sums of batches; the error of a batch says in which file and rows it stands.

    Raises
    ------
    ValueError
        If a batch cannot be read, or the NaN policy is "raise" and a NaN comes.
    """
    tally = asked.tally()
    _add_batches(asked, tally, batches)
    sums: State | Table | None = tally.known
    return sums


def _add_batches(asked: Question, tally: Any, batches: Iterable[RowBatch]) -> int:
    """Add batches to a tally, and return how many rows they have."""
    rows = 0
    for batch in batches:
        if not batch.length:  # then the sizes of axes kept may not be known
            continue
        try:
            asked.add(tally, batch.rows, batch.keys)
        except (TypeError, ValueError) as error:
            raise ValueError(batch.refusal(error)) from error
        rows += batch.length
    return rows


def sum_files(
    asked: Question,
    data: Scanner,
    start: Place,
    batch_values: int | None,
    due: Callable[[], bool],
) -> Generator[Summed, None, None]:
    """Yield what is done, in the order of the rows, and the sums of it when they are due.

    Parameters
    ----------
    asked : Question
        What is asked.
    data : Scanner
        The opened files.
    start : Place
        Which rows are done.
    batch_values : int, optional
        Most values of an input in a batch; by default what is read fastest.
    due : callable
        Returns whether the sums of all rows that are done are wanted now.

    Raises
    ------
    ValueError
        As `sum_batches`.
    """
    stretches, shared = data.side_by_side(start, get_num_threads()), Shared(asked)
    if stretches:
        yield from _side_by_side(shared, stretches, batch_values, due)
        return
    with closing(data.batches(start, batch_values)) as batches:
        yield from shared.summed(lambda batch: [batch], batches, due)


def _side_by_side(
    shared: Shared, stretches: Iterable[Stretch], batch_values: int | None, due: Callable[[], bool]
) -> Generator[Summed, None, None]:
    """Yield the sums of stretches, each of which one thread reads."""
    threads, ended = get_num_threads(), Event()

    def batches(stretch: Stretch) -> Iterator[RowBatch]:
        return (b for b in stretch.batches(batch_values) if not ended.is_set())

    with ThreadPoolExecutor(threads, thread_name_prefix="streamloss-fold") as pool:
        try:
            yield from shared.summed(batches, stretches, due, pool, 2 * threads)
        finally:
            ended.set()
            pool.shutdown(cancel_futures=True)


class Part(Protocol):
    """Some rows that one thread adds: a stretch or a batch."""

    @property
    def path(self) -> str:
        """The file they are in."""
        ...

    @property
    def done(self) -> Place:
        """How far rows are done once these are."""
        ...


P = TypeVar("P", bound=Part)


class Shared:
    """The tallies of threads, each of which adds to one at a time: together they have all rows."""

    def __init__(self, asked: Question) -> None:
        self._asked = asked
        self._tallies: list[Any] = []
        self._idle: deque[Any] = deque()
        self._kinds: Any = None

    def summed(
        self,
        batches: Callable[[P], Iterable[RowBatch]],
        parts: Iterable[P],
        due: Callable[[], bool],
        pool: ThreadPoolExecutor | None = None,
        most: int = 1,
    ) -> Generator[Summed, None, None]:
        """Yield each part that was added, in their order, and the sums of all when they are due.

        Without a pool of threads this one adds them.
        """
        rest = iter(parts)
        for first in rest:
            done = first.done
            some = chain([first], _until(rest, due))
            added = in_order(
                lambda part: _begun(pool, self._add, batches(part)),
                some,
                lambda: most,
                lambda part, result: self._checked(part, *result()),
            )
            for part, rows in added:
                done = part.done
                yield Summed(None, rows, done)
            yield Summed(self._collected(), 0, done)

    def _add(self, batches: Iterable[RowBatch]) -> tuple[int, Any]:
        """Add batches, and return how many rows they have, and of which kinds keys are."""
        try:
            tally = self._idle.pop()
        except IndexError:
            tally = self._asked.tally()
            self._tallies.append(tally)
        rows = _add_batches(self._asked, tally, batches)
        kinds = self._asked.kinds(tally)
        self._idle.append(tally)
        return rows, kinds

    def _checked(self, part: Part, rows: int, kinds: Any) -> int:
        """Return the rows of a part, refused if its keys are of other kinds than those before."""
        try:
            self._kinds = self._asked.agreed(self._kinds, kinds)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{part.path}: {error}") from error
        return rows

    def _collected(self) -> State | Table | None:
        """Return the sums of all that was added, and forget it; no thread may be adding."""
        total = self._asked.tally()
        for tally in self._tallies:
            total.merge(tally.known)
        self._tallies, self._idle = [], deque()
        sums: State | Table | None = total.known
        return sums


def _begun(
    pool: ThreadPoolExecutor | None, work: Callable[[Item], Outcome], item: Item
) -> Callable[[], Outcome]:
    """Return what waits for the outcome of work, which a pool does, or was done here."""
    if pool is not None:
        return pool.submit(work, item).result
    found = work(item)
    return lambda: found


def _until(items: Iterator[Item], due: Callable[[], bool]) -> Iterator[Item]:
    """Yield items as long as nothing is due."""
    while not due():
        try:
            yield next(items)
        except StopIteration:
            return


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
