"""Names of the keys that metrics of counts have, and those of which a slice keeps one value.

They are keys of tables beside those of users, whose names begin with a mark that no other has. What
follows the mark says what a key is: so no name that a metric gives to one is that of another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.losses.counting import Counting

from .ranks import rows_of

MARK = "\0"
"""What the names of the keys of metrics begin with."""

OWN = f"{MARK}="
"""What the names of keys that metrics give begin with."""

LARGEST, SMALLEST = f"{MARK}>", f"{MARK}<"
"""What the name of a key begins with of which a slice keeps the largest value, or the smallest."""

OUTPUT = f"{MARK}output"
"""The key that is the number of an axis kept, where a slice keeps some."""


def hidden(counting: Counting, has_outputs: bool) -> tuple[str, ...]:
    """Return what the keys of cells are called beside those of slices."""
    extreme = counting.extreme
    mark = OWN if extreme is None else LARGEST if extreme.largest else SMALLEST
    own = tuple([f"{mark}{name}" for name in counting.names])
    return (OUTPUT, *own) if has_outputs else own


def told(name: str, error: Exception) -> str:
    """Return what an error says of a key: those of metrics are labels, for users."""
    if name.startswith(MARK):
        return f"labels of all batches {str(error).removeprefix('keys ')}"
    return f"by {name!r}: {error}"


def keeps(names: tuple[str, ...]) -> int:
    """Return whether each slice keeps the largest of the last key, 1, the smallest, -1, or all."""
    last = names[-1] if names else ""
    return 1 if last.startswith(LARGEST) else -1 if last.startswith(SMALLEST) else 0


def pruned(table: Any) -> Any:
    """Return a table whose slices keep one value of the last key, if that is an extreme one.

    All that others count is counted with it; a missing one stays what it is.
    """
    sign = keeps(table.names)
    if not sign or not len(table):
        return table
    *others, key = table.keys
    columns = [(each.codes, len(each.values) + 1) for each in others]
    ranks, _ = rows_of(columns, len(table)) if columns else (np.zeros(len(table), np.int64), 1)
    ranks = np.arange(len(table)) if ranks is None else ranks
    absent = key.codes == len(key.values)
    compared = np.where(absent, -1, key.codes if sign > 0 else len(key.values) - 1 - key.codes)
    most = np.full(int(ranks.max()) + 1, -1, np.int64)
    np.maximum.at(most, ranks, compared)
    found = most[ranks] if sign > 0 else len(key.values) - 1 - most[ranks]
    codes = np.where(absent, key.codes, found).astype(np.int32)
    if np.array_equal(codes, key.codes):
        return table
    keys = (*others, key._replace(codes=codes).used())
    return type(table)(table.names, keys, table.shape, table.cells).sorted()


def refuse_difference(names: tuple[str, ...]) -> None:
    """Refuse to take something out where only the largest or the smallest value is kept.

    Raises
    ------
    ValueError
        If it is so.
    """
    if sign := keeps(names):
        which = "largest" if sign > 0 else "smallest"
        raise ValueError(
            f"nothing can be taken out of a {which} value: what was the {which} before is not known"
        )
