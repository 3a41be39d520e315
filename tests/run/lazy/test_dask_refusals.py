"""What is refused when a graph is built, and errors in a chunk, which name it."""

from typing import Any

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import streamloss as sl
from streamloss.run.lazy import states
from tests.run.lazy.cuts import P, ThreeInputs, Y, lazily, spoilt

ONES, TABLE = np.ones(3), np.ones((4, 2))
REFUSED = [
    (TypeError, r"y_true .*None", (None, ONES), {}),
    (TypeError, r"y_pred .*None", (ONES, None), {}),
    (ValueError, r"y_pred .*\(3, 1\) and \(3,\)", (ONES, ONES[:, None]), {}),
    (ValueError, r"y_pred .*\(2,\) and \(3,\)", (ONES, ONES[:2]), {}),
    (ValueError, r"y_pred .*\(\) and \(3,\)", (ONES, np.array(1.0)), {}),
    (ValueError, r"weights .*leading.*\(2,\).*\(4, 2\)", (TABLE, TABLE, ONES[:2]), {}),
    (ValueError, r"weights .*leading.*\(4, 1\).*\(3,\)", (ONES, ONES, TABLE[:, :1]), {}),
    (ValueError, r"weights .*leading.*\(3, 2\).*\(4, 2\)", (TABLE, TABLE, TABLE[:3]), {}),
    (ValueError, r"weights .*leading.*\(0,\).*\(3,\)", (ONES, ONES, ONES[:0]), {}),
    (TypeError, r"weights .*real.*complex128", (ONES, ONES, ONES * 1j), {}),
    (TypeError, r"where .*boolean.*int64", (ONES, ONES), {"where": np.array([1, 0, 1])}),
    (TypeError, r"where .*boolean.*float64", (ONES, ONES), {"where": ONES}),
    (ValueError, r"where .*leading.*\(2,\)", (TABLE, TABLE), {"where": np.ones(2, bool)}),
    (TypeError, r"y_true .*object", (ONES.astype(object), ONES), {}),
    (TypeError, r"y_pred .*<U3", (ONES, ONES.astype("U3")), {}),
    (TypeError, r"weights .*datetime64", (ONES, ONES, np.ones(3, "M8[D]")), {}),
    (TypeError, r"where .*object", (ONES, ONES), {"where": ONES.astype(object)}),
    (ValueError, r"axis 1 .*dimension 1", (ONES, ONES), {"axis": 1}),
    (ValueError, r"axis -3 .*dimension 2", (TABLE, TABLE), {"axis": -3}),
    (ValueError, r"repeated axis|twice", (TABLE, TABLE), {"axis": (0, -2)}),
    (TypeError, r"axis|integer", (TABLE, TABLE), {"axis": 0.5}),
    (ValueError, r"nan must be one of .*'skip'", (ONES, ONES), {"nan": "skip"}),
    (ValueError, r"reduction must be one of .*'mode'", (ONES, ONES), {"reduction": "mode"}),
    (ValueError, r"'none' .*axis=0", (TABLE, TABLE), {"axis": 0, "reduction": "none"}),
]


def make_lazy(value: Any) -> Any:
    return da.from_array(value, chunks=2) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize(("error", "message", "args", "options"), REFUSED, ids=range(len(REFUSED)))
def test_what_numpy_is_refused_is_refused_in_the_same_words_when_the_graph_is_built(
    error: Any, message: str, args: Any, options: Any
) -> None:
    with pytest.raises(error, match=message) as plain:
        sl.evaluate("mae", *args, **options)
    keys = [k for k, arg in enumerate(args) if arg is not None]
    for chosen in (keys, *([k] for k in keys)):
        mixed = [make_lazy(arg) if k in chosen else arg for k, arg in enumerate(args)]
        lazy_options = options | {"where": make_lazy(options.get("where"))}
        with pytest.raises(error, match=message) as caught:
            lazily(sl.evaluate, "mae", *mixed, **lazy_options)
        assert str(caught.value) == str(plain.value)


LOSSES_REFUSED = [
    (ValueError, "unknown loss 'nope'", "nope", ONES),
    (ValueError, "at least one", [], ONES),
    (ValueError, "same inputs", ["mae", "value"], ONES),
    (TypeError, "y_pred must be None", "value", ONES),
    (TypeError, "y_pred must be a tuple of 2", ThreeInputs(), ONES),
    (ValueError, r"y_pred", ThreeInputs(), (ONES, ONES[:2])),
    (TypeError, r"y_pred\[1\]", ThreeInputs(), (ONES, None)),
    (TypeError, "SquaredError.* complex", "mse", ONES * 1j),
]


