"""`by=` takes grouping sets: results have subtotals, and the sums are those of the combinations."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamloss as sl

RNG = np.random.default_rng(23)
N = 3000
Y, P = RNG.standard_normal((2, N))
KEYS: dict[str, Any] = {
    "carrier": RNG.integers(0, 5, N),
    "origin": [["JFK", "all", None][k] for k in RNG.integers(0, 3, N)],
}
SETS: list[list[str]] = [["origin"], [], ["carrier", "origin"]]
ASKED = sl.grouping_sets(*SETS)
"""Of which `origin` comes first, as no arrays do."""


def given(some: slice = slice(None)) -> dict[str, Any]:
    return {name: keys[some] for name, keys in KEYS.items()}


CROSSED = sl.evaluate("mae", Y, P, by={"origin": KEYS["origin"], "carrier": KEYS["carrier"]})


@pytest.mark.parametrize("size", [N, 12])
def test_evaluate_gives_the_sets(size: int) -> None:
    some = slice(size)
    sets = sl.grouping_sets(*SETS, keys=given(some))
    crossed = sl.evaluate("mae", Y[some], P[some], by=given(some))
    res = sl.evaluate("mae", Y[some], P[some], by=sets)
    assert list(res.by) == ["carrier", "origin"]
    for (carrier, origin), results in res:
        rows = np.ones(size, bool)
        if origin is not sl.ALL:
            rows &= np.array([key == origin for key in KEYS["origin"][some]])
        if carrier is not sl.ALL:
            rows &= KEYS["carrier"][some] == carrier
        assert results["mae"] == sl.evaluate("mae", Y[some][rows], P[some][rows])
    assert len(res) == len(crossed) + len(crossed.rollup("origin")) + 1
    assert res.counts["missing_keys"] == crossed.counts["missing_keys"]
    assert res == sl.accumulate("mae", Y[some], P[some], by=sets).result()


def test_cuts_of_arrays() -> None:
    keys = {"miles": [0.5, 2.0], "c": ["a", "b"]}
    sets = sl.grouping_sets(["c", sl.bins("miles", [0, 1])], [], keys=keys)
    res = sl.evaluate("mae", [1.0, 2.0], [0.0, 0.0], by=sets)
    assert [key for key, _ in res] == [("[0, 1]", "a"), ("(1, inf)", "b"), (sl.ALL, sl.ALL)]


def test_names_without_arrays_are_refused() -> None:
    with pytest.raises(TypeError, match="by 'origin' must be an array: got the name of a column"):
        sl.evaluate("mae", Y, P, by=ASKED)


def streamed(sets: Any = ASKED, cuts: int = 7, **options: Any) -> sl.Accumulator:
    acc = sl.Accumulator("mae", by=sets, **options)
    for rows in np.array_split(np.arange(N), cuts):
        some = slice(rows[0], rows[-1] + 1)
        acc.update(Y[some], P[some], by=given(some))
    return acc


def test_an_accumulator_gives_the_sets() -> None:
    acc = streamed()
    assert acc.result() == CROSSED.grouping_sets(*SETS)
    assert acc.result("sum") == CROSSED.result("sum").grouping_sets(*SETS)
    assert "by=('origin', 'carrier')" in repr(acc)
    assert "all" in acc._repr_html_()
    again = sl.Accumulator("mae", by=ASKED).update(Y, P, by=(KEYS["origin"], KEYS["carrier"]))
    assert again == acc
    again = sl.Accumulator("mae", by=ASKED).update(Y, P, by=sl.grouping_sets(*SETS, keys=KEYS))
    assert again == acc
    assert sl.Accumulator("mae", by=ASKED).result().values.tolist() == []


def test_copies_keep_the_sets() -> None:
    acc = streamed()
    expected = acc.result()
    for same in (acc.copy(), copy.deepcopy(acc), pickle.loads(pickle.dumps(acc)), sum([acc])):
        assert same == acc
        assert same.result() == expected
    acc.reset()
    assert acc.update(Y, P, by=given()).result() == expected


def test_sets_are_of_results_and_not_of_sums() -> None:
    plain = streamed(("origin", "carrier"))
    acc = streamed()
    assert plain == acc
    assert plain.to_bytes() == acc.to_bytes()
    assert (acc + plain).result() == (acc + acc).result()
    assert sl.merge([plain, acc]).result() == sl.merge([plain, plain]).result()
    other = streamed(sl.grouping_sets(["origin"], ["carrier"]))
    assert other == acc
    assert len(sl.merge([other, acc]).result()) == 3 + 5
    read = sl.Accumulator.from_bytes(acc.to_bytes())
    assert read == acc
    assert read.result() == plain.result()
    assert read.result().grouping_sets(*SETS) == acc.result()


def test_dropped_rows_are_in_no_set() -> None:
    acc = streamed(missing="drop")
    there = np.array([key is not None for key in KEYS["origin"]])
    res = acc.result()
    assert res.overall["mae"] == sl.evaluate("mae", Y[there], P[there])
    assert res.loc[sl.ALL, sl.ALL] == res.overall
    assert res.counts["missing_keys"] == np.count_nonzero(~there)
    assert None not in res.by["origin"].tolist()
    with pytest.raises(ValueError, match="by 'origin' must have no missing key"):
        streamed(missing="raise")


def test_the_limit_is_of_combinations() -> None:
    assert len(streamed(max_slices=15).result()) > 15
    with pytest.raises(ValueError, match="max_slices"):
        streamed(max_slices=14)


def test_accumulators_take_names() -> None:
    for sets in (sl.grouping_sets(["a"], keys={"a": [1]}), sl.grouping_sets(sl.bins("a", [0, 1]))):
        with pytest.raises(TypeError, match=r"by must name keys.*got grouping_sets\(\['a'\]\)"):
            sl.Accumulator("mae", by=sets)


MILES = RNG.integers(0, 1000, N)
NEAR = sl.bins("miles", [0, 500])
COLUMNS = pa.table({"y": Y, "p": P, "miles": MILES, **KEYS})
NAMES = {"y_true": "y", "y_pred": "p"}


@pytest.mark.parametrize("data", ["table", "file"])
def test_columns_of_data_are_keys_of_sets(data: str, tmp_path: Path) -> None:
    pq.write_table(COLUMNS, tmp_path / "a.parquet", row_group_size=1000)
    frame: Any = COLUMNS if data == "table" else sl.scan(str(tmp_path / "a.parquet"))
    sets = sl.grouping_sets(["carrier"], [NEAR, "origin"], [])
    by = {"carrier": KEYS["carrier"], "miles": sl.bins(MILES, [0, 500]), "origin": KEYS["origin"]}
    crossed = sl.evaluate("mae", Y, P, by=by)
    res = sl.evaluate("mae", data=frame, **NAMES, by=sets)
    assert res == crossed.grouping_sets("carrier", ["miles", "origin"], [])
    assert res == sl.accumulate("mae", data=frame, **NAMES, by=sets).result()
    named = sl.grouping_sets(["far", "o"], [], keys={"far": NEAR, "o": "origin"})
    res = sl.evaluate("mae", data=frame, **NAMES, by=named)
    assert list(res.by) == ["far", "o"]
    assert res["mae"].tolist() == crossed.grouping_sets(["miles", "origin"], [])["mae"].tolist()
    acc = sl.Accumulator("mae", by=ASKED).update(data=frame, **NAMES)
    assert acc.result() == CROSSED.grouping_sets(*SETS)


def test_a_checkpoint_is_of_sums(tmp_path: Path) -> None:
    pq.write_table(COLUMNS, tmp_path / "a.parquet", row_group_size=500)
    checkpoint = tmp_path / "checkpoint"
    how: Any = {"data": sl.scan(str(tmp_path / "a.parquet")), **NAMES, "checkpoint": checkpoint}

    def stop(rows: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sl.evaluate("mae", **how, by=ASKED, checkpoint_every=0.0, progress=stop)
    assert checkpoint.exists()
    other = sl.grouping_sets(["origin"], ["carrier"])
    for sets in (ASKED, other):
        assert sl.evaluate("mae", **how, by=sets) == CROSSED.grouping_sets(*sets.sets)
