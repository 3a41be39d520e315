"""Keys of metrics have names of their own, whatever these are, and whatever slices are called."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import streamloss as sl
from streamloss.exact.extremes import LARGEST, MARK, OUTPUT, OWN, SMALLEST, hidden, keeps
from streamloss.losses.counting import Extreme, Given
from tests.run.counts.metrics import held

Y, P = np.array([[1, 0], [1, 1], [0, 0]]), np.array([[1, 2], [0, 1], [0, 0]])
NAMES = ["output", "=output", ">true", "<true", "\0output", "", OUTPUT, LARGEST, SMALLEST]


def metric_of(name: str) -> Any:
    """Return a metric of pairs of labels, one of whose keys has that name."""

    @sl.loss
    class Named(NamedTuple):
        def cells(self) -> dict[str, Any]:
            return {"pred": Given(1), name: Given(0)}

        def combine(self, cells: Any) -> Any:
            assert list(cells.keys) == ["pred", name]
            return held(cells)

    return Named()


@pytest.mark.parametrize("name", NAMES)
def test_a_key_may_have_any_name(name: str) -> None:
    metric = metric_of(name)
    acc = sl.Accumulator([metric, "max_error"], axis=0, by="k")
    acc.update(Y[:2], P[:2], by=[1, 2]).update(Y[2:], P[2:], by=[2])
    found = acc.result()
    assert found.loc[2][metric].tolist() == [
        {(0, 0): (1, 1), (0, 1): (1, 1)},
        {(0, 0): (1, 1), (1, 1): (1, 1)},
    ]
    assert found.overall[metric].tolist() == [
        {(0, 0): (1, 1), (0, 1): (1, 1), (1, 1): (1, 1)},
        {(0, 0): (1, 1), (1, 1): (1, 1), (2, 0): (1, 1)},
    ]
    assert found.overall["max_error"].tolist() == [1.0, 2.0]


def test_what_a_name_begins_with_says_what_a_key_is() -> None:
    kinds = [metric_of(name).counting for name in NAMES]
    extremes = [sl.Accumulator(name).losses[0].counting for name in ("max_error", "min_error")]
    assert type(extremes[0].keys[0]) is Extreme
    called = [name for each in (*kinds, *extremes) for name in hidden(each, True)]
    assert called.count(OUTPUT) == len(kinds) + len(extremes)
    assert [keeps(hidden(each, True)) for each in (*kinds, *extremes)] == [0] * len(kinds) + [1, -1]
    marks = OWN, LARGEST, SMALLEST, OUTPUT
    assert not any(a.startswith(b) for a in marks for b in marks if a is not b)
    assert all(mark.startswith(MARK) for mark in marks)


@pytest.mark.parametrize("loss", ["mae", "accuracy"])
def test_keys_of_slices_have_no_such_names(loss: str) -> None:
    for name in (MARK, OUTPUT, f"{OWN}true"):
        rule = r"the name of a key must not begin with NUL: got '\\x00"
        with pytest.raises(ValueError, match=rule):
            sl.evaluate(loss, Y, P, by={name: [1, 2, 2]})
        with pytest.raises(ValueError, match=rule):
            sl.Accumulator(loss, by=name)
        with pytest.raises(ValueError, match=rule):
            sl.evaluate(loss, "y", "p", data={"y": Y[0], "p": P[0], name: [1, 2]}, by=name)
    assert len(sl.evaluate(loss, Y, P, by={"output": [1, 2, 2]}, axis=0)) == 2
