"""Accumulators leave batches on their GPU until somebody wants to know; nothing else differs."""

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss.run.gpu import batches as gpu
from tests.gpu.simulator.devices import counted, put

Batches = list[tuple[Any, ...]]
LOSSES = ["mae", sl.Huber(0.5)]


@pytest.fixture
def batches(rng: np.random.Generator) -> Batches:
    """Return batches of several sizes and dtypes."""
    kinds = [(8, "f8"), (5, "f4"), (8, "f4"), (1, "f8"), (6, "i2"), (4, "f2")]
    return [tuple((rng.random((3, n)) * 9.0).astype(kind)) for n, kind in kinds]


def filled(batches: Batches, place: Callable[[Any], Any] = put, **how: Any) -> sl.Accumulator:
    acc = sl.Accumulator(LOSSES, **how)
    for batch in batches:
        acc.update(*map(place, batch))
    return acc


def on_cpu(batches: Batches, **how: Any) -> sl.Accumulator:
    return filled(batches, lambda array: array, **how)


QUESTIONS: dict[str, Callable[[sl.Accumulator], Any]] = {
    "result": lambda a: a.result(),
    "sums": lambda a: a.result("sum"),
    "counts": lambda a: a.counts,
    "repr": repr,
    "html": lambda a: a._repr_html_(),
    "bytes": lambda a: a.to_bytes(),
    "pickle": lambda a: pickle.loads(pickle.dumps(a)).to_bytes(),
    "copy": lambda a: a.copy().to_bytes(),
    "deep copy": lambda a: copy.deepcopy(a).to_bytes(),
    "merged": lambda a: a.merge(a).to_bytes(),
    "merged into another": lambda a: sl.Accumulator(LOSSES).merge(a).to_bytes(),
    "difference": lambda a: (a - a).to_bytes(),
    "equal": lambda a: a == a.copy(),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_updates_are_read_back_when_somebody_asks(
    batches: Batches, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    expected = QUESTIONS[question](on_cpu(batches))
    reads = counted(monkeypatch)
    acc = filled(batches)
    assert acc.shape == ()
    assert reads() == 0
    assert QUESTIONS[question](acc) == expected
    once = reads()
    assert once == 2 * len({batch[0].dtype for batch in batches})
    acc.result()
    assert reads() == once


def test_asking_between_updates_changes_nothing(batches: Batches) -> None:
    acc = sl.Accumulator(LOSSES)
    for k, batch in enumerate(batches):
        acc.update(*map(put, batch))
        assert acc == on_cpu(batches[: k + 1])


def test_batches_of_both_kinds_mix(batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = counted(monkeypatch)
    acc = sl.Accumulator(LOSSES)
    for batch in batches:
        acc.update(*map(put, batch)).update(*batch)
    assert reads() == 0
    assert acc == on_cpu(batches) + on_cpu(batches)


@pytest.mark.parametrize("k", range(3))
def test_arrays_of_both_kinds_mix_in_a_batch(batches: Batches, k: int) -> None:
    acc = sl.Accumulator(LOSSES)
    for batch in batches:
        acc.update(*(put(array) if j == k else array for j, array in enumerate(batch)))
    assert acc == on_cpu(batches)


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">i2"])
def test_arrays_of_the_cpu_may_have_another_order_of_bytes(batches: Batches, dtype: str) -> None:
    y_true, y_pred, weights = (array.astype(dtype) for array in batches[0])
    acc = sl.accumulate(LOSSES, put(batches[0][0]), y_pred, weights)
    assert acc == sl.accumulate(LOSSES, batches[0][0], y_pred, weights)
    with pytest.raises(TypeError, match="y_true must have the bytes of its numbers in the machine"):
        sl.accumulate(LOSSES, put(y_true), y_pred)


def test_bfloat16_of_the_cpu(batches: Batches) -> None:
    narrow = pytest.importorskip("ml_dtypes").bfloat16
    y_true, y_pred, weights = batches[0]
    y_pred, weights = y_pred.astype(narrow), weights.astype(narrow)
    acc = sl.accumulate(LOSSES, put(y_true), y_pred, weights)
    assert acc == sl.accumulate(LOSSES, y_true, y_pred, weights)


def test_merging_and_subtracting(batches: Batches) -> None:
    a, b = batches[:3], batches[3:]
    whole = on_cpu(batches)
    assert filled(a) + on_cpu(b) == on_cpu(a) + filled(b) == filled(a).merge(filled(b)) == whole
    assert filled(batches) - on_cpu(b) == whole - filled(b) == on_cpu(a)
    assert sl.merge([filled([batch]) for batch in reversed(batches)]) == whole
    assert filled(batches).update(*map(put, b[0])) - filled(b[:1]) == whole


def test_a_copy_shares_nothing(batches: Batches) -> None:
    acc = filled(batches[:2])
    other = acc.copy()
    acc.update(*map(put, batches[2]))
    assert (other, acc) == (on_cpu(batches[:2]), on_cpu(batches[:3]))


def test_reset_forgets_what_is_on_a_gpu(batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = counted(monkeypatch)
    acc = filled(batches).reset()
    assert reads() == 0
    assert acc == sl.Accumulator(LOSSES)
    assert acc.update(*map(put, batches[1])) == on_cpu(batches[1:2])


@pytest.mark.parametrize("how", [{"axis": 0}, {"nan": "omit"}, {"axis": (), "nan": "omit"}])
def test_axes_and_policies(rng: np.random.Generator, how: dict[str, Any]) -> None:
    batches = [tuple(rng.normal(size=(3, 4, 3))) for _ in range(3)]
    batches[1][0][2, 1] = np.nan
    assert filled(batches, **how) == on_cpu(batches, **how)


@pytest.mark.parametrize("where", [None, "mask"])
def test_a_label_that_is_no_class_is_refused_at_once(where: str | None) -> None:
    labels, logits = np.array([0, 1, 7, 2]), np.zeros((4, 3))
    mask = put(np.array([True, True, False, True]))
    acc = sl.Accumulator("cross_entropy", nan="raise")
    if where:
        acc.update(put(labels), put(logits), where=mask)
        assert acc.counts["elements"] == 3
        return
    with pytest.raises(ValueError, match=r"y_true\[2\] must be a class from 0 to 2: got 7"):
        acc.update(put(labels), put(logits))
    assert acc == sl.Accumulator("cross_entropy", nan="raise")


def test_a_nan_is_refused_at_once(batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    acc = filled(batches[:1], nan="raise")
    batches[1][1][2] = np.nan
    with pytest.raises(ValueError, match="1 elements have a NaN"):
        acc.update(*map(put, batches[1]))
    assert acc == on_cpu(batches[:1], nan="raise")


def test_more_cells_than_stay_on_a_gpu(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "CELLS", 2)
    batches = [tuple(rng.normal(size=(3, 2, 5))) for _ in range(2)]
    assert filled(batches, axis=0) == on_cpu(batches, axis=0)


def test_digits_are_carried_before_they_are_full(
    batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "LAUNCHES", 3)
    reads = counted(monkeypatch)
    acc = filled(batches[:1] * 3)
    assert reads() == 0
    acc.update(*map(put, batches[0]))
    assert reads() == 2
    assert acc == on_cpu(batches[:1] * 4)


def test_launches_are_counted(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "LAUNCHES", 4)
    reads = counted(monkeypatch)
    wide = rng.normal(size=(4,) * 5)
    y = wide[(slice(None, None, 2),) * 5]  # five axes, of which a launch takes three
    acc = sl.Accumulator("mae").update(put(y), put(2.0 * y))
    assert reads() == 0
    acc.update(put(y), put(y))
    assert reads() == 2
    assert acc == sl.Accumulator("mae").update(y, 2.0 * y).update(y, y)


def test_many_threads(batches: Batches) -> None:
    acc = sl.Accumulator(LOSSES)
    threads = [
        threading.Thread(target=acc.update, args=tuple(map(put, batch))) for batch in batches
    ]
    for thread in threads:
        thread.start()
    for _ in range(3):
        acc.result()
    for thread in threads:
        thread.join()
    assert acc == on_cpu(batches)
