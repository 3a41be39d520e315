"""However data are cut into updates, cells are those of the whole."""

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import streamloss as sl
from streamloss.run import choose

from .metrics import Pairs, pairs

SIZES = 1, 3, 1024, 1025, 4096, 4097, 9000
"""Around the batches that numpy takes, and the elements that are looked at before counting."""


@pytest.mark.parametrize("size", SIZES)
def test_results_between_updates_are_of_all_so_far(size: int, rng: np.random.Generator) -> None:
    acc = sl.Accumulator(Pairs())
    seen: tuple[list[Any], list[Any]] = [], []
    for _ in range(3):
        y, p = rng.integers(0, 3, (2, size))
        acc.update(y, p)
        seen[0].extend(y.tolist())
        seen[1].extend(p.tolist())
        assert acc.result() == pairs(*seen)
        assert acc.counts["elements"] == len(seen[0])


FORMS = "plain", "weights", "where", "both", "floats", "far", "unsigned", "negative", "missing"
Form = tuple[str, int, int]


def batch(form: str, size: int, seed: int) -> dict[str, Any]:
    """A batch of one form, which has one of the ways of counting."""
    rng = np.random.default_rng(seed)
    y, p = rng.integers(0, 1 + seed % 5, (2, size))
    given: dict[str, Any] = {"y_true": y, "y_pred": p}
    if form in ("weights", "both"):
        given["weights"] = rng.integers(-2, 6, size) / 4
    if form in ("where", "both"):
        given["where"] = rng.random(size) < 0.6
    if form in ("floats", "missing"):
        given |= {"y_true": y.astype("f4"), "y_pred": p.astype("f8")}
    if form == "missing":
        given["y_true"][:: max(1, size // 3)] = np.nan
    if form == "far":
        given["y_true"] = y * 2**50 - 2**52
    if form == "negative":
        given["y_pred"] = -p * 1000
    if form == "unsigned":
        given |= {"y_true": y.astype("u1"), "y_pred": p.astype("u8")}
    return given


def of(parts: list[dict[str, Any]]) -> Any:
    """What `Pairs` gives of batches."""
    rows: dict[str, list[Any]] = {"y": [], "p": [], "w": [], "m": []}
    for part in parts:
        size = len(part["y_true"])
        for name, each in (("y", part["y_true"]), ("p", part["y_pred"])):
            rows[name].extend([x if x != x else int(x) for x in each.tolist()])
        rows["w"].extend(part.get("weights", np.ones(size)).tolist())
        rows["m"].extend(part.get("where", np.ones(size, bool)).tolist())
    return pairs(rows["y"], rows["p"], rows["w"], rows["m"], omit=True)


SEQUENCES = st.lists(
    st.tuples(st.sampled_from(FORMS), st.sampled_from([0, 1, 7, 1030, 5000]), st.integers(0, 99)),
    max_size=7,
)


@pytest.mark.parametrize("small", [0, 1024])
@given(SEQUENCES)
@example([("plain", 5000, 4), ("weights", 5000, 4), ("both", 5000, 4), ("plain", 5000, 4)])
@example([("plain", 5000, 4), ("where", 5000, 4), ("weights", 5000, 4), ("far", 5000, 4)])
@settings(max_examples=20)
def test_batches_of_all_forms_one_after_another(small: int, forms: list[Form]) -> None:
    before, choose.SMALL = choose.SMALL, small
    try:
        acc, parts = sl.Accumulator(Pairs(), nan="omit"), [batch(*form) for form in forms]
        alone = []
        for k, part in enumerate(parts):
            acc.update(**part)
            alone.append(sl.accumulate(Pairs(), **part, nan="omit"))
            if k % 2:
                assert acc.result() == of(parts[: k + 1])
        assert acc.result() == of(parts)
        merged = sum(reversed(alone), sl.Accumulator(Pairs(), nan="omit"))
        assert merged == acc
        assert merged.to_bytes() == acc.to_bytes()
        for one in alone:
            merged = merged - one
        assert merged == sl.Accumulator(Pairs(), nan="omit")
    finally:
        choose.SMALL = before
