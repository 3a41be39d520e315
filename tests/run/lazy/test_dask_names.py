"""Names of tasks: the same for the same call, others for any other."""

from typing import Any, NamedTuple

import dask
import dask.array as da
import numpy as np
import pytest

import streamloss as sl
from tests.reference import REDUCTIONS, bits
from tests.run.lazy.cuts import LAZY_P, LAZY_Y, P, W, Y, lazily


def names(results: Any) -> list[str]:
    return [array.name for array in results]


def test_the_same_call_has_the_same_name() -> None:
    def call(reduction: str) -> Any:
        losses = ["mae", sl.Huber(0.5)]
        arrays = (da.from_array(array, chunks=(7, 4)) for array in (Y, P))
        return lazily(sl.evaluate, losses, *arrays, W, reduction=reduction)

    for reduction in ("mean", "none"):
        first, second = (call(reduction) for _ in range(2))
        assert names(first.values()) == names(second.values())
        assert len(set(names(first.values()))) == 2


def test_different_calls_have_different_names_and_their_own_results() -> None:
    holes = np.where(Y > 1.0, np.nan, Y)
    every: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        *(((loss, holes, P), {}) for loss in (sl.Huber(1.0), sl.SmoothL1(1.0), sl.SmoothL1(0.5))),
        *((("mae", holes, P), {"axis": axis}) for axis in (None, 0, (), (1,))),
        *((("mae", holes, P), {"nan": "omit", "reduction": r}) for r in (*REDUCTIONS, "none")),
        *(((loss, holes, P), {"reduction": "none"}) for loss in ("mae", "mse", sl.Huber(1.0))),
        *((("mae", holes, P, weights), {"nan": "omit"}) for weights in (W, W[:, 0], 2.0)),
        (("mae", P, holes), {"reduction": "none"}),
        (("mae", P, holes, P > 0.0), {"nan": "omit"}),
        (("mae", P, holes), {"nan": "omit", "where": P > 0.0}),
        (("rmse", holes, P), {"nan": "omit"}),
        (("mse", holes, P), {"nan": "omit"}),
    ]
    found = [
        lazily(sl.evaluate, loss, da.from_array(y, chunks=(7, 4)), *others, **options)
        for (loss, y, *others), options in every
    ]
    assert len(set(names(found))) == len(every)
    for values, (arguments, options) in zip(dask.compute(*found), every, strict=True):
        assert bits(np.asarray(values)) == bits(np.asarray(sl.evaluate(*arguments, **options)))


def test_losses_of_equal_parameters_are_not_confused() -> None:
    for reduction in ("mean", "none"):
        found = [
            lazily(sl.evaluate, loss, LAZY_Y, 3.0 * LAZY_P, reduction=reduction)
            for loss in (sl.Huber(2.0), sl.SmoothL1(2.0))
        ]
        assert len(set(names(found))) == 2
        for values, loss in zip(
            dask.compute(*found), (sl.Huber(2.0), sl.SmoothL1(2.0)), strict=True
        ):
            want = sl.evaluate(loss, Y, 3.0 * P, reduction=reduction)
            assert bits(np.asarray(values)) == bits(np.asarray(want))


def scaled_error(factor: float) -> Any:
    """Return a loss that has one name and a code of its own."""

    @sl.loss
    class Scaled(NamedTuple):
        def point(self, y_true: Any, y_pred: Any) -> Any:
            return factor * abs(y_true - y_pred)

    return Scaled()


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_a_loss_that_was_edited_has_another_name(reduction: str) -> None:
    single, double, again = (
        lazily(sl.evaluate, scaled_error(factor), LAZY_Y, LAZY_P, reduction=reduction)
        for factor in (1.0, 2.0, 1.0)
    )
    assert single.name == again.name
    assert single.name != double.name
    found = dask.compute(single, double)
    want = sl.evaluate("mae", Y, P, reduction=reduction)
    assert bits(np.asarray(found[0])) == bits(np.asarray(want))
    assert bits(np.asarray(found[1])) == bits(np.asarray(2.0 * want))


def nowhere(x: float) -> float:
    return x


def test_a_loss_whose_code_cannot_be_known_has_a_new_name_each_time() -> None:
    @sl.loss
    class Unknown(NamedTuple):
        def point(self, y_true: Any, y_pred: Any) -> Any:
            return nowhere(y_true - y_pred)

    found = [lazily(sl.evaluate, Unknown(), LAZY_Y, LAZY_P) for _ in range(2)]
    assert len(set(names(found))) == 2


def scaled(factor: float) -> Any:
    @sl.loss
    class Scaled(NamedTuple):
        def point(self, y_true: Any, y_pred: Any) -> Any:
            return abs(y_true - y_pred)

        def finish(self, mean: float) -> float:
            return mean * factor

    return Scaled()


def test_losses_that_only_finish_differently_are_told_apart() -> None:
    y = da.from_array(np.arange(6.0), chunks=3)
    assert dask.compute(*(sl.evaluate(scaled(f), y, y + 1) for f in (1.0, 2.0))) == (1.0, 2.0)
