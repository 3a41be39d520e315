"""Grouping sets: subtotals are exact, bear a mark of their own, and stay so in every form."""

import copy
import itertools
import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamloss as sl
from tests.arrays.kinds import polars
from tests.slices.tables import BY, CARRIER, HOUR, RNG, N, P, Y, slices_of

LOSSES = ["mae", "rmse", "r2"]
SETS: list[list[str]] = [["hour"], ["carrier"], [], ["carrier", "hour"]]
W = RNG.integers(1, 4, N) * 0.37
BOTH = slices_of(LOSSES, BY, (Y, P, W), counts={"missing_keys": 3})
SUBTOTALS = BOTH.grouping_sets(*SETS)

Key = tuple[Any, ...]


def keyed(rows: list[Key], names: list[str], sets: list[list[str]]) -> dict[Key, list[int]]:
    """The rows of each slice of grouping sets, set after set, sorted, a missing key last."""
    out = {}
    for some in sets:
        found: dict[Key, list[int]] = {}
        for k, row in enumerate(rows):
            items = zip(names, row, strict=True)
            key = tuple([item if name in some else sl.ALL for name, item in items])
            found.setdefault(key, []).append(k)
        order = sorted(found, key=lambda key: [(i is None, str(type(i)), _plain(i)) for i in key])
        out.update({key: found[key] for key in order})
    return out


def _plain(item: Any) -> Any:
    return 0 if item is None or item is sl.ALL else item


def keys_of(res: sl.Slices) -> list[Key]:
    """The keys of all slices."""
    return [key if isinstance(key, tuple) else (key,) for key, _ in res]


ROWS = keyed(list(zip(CARRIER, HOUR, strict=True)), ["carrier", "hour"], SETS)

ITEMS = st.none() | st.sampled_from(["all", "ALL", "missing", "", "a", "\x00\n\x1b[31m", "é"])
HOURS = st.none() | st.integers(-2, 2)
TERMS = st.floats(-1e300, 1e300)
CHOICES = [
    list(some) for k in range(4) for some in itertools.combinations(["one", "two", "three"], k)
]


@given(
    st.lists(st.tuples(ITEMS, HOURS, ITEMS, TERMS, st.integers(0, 3)), min_size=1, max_size=25),
    st.lists(st.sampled_from(CHOICES), min_size=1, unique_by=tuple),
)
@settings(max_examples=60)
def test_subtotals_are_the_rounded_sums_of_their_rows(
    rows: list[tuple[Any, ...]], sets: list[list[str]]
) -> None:
    one, two, three, y, w = map(list, zip(*rows, strict=True))
    by = {"one": one, "two": two, "three": three}
    weights = np.array(w, float)
    res = sl.evaluate("mae", y, np.zeros(len(y)), weights, by=by, reduction="sum")
    res = res.grouping_sets(*sets)
    expected = keyed([row[:3] for row in rows], list(by), sets)
    assert keys_of(res) == list(expected)
    for (key, results), places in zip(res, expected.values(), strict=True):
        total = sum((Fraction(abs(y[k]) * w[k]) for k in places), Fraction(0))
        assert results["mae"] == float(total), key
    assert res.counts["elements"].tolist() == [len(places) for places in expected.values()]


@pytest.mark.parametrize("losses", [LOSSES, "mae"])
def test_a_subtotal_has_the_bits_of_evaluate_on_its_rows(losses: Any) -> None:
    res = slices_of(losses, BY, (Y, P, W)).grouping_sets(*SETS)
    for name in res.names:
        expected = [sl.evaluate(name, Y[rows], P[rows], W[rows]) for rows in ROWS.values()]
        assert res[name].tobytes() == np.array(expected).tobytes()


def test_subtotals_are_the_rollups() -> None:
    start = 0
    for names in SETS:
        size = len(BOTH.rollup(*names)) if names else 1
        for loss in LOSSES:
            part = SUBTOTALS[loss][start : start + size]
            expected = BOTH.rollup(*names)[loss] if names else np.array([BOTH.overall[loss]])
            assert part.tobytes() == expected.tobytes()
        start += size
    assert start == len(SUBTOTALS) == len(ROWS)


