"""Slices of dask arrays: what makes the table of a chunk, and the sum of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streamloss.arrays.batch import Arguments, any_lazy, is_lazy
from streamloss.arrays.named import unnamed
from streamloss.arrays.sets import sources_of
from streamloss.exact.state import check_state
from streamloss.exact.table import Table
from streamloss.run.query import Query, lazy

from .by import By
from .tally import SliceTally, check_cells, check_slices

if TYPE_CHECKING:
    from streamloss.run.lazy.tables import LazyTable


def are_lazy(data: Arguments, keys: Any) -> bool:
    """Return whether an argument of a call is dask's, or one of its keys."""
    return any_lazy(*data) or any([is_lazy(unnamed(key)) for key in sources_of(keys)])


def lazy_table(
    query: Query, by: By | None, data: Arguments, keys: Any
) -> tuple[LazyTable, By | None]:
    """Return the lazy table of dask arrays with their keys, and how slices are made.

    Metrics of counts have one without keys as well.

    Raises
    ------
    TypeError, ValueError
        As `evaluate`, as far as what is known of arrays tells.
    """
    asked, columns = (None, []) if by is None else by.named(keys)
    settings = query.axis, query.nan, query.rule, query.compute, tuple(asked or ())
    names, declared = ((), ()) if asked is None else (asked.names, asked.declared)
    named = list(zip(names, columns, declared, strict=True))
    work, total = _TableOfChunk(query, asked), _Total(asked)
    how = query.axis, query.compute, settings, query.reads_labels
    return lazy().table(work, total, query.losses, data, named, *how), asked


class _TableOfChunk:
    """Gives the table of a chunk."""

    def __init__(self, query: Query, by: By | None) -> None:
        self._query, self._by = query, by

    def __call__(self, data: Arguments, keys: tuple[Any, ...]) -> Table:
        """Return the table of the arrays and the keys of a chunk."""
        table = tally_of(self._query, self._by).add(data, keys, in_task=True).known
        assert isinstance(table, Table)
        return table


def tally_of(query: Query, by: By | None) -> Any:
    """Return a tally that has seen nothing, of slices or of what metrics of counts ask for."""
    if not query.countings:
        assert by is not None
        return SliceTally(query, by)
    from streamloss.run.counts.tally import CountTally  # it imports this module

    return CountTally(query, by)


class _Total:
    """Gives the sum of the tables of other tasks."""

    def __init__(self, by: By | None) -> None:
        self._by = by

    def __call__(self, *tables: Table) -> Table:
        """Return the sum of tables.

        Raises
        ------
        TypeError, ValueError
            If keys are of different kinds, or there are too many slices.
        """
        table = Table.total([check_state(table) for table in tables])
        if self._by is not None:
            check_slices(table, self._by)
        check_cells(table, self._by)
        return table
