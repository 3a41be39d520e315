"""The calendar: periods of times in UTC, in the proleptic Gregorian calendar of numpy.

A period is held as the count of its start since 1970-01-01T00:00: of a year, quarter or month in
months, of a week or day in days, of an hour or minute in seconds. Weeks start on Monday.
"""

from __future__ import annotations

import numpy as np

from .kinds import LENGTHS, Kind, rescaled
from .types import Array

FREQUENCIES = ("year", "quarter", "month", "week", "day", "hour", "minute")

_MONTHS = {"year": 12, "quarter": 3, "month": 1}
_DAYS = {"week": 7, "day": 1}
_SECONDS = {"hour": 3600, "minute": 60}

STEPS = {**_MONTHS, **_DAYS, **_SECONDS}
"""What is counted from the start of a period to that of the next one: months, days or seconds."""

_SHOWN = {"year": "Y", "month": "M", "hour": "h", "minute": "m"}
"""The unit of numpy whose text a period is shown as, days where it is none of these."""

_MONDAY = 4
"""The day number of the first Monday since 1970-01-01, a Thursday."""


def floor(counts: Array, unit: str, frequency: str) -> Array:
    """Return the periods that times are in, which are counts of a unit.

    Examples
    --------
    >>> floor(np.array([-1, 0, 31]), "D", "month")
    array([-1,  0,  1])
    """
    if frequency in _SECONDS:
        size = _SECONDS[frequency]
        if unit == "D":
            return rescaled(counts, LENGTHS["D"], Kind("time", ("s",)))
        return np.asarray(counts // (size * LENGTHS["s"] // LENGTHS[unit]) * size)
    days = counts if unit == "D" else counts // (LENGTHS["D"] // LENGTHS[unit])
    if frequency == "week":
        return (days - _MONDAY) // 7 * 7 + _MONDAY
    if frequency == "day":
        return days
    months, size = _months(days), _MONTHS[frequency]
    return months if size == 1 else months // size * size


def _months(days: Array) -> Array:
    """Return the months that days are in.

    They are looked up in a table of the days from the first to the last, 5 ns a row; where that
    would be longer than the rows are worth, numpy's own conversion takes 27 ns.
    """
    if not len(days):
        return days
    first, last = int(days.min()), int(days.max())
    if last - first > 4 * len(days) + 4096:
        return days.view("M8[D]").astype("M8[M]").view(np.int64)
    low, high = np.array([first, last]).view("M8[D]").astype("M8[M]").view(np.int64)
    months = np.arange(low, high + 2)
    starts = months.view("M8[M]").astype("M8[D]").view(np.int64)
    table = np.repeat(months[:-1], np.diff(starts))
    return np.asarray(table.take(days - starts[0]))


def start(periods: Array, frequency: str) -> Array:
    """Return when periods start, as datetime64 of months, days or seconds."""
    unit = "M" if frequency in _MONTHS else "D" if frequency in _DAYS else "s"
    return np.asarray(periods, np.int64).view(f"M8[{unit}]")


def text(period: int, frequency: str) -> str:
    """Return a period as text that sorts as it does from year 1 to 9999.

    Examples
    --------
    >>> text(3, "quarter"), text(3, "month"), text(4, "week"), text(7200, "hour")
    ('1970-Q2', '1970-04', '1970-01-05', '1970-01-01T02')
    """
    when = start(np.array([period]), frequency)
    if frequency == "quarter":
        return f"{when.astype('M8[Y]')[0]}-Q{period // 3 % 4 + 1}"
    return str(when.astype(f"M8[{_SHOWN.get(frequency, 'D')}]")[0])