def test_axes_kept() -> None:
    y, p = RNG.standard_normal((2, N, 2, 3))
    res = sl.evaluate("mae", y, p, axis=0, by=BY).grouping_sets(*SETS)
    expected = [sl.evaluate("mae", y[rows], p[rows], axis=0) for rows in ROWS.values()]
    assert res["mae"].tobytes() == np.array(expected).tobytes()
    assert res.loc["AA", sl.ALL]["mae"].shape == (2, 3)
    nothing = sl.evaluate("mae", y[:, :0], p[:, :0], axis=0, by=BY).grouping_sets(*SETS)
    assert len(nothing) == 0


# The mark


def test_the_mark_is_one_object() -> None:
    assert repr(sl.ALL) == "ALL"
    assert bool(sl.ALL)
    assert {sl.ALL: 1}[sl.ALL] == 1
    for same in (copy.copy(sl.ALL), copy.deepcopy(sl.ALL), pickle.loads(pickle.dumps(sl.ALL))):
        assert same is sl.ALL
    for other in (None, math.nan, "ALL", "all", 0, type(sl.ALL)()):
        assert sl.ALL != other
    with pytest.raises(TypeError, match="got an object of type All"):
        sl.evaluate("mae", [1.0], [1.0], by=[sl.ALL])


def test_keys_bear_it() -> None:
    columns = [list(column) for column in zip(*ROWS, strict=True)]
    assert [SUBTOTALS.by[name].tolist() for name in BY] == columns
    assert SUBTOTALS.by["carrier"].dtype == object
    assert (SUBTOTALS.by["carrier"] == sl.ALL).tolist() == [c is sl.ALL for c in columns[0]]
    whole = BOTH.grouping_sets(["carrier", "hour"])
    assert whole.by["hour"].tolist() == BOTH.by["hour"].tolist()
    assert whole.by["hour"].dtype == np.int64


DAY, TIME = np.datetime64("2024-02-29"), np.datetime64("2024-02-29T05:06:07.000000001", "ns")
KINDS: dict[str, Any] = {
    "bool": [False, True],
    "int": [-5, 3],
    "unsigned": [1, 2**64 - 1],
    "float": [-math.inf, 0.5],
    "text": ["all", "missing"],
    "bytes": [b"", b"all"],
    "day": [DAY, DAY + 1],
    "time": [TIME, TIME + 1],
    "duration": [DAY - DAY, TIME - DAY],
}


@pytest.mark.parametrize("missing", [False, True], ids=["all", "missing"])
@pytest.mark.parametrize("kind", KINDS)
def test_keys_of_every_kind(kind: str, missing: bool) -> None:
    keys = [*KINDS[kind], *[None] * missing]
    y = np.arange(1.0, len(keys) + 1)
    res = slices_of("mae", {"key": keys}, (y, 0 * y, y)).result("sum")
    res = res.grouping_sets([], "key")
    assert res.by["key"].tolist() == [sl.ALL, *keys]
    assert [key for key, _ in res] == [sl.ALL, *keys]
    assert [type(key) for key, _ in res] == [type(key) for key in [sl.ALL, *keys]]
    assert [res.loc[key] for key in keys] == [{"mae": value * value} for value in y]
    assert res.loc[sl.ALL] == {"mae": float(y @ y)}
    assert pickle.loads(pickle.dumps(res)) == res
    table = pa.table(res)
    assert table["grouping"].to_pylist() == ["", *["key"] * len(keys)]
    assert table["key"].null_count == 1 + missing
    assert (
        pa.table(res)["key"].type == pa.table(slices_of("mae", {"key": keys}, (y, y)))["key"].type
    )


