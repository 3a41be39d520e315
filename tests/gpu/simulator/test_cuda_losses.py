"""Every loss, with weights of every kind, of every dtype: the states of the GPU are the CPU's."""

from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss.kernels.switches import OMIT, SIFT
from streamloss.losses.names import LOSSES, resolve
from streamloss.run.gpu import launch
from tests.gpu.cases import MOMENTS
from tests.gpu.simulator.devices import check
from tests.losses.truth import PAIRS, TABLE
from tests.losses.truth.draws import labels, logit_rows, probability_rows, reals, rows_of
from tests.reference import WEIGHTS

METRICS = [*map(resolve, MOMENTS), sl.Dice(), sl.Tversky(0.3, 0.6)]
PAIRED = [case.loss for case in PAIRS]
DRAWN = {
    repr(loss): (loss, draw)
    for loss, draw in (
        *((case.loss, case.draw) for case in TABLE),
        *((metric, reals) for metric in METRICS),
        (sl.Perplexity(), rows_of(labels, logit_rows)),
        (sl.BitsPerByte(), rows_of(labels, logit_rows, labels)),
        (sl.Overconfidence(), rows_of(labels, probability_rows)),
    )
}
"""Every loss and metric of sums with data of its domain."""

SOME = [sl.AbsoluteError(), sl.Huber(0.5)]
ROWS, COLUMNS = 5, 4


def inputs_of(name: str, rng: np.random.Generator, n: int, dtype: Any = "f8") -> tuple[Any, Any]:
    """Return y_true and y_pred of a loss."""
    with np.errstate(over="ignore"):
        first, *others = (np.asarray(a).astype(dtype) for a in DRAWN[name][1](rng, n))
    return first, tuple(others) if len(others) > 1 else others[0] if others else None


def test_every_loss_is_here() -> None:
    ours = {cls for cls in LOSSES.values() if cls.__module__.startswith("streamloss.")}
    ours -= {cls for cls in ours if hasattr(cls, "cells")}  # `test_cuda_counts`
    assert {type(loss) for loss, _ in DRAWN.values()} == ours


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", DRAWN)
def test_every_loss(rng: np.random.Generator, name: str, dtype: str) -> None:
    y_true, y_pred = inputs_of(name, rng, 14, dtype)
    weights = (rng.lognormal(size=14) * (rng.random(14) < 0.8)).astype(dtype)
    check([DRAWN[name][0]], y_true, y_pred, weights)


@pytest.mark.parametrize("name", DRAWN)
def test_every_loss_without_weights(rng: np.random.Generator, name: str) -> None:
    y_true, y_pred = inputs_of(name, rng, 9)
    check([DRAWN[name][0]], y_true, y_pred)


@pytest.mark.parametrize("rule", [SIFT, OMIT])
@pytest.mark.parametrize("kind", WEIGHTS)
def test_weights_of_every_kind(rng: np.random.Generator, kind: str, rule: Any) -> None:
    y_true, y_pred = rng.normal(size=(2, ROWS, COLUMNS))
    y_pred[2, 1] = np.nan
    weights = WEIGHTS[kind](rng, (ROWS, COLUMNS))
    check(SOME, y_true, y_pred, weights, rule=rule)
    check(SOME, y_true, y_pred, weights, rule=rule, axis=0)


KINDS = ["f2", "f4", "f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"]


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_of_every_dtype(rng: np.random.Generator, kind: str) -> None:
    y_true, y_pred = (rng.normal(size=(2, 20)) * 100.0).astype(kind)
    weights = (rng.random(20) * 3.0).astype(kind)
    check(SOME, y_true, y_pred, weights)
    check(SOME, y_true, rng.normal(size=20).astype("f4"), rng.random(20).astype("f2"))
    check(SOME, rng.normal(size=20).astype("f4"), y_pred, rng.random(20))


@pytest.mark.parametrize("kind", ["i8", "u8"])
def test_integers_beyond_float64_are_rounded_alike(rng: np.random.Generator, kind: str) -> None:
    y_true, y_pred = rng.integers(2**53, np.iinfo(kind).max, (2, 20), dtype=kind)
    check(SOME, y_true, y_pred, y_true[::-1])


@pytest.mark.parametrize("kind", ["c8", "c16"])
def test_complex_numbers(rng: np.random.Generator, kind: str) -> None:
    y_true, y_pred = (rng.normal(size=(2, 20)) + 1j * rng.normal(size=(2, 20))).astype(kind)
    y_pred[3:5] = np.nan, complex(0.0, np.nan)
    for rule in (SIFT, OMIT):
        check([sl.AbsoluteError()], y_true, y_pred, rng.random(20), rule=rule)
    check([sl.AbsoluteError()], rng.normal(size=20), y_pred)


def test_several_losses_in_one_pass(rng: np.random.Generator) -> None:
    y_true, y_pred = reals(rng, 24)
    check([*PAIRED, *METRICS], y_true, y_pred, rng.lognormal(size=24))
    check(PAIRED[:9], y_true, y_pred)  # one more than a launch takes


def test_losses_of_rows_in_one_call(rng: np.random.Generator) -> None:
    classes, logits = labels(rng, 6), logit_rows(rng, 6)
    losses = [sl.SparseSoftmaxCrossEntropy(), sl.ClassHinge(), sl.MultiMargin()]
    check(losses, classes.astype("i8"), logits.astype("f4"), rng.random(6))


@pytest.mark.parametrize("room", [1, 15, 40])
def test_rows_longer_than_there_is_room_for(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(launch, "SCRATCH", room)
    check([sl.SoftmaxCrossEntropy()], *rng.random((2, 9, 7)))
