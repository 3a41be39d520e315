"""What the footer of a Parquet file announces: its parts must not contradict each other."""

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
    """Return the row groups of a file, whose rows must add up to those of the file.

    Parameters
    ----------
    footer : Footer
        The footer of the file.

    Raises
    ------
    ValueError
        If they do not, or a group announces a negative number of rows.
    """
    group_rows = [footer.row_group(number).num_rows for number in range(footer.num_row_groups)]
    for number, rows in enumerate(group_rows):
        if rows < 0:
            raise ValueError(f"its footer announces {rows:,} rows in row group {number}")
    groups = Groups(group_rows)
    if groups.rows != footer.num_rows:
        raise ValueError(
            f"its footer announces {footer.num_rows:,} rows, and {groups.rows:,} in row groups"
        )
    return groups


def check_values(footer: Footer, run: Iterable[int], columns: dict[int, str]) -> None:
    """Refuse columns that announce more or fewer values in a row group than the group has rows.

    The groups must have been decoded, or have no rows: of others pyarrow may end the process when
    it is asked for a damaged column.

    Parameters
    ----------
    footer : Footer
        The footer of the file.
    run : iterable of int
        The numbers of the row groups.
    columns : dict of int to str
        Names of columns without levels below them, by their places.

    Raises
    ------
    ValueError
        If one does.
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


def check_lists(
    footer: Footer, run: Iterable[int], columns: dict[int, str], decoded: dict[str, int]
) -> None:
    """Refuse columns of lists that announce more or fewer values than were decoded of them.

    Parameters
    ----------
    footer : Footer
        The footer of the file.
    run : iterable of int
        The numbers of row groups that have been decoded.
    columns : dict of int to str
        Names of columns of lists, by the places of what they hold.
    decoded : dict of str to int
        How many values each of them had in these groups together.

    Raises
    ------
    ValueError
        If one does.
    """
    groups = [footer.row_group(number) for number in run]
    for place, name in columns.items():
        announced = sum(group.column(place).num_values for group in groups)
        if announced != decoded[name]:
            raise ValueError(
                f"its footer announces {announced:,} values of {name!r}, and it has"
                f" {decoded[name]:,}"
            )


def list_places(paths: Iterable[list[str]], names: Iterable[str]) -> dict[int, str]:
    """Return at which places what columns of lists hold is among all leaves, and their names.

    Examples
    --------
    >>> list_places([["y"], ["p", "list", "element"], ["q", "bag", "x", "y"]], ["p"])
    {1: 'p'}
    """
    wanted = set(names)
    return {k: path[0] for k, path in enumerate(paths) if len(path) > 1 and path[0] in wanted}


def places(paths: Iterable[list[str]], names: Iterable[str]) -> dict[int, str]:
    """Return at which places columns are among all leaves of a schema, and their names.

    Examples
    --------
    >>> places([["a", "x"], ["a", "y"], ["a.x"], ["b"]], ["b", "a.x"])
    {2: 'a.x', 3: 'b'}
    """
    wanted = {(name,): name for name in names}
    return {k: wanted[key] for k, path in enumerate(paths) if (key := tuple(path)) in wanted}
