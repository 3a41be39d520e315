"""Windows of slices: each has the bits of `evaluate` for the rows of its periods."""

import datetime
import math
import pickle
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from tests.reference import LARGEST, TINY, bits

NAN, INF = math.nan, math.inf
LOSSES = ["mae", "rmse", "r2", sl.Huber(0.5)]

EPOCH = datetime.datetime(1970, 1, 1)
NUMBERS: dict[str, Callable[[datetime.datetime], int]] = {
    "year": lambda t: t.year,
    "quarter": lambda t: t.year * 4 + (t.month - 1) // 3,
    "month": lambda t: t.year * 12 + t.month - 1,
    "week": lambda t: (t.toordinal() - 1) // 7,  # 0001-01-01 was a Monday
    "day": lambda t: t.toordinal(),
    "hour": lambda t: (t - EPOCH) // datetime.timedelta(hours=1),
    "minute": lambda t: (t - EPOCH) // datetime.timedelta(minutes=1),
}
"""The numbers of periods, by Python's calendar."""


class Data(NamedTuple):
    """Rows: labels, predictions, weights, times (None where missing) and another key."""

    y: np.ndarray
    p: np.ndarray
    w: np.ndarray
    times: list[datetime.datetime | None]
    other: list[Any]

    def keys(self, frequency: str, order: tuple[str, ...] = ("time", "other")) -> dict[str, Any]:
        times = np.array(self.times, "M8[s]")
        by = {"time": sl.period(times, frequency), "other": self.other}
        return {name: by[name] for name in order}

    def rows(self, inside: list[int]) -> list[np.ndarray]:
        return [array[inside] for array in (self.y, self.p, self.w)]


