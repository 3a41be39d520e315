"""What slices say of their rows: results, keys, counts, the whole, and how they are found."""

import math
import pickle
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests import reference
from tests.slices.tables import BY, CARRIER, HOUR, RNG, N, P, W, Y, groups, slices_of, truth

LOSSES = ["mae", "rmse", "r2", sl.Huber(0.5)]
BOTH = slices_of(LOSSES, BY)


def bits(value: Any) -> Any:
    return reference.bits(value if isinstance(value, dict) else np.asarray(value))


def test_each_slice_has_the_results_of_its_rows() -> None:
    expected = list(truth(LOSSES, BY))
    for name in LOSSES:
        assert bits(BOTH[name]) == bits([each[name] for each in expected])
    assert bits(list(BOTH.overall.values())) == bits(
        list(sl.evaluate(LOSSES, Y, P, W).values()),
    )
    assert (list(BOTH.overall), BOTH.names) == (LOSSES, tuple(LOSSES))


@pytest.mark.parametrize("reduction", ["sum", "mean", "sum_over_batch_size", "weighted_sum"])
def test_any_reduction_of_the_same_sums(reduction: str) -> None:
    mae = slices_of("mae", BY).result(reduction)
    assert bits(mae.values) == bits(list(truth("mae", BY, reduction=reduction)))
    assert mae.overall == {"mae": sl.evaluate("mae", Y, P, W, reduction=reduction)}
    assert mae.reduction is sl.Reduction(reduction)


def test_a_reduction_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="slices keep sums"):
        slices_of("mae", BY).result("none")
    with pytest.raises(ValueError, match="which has its own"):
        BOTH.result("sum")
    with pytest.raises(ValueError, match="must be one of"):
        BOTH.result("median")


def test_slices_are_in_the_order_of_their_keys() -> None:
    keys = list(zip(BOTH.by["carrier"].tolist(), BOTH.by["hour"].tolist(), strict=True))
    assert keys == list(groups(BY))
    assert len(BOTH) == len(keys)
    assert BOTH.by["hour"].dtype == np.int64


def test_they_are_pairs_of_keys_and_results() -> None:
    pairs = list(BOTH)
    assert [key for key, _ in pairs] == list(groups(BY))
    assert bits([each["rmse"] for _, each in pairs]) == bits(BOTH["rmse"])
    assert [key for key, _ in slices_of("mae", {"hour": HOUR})] == [-2, -1, 0, 1, 2]
    last = list(slices_of("mae", {"carrier": CARRIER}))[-1]
    assert last[0] is None
    assert type(last[1]["mae"]) is float
    assert dict(BOTH)["AA", 1] == BOTH.loc["AA", 1]


def test_items_are_objects_of_python_and_times_of_numpy() -> None:
    days = np.array(["2024-01-31", "1969-12-31"], "M8[D]")
    for keys in (
        [2, -1],
        [2**64 - 1, 5],
        [0.5, -2.0],
        [True, False],
        ["b", "a"],
        [b"b", b"a"],
        [*days],
    ):
        res = slices_of("mae", {"key": [*keys, None]}, (Y[:3], P[:3], W[:3]))
        found = [key for key, _ in res]
        assert found == [*sorted(keys), None]
        assert {type(key) for key in found[:2]} == {type(keys[0])}


def test_counts_of_each_slice_and_in_total() -> None:
    y = Y.copy()
    y[::7] = np.nan
    where = np.arange(N) % 5 != 1
    arrays = (y, P, W)
    rows = [np.array(r) for r in groups(BY).values()]
    accs = [sl.accumulate("mae", *[a[r] for a in arrays], where=where[r], nan="omit") for r in rows]
    res = slices_of("mae", BY, (y, P, W, where), nan="omit", counts={"missing_keys": 3})
    for name in ("elements", "nonzero_weights", "nan", "masked", "rows"):
        assert res.counts[name].tolist() == [acc.counts[name] for acc in accs]
        assert res.counts[name].dtype == np.int64
    assert res.counts["missing_keys"] == 3


def test_a_single_loss_needs_no_name() -> None:
    res = slices_of("mae:", {"hour": HOUR})
    assert bits(res.values) == bits(res["mae:"])
    assert res.names == ("mae:",)
    assert ("mae:" in res, "mae" in res) == (True, False)
    with pytest.raises(ValueError, match="several losses, 'mae', 'rmse'"):
        BOTH.values  # noqa: B018


def test_a_loss_that_was_not_asked_for() -> None:
    for wrong in ("mse", sl.Huber(1.0), None, ["mae"]):
        with pytest.raises(KeyError, match=r"no results of .*: there are those of 'mae', 'rmse'"):
            BOTH[wrong]


