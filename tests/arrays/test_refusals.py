"""What is refused: an error names the argument, the rule and what came."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import streamloss as sl


@sl.loss
class ThreeInputs(NamedTuple):
    def point(self, y_true: Any, y_pred: Any, scale: Any) -> Any:
        return abs(y_true - y_pred) / scale


ONES, TABLE = np.ones(3), np.ones((4, 2))


def test_a_loss_of_three_inputs_takes_a_tuple() -> None:
    assert sl.evaluate(ThreeInputs(), [1.0, 2.0], ([3.0, 2.0], [0.5, 1.0])) == 2.0


NO_NUMBERS = {
    "longdouble": (np.ones(3, np.longdouble), "longdouble|float128"),
    "clongdouble": (np.ones(3, np.clongdouble), "complex256|clongdouble"),
    "object": (np.ones(3, object), "object"),
    "text": (np.array(["a", "b", "c"]), "<U1"),
    "bytes": (np.array([b"a"] * 3), r"\|S1"),
    "dates": (np.ones(3, "M8[D]"), "datetime64"),
    "durations": (np.ones(3, "m8[s]"), "timedelta64"),
    "records": (np.ones(3, "f8, f8"), r"\('f0'"),
    "list with None": ([1.0, None, 2.0], "object"),
    "list of text": (["1", "2", "3"], "<U1"),
    "generator": ((k for k in range(3)), "object"),
    "dict": ({"a": 1}, "object"),
    "Series of objects": (pd.Series([1, "a", 2]), "object"),
    "Series of text": (pd.Series(["a", "b", "c"]), "str"),
    "Series of dates": (pd.Series(pd.date_range("2020", periods=3)), "datetime64"),
    "categories": (pd.Series([1, 2, 1], dtype="category"), "category"),
    "frame with text": (pd.DataFrame({"a": [1.0], "b": ["x"]}), "object|str"),
    "Arrow text": (pa.array(["a", "b", "c"]), "string"),
    "Arrow decimals": (pa.array([1, 2, 3], pa.decimal128(9, 2)), "decimal"),
    "Arrow dates": (pa.array([1, 2, 3], pa.date32()), "date32"),
    "Arrow nulls": (pa.array([None] * 3), "null"),
    "Arrow lists": (pa.array([[1]] * 3), "list"),
    "Arrow dictionary": (pa.array([1, 2, 3]).dictionary_encode(), "dictionary"),
    "Arrow table": (pa.table({"a": [1, 2, 3]}), "pyarrow|Table"),
    "Arrow scalar": (pa.scalar("a"), "pyarrow|string|Scalar"),
}


@pytest.mark.parametrize("name", ["y_true", "y_pred", "weights"])
@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_what_holds_no_numbers_is_refused_by_name(kind: str, name: str) -> None:
    value, came = NO_NUMBERS[kind]
    arrays = {"y_true": ONES, "y_pred": ONES, "weights": ONES, name: value}
    with pytest.raises(TypeError, match=rf"^{name} .*({came})"):
        sl.evaluate("mae", **arrays)


@pytest.mark.parametrize("name", ["y_true", "y_pred", "weights", "where"])
def test_ragged_lists_are_refused_by_name(name: str) -> None:
    arrays = {"y_true": ONES, "y_pred": ONES, name: [[1.0, 2.0], [3.0]]}
    with pytest.raises((TypeError, ValueError), match=rf"^{name} "):
        sl.evaluate("mae", **arrays)


REFUSED = [
    (TypeError, r"y_true .*None", (None, ONES), {}),
    (TypeError, r"y_pred .*None", (ONES, None), {}),
    (TypeError, r"y_pred .*None", (ONES,), {}),
    (ValueError, r"y_pred .*\(3, 1\) and \(3,\)", (ONES, ONES[:, None]), {}),
    (ValueError, r"y_pred .*\(3,\) and \(3, 1\)", (ONES[:, None], ONES), {}),
    (ValueError, r"y_pred .*\(2,\) and \(3,\)", (ONES, ONES[:2]), {}),
    (ValueError, r"y_pred .*\(\) and \(3,\)", (ONES, 1.0), {}),
    (ValueError, r"weights .*leading.*\(2,\).*\(4, 2\)", (TABLE, TABLE, [1, 2]), {}),
    (
        ValueError,
        r"weights .*leading.*\(4, 1\).*\(4,\)",
        (TABLE[:, 0], TABLE[:, 0], TABLE[:, :1]),
        {},
    ),
    (ValueError, r"weights .*leading.*\(3, 2\).*\(4, 2\)", (TABLE, TABLE, TABLE[:3]), {}),
    (ValueError, r"weights .*leading.*\(2, 4\).*\(4, 2\)", (TABLE, TABLE, TABLE.T), {}),
    (ValueError, r"weights .*leading.*\(0,\).*\(3,\)", (ONES, ONES, []), {}),
    (TypeError, r"weights .*real.*complex128", (ONES, ONES, ONES * 1j), {}),
    (TypeError, r"where .*boolean.*int64", (ONES, ONES), {"where": [1, 0, 1]}),
    (TypeError, r"where .*boolean.*float64", (ONES, ONES), {"where": ONES}),
    (ValueError, r"where .*leading.*\(2,\).*\(4, 2\)", (TABLE, TABLE), {"where": [True, False]}),
    (ValueError, r"axis 1 .*dimension 1", (ONES, ONES), {"axis": 1}),
    (ValueError, r"axis -3 .*dimension 2", (TABLE, TABLE), {"axis": -3}),
    (ValueError, r"axis 0 .*dimension 0", (1.0, 1.0), {"axis": 0}),
    (ValueError, r"repeated axis|twice", (TABLE, TABLE), {"axis": (0, -2)}),
    (TypeError, r"axis|integer", (TABLE, TABLE), {"axis": 0.5}),
    (TypeError, r"axis|integer", (TABLE, TABLE), {"axis": "0"}),
    (ValueError, r"nan must be one of .*'skip'", (ONES, ONES), {"nan": "skip"}),
    (ValueError, r"nan must be one of .*None", (ONES, ONES), {"nan": None}),
    (ValueError, r"reduction must be one of .*'average'", (ONES, ONES), {"reduction": "average"}),
    (ValueError, r"reduction must be one of .*None", (ONES, ONES), {"reduction": None}),
    (ValueError, r"'none' .*axis=0", (TABLE, TABLE), {"axis": 0, "reduction": "none"}),
]


@pytest.mark.parametrize(("error", "message", "args", "options"), REFUSED, ids=range(len(REFUSED)))
def test_a_refusal_names_the_argument_the_rule_and_what_came(
    error: Any, message: str, args: Any, options: Any
) -> None:
    with pytest.raises(error, match=message) as caught:
        sl.evaluate("mae", *args, **options)
    assert "\n" not in str(caught.value)


LOSSES_REFUSED = [
    (ValueError, "unknown loss 'nope'", "nope", ONES),
    (TypeError, "loss .*got None", None, ONES),
    (TypeError, "loss .*got 3", 3, ONES),
    (ValueError, "at least one", [], ONES),
    (ValueError, "same inputs", ["mae", "value"], ONES),
    (TypeError, "y_pred must be None", "value", ONES),
    (TypeError, "y_pred must be a tuple of 2", ThreeInputs(), ONES),
    (TypeError, "y_pred must be a tuple of 2", ThreeInputs(), (ONES,)),
    (ValueError, r"y_pred\[1\]|y_pred", ThreeInputs(), (ONES, ONES[:2])),
    (TypeError, r"y_pred\[1\]", ThreeInputs(), (ONES, None)),
    (TypeError, "SquaredError.* complex", "mse", ONES * 1j),
]


@pytest.mark.parametrize(("error", "message", "losses", "y_pred"), LOSSES_REFUSED)
def test_losses_that_do_not_fit_are_refused(
    error: Any, message: str, losses: Any, y_pred: Any
) -> None:
    with pytest.raises(error, match=message):
        sl.evaluate(losses, ONES, y_pred)


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_a_root_needs_a_mean(reduction: str) -> None:
    with pytest.raises(ValueError, match=r"RootMeanSquaredError.*mean"):
        sl.evaluate("rmse", ONES, ONES, reduction=reduction)
