"""Groups: names of several losses, which are taken in one pass and spelled out in the result."""

import pickle
from typing import Any, NamedTuple

import numpy as np
import pytest

import streamloss as sl
from streamloss.losses.groups import GROUPS, spelled_out

Y, P = [1.0, 2.0, 4.0], [1.5, 2.0, 3.0]
REGRESSION = list(GROUPS["regression"])


def test_a_group_gives_what_its_members_give() -> None:
    found = sl.evaluate("regression", Y, P)
    assert list(found) == REGRESSION
    assert found == {name: sl.evaluate(name, Y, P) for name in REGRESSION}


@pytest.mark.parametrize("name", GROUPS)
def test_members_are_known_and_take_the_same_inputs(name: str) -> None:
    losses = sl.Accumulator(name).losses
    assert len(losses) == len(GROUPS[name])
    assert len({loss.ranks for loss in losses}) == 1


def test_groups_of_probabilities() -> None:
    labels, p = [0, 1, 1, 0], np.array([0.25, 0.75, 0.5, 0.5])
    found = sl.evaluate("binary", labels, p)
    assert found["binary_brier"] == (2 * 0.0625 + 2 * 0.25) / 4
    assert found["calibration_in_the_large"] == 0.0
    rows = np.stack([1 - p, p], axis=1)
    both = sl.evaluate("multiclass", labels, rows)
    assert both["brier"] == 2 * found["binary_brier"]
    logs = "sparse_categorical_cross_entropy", "binary_cross_entropy"
    assert both[logs[0]] == pytest.approx(found[logs[1]], rel=1e-14)
    assert both["overconfidence"] == (0.75 + 0.75 + 0.5 + 0.5) / 4 - 3 / 4


@pytest.mark.parametrize(
    ("losses", "want"),
    [
        (["regression"], REGRESSION),
        (["regression", "mae"], REGRESSION),
        (["mae", "regression"], REGRESSION),
        (["r2", "regression"], ["r2", *[name for name in REGRESSION if name != "r2"]]),
        ([" Regression", "huber"], [*REGRESSION, "huber"]),
        (["regression", "regression"], REGRESSION),
        (["mae", "mae"], ["mae", "mae"]),
        ([sl.Huber(), "regression"], [sl.Huber(), *REGRESSION]),
        ("mae", "mae"),
        (sl.Huber, sl.Huber),
    ],
)
def test_a_name_that_is_reached_twice_is_there_once(losses: Any, want: Any) -> None:
    assert spelled_out(losses) == want


def test_a_list_is_not_changed_and_not_kept() -> None:
    losses = ["regression", "huber"]
    acc = sl.Accumulator(losses)
    losses.append("mse")
    assert list(acc.update(Y, P).result()) == [*REGRESSION, "huber"]
    assert losses == ["regression", "huber", "mse"]


def test_every_door_takes_groups() -> None:
    want = sl.evaluate("regression", Y, P)
    acc = sl.Accumulator("regression").update(Y[:1], P[:1]).update(Y[1:], P[1:])
    assert acc.result() == sl.accumulate("regression", Y, P).result() == want
    assert acc == sl.Accumulator(REGRESSION).update(Y, P)
    for copied in (pickle.loads(pickle.dumps(acc)), sl.Accumulator.from_bytes(acc.to_bytes())):
        assert copied.result() == want
    assert sl.Rolling("regression", 2).update(Y, P).result() == want
    slices = sl.evaluate("regression", Y, P, by=["a", "a", "a"])
    assert slices.loc["a"] == want
    assert sl.evaluate("regression", data={"y": Y, "p": P}, y_true="y", y_pred="p") == want
    assert sl.explain("regression").count("\n\n") == len(want) - 1


def test_no_loss_is_called_as_a_group() -> None:
    class Own(NamedTuple):
        def point(self, y_true: float, y_pred: float) -> float:
            return y_pred

    with pytest.raises(ValueError, match=r"^the loss name 'binary' is that of a group$"):
        sl.loss("own_of_groups", "Binary")(Own)


def test_a_group_has_no_parameters_and_is_no_part() -> None:
    with pytest.raises(ValueError, match="unknown loss 'regression'"):
        sl.evaluate("regression:delta=1", Y, P)
