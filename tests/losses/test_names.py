"""Losses by their names, and what each of them says of itself."""

from typing import Any, NamedTuple

import pytest

import streamloss as sl
from streamloss.losses import names
from streamloss.losses.names import LOSSES
from tests.losses.points import OURS


@pytest.mark.parametrize(
    ("spec", "loss"),
    [
        ("mae", sl.AbsoluteError()),
        ("l1", sl.AbsoluteError()),
        ("mean_absolute_error", sl.AbsoluteError()),
        ("absolute_error", sl.AbsoluteError()),
        ("mse", sl.SquaredError()),
        ("l2", sl.SquaredError()),
        ("rmse", sl.RootMeanSquaredError()),
        ("huber", sl.Huber(1.0)),
        ("huber:delta=0.5", sl.Huber(0.5)),
        (" Huber : delta = 5e-1 ", sl.Huber(0.5)),
        ("smooth_l1:beta=0", sl.SmoothL1(0.0)),
        ("logcosh", sl.LogCosh()),
        ("pinball:q=0.9", sl.Quantile(0.9)),
        ("value", sl.Value()),
        (sl.Huber, sl.Huber(1.0)),
        (sl.Huber(0.25), sl.Huber(0.25)),
    ],
)
def test_a_loss_is_found_by_name(spec: Any, loss: Any) -> None:
    assert sl.Accumulator(spec).losses == (loss,)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_name_and_alias_is_found(loss: str) -> None:
    cls = LOSSES[loss]
    for spelling in (loss, *cls.aliases):
        assert sl.Accumulator(spelling).losses == (cls(),)


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        (
            "maee",
            ValueError,
            r"unknown loss 'maee' \(did you mean 'mae' or .*\?\): `streamloss losses` lists all",
        ),
        ("", ValueError, "unknown loss ''"),
        ("huber:gamma=1", ValueError, "bad parameter 'gamma=1' .* the parameters are delta"),
        ("huber:delta", ValueError, "bad parameter 'delta' in loss 'huber:delta'"),
        ("huber:delta=wide", ValueError, "bad parameter 'delta=wide' .*: not a number"),
        ("mae:delta=1", ValueError, "bad parameter 'delta=1' .* the parameters are none"),
        ("huber:delta=-1", ValueError, "delta of Huber must be greater than 0"),
        ("quantile:q=nan", ValueError, "q of Quantile must be strictly between 0 and 1"),
        (3, TypeError, r"a loss must be a name or a loss such as Huber\(0.5\): got 3"),
        (None, TypeError, "a loss must be a name or a loss"),
        ((0.5,), TypeError, "a loss must be a name or a loss"),
        (int, TypeError, "a loss must be a name or a loss"),
    ],
)
def test_what_names_no_loss_is_refused(spec: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sl.evaluate(spec, [1.0], [2.0])


@pytest.mark.parametrize("cls", OURS, ids=lambda cls: cls.__name__)
def test_a_loss_has_a_name_a_formula_and_says_what_it_is(cls: Any) -> None:
    assert LOSSES[cls.name] is cls
    assert cls.formula
    assert "Examples" in cls.__doc__
    assert all(isinstance(value, float) for value in cls())


def test_the_package_has_every_loss_by_its_name() -> None:
    named = {cls for cls in LOSSES.values() if cls.__module__.startswith("streamloss.losses")}
    assert named == set(OURS)
    assert {cls.__name__ for cls in OURS} == set(sl.losses.__all__)


@pytest.mark.parametrize("name", sorted(names.REFUSED))
def test_correlations_of_ranks_are_refused_with_the_reason(name: str) -> None:
    what = "spearmanr" if "spearman" in name else "kendalltau"
    rule = f"no loss '{name}': ranks need all data at once, no sums of parts give them"
    for spec in (name, f" {name.upper()}", f"{name}:a=1"):
        with pytest.raises(ValueError, match=f"^{rule}; use scipy.stats.{what}$"):
            sl.evaluate([spec, "mae"], [1.0], [2.0])


def test_a_loss_of_a_user_may_be_called_as_one_that_is_refused() -> None:
    @sl.loss("kendall")
    class Own(NamedTuple):
        def point(self, y_true: float, y_pred: float) -> float:
            return y_true * y_pred

    try:
        assert sl.evaluate("kendall", [2.0], [3.0]) == 6.0
    finally:
        del names._LOSSES["kendall"], names._NAMES["kendall"]
        names._read.cache_clear()