def test_axes_kept_follow() -> None:
    y, p, w = RNG.standard_normal((3, N, 2, 3))
    arrays = y, p, abs(w)
    res = slices_of(["mae", "r2"], {"hour": HOUR}, arrays, axis=0)
    expected = list(truth(["mae", "r2"], {"hour": HOUR}, arrays, axis=0))
    assert res["r2"].shape == (5, 2, 3)
    assert bits(res["r2"]) == bits([each["r2"] for each in expected])
    assert bits(res.overall["mae"]) == bits(sl.evaluate("mae", *arrays, axis=0))
    assert res.counts["elements"].tolist() == [6 * len(r) for r in groups({"h": HOUR}).values()]
    assert res.counts["rows"].tolist() == [len(r) for r in groups({"h": HOUR}).values()]
    assert bits(res.loc[0]["mae"]) == bits(res["mae"][2])
    assert bits(dict(res)[0]["mae"]) == bits(res["mae"][2])
    whole = [
        sl.evaluate("mae", *[a[np.array(HOUR) != h] for a in arrays], axis=0)
        for h in res.by["hour"]
    ]
    assert bits(res.rest("mae")) == bits(whole)
    assert bits(res.difference("mae")) == bits(res["mae"].max(axis=0) - res["mae"].min(axis=0))


def test_one_slice_is_found_by_its_keys() -> None:
    for key, results in BOTH:
        assert repr(BOTH.loc[key]) == repr(results)  # as NaN is none
    alone = slices_of(["mae"], {"carrier": CARRIER})
    assert alone.loc["AA"] == alone.loc[("AA",)] == dict(alone)["AA"]
    assert alone.loc[None] == alone.loc[math.nan] == dict(alone)[None]


UNFOUND: list[tuple[Any, str]] = [
    (("AB", 1), "no slice has 'carrier' 'AB': near is 'AA'"),
    (("AA", 7), "no slice has 'hour' 7: near is 2"),
    (("AA", -9), "no slice has 'hour' -9: near is -2"),
    (("AA", None), "no slice has 'hour' missing"),
    ("AA", "loc takes 2 keys .'carrier', 'hour'.: got 'AA'"),
    (("AA", "x"), "'x' is no key of kind int: 'hour' has -2 and -1 and 0"),
    ((3, 1), "3 is no key of kind text: 'carrier' has 'AA' and 'DL' and 'UA'"),
    (([], 1), "no key of kind text"),
    ((slice(None), 1), "no key of kind text"),
]


@pytest.mark.parametrize(("key", "told"), UNFOUND)
def test_what_is_near_a_slice_that_is_not_there(key: Any, told: str) -> None:
    with pytest.raises(KeyError, match=told) as error:
        BOTH.loc[key]
    assert len(str(error.value)) < 200


def test_keys_that_never_come_together() -> None:
    res = slices_of("mae", {"a": ["x", "x", "y", "y"], "b": [1, 5, 2, 9]}, (Y[:4], P[:4], W[:4]))
    with pytest.raises(KeyError, match=r"no slice .'x', 2.: near is 'b' 1 and 5"):
        res.loc["x", 2]
    with pytest.raises(KeyError, match=r"no slice .'y', 1.: near is 'b' 2"):
        res.loc["y", 1]
    assert res.loc["y", 9.0] == dict(res)["y", 9]


def test_a_key_of_many_texts_and_long_ones_is_told_of_briefly() -> None:
    names = [f"{k:05}" + "é" * 10000 for k in range(50)]
    res = slices_of("mae", {"id": names}, (Y[:50], P[:50], W[:50]))
    with pytest.raises(KeyError) as error:
        res.loc["00007" + "e" * 100000]
    assert len(str(error.value)) < 500
    with pytest.raises(KeyError) as error:
        res.loc["\x1b[31m\n"]
    assert "\x1b" not in str(error.value)


def test_equal_slices_have_equal_sums_of_equal_losses() -> None:
    other = slices_of(LOSSES, BY)
    assert other == BOTH
    assert slices_of([sl.AbsoluteError(), *LOSSES[1:]], BY) == BOTH
    assert slices_of(LOSSES[::-1], BY) != BOTH
    assert slices_of(LOSSES, BY, (Y + 1e-9, P, W)) != BOTH
    assert slices_of(LOSSES, {"carrier": CARRIER}) != BOTH
    assert slices_of("mae", BY) != slices_of("mae", BY).result("sum")
    assert BOTH.worst(3, "mae") == other.worst(3, "mae")
    assert BOTH.worst(9, "mae") != BOTH.worst(9, "r2")
    assert BOTH.worst(3, "mae") != BOTH
    assert BOTH != 1


def test_they_can_be_pickled() -> None:
    chosen = BOTH.worst(3, sl.Huber(0.5))
    for res in (BOTH, slices_of("mae", BY, reduction="sum", counts={"missing_keys": 1}), chosen):
        back = pickle.loads(pickle.dumps(res))
        assert back == res
        assert repr(back) == repr(res)
        assert {k: np.ravel(v).tolist() for k, v in back.counts.items()} == {
            k: np.ravel(v).tolist() for k, v in res.counts.items()
        }


def test_results_cannot_be_written_to() -> None:
    for array in (BOTH["mae"], BOTH.counts["rows"], BOTH.rest("mae"), BOTH.worst(2, "mae")["mae"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
