"""Windows of slices: what they may be asked for, and what they are called."""

from __future__ import annotations

from streamloss.exact import windows
from streamloss.exact.table import Table
from streamloss.support.brief import brief

from .whole import Origin


def rolling(table: Table, size: int, over: str) -> tuple[Table, Origin]:
    """Return the windows of so many periods, and what they are.

    Raises
    ------
    ValueError
        If they are over something else than a key of periods, or too many.
    """
    periods = f"{_frequency(table, over)}{'' if size == 1 else 's'}"
    told = f"windows of {size:,} {periods} of {brief(over)}"
    return windows.windows(table, over, size), Origin(table, told)


def cumulative(table: Table, over: str) -> tuple[Table, Origin]:
    """Return the windows of all periods up to each one, and what they are.

    Raises
    ------
    ValueError
        As `rolling`.
    """
    told = f"windows up to each {_frequency(table, over)} of {brief(over)}"
    return windows.windows(table, over, None), Origin(table, told)


def _frequency(table: Table, over: str) -> str:
    """Return how long the periods of a key are.

    Where no slice has one that is not known, and there are no windows.
    """
    if over not in table.names:
        rule = f"over must be one of the keys {', '.join(map(brief, table.names))}"
        raise ValueError(f"{rule}: got {brief(over)}")
    kind = table.kinds[table.names.index(over)]
    if kind.name == "missing":
        return "period"
    if kind.name != "period":
        raise ValueError(f"over must be a key that period makes: {brief(over)} is of kind {kind}")
    return str(kind.detail[0])
