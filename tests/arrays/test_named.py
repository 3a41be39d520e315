"""Arrays of xarray go by the names of their axes, and their coordinates must be equal."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import dask.array as da
import numpy as np
import pytest
from dask.base import is_dask_collection

import streamloss as sl
import streamloss.compat.sklearn as sk

xr = pytest.importorskip("xarray")

RNG = np.random.default_rng(17)
TIMES, PLACES = np.arange("2020-01", "2020-07", dtype="M8[M]"), ["a", "b", "c"]


def table(values: Any, *dims: str) -> Any:
    coordinates = {"time": TIMES.astype("M8[ns]"), "place": PLACES}
    return xr.DataArray(
        values, dims=dims, coords={k: coordinates[k] for k in dims if k in coordinates}
    )


Y, P = (table(RNG.random((6, 3)), "time", "place") for _ in range(2))
W = table(RNG.random(3), "place")


def same(got: Any, want: Any) -> bool:
    return bool(np.asarray(got).tobytes() == np.asarray(want).tobytes())


@pytest.mark.parametrize("turned", ["y_true", "y_pred", "both"])
@pytest.mark.parametrize("lazy", [False, True])
def test_axes_are_aligned_by_name(turned: str, lazy: bool) -> None:
    y, p = Y.T if turned != "y_pred" else Y, P.T if turned != "y_true" else P
    y, p = (a.chunk({"time": 2}) for a in (y, p)) if lazy else (y, p)
    for axis, plain in ((None, None), ("time", 0), (("time", "place"), None), ("place", 1)):
        got = sl.evaluate("mae", y, p, W, axis=axis)
        assert is_dask_collection(got) == lazy
        assert same(
            got, sl.evaluate("mae", Y.data, P.data, np.broadcast_to(W.data, (6, 3)), axis=plain)
        )


@pytest.mark.parametrize("lazy", [False, True])
def test_results_that_keep_axes_have_their_coordinates(lazy: bool) -> None:
    height = "place", [1.0, 2.0, 3.0]
    y, p = (
        Y.assign_coords(height=height, run=7, seed=1),
        P.T.assign_coords(seed=2),
    )
    if lazy:
        y, p = y.chunk(), p.chunk()
    got = sl.evaluate(["mae", "rmse"], y, p, axis="time")["rmse"]
    xr.testing.assert_equal(
        got, np.sqrt(((P - Y) ** 2).mean("time")).assign_coords(height=height, run=7)
    )
    assert is_dask_collection(got) == lazy
    each = sl.evaluate("mse", y.T, p, reduction="none")
    assert each.dims == ("place", "time")
    xr.testing.assert_allclose(each, ((P - Y) ** 2).T.assign_coords(height=height, run=7))
    assert each.name is None


def test_weights_and_masks_are_aligned_by_name() -> None:
    keep = Y["time"] > TIMES[2]
    got = sl.evaluate("mae", Y, P, W, where=keep)
    weights = W.broadcast_like(Y).transpose("time", "place").data
    where = keep.broadcast_like(Y).transpose("time", "place").data
    assert got == sl.evaluate("mae", Y.data, P.data, weights, where=where)
    assert got == sl.evaluate("mae", Y.T, P, W.broadcast_like(Y), where=keep.broadcast_like(Y).T)
    assert sl.reduce(Y, W) == sl.reduce(Y.data, weights)


def test_rows_of_classes_may_have_any_axis() -> None:
    labels = table([0, 2, 1, 3, 0, 1], "time")
    logits = table(RNG.random((6, 4)), "time", "label")
    want = sl.evaluate("cross_entropy", labels.data, logits.data)
    assert sl.evaluate("cross_entropy", labels, logits) == want
    assert sl.evaluate("cross_entropy", labels, logits.T) == want
    hot = (xr.DataArray(np.arange(4), dims="label") == labels).astype(float)
    want = sl.evaluate("softmax_cross_entropy", hot.transpose("time", "label").data, logits.data)
    assert sl.evaluate("softmax_cross_entropy", hot.transpose("time", "label"), logits.T) == want


REFUSED: dict[str, tuple[Any, str]] = {
    "another order": (
        (Y, P.isel(time=slice(None, None, -1))),
        "y_pred must have the coordinates .* 'time'",
    ),
    "others": (
        (Y, P.assign_coords(place=["a", "b", "d"])),
        "y_pred must have the coordinates .* 'place'",
    ),
    "fewer": ((Y, P.isel(time=slice(1, None))), "y_pred must have the coordinates .* 'time'"),
    "other axes": ((Y, P.rename(place="site")), "y_pred must have the axes"),
    "an axis less": ((Y, P.isel(place=0)), "y_pred must have the axes"),
    "weights of another axis": (
        (Y, P, xr.DataArray([1.0], dims="run")),
        "weights must have axes of",
    ),
    "weights in another order": ((Y, P, W[::-1]), "weights must have the coordinates .* 'place'"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_align_is_refused(kind: str) -> None:
    arguments, message = REFUSED[kind]
    acc = sl.Accumulator("mae").update(Y, P)
    before = acc.to_bytes()
    for call in (lambda *a: sl.evaluate("mae", *a), acc.update):
        with pytest.raises(ValueError, match=f"^{message}") as caught:
            call(*arguments)
        assert len(str(caught.value)) < 250
    assert acc.to_bytes() == before


def test_names_need_arrays_that_have_them() -> None:
    with pytest.raises(ValueError, match=r"^axis must be one of \('time', 'place'\): got 'x'"):
        sl.evaluate("mae", Y, P, axis="x")
    with pytest.raises(TypeError, match=r"^axis must be an integer .*: got 'time'"):
        sl.evaluate("mae", Y.data, P.data, axis="time")
    with pytest.raises(TypeError, match=r"^y_true must be a DataArray"):
        sl.evaluate("mae", Y.data, P.data, W)


def test_arrays_without_names_beside_some_go_by_position() -> None:
    want = sl.evaluate("mae", Y.data, P.data, axis=0)
    assert same(sl.evaluate("mae", Y, P.data, axis="time"), want)
    assert same(sl.evaluate("mae", Y.data, P, axis="time"), want)


def test_an_accumulator_keeps_the_order_of_its_first_arrays() -> None:
    acc = sl.Accumulator(["mae", "mse"], axis="time")
    acc.update(Y.isel(time=slice(2)), P.isel(time=slice(2)), W)
    acc.update(Y.isel(time=slice(2, None)).T, P.isel(time=slice(2, None)), W)
    want = sl.evaluate(["mae", "mse"], Y, P, W, axis="time")
    for loss, values in acc.result().items():
        xr.testing.assert_identical(values, want[loss])
    assert (acc.axis, acc.shape) == (0, (3,))
    copy = pickle.loads(pickle.dumps(acc))
    assert copy == acc
    xr.testing.assert_identical(copy.result()["mae"], want["mae"])
    with pytest.raises(ValueError, match=r"must have the coordinates .* along 'place'"):
        acc.update(Y.assign_coords(place=["a", "b", "d"]), P.assign_coords(place=["a", "b", "d"]))
    both = sl.merge([acc, sl.accumulate(["mae", "mse"], Y, P, W, axis=0)])
    assert both.result()["mae"].dims == ("place",)


def test_merging_accumulators_of_named_axes() -> None:
    empty = sl.Accumulator("mae", axis="time")
    filled = empty.copy().update(Y, P)
    for both in (empty + filled, filled + empty, sum([empty, filled, empty])):
        assert both == filled
        xr.testing.assert_identical(both.result(), filled.result())
    other = [a.assign_coords(place=["a", "b", "d"]) for a in (Y, P)]
    with pytest.raises(ValueError, match=r"^other must have the coordinates .* along 'place'"):
        filled.merge(sl.accumulate("mae", *other, axis="time"))
    cube = Y.expand_dims(run=3)
    parts = [sl.accumulate("mae", a, a + 1, axis="time") for a in (cube, cube.transpose())]
    with pytest.raises(
        ValueError, match=r"axes kept must be the same to merge: got \('place', 'run'\)"
    ):
        parts[0].merge(parts[1])
    turned = filled.copy().reset().update(*(a.T for a in other))
    assert (turned.axis, turned.result()["place"].values.tolist()) == (1, ["a", "b", "d"])


def test_a_delayed_accumulator_of_named_axes() -> None:
    part = sl.accumulate("mae", Y.chunk({"time": 2}), P.T, W, axis="time").compute()
    xr.testing.assert_identical(part.result(), sl.evaluate("mae", Y, P, W, axis="time"))


def test_variables_have_names_too() -> None:
    y = xr.Variable(("x", "y"), [[1.0, 2.0], [3.0, 4.0]])
    assert sl.evaluate("mae", y, y.transpose()) == 0.0
    assert sl.evaluate("mse", y, y.transpose() + 1.0, axis="x").dims == ("y",)


def test_interfaces_of_frameworks_go_by_position() -> None:
    assert sk.mean_absolute_error(Y, P) == sk.mean_absolute_error(Y.data, P.data)
    lazy = sk.mean_absolute_error(Y.chunk({"time": 2}), P)
    assert is_dask_collection(lazy)
    assert float(lazy) == sk.mean_absolute_error(Y.data, P.data)


def test_a_dataset_is_no_array() -> None:
    with pytest.raises(TypeError, match=r"^y_true must"):
        sl.evaluate("mae", xr.Dataset({"a": Y}), P)


def test_empty_and_scalar_arrays() -> None:
    one = xr.DataArray(da.ones(()))
    assert float(sl.evaluate("mae", one, one * 3)) == 2.0
    assert np.isnan(sl.evaluate("mae", Y[:0], P[:0]))


def test_an_accumulator_is_read_where_xarray_is_not_loaded_yet() -> None:
    plain = [xr.DataArray(each.data, dims=each.dims) for each in (Y, P)]
    data = pickle.dumps(sl.Accumulator("mae", axis="time").update(*plain))
    script = f"import pickle; print(pickle.loads({data!r}).result().dims)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "('place',)\n"
