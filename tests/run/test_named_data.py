"""Datasets of xarray as data: columns and keys by name, aligned by the names of their axes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import streamloss as sl

xr: Any = pytest.importorskip("xarray")

RNG = np.random.default_rng(0)
LAT, LON = np.array([-30.0, 0.0, 30.0, 60.0]), np.arange(5.0)
TIME = np.datetime64("2023-01-01", "ns") + np.arange(90).astype("m8[D]")
BAND = np.array(["S", "T", "T", "N"])
OBS, FCST = RNG.normal(size=(4, 90, 5)), RNG.normal(size=(90, 5, 4))
AREA = np.cos(np.radians(LAT))
Y, P = OBS.transpose(1, 0, 2), FCST.transpose(0, 2, 1)  # time, lat, lon
W = np.broadcast_to(AREA[None, :, None], Y.shape)


def dataset() -> Any:
    variables = {
        "obs": (("lat", "time", "lon"), OBS),
        "fcst": (("time", "lon", "lat"), FCST),
        "area": ("lat", AREA),
        "band": ("lat", BAND),
    }
    return xr.Dataset(variables, {"lat": LAT, "time": TIME, "lon": LON})


CALL: dict[str, Any] = {"y_true": "obs", "y_pred": "fcst", "weights": "area"}


def test_a_key_along_any_axis() -> None:
    found = sl.evaluate("mae", data=dataset(), **CALL, by=sl.period("time", "month"))
    assert found == sl.evaluate("mae", Y, P, W, by={"time": sl.period(TIME, "month")})


def test_keys_along_several_axes_make_rows_of_these() -> None:
    by = ["band", sl.period("time", "month")]
    found = sl.evaluate("r2", data=dataset(), **CALL, by=by)
    keys = {
        "band": np.broadcast_to(BAND, (90, 4)).ravel(),
        "time": sl.period(np.repeat(TIME, 4), "month"),
    }
    assert found == sl.evaluate(
        "r2", Y.reshape(360, 5), P.reshape(360, 5), W.reshape(360, 5), by=keys
    )


def test_the_means_of_slices_are_those_of_fractions() -> None:
    by = ["band", sl.period("time", "month")]
    found = sl.evaluate("mae", data=dataset(), **CALL, by=by)
    sums: dict[tuple[str, str], list[Fraction]] = {}
    for time, lat, lon in np.ndindex(Y.shape):
        key = str(BAND[lat]), str(TIME[time].astype("M8[M]"))
        each, weight = sums.setdefault(key, [Fraction(), Fraction()]), float(AREA[lat])
        each[0] += Fraction(weight * abs(float(P[time, lat, lon]) - float(Y[time, lat, lon])))
        each[1] += Fraction(weight)
    assert {key: results["mae"] for key, results in found} == {
        key: float(total / weights) for key, (total, weights) in sums.items()
    }


@pytest.mark.parametrize("axis", [["time", "lat"], (0, 1), [1, "lat"]])
def test_axes_may_be_kept(axis: Any) -> None:
    found = sl.evaluate("mae", data=dataset(), **CALL, by="band", axis=axis)
    for k, band in enumerate(["N", "S", "T"]):
        some = BAND == band
        expected = sl.evaluate("mae", Y[:, some], P[:, some], W[:, some], axis=(0, 1))
        assert found["mae"][k].tolist() == expected.tolist()


def test_arrays_with_names_need_no_data() -> None:
    ds = dataset()
    by = {"month": sl.period(ds["time"], "month"), "band": ds["band"]}
    found = sl.evaluate("mae", ds["obs"], ds["fcst"], ds["area"], by=by)
    named = {"month": sl.period("time", "month"), "band": "band"}
    assert found == sl.evaluate("mae", data=ds, **CALL, by=named)


def test_updates_add_up() -> None:
    by = ["band", sl.period("time", "month")]
    acc = sl.Accumulator("mae", by=("band", "time"))
    for start in range(0, 90, 17):
        acc.update(**CALL, data=dataset().isel(time=slice(start, start + 17)), by=by)
    assert acc == sl.accumulate("mae", data=dataset(), **CALL, by=by)


def test_refusals() -> None:
    ds = dataset()
    with pytest.raises(ValueError, match=r"axis must reduce \('lat',\), .*: got \['lon'\]"):
        sl.evaluate("mae", data=ds, **CALL, by="band", axis="lon")
    with pytest.raises(ValueError, match=r"keys of by must have axes of .*: got \['z'\]"):
        sl.evaluate("mae", ds["obs"], ds["fcst"], by=xr.DataArray(np.arange(3), dims="z"))
    with pytest.raises(ValueError, match="by 'band' must have a key for each row of the losses"):
        sl.evaluate("mae", Y, P, by=ds["band"])
    later = ds["time"].assign_coords(time=TIME + np.timedelta64(1, "D"))
    with pytest.raises(ValueError, match="by must have the coordinates of the other arrays"):
        sl.evaluate("mae", ds["obs"], ds["fcst"], by=later)
    with pytest.raises(ValueError, match="by: no column 'bands' in data: it has band"):
        sl.evaluate("mae", data=ds, **CALL, by="bands")
