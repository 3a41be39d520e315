"""Errors about containers are short, and name the argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import streamloss as sl
import streamloss.compat.sklearn as sk
from streamloss.compat import keras, tf1
from streamloss.compat.torch import functional as torch_functional
from tests.arrays.kinds import torch

HUGE = 10**6
LONG: dict[str, Callable[[], Any]] = {
    "labels": lambda: sk.accuracy_score(["a"] * HUGE + [None], ["a"] * HUGE + [None]),
    "classes": lambda: sk.log_loss(np.arange(HUGE), np.full((HUGE, 2), 0.5)),
    "given labels": lambda: sk.log_loss([0, 1], [0.5, 0.5], labels=[0] * HUGE),
    "loss": lambda: sl.evaluate("a" * HUGE, [1.0], [1.0]),
    "loss of arrays": lambda: sl.evaluate(np.zeros(HUGE), [1.0], [1.0]),
    "parameter": lambda: sl.evaluate("huber:" + "a" * HUGE, [1.0], [1.0]),
    "delta": lambda: sl.Huber([1.0] * HUGE),
    "reduction": lambda: sl.evaluate("mae", [1.0], [1.0], reduction="a" * HUGE),
    "nan": lambda: sl.evaluate("mae", [1.0], [1.0], nan="a" * HUGE),
    "axis": lambda: sl.evaluate("mae", [1.0], [1.0], axis=[0.5] * HUGE),
    "merge": lambda: sl.merge([np.zeros(HUGE)]),
    "array of text": lambda: sl.evaluate("mae", np.array(["a" * HUGE]), [1.0]),
    "records": lambda: sl.evaluate("mae", np.zeros(2, [(f"f{k}", "f8") for k in range(999)]), [1]),
    "list of dicts": lambda: sl.evaluate("mae", [{"a": "b" * HUGE}], [1.0]),
    "keras reduction": lambda: keras.losses.MeanAbsoluteError([0] * HUGE),
    "keras loss": lambda: keras.losses.get([0] * HUGE),
    "keras metric": lambda: keras.metrics.get("x" * HUGE),
    "torch reduction": lambda: torch_functional.l1_loss([1.0], [1.0], reduction=[0] * HUGE),
    "array for a reduction": lambda: sl.evaluate("mae", [1.0], [1.0], reduction=np.zeros(9)),
    "array for a policy": lambda: sl.evaluate("mae", [1.0], [1.0], nan=np.zeros(9)),
    "array for torch": lambda: torch_functional.l1_loss([1.0], [1.0], reduction=np.zeros(9)),
    "array for tf1": lambda: tf1.absolute_difference([1.0], [1.0], reduction=np.zeros(9)),
    "pos_label": lambda: sk.brier_score_loss(["a" * HUGE, "b"], [0.5, 0.5]),
}


@pytest.mark.parametrize("kind", LONG)
def test_errors_are_short(kind: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        LONG[kind]()
    assert len(str(caught.value)) <= 400, str(caught.value)[:500]
    assert "ambiguous" not in str(caught.value)


@pytest.mark.skipif(torch is None, reason="needs torch")
@pytest.mark.parametrize("name", ["y_true", "y_pred", "weights", "where"])
def test_what_torch_refuses_names_the_argument(name: str) -> None:
    sparse = torch.eye(3).to_sparse()
    given: dict[str, Any] = {"y_true": np.ones((3, 3)), "y_pred": np.ones((3, 3)), name: sparse}
    with pytest.raises((TypeError, ValueError), match=f"^{name} must"):
        sl.evaluate("mae", **given)


@pytest.mark.parametrize("name", ["y_true", "y_pred", "weights"])
def test_what_an_object_raises_names_the_argument(name: str) -> None:
    class Broken:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise AttributeError("no numbers here")

    given: dict[str, Any] = {"y_true": [1.0], "y_pred": [1.0], name: Broken()}
    with pytest.raises(TypeError, match=f"^{name} must be an array of numbers: no numbers here"):
        sl.evaluate("mae", **given)
