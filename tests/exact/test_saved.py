"""What version 0.1.0 wrote is read: bytes and pickles of `tests/golden/saved_0_1`."""

import pickle
from pathlib import Path

import pytest

import streamloss as sl

FOLDER = Path(__file__).parents[1] / "golden" / "saved_0_1"


@pytest.mark.parametrize("name", ["mae", "list", "axis"])
def test_bytes_are_read(name: str) -> None:
    data = (FOLDER / f"{name}.bytes").read_bytes()
    found = sl.Accumulator.from_bytes(data)
    assert repr(found.result()) == (FOLDER / f"{name}.repr").read_text()
    back = sl.Accumulator.from_bytes(found.to_bytes())
    assert back == found
    assert repr(back.result()) == repr(found.result())


@pytest.mark.parametrize("name", ["mae", "list", "axis", "xr"])
def test_pickles_are_read(name: str) -> None:
    if name == "xr":  # an axis with a name
        pytest.importorskip("xarray")
    found = pickle.loads((FOLDER / f"{name}.pickle").read_bytes())
    assert repr(found.result()) == (FOLDER / f"{name}.repr").read_text()
    assert found == sl.Accumulator.from_bytes((FOLDER / f"{name}.bytes").read_bytes())
