"""Copies of an accumulator share nothing with it, and reset forgets everything."""

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest

import streamloss as sl
from streamloss.shown import shown_counts
from tests.api.streams import MAKERS, state, streamed

COPIES: dict[str, Callable[[sl.Accumulator], sl.Accumulator]] = {
    "copy": sl.Accumulator.copy,
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda acc: pickle.loads(pickle.dumps(acc)),
    "pickle 2": lambda acc: pickle.loads(pickle.dumps(acc, protocol=2)),
    "bytes": lambda acc: sl.Accumulator.from_bytes(acc.to_bytes()),
    "merge": lambda acc: sl.merge([acc]),
    "into empty": lambda acc: sl.Accumulator(list(acc.losses), acc.axis, acc.nan).merge(acc),
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", MAKERS)
def test_a_copy_is_equal(kind: str, how: str) -> None:
    acc = MAKERS[kind]()
    other = COPIES[how](acc)
    assert other == acc
    assert other is not acc
    assert (shown_counts(other), other.shape) == (shown_counts(acc), acc.shape)


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("kind", ["new", "scalar", "many losses", "user"])
def test_a_copy_shares_nothing(kind: str, how: str) -> None:
    acc = MAKERS[kind]()
    before = state(acc)
    other = COPIES[how](acc).update([1.0], [2.0])
    assert state(acc) == before
    kept = state(other)
    acc.update([5.0], [9.0])
    acc.reset()
    assert state(other) == kept


@pytest.mark.parametrize("how", ["copy", "copy.copy", "copy.deepcopy", "pickle", "bytes", "merge"])
def test_a_copy_keeps_the_spelling_of_losses(how: str) -> None:
    acc = streamed(["mae", "huber:delta=0.5", sl.Quantile(0.9)])
    assert list(COPIES[how](acc).result()) == ["mae", "huber:delta=0.5", sl.Quantile(0.9)]


@pytest.mark.parametrize("kind", MAKERS)
def test_reset_forgets_everything(kind: str) -> None:
    acc = MAKERS[kind]()
    fresh = sl.Accumulator(
        acc.losses[0] if len(acc.losses) == 1 else [*acc.losses], acc.axis, acc.nan
    )
    assert acc.reset() is acc
    assert acc == fresh
    assert shown_counts(acc) == shown_counts(fresh)


def test_reset_allows_another_shape() -> None:
    acc = sl.Accumulator("mae", axis=0).update(np.ones((2, 3)), np.ones((2, 3)))
    assert acc.reset().update(np.ones((2, 4)), np.zeros((2, 4))).result().tolist() == [1.0] * 4
