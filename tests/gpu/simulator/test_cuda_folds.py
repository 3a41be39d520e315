"""Every way through the folds, with any lanes: the states of the GPU are the CPU's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamloss as sl
from streamloss.arrays.batch import as_batch
from streamloss.kernels import fold, terms
from streamloss.kernels import gpu as gpu_kernels
from streamloss.kernels.switches import OMIT, SIFT
from streamloss.run import cpu
from streamloss.run.gpu import batches as gpu
from streamloss.run.gpu import launch
from tests.gpu.simulator.devices import check, put, states
from tests.reference import LARGEST, TINY, leading, results, sprinkle, truths, wild

MAE, MSE, HUBER = sl.AbsoluteError(), sl.SquaredError(), sl.Huber(0.5)
NAN, INF = np.nan, np.inf
LANES, STEP = 3, 8

SCALES: dict[str, Any] = {
    "all alike": 0,
    "the first ones small": np.repeat([-40, 0], [LANES, 93]),
    "the first ones tiny": np.repeat([-900, 0], [LANES, 93]),
    "the first ones large": np.repeat([900, 0], [LANES, 93]),
    "rising": np.arange(96) * 8 - 400,
    "falling": 400 - np.arange(96) * 8,
    "rising fast": np.arange(96) * 20 - 1000,
    "falling fast": 900 - np.arange(96) * 20,
    "one large": np.where(np.arange(96) == 50, 300, 0),
    "one small": np.where(np.arange(96) == 50, -300, 0),
    "one lane larger": np.where(np.arange(96) % LANES == 1, 200, 0),
    "at the top": 1020,
    "at the bottom": -1060,
    "top and bottom": np.where(np.arange(96) % 2, 1020, -1060),
}
"""Binary exponents of 96 terms: four rounds of a team."""


@pytest.fixture
def small_team(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one team of three lanes with blocks of eight."""
    monkeypatch.setattr(launch, "_size", lambda elements: (1, LANES, STEP))


