"""Files on a cluster: workers read and fold pieces of the files, the states are merged here.

The only module that imports distributed.
"""

from __future__ import annotations

import logging
import pickle
import time
import warnings
from asyncio import CancelledError
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError as Cancelled
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple
from uuid import uuid4

from streamloss.exact.state import State, check_state
from streamloss.files import DataSet, Piece, Refused, read_piece, why
from streamloss.support.maker import Task

from .query import Query
from .stretches import fold_batches, in_order

WAITING = 4
"""Pieces under way for each thread of the cluster: enough that none waits for this process."""
PIECE = 1 << 21
"""Rows of a piece, unless a batch is said to have more or fewer."""
CONNECT = 10.0
"""Seconds in which a scheduler must answer."""
ASK = 1.0
"""Seconds after which the scheduler is asked again for its workers."""
BACK = 10.0
"""Seconds in which workers that died are back where somebody restarts them."""
LONG = 60.0
"""Seconds after which it is said that a piece is waited for although there are workers."""


def fold_piece(query: Query, piece: Piece, batch_rows: int | None) -> State:
    """Return the state of a piece; this runs on a worker.

    Raises
    ------
    ValueError
        If the piece cannot be read there, or the NaN policy is "raise" and a NaN comes.
    """
    try:
        return fold_batches(query, read_piece(piece, batch_rows))
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # of which distributed's client waits for ever
        raise RuntimeError(why(error)) from error


class _Call(NamedTuple):
    """The arguments of `fold_piece`; to unpickle it is to call that, and gives its result.

    A task that is a function of streamloss would be unpickled when a worker hears of it, which
    ends a worker that has no streamloss. Now that is an error of the task.
    """

    query: Query
    piece: Piece
    batch_rows: int | None

    def __reduce__(self) -> tuple[Any, ...]:
        return Task(fold_piece), tuple(self)


def fold(
    query: Query,
    data: DataSet,
    start: int,
    batch_rows: int | None,
    address: str,
    timeout: float | None,
    say: Callable[[str], object],
) -> Generator[tuple[int, State], None, None]:
    """Yield the pieces from row `start` on, in order: their rows and their states.

    Workers may come and go meanwhile; `say` is told, in one line, what is waited for.

    Raises
    ------
    OSError
        If there is no scheduler at the address.
    ValueError
        As `fold_piece`; if a worker or the scheduler fails or has another streamloss, or nothing
        comes for `timeout` seconds.
    """
    with _silence(), _connected(address, min(CONNECT, timeout or CONNECT)) as client:
        cluster = _Cluster(client, address, timeout, say)

        def submit(piece: Piece) -> Any:
            with cluster.explained(piece):
                call = pickle.dumps(_Call(query, piece, batch_rows))
                return client.submit(pickle.loads, call, key=f"fold_piece-{uuid4()}")

        pieces = data.pieces(start, batch_rows or PIECE)
        for piece, part in in_order(submit, pieces, cluster.room, cluster.result):
            yield piece.stop - piece.start, part
        data.check_same()


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what libraries log and warn of off stderr: what fails is said in one line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextmanager
def _connected(address: str, seconds: float) -> Iterator[Any]:
    """Give a client of the scheduler, which must answer in so many seconds."""
    from distributed.comm.addressing import get_address_host_port
    from distributed.security import Security

    try:
        get_address_host_port(address)  # Client would take a minute to refuse it
        certified = Security().get_connection_args("client")["ssl_context"]
        if address.startswith("tls:") and certified is None:
            raise ValueError("dask's configuration names no certificates (distributed.comm.tls)")
        client = _client(address, seconds)
    except Exception as error:
        raise OSError(f"--scheduler: cannot connect to {address}: {why(error)}") from error
    try:
        yield client
    finally:
        with suppress(Exception):  # the scheduler may be gone
            client.close(timeout=CONNECT)


