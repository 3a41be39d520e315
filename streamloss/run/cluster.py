"""Exact sums of files on a cluster of dask, whose workers read stretches of them.

Only the states of the stretches come back. The only module that imports distributed.
"""

from __future__ import annotations

import pickle
import time
from asyncio import CancelledError
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError as Cancelled
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from streamloss.exact.state import State, check_state
from streamloss.exact.table import Table
from streamloss.files import Place, Refused, RemoteStretch, Scanner, why
from streamloss.support.maker import Task

from .question import Question
from .stretches import Summed, in_order, sum_batches

if TYPE_CHECKING:
    from distributed import Client, Future

Sums = State | Table | None
"""The sums of a stretch; None if it has no rows and nobody knows the sizes of axes."""

STRETCHES_A_THREAD = 4
"""Stretches under way for each thread of the workers, so that no thread waits for this process."""
REMOTE_VALUES = 1 << 21
"""Values of an input in a stretch for a worker, where `batch_values` does not say how many."""
CONNECT_SECONDS = 10.0
"""Seconds in which a scheduler must answer."""
POLL_SECONDS = 1.0
"""Seconds from one question to the scheduler for its workers to the next."""
RESTART_SECONDS = 10.0
"""Seconds without workers after which the user is told: a restarted worker is back before."""
LONG_SECONDS = 60.0
"""Seconds without the next result after which the user is told, although there are workers."""


def sum_remote(
    asked: Question, stretch: RemoteStretch, batch_values: int | None
) -> State | Table | None:
    """Return the sums of a stretch; this runs on a worker.

    Raises
    ------
    ValueError
        If the stretch cannot be read there, or the NaN policy is "raise" and a NaN comes.
    """
    try:
        return sum_batches(asked, stretch.batches(batch_values))
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the client of distributed would wait for its result forever
        raise RuntimeError(why(error)) from error


class _Call(NamedTuple):
    """The arguments of `sum_remote`. To unpickle it calls `sum_remote` and gives the result.

    A task that is a function of streamloss is unpickled as soon as a worker is told of it, which
    ends a worker without streamloss. The task is `pickle.loads` instead, and the missing package an
    error of the task.
    """

    asked: Question
    stretch: RemoteStretch
    batch_values: int | None

    def __reduce__(self) -> tuple[Task[..., Sums], tuple[object, ...]]:
        return Task(sum_remote), tuple(self)


def sum_on_cluster(
    asked: Question,
    data: Scanner,
    start: Place,
    batch_values: int | None,
    address: str,
    timeout: float | None,
    say: Callable[[str], object],
) -> Generator[Summed, None, None]:
    """Yield the sums of each stretch, in the order of the rows.

    Parameters
    ----------
    asked : Question
        What is asked.
    data : Scanner
        The opened files, which workers must see under the same paths.
    start : Place
        Which rows are done.
    batch_values : int, optional
        Most values of an input in a batch; by default what is read fastest.
    address : str
        The address of the scheduler. Workers may come and go.
    timeout : float, optional
        Most seconds to wait for the next state.
    say : callable
        Is told, in one line, what is waited for.

    Raises
    ------
    OSError
        If there is no scheduler at the address.
    ValueError
        As `sum_remote`; if a worker or the scheduler fails or has another streamloss, or nothing
        comes for `timeout` seconds.
    """
    seconds = min(CONNECT_SECONDS, timeout or CONNECT_SECONDS)
    with _connected(address, seconds) as client:
        cluster = _Cluster(client, address, timeout, say)

        def submit(stretch: RemoteStretch) -> Future[Sums]:
            with cluster.explained(stretch):
                call = pickle.dumps(_Call(asked, stretch, batch_values))
                key = f"fold_piece-{uuid4()}"  # "fold_piece" is the name on dask's dashboard
                return client.submit(pickle.loads, call, key=key)

        stretches = data.remote_stretches(start, batch_values or REMOTE_VALUES)
        for stretch, sums in in_order(submit, stretches, cluster.most, cluster.result):
            yield Summed(sums, asked.count(sums), stretch.done)
        data.check_same()


@contextmanager
def _connected(address: str, seconds: float) -> Iterator[Client]:
    """Connect to the scheduler, which must answer in so many seconds, and give the client."""
    from distributed.comm.addressing import get_address_host_port
    from distributed.security import Security

    try:
        get_address_host_port(address)  # raises at once, where Client takes a minute
        certified = Security().get_connection_args("client")["ssl_context"]
        if address.startswith("tls:") and certified is None:
            raise ValueError("dask's configuration names no certificates (distributed.comm.tls)")
        client = _client(address, seconds)
    except Exception as error:
        raise OSError(f"scheduler: cannot connect to {address}: {why(error)}") from error
    try:
        yield client
    finally:
        with suppress(Exception):  # the scheduler may be gone
            client.close(timeout=CONNECT_SECONDS)


