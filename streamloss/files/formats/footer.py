"""What the footer of a Parquet file announces, checked against itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from .rowgroups import Groups


class Footer(Protocol):
    """A footer as pyarrow reads it, a `pyarrow.parquet.FileMetaData`."""

    num_rows: int
    num_row_groups: int

    def row_group(self, number: int, /) -> Any:
        """Return what is said of a row group."""
        ...


def read_groups(footer: Footer) -> Groups:
    """Return the row groups, whose sizes must agree with that of the file.

    Parameters
    ----------
    footer : Footer
        That of a file.

    Raises
    ------
    ValueError
        If they disagree, or one is negative.
    """
    sizes = [footer.row_group(number).num_rows for number in range(footer.num_row_groups)]
    for number, rows in enumerate(sizes):
        if rows < 0:
            raise ValueError(f"its footer announces {rows:,} rows in row group {number}")
    groups = Groups(sizes)
    if groups.rows != footer.num_rows:
        raise ValueError(
            f"its footer announces {footer.num_rows:,} rows, and {groups.rows:,} in row groups"
        )
    return groups


def check_values(footer: Footer, run: Iterable[int], columns: dict[int, str]) -> None:
    """Refuse flat columns that announce another number of values or nulls than their groups rows.

    It is for groups that were decoded, and those of no rows, which nobody decodes: of others
    pyarrow may end the process when it is asked for damaged columns.

    Parameters
    ----------
    footer : Footer
        That of a file.
    run : iterable of int
        The row groups.
    columns : dict of int to str
        Names of columns, by their places.

    Raises
    ------
    ValueError
        If they disagree.
    """
    for number in run:
        group = footer.row_group(number)
        rows = group.num_rows
        for place, name in columns.items():
            if (values := group.column(place).num_values) != rows:
                raise ValueError(
                    f"its footer announces {rows:,} rows in row group {number},"
                    f" and {values:,} values of {name!r}"
                )


def places(paths: Iterable[list[str]], names: Iterable[str]) -> dict[int, str]:
    """Return where the columns of these names are among all leaves of a schema.

    Examples
    --------
    >>> places([["a", "x"], ["a", "y"], ["a.x"], ["b"]], ["b", "a.x"])
    {2: 'a.x', 3: 'b'}
    """
    wanted = {(name,): name for name in names}
    return {k: wanted[key] for k, path in enumerate(paths) if (key := tuple(path)) in wanted}