def _client(address: str, seconds: float) -> Any:
    """Make a client, in a thread: it waits forever for what is no scheduler but listens."""
    from distributed import Client

    made: SimpleQueue[Any] = SimpleQueue()

    def connect() -> None:
        try:
            made.put(Client(address, timeout=seconds, set_as_default=False))
        except Exception as error:
            made.put(error)

    Thread(target=connect, daemon=True).start()
    try:
        client = made.get(timeout=seconds + ASK)
    except Empty:
        raise TimeoutError(f"no scheduler answered in {seconds:g} s") from None
    if isinstance(client, Exception):
        raise client
    return client


class _Cluster:
    """The workers of a scheduler, and how long they are waited for."""

    def __init__(
        self, client: Any, address: str, timeout: float | None, say: Callable[[str], object]
    ) -> None:
        self._client, self._address, self._timeout = client, address, timeout
        self._tell = say
        self._threads, self._asked = 0, -ASK
        self._seen = -BACK
        self._said = ""

    def room(self) -> int:
        """Return how many pieces may be under way."""
        with self.explained():
            return WAITING * max(1, self._count())

    def _count(self) -> int:
        """Return how many threads the workers have, or had a moment ago."""
        if time.monotonic() - self._asked >= ASK:
            self._threads = self._ask()
            self._asked = time.monotonic()
            self._seen = self._asked if self._threads else self._seen
        return self._threads

    def _ask(self) -> int:
        """Ask the scheduler how many threads the workers have."""
        if self._client.status != "running":
            raise Cancelled
        seconds = min(CONNECT, self._timeout or CONNECT)
        try:
            workers = self._client.sync(self._client.scheduler.ncores, callback_timeout=seconds)
        except TimeoutError:
            raise Refused(f"--scheduler: no answer from {self._address} in {seconds:g} s") from None
        return sum(workers.values())

    def result(self, piece: Piece, future: Any) -> State:
        """Return what a piece gives, and say what is waited for meanwhile."""
        begun = time.monotonic()
        with self.explained(piece):
            while not self._is_done(future):
                waited = time.monotonic() - begun
                threads = self._count()
                if time.monotonic() - self._seen > BACK:
                    self._say(f"waiting for workers: {self._address} has none")
                elif waited > LONG:
                    self._say(f"waiting for {_name(piece)}, which a worker has")
                if self._timeout is not None and waited > self._timeout:
                    raise Refused(
                        f"--timeout: nothing came for {self._timeout:g} s from {self._address},"
                        f" whose workers have {threads} threads"
                    )
            self._said = ""
            return check_state(future.result())

    def _is_done(self, future: Any) -> bool:
        """Wait for a future, but no longer than until the workers are to be counted again."""
        with suppress(TimeoutError):  # as its task may have raised, too
            future.exception(timeout=min(ASK, self._timeout or ASK))
        return bool(future.status != "pending")

    def _say(self, text: str) -> None:
        """Say what is waited for, once each time."""
        if text != self._said:
            self._said = text
            self._tell(text)

    @contextmanager
    def explained(self, piece: Piece | None = None) -> Iterator[None]:
        """Turn what goes wrong on the cluster, with a piece, into one line."""
        from distributed import KilledWorker

        of = _name(piece) if piece else "its workers"

        try:
            yield
        except (Cancelled, CancelledError) as error:
            raise Refused(f"--scheduler: the connection to {self._address} was lost") from error
        except KilledWorker as error:
            raise Refused(
                f"--scheduler: {error.allowed_failures + 1} workers died of {of}, the"
                f" last one {error.last_worker.address}: its log says why; it may lack memory"
            ) from error
        except (ImportError, AttributeError) as error:
            raise Refused(
                f"--scheduler: a worker lacks what this process has: {why(error)}; install the"
                " same version of streamloss[cli] there"
            ) from error
        except MemoryError as error:
            raise Refused(
                f"--scheduler: a worker has not enough memory for {of}; --batch-rows"
                " makes batches smaller"
            ) from error
        except (TypeError, ValueError):
            raise
        except Exception as error:
            raise Refused(f"--scheduler: a worker failed on {of}: {why(error)}") from error


def _name(piece: Piece) -> str:
    """Say which rows a piece has."""
    return f"{piece.path or piece.columns.true}, rows {piece.start:,} to {piece.stop - 1:,}"