@pytest.mark.parametrize(("error", "message", "losses", "y_pred"), LOSSES_REFUSED)
@pytest.mark.parametrize("function", [sl.evaluate, sl.accumulate])
def test_losses_that_do_not_fit_are_refused_in_the_same_words(
    function: Any, error: Any, message: str, losses: Any, y_pred: Any
) -> None:
    with pytest.raises(error, match=message) as plain:
        function(losses, ONES, y_pred)
    lazy_pred = tuple(map(make_lazy, y_pred)) if isinstance(y_pred, tuple) else make_lazy(y_pred)
    for arguments in ((make_lazy(ONES), y_pred), (ONES, lazy_pred), (make_lazy(ONES), lazy_pred)):
        with pytest.raises(error, match=message) as caught:
            lazily(function, losses, *arguments)
        assert str(caught.value) == str(plain.value)


def test_columns_of_no_numbers_are_refused_by_name() -> None:
    frame = pd.DataFrame({"a": ["x", "y"], "b": pd.Categorical([1, 2]), "c": [1.0, 2.0]})
    frame["d"] = pd.date_range("2020", periods=2)
    lazy_frame = dd.from_pandas(frame, npartitions=2)
    for column in ("a", "b", "d"):
        with pytest.raises(TypeError, match=r"^y_pred must "):
            lazily(sl.evaluate, "mae", lazy_frame.c, lazy_frame[column])


@pytest.mark.parametrize("position", ["y_true", "y_pred", "weights", "where"])
def test_other_lazy_values_are_refused_by_name(position: str) -> None:
    arrays = {"y_true": ONES, "y_pred": ONES, "weights": ONES, "where": ONES > 0}
    value = dask.delayed(np.ones)(3)
    with pytest.raises(TypeError, match=rf"^{position} must be a dask array .*Delayed"):
        lazily(sl.evaluate, "mae", **(arrays | {position: value}))
    with pytest.raises(TypeError, match=rf"^{position} must be a dask array .*Delayed"):
        lazily(sl.accumulate, "mae", **(arrays | {position: value}))


def test_a_nan_in_a_chunk_is_reported_with_the_chunk() -> None:
    y = Y.copy()
    y[3, 5] = np.nan
    for reduction in ("mean", "none"):
        found = lazily(
            sl.evaluate, "mae", da.from_array(y, (7, 2)), P, nan="raise", reduction=reduction
        )
        with pytest.raises(ValueError, match=r"^chunk \(0, 2\): nan='raise': 1 elements have"):
            found.compute()
    delayed = lazily(sl.accumulate, "mae", P, da.from_array(y, (7, 2)), nan="raise", axis=1)
    with pytest.raises(ValueError, match=r"^chunk \(0, 2\): nan='raise': 1 elements have"):
        delayed.compute()


SPOILT = [
    (ValueError, r"y_pred .*\(6, 2\) and \(7, 2\)", lambda block: block[1:]),
    (ValueError, r"y_pred .*\(7,\) and \(7, 2\)", lambda block: block[:, 0]),
    (TypeError, r"y_pred .*object", lambda block: block.astype(object)),
    (TypeError, r"SquaredError.* complex", lambda block: block + 1j),
]


@pytest.mark.parametrize(("error", "message", "change"), SPOILT, ids=range(len(SPOILT)))
@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_an_error_in_a_chunk_names_the_chunk(
    reduction: str, error: Any, message: str, change: Any
) -> None:
    y, p = (da.from_array(array, chunks=(7, 2)) for array in (Y, P))
    found = lazily(sl.evaluate, "mse", y, spoilt(p, change), reduction=reduction)
    with pytest.raises(error, match=rf"^chunk \(0, 2\): {message}") as caught:
        found.compute()
    assert "\n" not in str(caught.value)


def test_an_error_of_loading_a_chunk_comes_through() -> None:
    class NoDisk(OSError):
        pass

    def fail(block: np.ndarray) -> Any:
        raise NoDisk("gone")

    found = lazily(sl.accumulate, "mae", spoilt(da.from_array(Y, chunks=(7, 2)), fail), P)
    with pytest.raises(NoDisk, match=r"^gone$"):
        found.compute()


def test_an_error_of_unusual_arguments_keeps_them_and_names_the_chunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class OddError(ValueError):
        def __init__(self, one: str, two: str) -> None:
            super().__init__(one, two)

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise OddError("one", "two")

    monkeypatch.setattr(states._StateOfChunk, "_run", fail)
    with pytest.raises(OddError) as caught:
        sl.evaluate("mae", da.ones(3, chunks=3), np.zeros(3)).compute(scheduler="sync")
    assert "This was in chunk (0,)." in caught.value.__notes__


def test_a_scalar_of_a_dataframe_is_refused_by_name() -> None:
    column = dd.from_pandas(pd.DataFrame({"a": [1.0, 2.0, 3.0]}), npartitions=2).a
    with pytest.raises(TypeError, match="weights must be a dask array or column: got Scalar"):
        sl.evaluate("mae", column, column + 1, column.sum())
