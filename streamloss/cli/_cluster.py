"""Evaluation on a cluster: workers read and fold pieces of the files, the states are merged here.

The only module that imports distributed.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from streamloss._made_by import Task
from streamloss.accumulator import Accumulator, check_sent
from streamloss.files import DataSet, Piece, read_piece

from ._local import fold_batches, in_order

WAITING = 4
"""Pieces under way for each thread of the cluster: enough that none waits for this process."""
PIECE = 1 << 21
"""Rows of a piece, unless a batch is said to have more or fewer."""


def fold_piece(piece: Piece, losses: list[str], nan: str, batch_rows: int | None) -> Accumulator:
    """Return the accumulator of a piece; this runs on a worker.

    Raises
    ------
    ValueError
        If the piece cannot be read there, or the NaN policy is "raise" and a NaN comes.
    """
    return fold_batches(read_piece(piece, batch_rows), losses, nan)


def fold(
    address: str, data: DataSet, start: int, losses: list[str], nan: str, batch_rows: int | None
) -> Generator[tuple[int, Accumulator], None, None]:
    """Yield the pieces from row `start` on, in order: their rows and their accumulators.

    Raises
    ------
    OSError
        If there is no scheduler at the address.
    ValueError
        As `fold_piece`, or if a worker has another streamloss.
    """
    from distributed import Client
    from distributed.comm.addressing import get_address_host_port

    try:
        get_address_host_port(address)  # Client would take a minute to refuse it
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise OSError(f"--scheduler: cannot connect to {address}: {error}") from error
    with client:
        threads = max(sum(client.nthreads().values()), 1)

        def submit(piece: Piece) -> Any:
            return client.submit(Task(fold_piece), piece, losses, nan, batch_rows, pure=False)

        pieces = data.pieces(start, batch_rows or PIECE)
        for piece, part in in_order(submit, pieces, WAITING * threads):
            yield piece.stop - piece.start, check_sent(part)