@pytest.fixture
def paths(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Count how often a block fits the fold that is expected, and how often it does not."""
    found = {"fits": 0, "fails": 0}
    guessed, both = terms.fold_guessed, fold.add_both

    def spy(body: Any, first: Callable[[Any], Any]) -> Any:
        def spied(*args: Any) -> Any:
            out = body(*args)
            found["fails" if first(out) < 0 else "fits"] += 1
            return out

        return spied

    monkeypatch.setattr(terms, "fold_guessed", spy(guessed, lambda out: out))
    monkeypatch.setattr(fold, "add_both", spy(both, lambda out: out[0]))
    return found


@pytest.mark.usefixtures("small_team")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scale", SCALES)
def test_terms_of_any_scale(rng: np.random.Generator, scale: str, weighted: bool) -> None:
    y_true = np.ldexp(rng.uniform(0.5, 1.0, 96), SCALES[scale])
    weights = rng.random(96) if weighted else None
    check([MAE, HUBER], y_true, np.zeros(96), weights)
    if weighted:
        check([MAE], weights, np.zeros(96), y_true)


@pytest.mark.usefixtures("small_team")
@pytest.mark.parametrize("scale", ["all alike", "rising", "one small", "the first ones small"])
def test_float32_of_any_scale(rng: np.random.Generator, scale: str) -> None:
    exponents = np.clip(np.broadcast_to(SCALES[scale], 96), -149, 120)
    y_true = np.ldexp(rng.uniform(0.5, 1.0, 96), exponents).astype("f4")
    check([MAE], y_true, np.zeros(96, "f4"))
    check([MAE, MSE], y_true, np.zeros(96, "f4"), rng.random(96).astype("f4"))


@pytest.mark.usefixtures("small_team")
def test_blocks_fit_and_fail(rng: np.random.Generator, paths: dict[str, int]) -> None:
    y_true = np.ldexp(rng.uniform(0.5, 1.0, 96), SCALES["all alike"])
    check([MAE], y_true, np.zeros(96))
    assert paths == {"fits": 12, "fails": 3}  # the first elements tell a lane what to expect
    paths.update(fits=0, fails=0)
    check([MAE], y_true * (np.arange(96) >= LANES) + 1e-300, np.zeros(96))
    assert paths["fails"] == 6  # zeros, which were all there was to tell, and then one block each


@pytest.mark.usefixtures("small_team")
def test_integers_leave_nothing_and_fractions_a_rest(rng: np.random.Generator) -> None:
    whole = rng.integers(-1000, 1000, 96).astype("f4")
    check([MAE], whole, np.zeros(96, "f4"))
    finer = whole * np.float32(2.0) ** np.repeat([0, -60, 0, -60], 24).astype("f4")
    check([MAE], finer, np.zeros(96, "f4"))
    check([MAE], finer, np.zeros(96, "f4"), np.ones(96, "f4"))


STRANGE: dict[str, Any] = {
    "NaN": [NAN],
    "infinite": [INF],
    "both infinities": [INF, -INF],
    "all": [NAN, INF, -INF],
    "subnormals": [TINY, -TINY, 2.0**-1040, 2.0**-1022],
    "the largest": [LARGEST, -LARGEST],
    "zeros": [0.0, -0.0],
    "overflows": [1e200, -1e200],
}


@pytest.mark.usefixtures("small_team")
@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("kind", STRANGE)
def test_strange_numbers(rng: np.random.Generator, kind: str, share: float) -> None:
    y_true, y_pred = rng.normal(size=(2, 60))
    y_true = sprinkle(rng, y_true, share, STRANGE[kind])
    weights = sprinkle(rng, rng.normal(size=60), 0.2, [*STRANGE[kind], 0.0])
    check([MAE, MSE], y_true, y_pred)
    for rule in (SIFT, OMIT):
        check([MAE, MSE], y_true, y_pred, weights, rule=rule)


@pytest.mark.usefixtures("small_team")
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.9, 1.0])
def test_masks_and_missing_values(rng: np.random.Generator, share: float, dtype: str) -> None:
    y_true, y_pred, weights = rng.normal(size=(3, 6, 8)).astype(dtype)
    y_true = sprinkle(rng, y_true, 0.2, [NAN])
    weights = sprinkle(rng, weights, 0.2, [NAN, 0.0])
    for where in (rng.random((6, 8)) < share, rng.random(6) < share):
        for rule in (SIFT, OMIT):
            check([MAE, MSE], y_true, y_pred, where=where, rule=rule)
            check([MAE, MSE], y_true, y_pred, weights, where=where, rule=rule, axis=1)


@pytest.mark.parametrize("rule", [SIFT, OMIT])
def test_masked_rows_and_rows_with_a_missing_value(rng: np.random.Generator, rule: Any) -> None:
    labels, logits = rng.integers(0, 3, 9).astype("f8"), rng.normal(size=(9, 3))
    weights, where = rng.random(9), np.arange(9) % 4 > 0
    labels[1] = logits[2, 1] = weights[3] = weights[4] = logits[4, 0] = NAN
    weights[5] = 0.0
    losses = [sl.SparseSoftmaxCrossEntropy(), sl.ClassHinge()]
    check(losses, labels, logits, rule=rule)
    check(losses, labels, logits, weights, where=where, rule=rule)
    check([sl.R2()], labels, logits[:, 0], weights, where=where, rule=rule)


LAUNCHES = [(1, 1, 1), (1, 2, 64), (5, 1, 3), (2, 7, 2), (1, 30, 1), (9, 3, 1)]


@pytest.mark.parametrize("size", LAUNCHES)
def test_it_does_not_matter_how_many_lanes_there_are(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(launch, "_size", lambda elements: size)
    y_true, y_pred = wild(rng, (2, 3, 17))
    check([MAE, HUBER], y_true, y_pred, rng.random((3, 17)))
    check([MAE, MSE], *wild(rng, (2, 3, 17), -140, 120, "f4"), axis=1)
    labels, logits = rng.integers(0, 3, 17), rng.normal(size=(17, 3))
    check([sl.SparseSoftmaxCrossEntropy()], labels, logits, rng.random(17))


def test_lanes_share_rows_where_there_are_many_losses(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = [sl.Quantile(q / 10.0) for q in range(1, 9)]
    lanes = gpu_kernels.SHARED // (len(losses) + 2) + 2
    monkeypatch.setattr(launch, "_size", lambda elements: (1, lanes, 2))
    y_true, y_pred = rng.normal(size=(2, 5 * lanes + 1))
    check(losses, y_true, y_pred, rng.random(y_true.size))


CALLS: dict[str, dict[str, Any]] = {
    "float64": {},
    "float32": {"dtype": "f4"},
    "by axis": {"axis": 0},
    "masked": {"where": np.arange(6) % 3 > 0, "rule": OMIT},
}


@pytest.mark.parametrize("call", CALLS)
def test_the_state_is_that_of_the_kernels_of_the_cpu(rng: np.random.Generator, call: str) -> None:
    how = dict(CALLS[call])
    dtype, axis, rule = how.get("dtype", "f8"), how.get("axis"), how.get("rule", SIFT)
    y_true, y_pred, weights = rng.normal(size=(3, 6, 20)).astype(dtype)
    y_true[2, 3:5] = NAN, INF
    losses, arrays = (MAE, HUBER), (y_true, y_pred, weights, how.get("where"))
    found = gpu.sums(losses, as_batch(losses, *map(put, arrays)), axis, rule)
    expected = cpu.sums(losses, as_batch(losses, *arrays), axis, rule)
    assert found == expected
    assert found.trimmed().sums.tobytes() == expected.trimmed().sums.tobytes()


@pytest.mark.parametrize("weighted", [False, True])
def test_reductions_are_the_true_ones(rng: np.random.Generator, weighted: bool) -> None:
    y_true, y_pred = wild(rng, (2, 40), -60, 60)
    weights = leading(rng.random(40) * (rng.random(40) < 0.7), (40,)) if weighted else None
    found = sl.accumulate("mae", put(y_true), put(y_pred), put(weights))
    assert results(found) == truths(np.abs(y_pred - y_true), weights)


numbers = st.floats(width=64) | st.sampled_from([0.0, 1.0, TINY, LARGEST])


@settings(max_examples=25)
@given(terms=st.lists(st.tuples(numbers, numbers), max_size=30), rule=st.sampled_from([SIFT, OMIT]))
def test_any_numbers(terms: list[tuple[float, float]], rule: Any) -> None:
    values, weights = np.array(terms, np.float64).reshape(-1, 2).T
    found, expected = states([sl.Value()], values, None, weights, rule=rule)
    assert found == expected
