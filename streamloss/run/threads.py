"""The helper threads that share the work on large arrays, and how many there are.

Numba's own threading layers are not used: `workqueue` aborts the process when two threads
launch parallel kernels, and a forked child of `omp` is killed. Kernels here are serial and
release the GIL, so plain threads are as fast.
"""

from __future__ import annotations

import _thread
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from queue import SimpleQueue
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from streamloss.support import once
from streamloss.support.brief import brief

T = TypeVar("T")

_TINY = 5e-324

PARALLEL = 1 << 19
"""Elements from which helpers pay: waking them takes 100 us, folding this many 400
(`benchmarks/bench_losses.py`)."""

MOST = 64
"""Threads of a call at most, whatever number was set; four a core where that is more."""

_threads: int | None = None
_helpers = 0
_waiting: SimpleQueue[Any] = SimpleQueue()


def get_num_threads() -> int:
    """Return how many threads a call on a large array may use.

    The number set, else the environment variable STREAMLOSS_NUM_THREADS, else the cores this
    process may run on. In any thread but the main one it is 1: whoever runs several threads,
    as dask does, already uses the cores.

    Raises
    ------
    ValueError
        If the environment variable is no positive integer.

    Examples
    --------
    >>> get_num_threads() >= 1
    True
    """
    return 1 if is_other() else _threads or _default()


def is_other() -> bool:
    """Return whether this is another thread than the main one, which alone is interrupted."""
    return threading.current_thread() is not threading.main_thread()


def set_num_threads(number: int | None) -> None:
    """Set how many threads a call on a large array may use; None restores the default.

    It is for calls in the main thread: elsewhere every call uses one. Results do not depend on
    it, not in a single bit.

    Raises
    ------
    ValueError
        If the number is not a positive integer or None.
    """
    global _threads
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise ValueError(f"the number of threads must be an integer or None: got {brief(number)}")
    if number is not None and number < 1:
        raise ValueError(f"the number of threads must be at least 1: got {number}")
    _threads = number


def wanted(elements: int) -> int:
    """Return how many threads to use for an array of so many elements.

    Each is to have enough to do, and beyond the cores they only take memory.
    """
    if elements < PARALLEL:
        return 1
    some = elements // max(PARALLEL // 2, 1)
    return max(1, min(get_num_threads(), some, max(MOST, 4 * _cores())))


def _default() -> int:
    text = os.environ.get("STREAMLOSS_NUM_THREADS", "")
    if text:
        if not (text.isascii() and text.isdecimal()) or not 0 < len(text) < 10 or int(text) < 1:
            rule = "STREAMLOSS_NUM_THREADS must be a positive integer of at most nine digits"
            raise ValueError(f"{rule}: got {brief(text)}")
        return int(text)
    return _cores()


def _cores() -> int:
    """Return how many cores this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class Jobs(Generic[T]):
    """An iterator that several threads may draw from, as long as `open` is held."""

    def __init__(self, jobs: Iterable[T]) -> None:
        self._jobs = iter(jobs)
        self._lock, self.open = threading.Lock(), threading.Lock()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self._lock:
            if not self.open.locked():
                raise StopIteration
            return next(self._jobs)

    def end(self) -> None:
        """Let no thread draw another job."""
        self._jobs = iter(())


class _Task(Generic[T]):
    """A helper's part in a call: it begins it, or the caller takes it back."""

    def __init__(self, work: Callable[[Jobs[T]], None], jobs: Jobs[T]) -> None:
        self._work, self._jobs = work, jobs
        self._begun, self._running = threading.Lock(), threading.Lock()
        self._running.acquire()
        self.error: BaseException | None = None

    def run(self) -> None:
        """Work, unless the caller took it back; an exception ends the jobs of all threads."""
        if self._begun.acquire(blocking=False):
            try:
                self._work(self._jobs)
            except BaseException as error:
                self.error = error
                self._jobs.end()
            finally:
                self._running.release()

    def finish(self) -> None:
        """Take it back, or wait for its end if a helper has begun it."""
        if not self._begun.acquire(blocking=False):
            self._running.acquire()


def share(work: Callable[[Jobs[T]], None], jobs: Iterable[T], threads: int) -> None:
    """Run work(jobs) in this thread and in helpers, all drawing from the same jobs.

    The caller works too and would finish alone, so helpers that are busy elsewhere cost nothing.
    There are no more of them than jobs. An exception in one thread ends the others after their
    present job and is raised here. So do interrupts, as many as may come while the caller waits
    for that end: leaving the first block is one step of the interpreter, between whose parts none
    can come.
    """
    jobs = iter(jobs)
    first = list(islice(jobs, threads))
    drawn = Jobs(chain(first, jobs))
    tasks = [_Task(work, drawn) for _ in first[1:]]
    try:
        with drawn.open:
            with suppress(RuntimeError):  # no more threads, or the interpreter is ending
                _start_helpers(len(tasks))
            for task in tasks:
                _waiting.put(task)
            work(drawn)
    finally:
        for task in tasks:
            task.finish()
    for task in tasks:
        if task.error is not None:
            raise task.error


def _start_helpers(number: int) -> None:
    """Start helpers until there are so many.

    An interrupt inside `ThreadPoolExecutor` or `Thread.start` can leave a lock of theirs taken
    for ever; here an interpreter's lock alone is ever held.
    """
    global _helpers
    while _helpers < number:
        _thread.start_new_thread(_help, (_waiting,))
        _helpers += 1


def _help(waiting: SimpleQueue[_Task[Any]]) -> None:
    """Run tasks as they come."""
    while True:
        waiting.get().run()


_locks: WeakSet[Any] = WeakSet()
_awaited: WeakSet[Any] = WeakSet()
_taken: list[Any] = []


def lock(awaited: bool = False) -> Any:
    """Return a reentrant lock that is free in a forked child, whoever held it in the parent.

    If `awaited`, a fork waits until nobody holds it.
    """
    made = threading.RLock()
    _locks.add(made)
    if awaited:
        _awaited.add(made)
    return made


def _begin_fork() -> None:
    """Wait for those that change what the child would find half changed."""
    _taken.extend([each for each in list(_awaited) if each.acquire(timeout=once.PATIENCE)])


def _end_fork() -> None:
    while _taken:
        _taken.pop().release()


def _forget() -> None:
    """In a forked child there are no helpers, and no thread that would give back a lock."""
    global _helpers, _waiting
    _helpers, _waiting = 0, SimpleQueue()
    _taken.clear()
    for each in _locks:
        each._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    # after `once`, so that it waits before that keeps helpers from finishing
    os.register_at_fork(before=_begin_fork, after_in_parent=_end_fork, after_in_child=_forget)


def check_subnormals() -> None:
    """Refuse to run in a thread that flushes subnormal numbers to zero.

    Raises
    ------
    RuntimeError
        If it does, as `torch.set_flush_denormal(True)` makes it.
    """
    if _TINY * 1.0 == 0.0:
        raise RuntimeError(
            "this thread flushes subnormal numbers to zero, which falsifies sums: turn it off,"
            " for instance by torch.set_flush_denormal(False)"
        )
