"""Periods are those of Python's calendar, in UTC, for times of every unit and from every column."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamloss as sl
from streamloss.arrays.keys import find, item, read_key
from tests.arrays.keys import items_of, rows_of
from tests.arrays.kinds import polars

EPOCH, RNG = dt.datetime(1970, 1, 1), np.random.default_rng(22)


def months(t: dt.datetime, size: int) -> int:
    return (t.year - 1970) * 12 + (t.month - 1) // size * size


def seconds(t: dt.datetime) -> int:
    since = t - EPOCH
    return since.days * 86400 + since.seconds


STARTS: dict[str, Callable[[dt.datetime], int]] = {
    "year": lambda t: months(t, 12),
    "quarter": lambda t: months(t, 3),
    "month": lambda t: months(t, 1),
    "week": lambda t: (
        (t.date() - dt.timedelta(t.weekday()) - EPOCH.date()).days
        if t.date().toordinal() > t.weekday()
        else -719162
    ),  # the year begins with a Monday
    "day": lambda t: (t.date() - EPOCH.date()).days,
    "hour": lambda t: seconds(t.replace(minute=0, second=0, microsecond=0)),
    "minute": lambda t: seconds(t.replace(second=0, microsecond=0)),
}

TEXTS: dict[str, Callable[[dt.datetime], str]] = {
    "year": lambda t: f"{t.year:04}",
    "quarter": lambda t: f"{t.year:04}-Q{(t.month + 2) // 3}",
    "month": lambda t: f"{t.year:04}-{t.month:02}",
    "week": lambda t: (t.date() - dt.timedelta(t.weekday())).isoformat(),
    "day": lambda t: t.date().isoformat(),
    "hour": lambda t: t.isoformat()[:13],
    "minute": lambda t: t.isoformat()[:16],
}

SPAN = {"D": 1, "s": 86400, "ms": 86400 * 10**3, "us": 86400 * 10**6, "ns": 86400 * 10**9}


def moments(unit: str, count: int, near: bool) -> tuple[np.ndarray, list[dt.datetime]]:
    """Times of a unit and what Python makes of them, anywhere or in few years."""
    first, last = (dt.date(1, 1, 1), dt.date(9999, 12, 31))
    if unit == "ns":
        first, last = dt.date(1678, 1, 1), dt.date(2262, 1, 1)
    if near:
        first, last = dt.date(1967, 12, 25), dt.date(1972, 3, 5)
    low, high = ((day - EPOCH.date()).days for day in (first, last))
    days = np.append(RNG.integers(low, high + 1, count), [low, high, -1, 0, 1])
    parts = RNG.integers(0, SPAN[unit], len(days))
    parts[::3], parts[1::3] = 0, SPAN[unit] - 1
    array = (days * SPAN[unit] + parts).view(f"M8[{unit}]")
    python = [
        EPOCH + dt.timedelta(int(d), microseconds=int(p) * 86400 * 10**6 // SPAN[unit])
        for d, p in zip(days, parts, strict=True)
    ]
    return array, python


@pytest.mark.parametrize("near", [True, False])
@pytest.mark.parametrize("unit", SPAN)
@pytest.mark.parametrize("frequency", STARTS)
def test_periods_of_random_times(frequency: str, unit: str, near: bool) -> None:
    array, python = moments(unit, 2000, near)
    keyed = read_key("k", sl.period(array, frequency))
    assert rows_of(keyed) == list(map(STARTS[frequency], python))
    some = slice(0, 200)
    texts = list(map(TEXTS[frequency], python[some]))
    assert items_of(keyed._replace(values=keyed.values[some])) == texts
    for text, value in zip(texts, keyed.values[some].tolist(), strict=True):
        assert find(keyed.kind, text) == value
        assert item(keyed.kind, value) == text


@pytest.mark.parametrize("frequency", STARTS)
def test_every_day_of_leap_years_and_their_neighbours(frequency: str) -> None:
    for year in (1, 4, 100, 400, 1600, 1899, 1900, 1904, 1969, 1970, 2000, 2024, 2100, 9999):
        first = dt.datetime(year, 1, 1, 13, 7)
        python = [first + dt.timedelta(k) for k in range(365) if (first.year, k) != (1, 0)]
        python = [t for t in python if t.year == year]
        want = list(map(STARTS[frequency], python))
        for array in (np.array(python, "M8[us]"), np.array(python, "M8[us]")[:3]):
            assert rows_of(read_key("k", sl.period(array, frequency))) == want[: len(array)]


NOON = dt.datetime(2024, 3, 31, 23, 30)
BERLIN, PACIFIC = zoneinfo.ZoneInfo("Europe/Berlin"), pa.timestamp("ns", "US/Pacific")

COLUMNS: dict[str, Any] = {
    "list": [NOON, None],
    "zoned": [dt.datetime(2024, 4, 1, 1, 30, tzinfo=BERLIN), None],
    "timestamps": [pd.Timestamp("2024-04-01 01:30", tz=BERLIN), pd.NaT],
    "objects": np.array([NOON, None], object),
    "numpy": np.array([NOON, "NaT"], "M8[ms]"),
    "minutes": np.array([NOON, "NaT"], "M8[m]"),
    "swapped": np.array([NOON, "NaT"], ">M8[us]"),
    "masked": np.ma.array(np.array([NOON, NOON], "M8[us]"), mask=[False, True]),
    "pandas": pd.Series([NOON, None]),
    "pandas zoned": pd.Series([NOON, None]).dt.tz_localize("UTC").dt.tz_convert("Asia/Kolkata"),
    "pandas index": pd.DatetimeIndex([NOON, None]),
    "pandas arrow": pd.Series(pa.array([NOON, None], PACIFIC), dtype=pd.ArrowDtype(PACIFIC)),
    "categories": pd.Series([NOON, None]).astype("category"),
    "arrow": pa.array([NOON, None]),
    "arrow zoned": pa.array([NOON, None], pa.timestamp("s", "Europe/Berlin")),
    "arrow dictionary": pa.array([NOON, None]).dictionary_encode(),
}
if polars:
    COLUMNS["polars"] = polars.Series([NOON, None])
    COLUMNS["polars zoned"] = polars.Series([NOON, None]).dt.replace_time_zone("UTC")


@pytest.mark.parametrize("column", COLUMNS)
def test_periods_of_every_column(column: str) -> None:
    for frequency in STARTS:
        keyed = read_key("k", sl.period(COLUMNS[column], frequency))
        assert items_of(keyed) == [TEXTS[frequency](NOON), None]


def test_periods_of_dates() -> None:
    days = [dt.date(2024, 2, 29), None, dt.date(1969, 12, 31)]
    noons = [day and dt.datetime(day.year, day.month, day.day) for day in days]
    columns = [days, pa.array(days), np.array(days, "M8[D]"), pa.array(days, pa.date64())]
    columns += [polars.Series(days)] if polars else []
    for column in columns:
        for frequency, text in TEXTS.items():
            want = [t and text(t) for t in noons]
            assert items_of(read_key("k", sl.period(column, frequency))) == want


def test_missing_times_have_no_period() -> None:
    for value in ([], [None, pd.NaT], np.array(["NaT"] * 2, "M8[us]"), pa.nulls(2, pa.date32())):
        for frequency in STARTS:
            keyed = read_key("k", sl.period(value, frequency))
            assert (keyed.kind.name, rows_of(keyed)) == ("period", [None] * len(value))


def test_times_that_no_unit_holds_are_refused() -> None:
    years = np.array([2**62, 1], "M8[D]")
    for frequency in ("hour", "minute"):
        with pytest.raises(ValueError, match=r"^by 'k'.* range of times in s$"):
            read_key("k", sl.period(years, frequency))
    with pytest.raises(ValueError, match=r"^by 'k'"):
        read_key("k", sl.period(np.array([2**60], "M8[Y]"), "year"))


def test_periods_of_anything_but_times_are_refused() -> None:
    for value in (["2024-01-01"], [1], [1.5], np.array(["2024"]), [dt.timedelta(1)]):
        with pytest.raises(TypeError, match=r"^by 'k' must hold times to have periods: got \w+"):
            read_key("k", sl.period(value, "day"))
    with pytest.raises(TypeError, match=r"^by 'k' must be an array: got the name of a column"):
        read_key("k", sl.period("time", "day"))


@pytest.mark.parametrize("frequency", ["days", "", None, 3, "M", ["day"]])
def test_other_frequencies_are_refused(frequency: Any) -> None:
    with pytest.raises(ValueError, match=r"^frequency must be one of 'year', .*: got "):
        sl.period([], frequency)