def data(count: int, spread: datetime.timedelta, seed: int = 5) -> Data:
    """Random rows of a time, of any size, some of them without a key."""
    rng = np.random.default_rng(seed)
    y, p = rng.standard_normal((2, count)) * 10.0 ** rng.integers(-3, 4, (2, count))
    start = datetime.datetime(2023, 11, 27, 22, 30)
    times = [start + spread * float(x) for x in rng.random(count)]
    missing = rng.random(count) < 0.1
    kept = [None if gone else time for gone, time in zip(missing, times, strict=True)]
    return Data(y, p, rng.integers(0, 4, count) * 0.37, kept, list("ab") * (count // 2))


def truth(rows: Data, frequency: str, size: int | None) -> dict[tuple[Any, int], list[int]]:
    """The rows of each window, by the other key and the number of the last period."""
    number = NUMBERS[frequency]
    numbers = [None if time is None else number(time) for time in rows.times]
    last, found = max(n for n in numbers if n is not None), {}
    for other in sorted(set(rows.other)):
        own = {k: n for k, n in enumerate(numbers) if n is not None and rows.other[k] == other}
        for end in range(min(own.values()), last + 1):
            inside = [k for k, n in own.items() if n <= end and (size is None or n > end - size)]
            if inside:
                found[other, end] = inside
    return found


def made(res: Any, size: int | None) -> Any:
    return res.cumulative("time") if size is None else res.rolling(size, "time")


def ends(res: Any, frequency: str) -> list[tuple[Any, int]]:
    """The other key and the number of the period of each window."""
    starts = {"quarter": lambda text: f"{text[:4]}-{int(text[-1]) * 3 - 2:02}"}
    spelled = map(starts.get(frequency, str), res.by["time"].tolist())
    times = [np.datetime64(text, "s").item() for text in spelled]
    return [(o, NUMBERS[frequency](t)) for o, t in zip(res.by["other"], times, strict=True)]


SPREADS = {
    "year": datetime.timedelta(days=9000),
    "quarter": datetime.timedelta(days=2000),
    "month": datetime.timedelta(days=900),
    "week": datetime.timedelta(days=200),
    "day": datetime.timedelta(days=120),
    "hour": datetime.timedelta(hours=100),
    "minute": datetime.timedelta(minutes=150),
}


@pytest.mark.parametrize("order", [("time", "other"), ("other", "time")])
@pytest.mark.parametrize("size", [1, 3, 1000, None])
@pytest.mark.parametrize("frequency", SPREADS)
def test_windows_have_the_results_of_their_rows(frequency: str, size: Any, order: Any) -> None:
    rows = data(60, SPREADS[frequency])
    res = made(sl.evaluate(LOSSES, *rows[:3], by=rows.keys(frequency, order)), size)
    expected = truth(rows, frequency, size)
    place = (lambda key: key) if order[0] == "other" else (lambda key: key[::-1])
    assert ends(res, frequency) == sorted(expected, key=place)
    for k, key in enumerate(ends(res, frequency)):
        inside = rows.rows(expected[key])
        for name, value in sl.evaluate(LOSSES, *inside).items():
            assert bits(res[name][k]) == bits(value)
        counts = sl.accumulate("mae", *inside).counts
        assert {n: c[k] for n, c in res.counts.items() if n != "missing_keys"}.items() <= (
            counts.items()
        )


def by_months(values: Any, months: Any, **options: Any) -> sl.Slices:
    """The means of numbers, a row each, by month."""
    time = sl.period(np.array(months, "M8[M]"), "month")
    return sl.evaluate("value", np.array(values), by={"time": time}, **options)


def test_february_of_leap_years() -> None:
    days = np.array(["2024-02-28", "2024-03-01", "2023-02-28", "2023-03-01"], "M8[D]")
    by = {"time": sl.period(days, "day")}
    res = sl.evaluate("mae", [1.0, 2.0, 4.0, 8.0], np.zeros(4), by=by).rolling(2, "time")
    assert {day: each["mae"] for day, each in res} == {
        "2023-02-28": 4.0,
        "2023-03-01": 6.0,
        "2023-03-02": 8.0,
        "2024-02-28": 1.0,
        "2024-02-29": 1.0,
        "2024-03-01": 2.0,
    }


@pytest.mark.parametrize("year", [1600, 1900, 1969, 2000])
def test_all_days_of_a_year_are_windows(year: int) -> None:
    days = np.array([f"{year}-01-01", f"{year + 1}-01-01"], "M8[D]")
    res = sl.evaluate("mae", [1.0, 2.0], [0.0, 0.0], by={"time": sl.period(days, "day")})
    expected = [str(day) for day in np.arange(days[0], days[1] + 1)]
    assert res.cumulative("time").by["time"].tolist() == expected
    assert len(expected) == 366 + (year in (1600, 2000))


def test_weeks_start_on_monday() -> None:
    days = np.array(["2024-12-29", "2024-12-30", "2025-01-13"], "M8[D]")  # a Sunday, two Mondays
    res = sl.evaluate("mae", [1.0, 2.0, 4.0], np.zeros(3), by={"time": sl.period(days, "week")})
    assert res.rolling(2, "time").by["time"].tolist() == [
        *["2024-12-23", "2024-12-30", "2025-01-06", "2025-01-13"]
    ]
    assert res.rolling(2, "time").values.tolist() == [1.0, 1.5, 2.0, 4.0]


@pytest.mark.parametrize("strange", [NAN, INF, -INF, 1e300, -1e300, 1e-300, LARGEST, TINY])
def test_nothing_of_a_row_stays_when_it_has_left(strange: float) -> None:
    values = [0.1, 0.2, strange, 0.3, 0.7, -strange, 0.4, 0.9, 0.5]
    months = range(len(values))
    res = by_months(values, months)
    for reduction in ("mean", "sum"):
        found = res.result(reduction).rolling(3, "time").values
        for k, value in enumerate(found):
            inside = values[max(k - 2, 0) : k + 1]
            assert bits(value) == bits(sl.evaluate("value", inside, reduction=reduction))
    clean = res.rolling(2, "time").result("sum").values[[1, 4, 7, 8]]
    pairs = [(0.1, 0.2), (0.3, 0.7), (0.4, 0.9), (0.9, 0.5)]
    assert clean.tolist() == [float(Fraction(a) + Fraction(b)) for a, b in pairs]


VALUES = st.floats() | st.sampled_from([0.1, 1e300, -1e300, 1e-300, LARGEST, TINY])
PAIRS = st.lists(st.tuples(st.none() | st.integers(-20, 20), VALUES), min_size=1, max_size=12)


@given(PAIRS, st.none() | st.integers(1, 30), st.sampled_from(["sum", "mean"]))
def test_any_rows(pairs: list[tuple[int | None, float]], size: Any, reduction: str) -> None:
    months = ["NaT" if month is None else month for month, _ in pairs]
    values = np.array([value for _, value in pairs])
    res = by_months(values, [np.datetime64(m, "M") for m in months]).result(reduction)
    known = [month for month, _ in pairs if month is not None]
    expected = {}
    for end in range(min(known, default=0), max(known, default=-1) + 1):
        start = -99 if size is None else end - size + 1
        inside = [v for m, v in pairs if m is not None and start <= m <= end]
        if inside:
            name = str(np.datetime64(end, "M"))
            expected[name] = sl.evaluate("value", inside, reduction=reduction)
    found = made(res, size)
    assert found.by["time"].tolist() == list(expected)
    assert bits(found.values) == bits(np.array(list(expected.values())))
    assert bits(found.overall["value"]) == bits(sl.evaluate("value", values, reduction=reduction))


def test_rows_without_a_period_are_in_no_window() -> None:
    months = ["2024-01", "NaT", "2024-02", "NaT"]
    res = by_months([1.0, 50.0, 2.0, 70.0], months)
    for size, expected in ((1, [1.0, 2.0]), (None, [1.0, 3.0])):
        found = made(res.result("sum"), size)
        assert found.values.tolist() == expected
        assert found.counts["missing_keys"] == 2
        assert found.overall == {"value": 123.0}
        assert found.rest("value").tolist() == [123.0 - value for value in expected]
    dropped = by_months([1.0, 50.0, 2.0, 70.0], months, missing="drop").cumulative("time")
    assert (dropped.overall, dropped.counts["missing_keys"]) == ({"value": 1.5}, 2)


def test_another_key_that_is_missing_has_windows_of_its_own() -> None:
    months = np.array(["2024-01", "2024-01", "2024-03"], "M8[M]")
    by = {"who": ["a", None, None], "time": sl.period(months, "month")}
    res = sl.evaluate("mae", [1.0, 2.0, 4.0], np.zeros(3), by=by).rolling(2, "time")
    assert list(res) == [
        (("a", "2024-01"), {"mae": 1.0}),
        (("a", "2024-02"), {"mae": 1.0}),
        ((None, "2024-01"), {"mae": 2.0}),
        ((None, "2024-02"), {"mae": 2.0}),
        ((None, "2024-03"), {"mae": 4.0}),
    ]


def test_two_keys_of_periods() -> None:
    made_in = np.array(["2024-01", "2024-01", "2024-02"], "M8[M]")
    due = np.array(["2025", "2027", "2025"], "M8[Y]")
    by = {"made": sl.period(made_in, "month"), "due": sl.period(due.astype("M8[D]"), "year")}
    res = sl.evaluate("mae", [1.0, 2.0, 4.0], np.zeros(3), by=by).result("sum")
    assert [key for key, _ in res.rolling(2, "made")] == [
        *[("2024-01", "2025"), ("2024-01", "2027"), ("2024-02", "2025"), ("2024-02", "2027")]
    ]
    assert res.rolling(2, "made").values.tolist() == [1.0, 2.0, 5.0, 2.0]
    assert list(res.cumulative("due")) == [
        (("2024-01", "2025"), {"mae": 1.0}),
        (("2024-01", "2026"), {"mae": 1.0}),
        (("2024-01", "2027"), {"mae": 3.0}),
        (("2024-02", "2025"), {"mae": 4.0}),
        (("2024-02", "2026"), {"mae": 4.0}),
        (("2024-02", "2027"), {"mae": 4.0}),
    ]


def test_axes_kept_masks_and_omitted_rows() -> None:
    rng = np.random.default_rng(8)
    y, p = rng.standard_normal((2, 40, 2, 3))
    y[rng.random(y.shape) < 0.1] = NAN
    where, months = rng.random(40) < 0.8, rng.integers(0, 12, 40)
    by = {"time": sl.period(months.astype("M8[M]"), "month")}
    given: dict[str, Any] = {"nan": "omit", "axis": 0}
    res = sl.evaluate(["mae", "r2"], y, p, where=where, by=by, **given).rolling(4, "time")
    assert res["mae"].shape == (len(res), 2, 3)
    for k, text in enumerate(res.by["time"].tolist()):
        end = int(np.datetime64(text, "M").astype(int))
        inside = (months <= end) & (months > end - 4)
        part = sl.accumulate(["mae", "r2"], y[inside], p[inside], where=where[inside], **given)
        for name, value in part.result().items():
            assert bits(res[name][k]) == bits(value)
        names = "elements", "masked", "nan", "rows"
        assert [res.counts[n][k] for n in names] == [part.counts[n] for n in names]


def test_a_million_minutes() -> None:
    """Against integers that numpy adds up, and against `evaluate` where magnitudes are any."""
    count, size = 1_000_000, 90
    rng = np.random.default_rng(1)
    units, minutes = rng.integers(-(1 << 40), 1 << 40, count), np.arange(count).astype("M8[m]")
    by = {"time": sl.period(minutes, "minute")}
    found = sl.evaluate("value", units / 1024.0, by=by, reduction="sum").rolling(size, "time")
    sums = np.concatenate([np.zeros(size, np.int64), np.cumsum(units)])
    assert np.array_equal(found.values, (sums[size:] - sums[:-size]) / 1024.0)
    y, w = rng.standard_normal((2, count)) * 10.0 ** rng.integers(-30, 30, (2, count))
    res = sl.evaluate(["mae", "mse"], y, np.zeros(count), w, by=by)
    for windows, width in ((res.rolling(size, "time"), size), (res.cumulative("time"), count)):
        for k in [0, 1, size - 1, size, count - 1, *rng.integers(0, count, 20).tolist()]:
            some = slice(max(k + 1 - width, 0), k + 1)
            expected = sl.evaluate(["mae", "mse"], y[some], 0 * y[some], w[some])
            assert [windows["mae"][k], windows["mse"][k]] == list(expected.values())


# What windows are good for


MONTHS = ["2024-01", "2024-02", "2024-04", "2024-05"]
RES = by_months([1.0, 2.0, 4.0, 8.0], MONTHS)


def test_windows_are_slices() -> None:
    found = RES.rolling(2, "time")
    assert found.loc["2024-03"] == {"value": 2.0}
    assert found.worst(1).by["time"].tolist() == ["2024-05"]
    assert found.difference("value") == 5.0
    assert found.difference("value", to="overall") == 2.75
    assert found.result("sum").values.tolist() == [1.0, 3.0, 2.0, 4.0, 12.0]
    assert found.rest("value").tolist() == [14 / 3, 6.0, 13 / 3, 11 / 3, 1.5]
    assert pickle.loads(pickle.dumps(found)) == found
    assert found != RES
    assert RES.rolling(1, "time") != RES
    assert found.to_pandas()["time"].tolist() == [
        *["2024-01", "2024-02", "2024-03", "2024-04", "2024-05"]
    ]
    with pytest.raises(KeyError, match="no slice has 'time' '2023-12': near is '2024-01'"):
        found.loc["2023-12"]
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 1.0


def test_windows_are_shown_with_what_all_rows_count() -> None:
    for found, told in (
        (RES.rolling(2, "time"), "5 slices by time: mean, windows of 2 months of 'time'"),
        (RES.rolling(1, "time"), "4 slices by time: mean, windows of 1 month of 'time'"),
        (RES.cumulative("time"), "5 slices by time: mean, windows up to each month of 'time'"),
    ):
        first, *_, last = repr(found).splitlines()
        assert first == told
        assert last.split() == ["overall", "3.75", "4"]


def test_windows_of_an_accumulator_and_of_a_difference() -> None:
    acc = sl.Accumulator("value", by=("time",))
    assert len(acc.result().cumulative("time")) == 0
    assert len(acc.result().rolling(3, "time")) == 0
    parts = [([1.0, 2.0], MONTHS[:2]), ([4.0, 8.0], MONTHS[2:])]
    for values, months in parts:
        acc.update(values, by=sl.period(np.array(months, "M8[M]"), "month"))
    assert acc.result().rolling(2, "time") == RES.rolling(2, "time")
    first = sl.accumulate(
        "value", parts[0][0], by={"time": sl.period(np.array(MONTHS[:2], "M8[M]"), "month")}
    )
    assert (acc - first).result().rolling(2, "time").by["time"].tolist() == MONTHS[2:]


# What is refused


def refused() -> Iterator[tuple[type[Exception], str, Callable[[sl.Slices], Any]]]:
    """Yield errors, what they say, and the calls that raise them."""
    yield TypeError, "n must be an integer: got 2.0", lambda res: res.rolling(2.0, "time")
    yield TypeError, "n must be an integer: got True", lambda res: res.rolling(True, "time")
    yield TypeError, "n must be an integer: got '2'", lambda res: res.rolling("2", "time")
    yield TypeError, "n must be an integer: got None", lambda res: res.rolling(None, "time")
    yield ValueError, "n must be at least 1: got 0", lambda res: res.rolling(0, "time")
    yield ValueError, "n must be at least 1: got -3", lambda res: res.rolling(-3, "time")
    unknown = "over must be one of the keys 'who', 'time': got 'when'"
    yield ValueError, unknown, lambda res: res.rolling(2, "when")
    yield ValueError, unknown, lambda res: res.cumulative("when")
    other = "over must be a key that period makes: 'who' is of kind text"
    yield ValueError, other, lambda res: res.rolling(2, "who")
    yield ValueError, other, lambda res: res.cumulative("who")
    worst = "is of all slices: ask for it before worst"
    yield ValueError, f"rolling {worst}", lambda res: res.worst(1).rolling(2, "time")
    yield ValueError, f"cumulative {worst}", lambda res: res.worst(1).cumulative("time")
    again = "is of slices that add up to all rows: ask for it before they are windows of 2 months"
    twice = f"rolling {again} of 'time'"
    yield ValueError, twice, lambda res: res.rolling(2, "time").rolling(2, "time")
    yield ValueError, f"cumulative {again}", lambda res: res.rolling(2, "time").cumulative("time")
    yield ValueError, f"rollup {again}", lambda res: res.rolling(2, "time").rollup("time")


@pytest.mark.parametrize(("error", "message", "call"), list(refused()))
def test_refusals(error: type[Exception], message: str, call: Callable[[Any], Any]) -> None:
    by = {"who": ["a", "b"], "time": sl.period(np.array(MONTHS[:2], "M8[M]"), "month")}
    res = sl.evaluate("mae", [1.0, 2.0], [2.0, 4.0], by=by)
    with pytest.raises(error) as caught:
        call(res)
    assert str(caught.value).startswith(message)


def test_times_are_no_periods() -> None:
    days = np.array(MONTHS, "M8[D]")
    res = sl.evaluate("mae", np.ones(4), np.zeros(4), by={"time": days})
    with pytest.raises(ValueError, match="'time' is of kind time"):
        res.rolling(2, "time")


def test_too_many_windows() -> None:
    days = np.array(["0001-01-01", "2024-01-01"], "M8[D]")
    res = sl.evaluate("mae", np.ones(2), np.zeros(2), by={"time": sl.period(days, "minute")})
    with pytest.raises(ValueError, match="at most 10,000,000 windows: got more"):
        res.cumulative("time")
    assert len(res.rolling(60, "time")) == 61
