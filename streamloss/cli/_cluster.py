"""Evaluation on a cluster: workers read and fold pieces of the files, the states are merged here.

The only module that imports distributed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any

from streamloss.accumulator import Accumulator
from streamloss.files import DataSet, Piece, read_piece

WAITING = 4
"""Pieces under way for each thread of the cluster: enough that none waits for this process."""


def fold_piece(piece: Piece, losses: list[str], nan: str, batch_rows: int) -> Accumulator:
    """Return the accumulator of a piece; this runs on a worker.

    Raises
    ------
    ValueError
        If the piece cannot be read there, or the NaN policy is "raise" and a NaN comes.
    """
    accumulator = Accumulator(losses, nan=nan)
    for batch in read_piece(piece, batch_rows):
        add(accumulator, batch)
    return accumulator


def add(accumulator: Accumulator, batch: Any) -> None:
    """Add a batch, and say where it stands if it cannot be.

    Raises
    ------
    ValueError
        If the accumulator refuses it.
    """
    y_true, y_pred, weights, where = batch.rows
    try:
        accumulator.update(y_true, y_pred, weights, where=where)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{batch.origin}: {error}") from error


def fold(
    address: str, data: DataSet, start: int, losses: list[str], nan: str, batch_rows: int
) -> Generator[tuple[int, Accumulator], None, None]:
    """Yield the pieces from row `start` on, in order: their rows and their accumulators.

    Raises
    ------
    OSError
        If there is no scheduler at the address.
    ValueError
        As `fold_piece`.
    """
    from distributed import Client
    from distributed.comm.addressing import get_address_host_port

    try:
        get_address_host_port(address)  # Client would take a minute to refuse it
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise OSError(f"--scheduler: cannot connect to {address}: {error}") from error
    with client:
        pieces = iter(data.pieces(start, batch_rows))
        threads = sum(client.nthreads().values())
        under_way: deque[tuple[int, Any]] = deque()

        def submit() -> None:
            for piece in pieces:
                future = client.submit(fold_piece, piece, losses, nan, batch_rows, pure=False)
                under_way.append((piece.stop - piece.start, future))
                return

        for _ in range(WAITING * max(threads, 1)):
            submit()
        while under_way:
            rows, future = under_way.popleft()
            yield rows, future.result()
            submit()