def test_cuts_too() -> None:
    y = np.ones(3)
    by = {
        "miles": sl.bins([5.0, 700.0, math.nan], [0, 500, 1000]),
        "month": sl.period(np.array(["2024-03-05", "NaT", "2024-01-01"], "M8[D]"), "month"),
    }
    res = sl.evaluate("mae", y, y, by=by).grouping_sets("month", "miles")
    months, miles = ["2024-01", "2024-03", None], ["[0, 500)", "[500, 1000]", None]
    assert res.by["month"].tolist() == [*months, *[sl.ALL] * 3]
    assert res.by["miles"].tolist() == [*[sl.ALL] * 3, *miles]
    assert res.loc["[0, 500)", sl.ALL] == {"mae": 0.0}
    assert pa.table(res)["miles"].to_pylist() == [*[None] * 3, *miles]


# They are found


def test_each_is_found_by_its_key() -> None:
    for key, rows in ROWS.items():
        assert SUBTOTALS.loc[key]["mae"] == sl.evaluate("mae", Y[rows], P[rows], W[rows])
    one = BOTH.rollup("hour").grouping_sets("hour", [])
    assert one.loc[sl.ALL] == BOTH.overall
    assert one.loc[2] == BOTH.rollup("hour").loc[2]


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (("AA", "x"), "'x' is no key of kind int"),
        (("XX", sl.ALL), "no slice has 'carrier' 'XX': near is"),
        (("AA", 7), "no slice has 'hour' 7"),
        ((sl.ALL, None), r"no slice \(ALL, None\): near is 'hour' 2"),
        ("AA", r"loc takes 2 keys \('carrier', 'hour'\): got 'AA'"),
        (("AA", sl.ALL, sl.ALL), "loc takes 2 keys"),
    ],
)
def test_what_is_not_there_is_said(key: Any, error: str) -> None:
    few = BOTH.grouping_sets([], ["hour"], ["carrier"], ["carrier", "hour"])
    with pytest.raises(KeyError, match=error):
        few.loc[key]


def test_a_set_that_is_not_there_is_said() -> None:
    few = BOTH.grouping_sets(["hour", "carrier"], ["carrier"])
    told = r"there are \(carrier, hour\), \(carrier\)"
    with pytest.raises(KeyError, match=rf"no grouping set is \['hour'\]: {told}"):
        few.loc[sl.ALL, 1]
    with pytest.raises(KeyError, match=rf"no grouping set is \[\]: {told}"):
        few.loc[sl.ALL, sl.ALL]
    with pytest.raises(KeyError, match="ALL is no key of kind text"):
        BOTH.loc[sl.ALL, 1]


def test_a_key_that_is_missing_in_another_set_is_said() -> None:
    by = {"a": ["x", "y"], "b": [1, None]}
    res = slices_of("mae", by, (np.ones(2), np.ones(2))).grouping_sets(["a"], ["a", "b"])
    assert res.loc["y", None] == {"mae": 0.0}
    with pytest.raises(KeyError, match=r"no slice \('x', None\): near is 'b' 1"):
        res.loc["x", None]


# Everything else of slices


def test_overall_rest_and_totals_are_those_of_all_rows() -> None:
    assert SUBTOTALS.overall == BOTH.overall
    assert SUBTOTALS.counts["missing_keys"] == 3
    assert SUBTOTALS.counts["rows"].tolist() == [len(rows) for rows in ROWS.values()]
    for rows, rest in zip(ROWS.values(), SUBTOTALS.rest("mae"), strict=True):
        others = np.setdiff1d(np.arange(N), rows)
        expected = sl.evaluate("mae", Y[others], P[others], W[others])
        assert np.array([rest]).tobytes() == np.array([expected]).tobytes()


def test_they_compare() -> None:
    values = SUBTOTALS["mae"]
    assert SUBTOTALS.difference("mae") == values.max() - values.min()
    assert SUBTOTALS.ratio("mae") == values.min() / values.max()
    worst = SUBTOTALS.worst(5, "mae", min_elements=3)
    assert worst["mae"].tolist() == sorted(values[SUBTOTALS.counts["elements"] >= 3])[:-6:-1]
    assert keys_of(worst)[0] in ROWS
    assert worst.by["hour"].tolist() == [key[1] for key in keys_of(worst)]
    with pytest.raises(KeyError, match="is not among the 1 chosen ones"):
        SUBTOTALS.worst(1, "mae").loc[sl.ALL, sl.ALL]


