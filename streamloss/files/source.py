"""What the module of a format gives: an opened file, whose rows can be read from any one on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from .columns import Arrays, Columns
from .reading import Refused, Stamp


class Reading(NamedTuple):
    """What else is known of files that are read together.

    Attributes
    ----------
    types : mapping of str to str
        The types of columns of files that have none, by Arrow's names for them.
    widths : dict of str to int
        How many values a row has of each column of lists, the same in all files. They are noted
        while files are opened, from the first rows that tell.
    untold : dict of str to str
        Columns of lists of which the first rows of a file are null, and how a file says so.
    folders : mapping of str to str
        The kinds of keys that the names of folders have, by the names of the columns.
    """

    types: Mapping[str, str]
    widths: dict[str, int]
    untold: dict[str, str]
    folders: Mapping[str, str]

    @classmethod
    def of(
        cls, types: Mapping[str, str] | None = None, folders: Mapping[str, str] | None = None
    ) -> Reading:
        """Return what is known before any file is opened."""
        return cls(types or {}, {}, {}, folders or {})

    def check_told(self) -> None:
        """Refuse columns of lists of which no opened file has told how long they are.

        Raises
        ------
        ValueError
            If there is one.
        """
        for name, text in self.untold.items():
            if name not in self.widths:
                raise Refused(text)


class Source(Protocol):
    """An opened file, or arrays in several files, whose rows can be read from any row on."""

    paths: tuple[str, ...]
    """Its files."""
    stamps: tuple[Stamp, ...]
    """The stamps of its files when it was opened."""
    columns: Columns
    """The columns that are read."""
    rows: int | None
    """How many rows it announces; None if only reading it to its end tells."""
    decoded: bool
    """Whether its bytes are decoded, work that another thread can do ahead."""

    def best_batch(self, use_threads: bool) -> int:
        """Return how many values of an input a batch should have to be read fastest."""
        ...

    def read(
        self, start: int, stop: int | None, batch_values: int, use_threads: bool
    ) -> Iterator[tuple[int | None, Iterator[Arrays]]]:
        """Yield the rows from `start` to `stop` in runs: how many are announced, and the rows.

        All rows that are found must be handed on, be they too many or too few: `Stretch` counts
        them and refuses the file where they are not as many as announced.

        Parameters
        ----------
        start, stop : int
            The first row, and the one after the last: None for all that follow, where the source
            announces none.
        batch_values : int
            Most values of an input in a batch.
        use_threads : bool
            Whether other threads may decode. If not, the next batch may be read into the memory
            of the one before.
        """
        ...

    def cuts(self, values: int) -> Iterable[int]:
        """Return rows from which reading can begin as fast as from row 0.

        An input has at least so many values from one of them to the next.
        """
        ...


class FormatModule(Protocol):
    """The module of a format."""

    @staticmethod
    def open_table(path: str, columns: Columns, reading: Reading) -> Source:
        """Return a file opened for reading these columns.

        Raises
        ------
        ValueError
            If it cannot be read, lacks a column or has no numbers in it.
        """
        ...

    @staticmethod
    def column_names(path: str, reading: Reading) -> list[str]:
        """Return the names of all columns of a file."""
        ...
