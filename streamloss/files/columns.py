"""What the readers of files share: which column plays which part, and the rows they hand on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from .reading import Stamp


class Columns(NamedTuple):
    """The part that each column plays: names of Parquet columns, or of files of arrays."""

    true: str
    pred: str | None = None
    weights: str | None = None
    where: str | None = None

    def named(self) -> dict[str, str]:
        """Return the names given, by the option that gave them."""
        return {f"--{part}": name for part, name in self._asdict().items() if name is not None}


class Rows(NamedTuple):
    """Some rows, in the order of the arguments of `Accumulator.update`."""

    y_true: NDArray[Any]
    y_pred: NDArray[Any] | None
    weights: NDArray[Any] | None
    where: NDArray[Any] | None


class Part(Protocol):
    """A file, or arrays in several files, whose rows can be read from any row on."""

    paths: tuple[str, ...]
    stamps: tuple[Stamp, ...]
    """Those of its files when it was opened."""
    rows: int
    """The rows that it announces."""
    decoded: bool
    """Whether reading is work, which another thread may do meanwhile."""

    def size(self, threads: bool) -> int:
        """Return how many values a column of a batch best has, for `read` with these threads."""
        ...

    def read(
        self, start: int, stop: int, size: int, threads: bool
    ) -> Iterator[tuple[int, Iterator[Rows]]]:
        """Yield the rows from `start` to `stop` in runs: how many it announces, and they.

        They come at most `size` values a column at a time. What comes is counted by `Stretch`, so
        all that is there must be handed on, be it too much or too little. With `threads` it may
        use others than the one that calls; without, rows may be gone once the next are asked for.
        """
        ...

    def cuts(self, size: int) -> Iterable[int]:
        """Return rows from which reading can begin as fast as from 0, at least `size` apart."""
        ...


def listing(names: Iterable[str], wanted: str, most: int = 12) -> str:
    """Name what exists, at most so many, those most like the wanted name first.

    Examples
    --------
    >>> listing(["carrier", "distance", "arr_delay"], "arr_dealy", most=2)
    'arr_delay, carrier and 1 more'
    """
    names = list(names)
    near = difflib.get_close_matches(wanted, names, most)
    ordered = near + [name for name in names if name not in near]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(ordered[:most]) or "nothing") + more