def test_another_reduction() -> None:
    mae = slices_of("mae", BY, (Y, P, W)).grouping_sets(*SETS)
    expected = [sl.evaluate("mae", Y[r], P[r], W[r], reduction="sum") for r in ROWS.values()]
    assert mae.result("sum").values.tolist() == expected
    assert mae.result("sum") == slices_of("mae", BY, (Y, P, W), reduction="sum").grouping_sets(
        *SETS
    )


def test_they_are_equal_if_sets_and_sums_are() -> None:
    assert SUBTOTALS == BOTH.grouping_sets("hour", ("carrier",), (), ["hour", "carrier"])
    assert pickle.loads(pickle.dumps(SUBTOTALS)) == SUBTOTALS
    assert repr(pickle.loads(pickle.dumps(SUBTOTALS))) == repr(SUBTOTALS)
    whole = pickle.loads(pickle.dumps(BOTH.grouping_sets([])))  # whose keys have no values
    assert keys_of(whole) == [(sl.ALL, sl.ALL)]
    assert whole.loc[sl.ALL, sl.ALL] == BOTH.overall
    few = pickle.loads(pickle.dumps(SUBTOTALS.worst(3, "mae")))
    assert few == SUBTOTALS.worst(3, "mae")
    assert SUBTOTALS != BOTH.grouping_sets(*SETS[::-1])
    assert SUBTOTALS != BOTH.grouping_sets(*SETS[:-1])
    other = slices_of(LOSSES, BY, (Y + 1, P, W)).grouping_sets(*SETS)
    assert SUBTOTALS != other
    lone = BOTH.grouping_sets(["carrier", "hour"])
    assert lone != BOTH
    assert len(lone) == len(BOTH)


def test_what_is_no_grouping_set_is_refused() -> None:
    refused: list[tuple[list[Any], type[Exception], str]] = [
        ([], ValueError, "must have a set: got none"),
        ([["carrier"], "carrier"], ValueError, r"each set once: got \['carrier'\] twice"),
        ([["carrier", "hour"], ["hour", "carrier"]], ValueError, "each set once"),
        ([[], []], ValueError, r"each set once: got \[\] twice"),
        ([["hour", "hour"]], ValueError, "each key once"),
        ([["gate"]], ValueError, "takes the keys 'carrier', 'hour': got 'gate'"),
        ([""], TypeError, "must be a name"),
        ([[1]], TypeError, "must be a name"),
        ([None], TypeError, "must be a list of keys: got None"),
        ([{"hour"}], TypeError, "must be a list of keys"),
        ([[sl.bins("hour", [0, 1])]], ValueError, r"got bins\('hour', \[0, 1\]\)"),
        ([sl.ALL], TypeError, "must be a list of keys: got ALL"),
    ]
    for sets, error, told in refused:
        with pytest.raises(error, match=told):
            BOTH.grouping_sets(*sets)


def test_of_all_slices_and_once() -> None:
    with pytest.raises(ValueError, match="grouping_sets is of all slices: ask for it before worst"):
        BOTH.worst(1, "mae").grouping_sets([])
    for again in (lambda: SUBTOTALS.grouping_sets([]), lambda: SUBTOTALS.rollup("hour")):
        with pytest.raises(
            ValueError, match="add up to all rows: ask for it before they are group"
        ):
            again()