def _client(address: str, seconds: float) -> Client:
    """Make a client.

    It is made in a thread, which is left alone after so many seconds: where something else than a
    scheduler listens at the address, to make a client takes forever.
    """
    from distributed import Client

    made: SimpleQueue[Client | Exception] = SimpleQueue()

    def connect() -> None:
        try:
            made.put(Client(address, timeout=seconds, set_as_default=False))
        except Exception as error:
            made.put(error)

    Thread(target=connect, daemon=True).start()
    try:
        client = made.get(timeout=seconds + POLL_SECONDS)
    except Empty:
        raise TimeoutError(f"no scheduler answered in {seconds:g} s") from None
    if isinstance(client, Exception):
        raise client
    return client


class _Cluster:
    """The workers of a scheduler, and how long they are waited for."""

    def __init__(
        self, client: Client, address: str, timeout: float | None, say: Callable[[str], object]
    ) -> None:
        self._client, self._address, self._timeout = client, address, timeout
        self._tell = say
        self._threads, self._asked = 0, -POLL_SECONDS
        self._seen = -RESTART_SECONDS
        self._said = ""

    def most(self) -> int:
        """Return how many stretches may be under way at once."""
        with self.explained():
            return STRETCHES_A_THREAD * max(1, self._count())

    def _count(self) -> int:
        """Return how many threads the workers have, or had when last asked."""
        if time.monotonic() - self._asked >= POLL_SECONDS:
            self._threads = self._ask()
            self._asked = time.monotonic()
            self._seen = self._asked if self._threads else self._seen
        return self._threads

    def _ask(self) -> int:
        """Ask the scheduler how many threads the workers have."""
        scheduler = self._client.scheduler
        if self._client.status != "running" or scheduler is None:
            raise Cancelled
        seconds = min(CONNECT_SECONDS, self._timeout or CONNECT_SECONDS)
        try:
            workers = self._client.sync(scheduler.ncores, callback_timeout=seconds)
        except TimeoutError:
            raise Refused(f"scheduler: no answer from {self._address} in {seconds:g} s") from None
        return sum(workers.values())

    def result(self, stretch: RemoteStretch, future: Future[Sums]) -> Sums:
        """Return the sums of a stretch, and tell what is waited for meanwhile."""
        begun = time.monotonic()
        with self.explained(stretch):
            while not self._is_done(future):
                waited = time.monotonic() - begun
                threads = self._count()
                if time.monotonic() - self._seen > RESTART_SECONDS:
                    self._say(f"waiting for workers: {self._address} has none")
                elif waited > LONG_SECONDS:
                    self._say(f"waiting for {stretch}, which a worker has")
                if self._timeout is not None and waited > self._timeout:
                    raise Refused(
                        f"timeout: nothing came for {self._timeout:g} s from {self._address},"
                        f" whose workers have {threads} threads"
                    )
            self._said = ""
            sums = future.result()
            return None if sums is None else check_state(sums)

    def _is_done(self, future: Future[Sums]) -> bool:
        """Wait for a future, at most until workers are counted again; return whether it is done."""
        with suppress(TimeoutError):  # raised by tasks as well, so only the status tells
            future.exception(timeout=min(POLL_SECONDS, self._timeout or POLL_SECONDS))
        return bool(future.status != "pending")

    def _say(self, text: str) -> None:
        """Tell what is waited for, unless that was said last."""
        if text != self._said:
            self._said = text
            self._tell(text)

    @contextmanager
    def explained(self, stretch: RemoteStretch | None = None) -> Iterator[None]:
        """Turn errors of the cluster, with a stretch or in general, into one line each."""
        from distributed import KilledWorker

        of = stretch or "its workers"
        try:
            yield
        except (Cancelled, CancelledError) as error:
            raise Refused(f"scheduler: the connection to {self._address} was lost") from error
        except KilledWorker as error:
            raise Refused(
                f"scheduler: {error.allowed_failures + 1} workers died of {of}, the"
                f" last one {error.last_worker.address}: its log says why; it may lack memory"
            ) from error
        except (ImportError, AttributeError) as error:
            raise Refused(
                f"scheduler: a worker lacks what this process has: {why(error)}; install the"
                " same version of streamloss[cli] there"
            ) from error
        except MemoryError as error:
            raise Refused(
                f"scheduler: a worker has not enough memory for {of}; fewer rows in a batch take"
                " less"
            ) from error
        except (TypeError, ValueError):
            raise
        except Exception as error:
            raise Refused(f"scheduler: a worker failed on {of}: {why(error)}") from error
