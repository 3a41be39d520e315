"""What the footer of a Parquet file announces, checked against itself before anything is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ._groups import Groups


def check_groups(footer: Any, columns: dict[int, str]) -> Groups:
    """Return the row groups, whose sizes must agree with the file's and with their columns'.

    Parameters
    ----------
    footer : pyarrow.parquet.FileMetaData
        The footer.
    columns : dict of int to str
        The flat columns that are used, by their places; each has a value or a null in every row.

    Raises
    ------
    ValueError
        If they disagree.
    """
    groups = Groups(_sizes(footer, columns))
    if groups.rows != footer.num_rows:
        raise ValueError(
            f"its footer announces {footer.num_rows:,} rows, and {groups.rows:,} in row groups"
        )
    return groups


def _sizes(footer: Any, columns: dict[int, str]) -> Iterator[int]:
    """Yield the rows of each row group."""
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        rows = group.num_rows
        if rows < 0:
            raise ValueError(f"its footer announces {rows:,} rows in row group {number}")
        for place, name in columns.items():
            if (values := group.column(place).num_values) != rows:
                raise ValueError(
                    f"its footer announces {rows:,} rows in row group {number},"
                    f" and {values:,} values of {name!r}"
                )
        yield rows


def places(paths: Iterable[list[str]], names: Iterable[str]) -> dict[int, str]:
    """Return where the columns of these names are among all leaves of a schema.

    Examples
    --------
    >>> places([["a", "x"], ["a", "y"], ["a.x"], ["b"]], ["b", "a.x"])
    {2: 'a.x', 3: 'b'}
    """
    wanted = {(name,): name for name in names}
    return {k: wanted[key] for k, path in enumerate(paths) if (key := tuple(path)) in wanted}