def test_of_no_rows() -> None:
    res = sl.Accumulator("mae", by=("a", "b")).result().grouping_sets(["a"], ["a", "b"], [])
    assert (len(res), list(res), res.values.tolist()) == (0, [], [])
    assert {name: keys.tolist() for name, keys in res.by.items()} == {"a": [], "b": []}
    assert math.isnan(res.overall["mae"])
    assert pa.table(res)["grouping"].to_pylist() == []
    assert pickle.loads(pickle.dumps(res)) == res
    assert repr(res).splitlines()[-1].split() == ["overall", "nan", "0"]
    with pytest.raises(KeyError, match=r"grouping set \['a'\] has no slices: there are no rows"):
        res.loc["x", sl.ALL]


def test_differences_have_sets() -> None:
    arrays = (Y, P, W)
    half = [array[: N // 2] for array in arrays]
    a = sl.accumulate("mae", *arrays, by=BY)
    b = sl.accumulate("mae", *half, by={name: keys[: N // 2] for name, keys in BY.items()})
    rest = sl.accumulate(
        "mae",
        *[array[N // 2 :] for array in arrays],
        by={name: keys[N // 2 :] for name, keys in BY.items()},
    )
    assert (a - b).result().grouping_sets(*SETS) == rest.result().grouping_sets(*SETS)


# They are shown, and become frames


def test_they_read_well() -> None:
    by = {"carrier": ["all", "AA", None, "AA"], "gate": [9, 10, 9, None]}
    y = np.array([1.0, 2.0, 3.0, 5.0])
    res = slices_of("mae", by, (y, 0 * y)).grouping_sets(["carrier"], [], ["carrier", "gate"])
    assert repr(res).splitlines() == [
        "8 slices by carrier, gate: mean, grouping sets",
        "",
        "carrier     gate   mae  elements",
        "--------------------------------",
        "AA           all   3.5         2",
        "'all'        all     1         1",
        "missing      all     3         1",
        "all          all  2.75         4",
        "AA            10     2         1",
        "AA       missing     5         1",
        "'all'          9     1         1",
        "missing        9     3         1",
        "--------------------------------",
        "overall           2.75         4",
    ]
    html = res._repr_html_()
    assert "<td style='text-align:left'>all</td><td style='text-align:right'>all</td>" in html
    assert "<td style='text-align:left'>&#x27;all&#x27;</td>" in html


def test_pages_are_escaped() -> None:
    y = np.ones(2)
    by = {"<script>": ["<b>", "all"], "two": ["&", None]}
    html = slices_of("mae", by, (y, y)).grouping_sets("<script>", "two", [])._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_a_subtotal_never_looks_like_a_missing_key() -> None:
    by = {"carrier": ["AA", None], "origin": ["JFK", "JFK"]}
    res = slices_of("mae", by, (np.ones(2), np.ones(2)))
    res = res.grouping_sets("origin", ["carrier", "origin"], [])
    table = pa.table(res)
    assert table.column_names[:4] == ["carrier", "origin", "grouping", "mae"]
    rows = list(zip(*[table[name].to_pylist() for name in table.column_names[:3]], strict=True))
    assert rows == [
        (None, "JFK", "origin"),
        ("AA", "JFK", "carrier, origin"),
        (None, "JFK", "carrier, origin"),
        (None, None, ""),
    ]
    assert res.to_pandas()["grouping"].tolist() == [row[2] for row in rows]
    assert res.to_pandas()["carrier"].isna().tolist() == [row[0] is None for row in rows]
    if polars:
        assert res.to_polars().select("carrier", "origin", "grouping").rows() == rows


def test_the_grouping_is_of_its_own_name_and_says_which() -> None:
    y = np.ones(1)
    by = {"grouping": ["x"], "a": ["x"], "b": ["x"], "a, b": ["x"], 'a"': ["x"]}
    res = slices_of("mae", by, (y, y))
    sets = [["a", "b"], ["a, b"], ['a"'], ["grouping"], ["a"], ["b"]]
    table = pa.table(res.grouping_sets(*sets))
    assert table.column_names[:6] == [*by, "grouping_"]
    texts = table["grouping_"].to_pylist()
    assert texts == ["a, b", '"a, b"', '"a"""', "grouping", "a", "b"]
    assert "grouping_" not in pa.table(res).column_names
