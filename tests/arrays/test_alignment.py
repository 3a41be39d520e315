"""Weights and masks align with the leading axes, and any axes may be reduced."""

import itertools
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests.arrays.given import NAN, RNG, P, Y, errors, quotients, same, total
from tests.reference import leading

ALIGNED = [
    *(((4, 3), w) for w in [(), (1,), (4,), (4, 1), (1, 3), (1, 1), (4, 3)]),
    *(((4, 3, 5), w) for w in [(), (4,), (1,), (4, 3), (4, 1), (1, 3), (4, 3, 1)]),
    *(((4, 3, 5), w) for w in [(4, 1, 5), (1, 1, 5), (1, 3, 5), (4, 3, 5), (1, 1, 1)]),
    *(((40_000, 3), w) for w in [(), (40_000,), (40_000, 1), (1, 3), (40_000, 3)]),
]


@pytest.mark.parametrize(("shape", "aligned"), ALIGNED)
def test_weights_align_with_the_leading_axes(shape: Any, aligned: Any) -> None:
    y, p = RNG.standard_normal((2, *shape))
    w = RNG.random(aligned)
    acc = sl.accumulate("mae", y, p, w)
    assert acc.result("sum") == total(errors(y, p) * leading(w, shape))
    assert acc.result() == sl.evaluate("mae", y, p, leading(w, shape).copy())
    assert acc.counts["nonzero_weights"] == y.size


@pytest.mark.parametrize(("shape", "aligned"), ALIGNED)
def test_where_aligns_with_the_leading_axes(shape: Any, aligned: Any) -> None:
    y, p = RNG.standard_normal((2, *shape))
    where = np.asarray(RNG.random(aligned) < 0.5)
    full = leading(where, shape)
    acc = sl.accumulate("mae", y, p, where=where)
    assert acc.result("sum") == total(errors(y, p) * full)
    assert (acc.counts["masked"], acc.counts["elements"]) == (y.size - full.sum(), full.sum())


@pytest.mark.parametrize("weight", [2.5, np.float32(2.5), np.array(2.5), [2.5], 3, True])
def test_a_scalar_weighs_every_element(weight: Any) -> None:
    acc = sl.accumulate("mae", Y, P, weight)
    terms = errors(Y, P) * float(np.ravel(weight)[0])
    assert acc.result("sum") == total(terms)
    assert acc.result("sum_by_nonzero_weights") == quotients(terms, np.ones(Y.shape))


AXES = [axes for k in range(4) for axes in itertools.permutations(range(3), k)]


@pytest.mark.parametrize("axis", [*AXES, *(tuple(k - 3 for k in a) for a in AXES[1:]), 0, 1, -1])
@pytest.mark.parametrize("kind", ["plain", "weights", "where", "nan"])
def test_every_choice_of_axes(axis: Any, kind: str) -> None:
    y, p, w = RNG.random((3, 3, 4, 5))
    where = RNG.random(y.shape) < 0.7
    given = {"axis": axis}
    w, given = {
        "plain": (np.ones(y.shape), given),
        "weights": (w, given | {"weights": w}),
        "where": (w * where, given | {"weights": w, "where": where}),
        "nan": (w * where, given | {"weights": np.where(where, w, NAN), "nan": "omit"}),
    }[kind]
    assert same(sl.evaluate("mae", y, p, **given), quotients(errors(y, p) * w, w, axis))


MANY = [
    ((3000, 7), 1),
    ((7, 3000), 0),
    ((300, 5, 4), (0, 2)),
    ((300, 5, 4), 1),
    ((5, 300, 4), (0, 2)),
    ((65, 1), 1),
    ((70, 4000), 1),
    ((4000, 70), 0),
    ((3, 70, 3), ()),
]


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2"])
@pytest.mark.parametrize(("shape", "axis"), MANY)
def test_many_cells(shape: Any, axis: Any, dtype: str) -> None:
    y, p = RNG.standard_normal((2, *shape)).astype(dtype)
    assert same(sl.evaluate("mae", y, p, axis=axis), quotients(errors(y, p), np.ones(shape), axis))


@pytest.mark.parametrize("nan", ["omit", "propagate"])
@pytest.mark.parametrize(("shape", "axis"), MANY)
def test_many_cells_with_weights_mask_and_nan(shape: Any, axis: Any, nan: str) -> None:
    y, p, w = RNG.standard_normal((3, *shape))
    where, holes = RNG.random(shape[:1]) < 0.8, RNG.random(shape) < 0.01
    w = np.where(RNG.random(shape) < 0.2, 0.0, abs(w))
    effective = w * leading(where, shape)
    want = quotients(
        errors(y, p) * effective * ~holes, effective * (~holes if nan == "omit" else 1), axis
    )
    if nan == "propagate":
        want[(holes & (effective != 0)).any(axis)] = NAN
    got = sl.evaluate("mae", np.where(holes, NAN, y), p, w, axis=axis, where=where, nan=nan)
    assert same(got, want)


def test_cells_add_up_to_the_whole() -> None:
    y, p, w = RNG.standard_normal((3, 300, 40))
    cells, whole = sl.accumulate("mae", y, p, w, axis=1), sl.accumulate("mae", y, p, w)
    assert cells.counts == whole.counts
    rows = [sl.accumulate("mae", *row) for row in zip(y, p, w, strict=True)]
    assert sl.merge(rows).result() == whole.result()
    assert cells.result().tolist() == [row.result() for row in rows]
