"""`compat.keras` against what Keras answered, on numpy arrays and on dask arrays."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from golden._compare import eps_of
from golden._format import decode
from golden.keras_cases import CASES, HEADER, ask, bits, check, find, lazy, shown
from keras_truth import EXPECTED

from streamloss.compat import keras
from tools.docs.differences import golden

NAN = float("nan")

pytestmark = pytest.mark.filterwarnings("ignore:.*adjusted R2 score", "ignore:invalid value")


def is_near(ours: Any, expected: Any, eps: float) -> bool:
    """Return whether an answer is what float64 arithmetic gives, rounded to our dtype."""
    ours = np.asarray(ours)
    assert ours.shape == np.shape(expected)
    with np.errstate(invalid="ignore"):
        gap = np.abs(ours.astype(np.float64) - expected) <= 2 * eps * np.abs(expected)
    return bool(np.all(gap | (ours == expected) | (np.isnan(ours) & np.isnan(expected))))


DIFFERENCES = golden("keras", [case["id"] for case in CASES])
SAME = [case for case in CASES if case["id"] not in DIFFERENCES]
OTHER = [case for case in CASES if case["id"] in DIFFERENCES]


@pytest.mark.parametrize("case", SAME, ids=shown)
def test_answers_what_keras_answers(case: dict[str, Any]) -> None:
    check(case, ask(case))


@pytest.mark.parametrize("case", OTHER, ids=shown)
def test_answers_on_purpose_what_keras_does_not(case: dict[str, Any]) -> None:
    ours, expected = ask(case), EXPECTED[DIFFERENCES[case["id"]]]
    with pytest.raises(AssertionError):
        check(case, ours)
    if isinstance(expected, type):
        assert isinstance(ours, expected)
        return
    ours = ours[-1] if isinstance(ours, list) else ours
    assert is_near(ours, expected(case), eps_of(ours.dtype))


def test_every_difference_has_a_case() -> None:
    assert set(DIFFERENCES.values()) == EXPECTED.keys()


@pytest.mark.parametrize("case", CASES, ids=shown)
def test_dask_arrays_give_the_same_bits(case: dict[str, Any]) -> None:
    assert bits(ask(case, lazy)) == bits(ask(case))


@pytest.mark.parametrize("name", HEADER["signatures"])
def test_signatures_are_those_of_keras(name: str) -> None:
    target = find(".".join(name.split(".")[:2]))
    for method in name.split(".")[2:]:
        target = getattr(target, method)
    ours = inspect.signature(target)
    bare = [p.replace(annotation=p.empty) for p in ours.parameters.values()]
    text = str(ours.replace(parameters=bare, return_annotation=ours.empty))
    assert text == HEADER["signatures"][name]


@pytest.mark.parametrize("name", HEADER["aliases"])
def test_aliases_are_those_of_keras(name: str) -> None:
    assert find(name) is find(f"losses.{HEADER['aliases'][name]}")
    if name.startswith("losses."):
        assert getattr(keras, name.removeprefix("losses.")) is find(name)


@pytest.mark.parametrize("name", HEADER["configs"])
def test_configurations_hold_what_those_of_keras_do(name: str) -> None:
    theirs, made = decode(HEADER["configs"][name]), find(name)()
    assert theirs.items() <= made.get_config().items()
    assert find(name).from_config(made.get_config()) == made
