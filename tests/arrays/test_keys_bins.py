"""Bins are numpy's: closed on the left, the last on both sides; what is outside has its own."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

import streamloss as sl
from streamloss.arrays import edges as bins_of
from streamloss.arrays.keys import Kind, item, read_key
from tests.arrays.keys import items_of, rows_of
from tests.arrays.kinds import polars

INF, NAN = math.inf, math.nan
RNG = np.random.default_rng(22)

EDGES: dict[str, list[float]] = {
    "two": [0, 1],
    "three": [-0.5, 0.0, 0.5],
    "inexact": [0.1, 0.2, 0.3, 0.7],
    "infinite": [-INF, 0.0, INF],
    "from minus infinity": [-INF, -1.0, 5.0],
    "to infinity": [1.0, 2.0, INF],
    "tiny": [-5e-324, 0.0, 5e-324],
    "huge": [-1.7976931348623157e308, 1.0, 1.7976931348623157e308],
    "integers": [-(2**63), -(2**53), 0, 2**53 + 2, 2**63 - 1024, 2**63, 2**64],
    "between": [-1e300, -0.5, 2.5, 1e19, 1e300],
    "many": list(np.linspace(-1, 1, 126)),
    "as many as are compared": list(np.linspace(-1, 1, bins_of.FEW)),
    "more": list(np.linspace(-1, 1, bins_of.FEW + 1)),
    "more to infinity": [*np.linspace(-1, 1, 200), INF],
    "many to infinity": [-INF, *np.linspace(-1, 1, 126), INF],
}


def place(value: Any, edges: list[float]) -> int | None:
    """The number of the bin of a value, by comparing fractions."""
    if value is None or value != value:
        return None
    if value == edges[-1]:
        return len(edges) - 1
    return sum(value >= edge for edge in edges)


def around(edges: list[float], dtype: Any) -> np.ndarray:
    """Edges, their neighbours in the dtype, and others, with infinities and NaN."""
    with np.errstate(all="ignore"):
        near = np.array(edges).astype(dtype)
        steps = [np.nextafter(near, dtype(end)) for end in (-INF, INF)]
        others = (RNG.standard_normal(500) * 2).astype(dtype)
    return np.concatenate([near, *steps, others, np.array([0.0, -0.0, INF, -INF, NAN], dtype)])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("edges", EDGES)
def test_bins_of_floats(edges: str, dtype: Any) -> None:
    values = around(EDGES[edges], dtype)
    got = rows_of(read_key("k", sl.bins(values, EDGES[edges])))
    assert got == [place(value, EDGES[edges]) for value in values.astype(float).tolist()]


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "i8", "u8"])
@pytest.mark.parametrize("edges", EDGES)
def test_bins_of_integers_are_exact(edges: str, dtype: str) -> None:
    info = np.iinfo(dtype)
    near = {int(e) + d for e in EDGES[edges] if math.isfinite(e) for d in (-1, 0, 1)}
    near |= {int(info.min), int(info.max), 0, 1, 2**53 + 1, 2**63 - 1, 2**63}
    values = sorted(v for v in near if info.min <= v <= info.max)
    got = rows_of(read_key("k", sl.bins(np.array(values, dtype), EDGES[edges])))
    assert got == [place(value, EDGES[edges]) for value in values]


@pytest.mark.parametrize("edges", EDGES)
def test_bins_count_what_numpy_counts(edges: str) -> None:
    if not all(map(math.isfinite, EDGES[edges])):
        return
    values = around(EDGES[edges], np.float64)
    keyed = read_key("k", sl.bins(values, EDGES[edges]))
    want = np.histogram(values[~np.isnan(values)], EDGES[edges])[0]
    got = np.bincount(keyed.codes[keyed.codes >= 0], minlength=len(EDGES[edges]) + 1)
    assert got[1:-1].tolist() == want.tolist()
    inside = np.searchsorted(EDGES[edges], values, side="right")
    inner = (values >= EDGES[edges][0]) & (values < EDGES[edges][-1])
    assert (keyed.codes[inner] == inside[inner]).all()


def test_long_arrays_are_cut_into_blocks() -> None:
    values = RNG.random(3 * bins_of.BLOCK + 7)
    got = read_key("k", sl.bins(values, [0.0, 0.25, 1.0])).codes
    assert (got == np.where(values < 0.25, 1, 2)).all()
    assert got.dtype == np.int8


COLUMNS = {
    "list": lambda v: v,
    "list with None": lambda v: [None if x != x else x for x in v],
    "pandas": pd.Series,
    "nullable": lambda v: pd.array([None if x != x else x for x in v], "Float64"),
    "integers": lambda v: pd.array([None if x != x else int(x) for x in v], "Int64"),
    "categories": lambda v: pd.Series(v).astype("category"),
    "masked": lambda v: np.ma.masked_invalid(v),
    "strided": lambda v: np.repeat(v, 2)[::2],
    "swapped": lambda v: np.array(v, ">f8"),
}
if polars:
    COLUMNS["polars"] = lambda v: polars.Series(v)


@pytest.mark.parametrize("column", COLUMNS)
def test_bins_of_every_column(column: str) -> None:
    keyed = read_key("k", sl.bins(COLUMNS[column]([1.0, NAN, 5.0, 9.0, 0.0, 5.0]), [1, 5, 8]))
    assert keyed.kind == Kind("bins", (1.0, 5.0, 8.0))
    assert items_of(keyed) == ["[1, 5)", None, "[5, 8]", "(8, inf)", "(-inf, 1)", "[5, 8]"]


def test_bins_of_what_is_missing() -> None:
    for value in ([], [None, NAN], np.full(2, NAN), pd.Categorical([None, None])):
        assert rows_of(read_key("k", sl.bins(value, [0, 1]))) == [None] * len(value)


def test_bins_of_anything_but_numbers_are_refused() -> None:
    for value in (["a"], [True], np.array(["2024"], "M8[s]"), np.array(["a"]), [b"a"]):
        with pytest.raises(TypeError, match=r"^by 'k' must hold numbers to have bins: got \w+"):
            read_key("k", sl.bins(value, [0, 1]))
    with pytest.raises(ValueError, match=r"^by 'k' must have one axis: got shape \(2, 2\)"):
        read_key("k", sl.bins(np.zeros((2, 2)), [0, 1]))
    with pytest.raises(TypeError, match=r"^by 'k' must be an array: got the name of a column"):
        read_key("k", sl.bins("distance", [0, 1]))


def test_names_of_bins() -> None:
    kind = sl.bins("x", [-INF, -1e16, 0.1, 5, 1e15, 1e300]).kind
    names = ["(-inf, -inf)", "[-inf, -1e+16)", "[-1e+16, 0.1)", "[0.1, 5)", "[5, 1000000000000000)"]
    names += ["[1000000000000000, 1e+300]", "(1e+300, inf)"]
    assert [item(kind, k) for k in range(7)] == names
    assert [item(sl.bins("x", [-0.0, 2]).kind, k) for k in range(3)] == [
        "(-inf, 0)",
        "[0, 2]",
        "(2, inf)",
    ]


REFUSED: list[tuple[Any, type[Exception]]] = [
    ([], ValueError),
    ([1], ValueError),
    ([1, 1], ValueError),
    ([2, 1], ValueError),
    ([0.0, -0.0], ValueError),
    ([0, NAN], ValueError),
    ([NAN, 0, 1], ValueError),
    ([2**53, 2**53 + 1], ValueError),
    ([0, Fraction(1, 3), 1], ValueError),
    ([0, 10**400], TypeError),
    (["a", "b"], TypeError),
    (["0", "1"], TypeError),
    ([None, 1], TypeError),
    ([0, 1j], TypeError),
    (3, TypeError),
    (None, TypeError),
    ("01", TypeError),
    ([[0, 1], [2, 3]], TypeError),
    (list(range(10**5))[::-1], ValueError),
]


@pytest.mark.parametrize(("edges", "error"), REFUSED)
def test_edges_are_numbers_that_increase(edges: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^edges must be ") as caught:
        sl.bins([1.0], edges)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "edges",
    [
        (0, 1),
        np.array([0, 1]),
        range(2),
        [np.float32(0), np.int8(1)],
        pd.Series([0.0, 1.0]),
        [Fraction(0), True],
        iter([0, 1]),
    ],
)
def test_edges_are_anything_that_has_numbers(edges: Any) -> None:
    cut = sl.bins([1.0], edges)
    assert cut.kind == Kind("bins", (0.0, 1.0))
    assert {type(edge) for edge in cut.kind.detail} == {float}


def test_cuts_are_immutable_and_small() -> None:
    for cut in (sl.bins([0.5] * 10**5, [0, 0.5, 1]), sl.period("t", "month")):
        with pytest.raises(AttributeError, match="cannot be changed"):
            cut.kind = None  # type: ignore[misc, assignment]
        with pytest.raises(AttributeError, match="cannot be changed"):
            del cut.source
        for other in (pickle.loads(pickle.dumps(cut)), copy.copy(cut), copy.deepcopy(cut)):
            assert (other.source, other.kind) == (cut.source, cut.kind)
        assert len(repr(cut)) < 120
    assert repr(sl.bins("x", [0, 0.5])) == "bins('x', [0, 0.5])"
