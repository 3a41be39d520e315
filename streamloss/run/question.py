"""What is asked of columns: a query, and the keys that make slices, if there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from streamloss.exact.seen import count_rows
from streamloss.exact.state import State

from .query import Query, Tally

if TYPE_CHECKING:
    from streamloss.arrays.batch import Arguments
    from streamloss.exact.table import Table

    from .slices.by import By
    from .slices.columns import KeyColumns


class Question(NamedTuple):
    """What is asked of columns.

    Attributes
    ----------
    query : Query
        What is asked of their rows.
    keys : KeyColumns, optional
        How slices are made of them.
    """

    query: Query
    keys: KeyColumns | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that have keys."""
        return () if self.keys is None else self.keys.columns

    @property
    def by(self) -> By | None:
        """How slices are made, None if there are none."""
        return None if self.keys is None else self.keys.by

    def tally(self) -> Any:
        """Return a tally of no rows: a `Tally`, a `SliceTally` or, of counts, a `CountTally`."""
        if self.query.countings:
            from .counts.tally import CountTally  # with numba, on first use

            return CountTally(self.query, self.by)
        if self.keys is None:
            return Tally(self.query)
        from .slices.tally import SliceTally  # with numba, on first use

        return SliceTally(self.query, self.keys.by)

    def add(self, tally: Any, rows: Arguments, keys: tuple[Any, ...]) -> None:
        """Add some rows of columns to a tally.

        Raises
        ------
        TypeError, ValueError
            As `evaluate`.
        """
        if self.keys is None:
            tally.add(rows)
        else:
            tally.add(rows, self.keys.read(keys))

    def kinds(self, tally: Any) -> Any:
        """Return of which kinds the keys are that a tally has seen; None of none."""
        return None if self.keys is None else tally.kinds

    def agreed(self, before: Any, kinds: Any) -> Any:
        """Return the kinds of keys of some rows and others.

        Raises
        ------
        TypeError, ValueError
            If they do not go together.
        """
        if before is None or kinds is None:
            return before or kinds
        from .slices.tally import as_one_kind

        triples = zip(self.keys.by.names if self.keys else (), before, kinds, strict=True)
        return tuple([as_one_kind(*each) for each in triples])

    def count(self, sums: State | Table | None) -> int:
        """Return how many rows sums are of."""
        if sums is None:
            return 0
        if isinstance(sums, State):
            return count_rows(sums, self.query.axis)
        return int(sums.rows().sum())
