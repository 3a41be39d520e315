"""The parameters of losses: what they may be, and what is equal."""

import copy
import math
import pickle
import re
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from streamloss.losses.names import resolve
from tests.losses.points import INF, NAN
from tests.losses.truth import SIMPLE, Truth, name
from tests.reference import TINY


@pytest.mark.parametrize(
    ("cls", "value", "message"),
    [
        (sl.Huber, 0.0, "delta of Huber must be greater than 0 and finite: got 0.0"),
        (sl.Huber, -1, "delta of Huber must be greater than 0 and finite: got -1"),
        (sl.Huber, math.inf, "delta of Huber must be greater than 0 and finite: got inf"),
        (sl.Huber, math.nan, "delta of Huber must be greater than 0 and finite: got nan"),
        (sl.SmoothL1, -0.5, "beta of SmoothL1 must be at least 0 and finite: got -0.5"),
        (sl.SmoothL1, math.inf, "beta of SmoothL1 must be at least 0 and finite: got inf"),
        (sl.Quantile, 0, "q of Quantile must be strictly between 0 and 1: got 0"),
        (sl.Quantile, 1.0, "q of Quantile must be strictly between 0 and 1: got 1.0"),
        (sl.Quantile, 90, "q of Quantile must be strictly between 0 and 1: got 90"),
    ],
)
def test_a_parameter_outside_its_interval_is_refused(cls: Any, value: Any, message: str) -> None:
    for make in (cls, lambda x: cls()._replace(**{cls._fields[0]: x}), lambda x: cls._make([x])):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            make(value)


@pytest.mark.parametrize("value", [None, "wide", [1.0], 1j])
def test_a_parameter_that_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^delta of Huber must be a number: got "):
        sl.Huber(value)


def test_the_ends_of_an_interval_are_admitted_where_it_says_so() -> None:
    assert sl.SmoothL1(0).beta == 0.0
    assert sl.Huber(TINY).delta == TINY


@pytest.mark.parametrize("value", [1, True, np.float32(1.0), np.int64(1)])
def test_parameters_are_kept_as_float(value: Any) -> None:
    loss = sl.Huber(value)
    assert type(loss.delta) is float
    assert loss == sl.Huber(1.0)
    assert hash(loss) == hash(sl.Huber(1.0))


def test_losses_of_different_classes_differ() -> None:
    assert sl.Huber(0.5) != sl.Quantile(0.5)
    assert sl.AbsoluteError() != sl.SquaredError()
    assert sl.RootMeanSquaredError() != sl.SquaredError()
    assert sl.SquaredError() != sl.RootMeanSquaredError()
    assert len({sl.Huber(0.5), sl.Quantile(0.5), sl.Huber(0.25), sl.Huber(0.5)}) == 3


def test_hashes_depend_on_the_class() -> None:
    losses = [sl.Huber(0.5), sl.Quantile(0.5), sl.SmoothL1(0.5), sl.AbsoluteError(), ()]
    assert len(set(map(hash, losses))) == len(losses)


def test_a_loss_is_no_plain_tuple() -> None:
    assert sl.Huber(0.5) != (0.5,)
    assert (0.5,) != sl.Huber(0.5)
    assert not sl.Huber(0.5) == (0.5,)
    assert not (0.5,) == sl.Huber(0.5)


@pytest.mark.parametrize("case", SIMPLE, ids=name)
def test_a_loss_survives_pickle_copy_and_repr(case: Truth) -> None:
    loss = case.loss
    for other in (pickle.loads(pickle.dumps(loss)), copy.deepcopy(loss), eval(f"sl.{loss!r}")):
        assert other == loss
        assert type(other) is type(loss)


@pytest.mark.parametrize(
    ("cls", "field", "values", "rule"),
    [
        (sl.AbsolutePercentageError, "epsilon", (0.0, -1.0, INF), "greater than 0 and finite"),
        (sl.AbsolutePercentageError, "factor", (0.0, NAN), "greater than 0 and finite"),
        (sl.SymmetricAbsolutePercentageError, "epsilon", (0.0,), "greater than 0 and finite"),
        (sl.SquaredLogError, "floor", (-1.5, INF), "at least -1 and finite"),
        (sl.TweedieDeviance, "power", (NAN, INF), "finite"),
        (sl.Poisson, "epsilon", (-1e-9,), "at least 0 and finite"),
        (sl.PoissonNLL, "log_input", (-1, 2), "at least 0 and at most 1"),
        (sl.PoissonNLL, "full", (2,), "at least 0 and at most 1"),
        (sl.GaussianNLL, "epsilon", (-1e-9,), "at least 0 and finite"),
        (sl.LogLoss, "epsilon", (-1e-9,), "at least 0 and finite"),
        (sl.BinaryCrossEntropy, "low", (-0.1, 1.1), "at least 0 and at most 1"),
        (sl.BinaryCrossEntropy, "high", (-0.1, 1.1), "at least 0 and at most 1"),
        (sl.BinaryCrossEntropy, "smoothing", (-0.1, 1.1, NAN), "at least 0 and at most 1"),
        (sl.BinaryFocal, "gamma", (-0.1,), "at least 0 and finite"),
        (sl.BinaryFocalWithLogits, "alpha", (1.5,), "at least 0 and at most 1"),
        (sl.Hinge, "binary", (2,), "at least 0 and at most 1"),
        (sl.HingeEmbedding, "margin", (INF,), "finite"),
        (sl.SoftmaxCrossEntropy, "smoothing", (-0.1, 1.1), "at least 0 and at most 1"),
        (sl.CategoricalFocal, "alpha", (-0.1,), "at least 0 and finite"),
        (sl.GeneralizedCrossEntropy, "q", (0.0, 1.0), "strictly between 0 and 1"),
        (sl.MultiMargin, "p", (0.5, 3.0), "at least 1 and at most 2"),
        (sl.KLDivergenceRow, "epsilon", (0.0,), "greater than 0 and finite"),
        (sl.CosineSimilarity, "epsilon", (0.0,), "greater than 0 and finite"),
        (sl.TripletMargin, "p", (0.0,), "greater than 0 and finite"),
        (sl.TripletMargin, "epsilon", (-1e-9,), "at least 0 and finite"),
    ],
)
def test_each_parameter_outside_its_interval_is_refused(
    cls: Any, field: str, values: Any, rule: str
) -> None:
    for value in values:
        message = f"^{field} of {cls.__name__} must be {rule}: got {value!r}$"
        with pytest.raises(ValueError, match=message):
            cls(**{field: value})


LABELS = {
    "1": (1, 1),
    "-1": (-1, -1),
    "cat": ("cat", "cat"),
    "none": (None, "none"),
    "None": (None, "None"),
    "'none'": ("none", "none"),
    '"none"': ("none", "none"),
    "'1'": ("1", "1"),
    "''": ("", ""),
    "'": ("'", "'"),
    "'cat": ("'cat", "'cat"),
    "1.5": ("1.5", "1.5"),
}


@pytest.mark.parametrize("text", LABELS)
def test_labels_are_read_as_numbers_text_in_quotes_or_none(text: str) -> None:
    optional, needed = LABELS[text]
    assert resolve(f"accuracy:ignore_index={text}") == sl.Accuracy(optional)
    assert resolve(f"f1:positive={text}") == sl.F1(positive=needed)


def test_a_positive_label_is_never_none() -> None:
    rule = "positive of F1 must be a whole number or text: got None"
    with pytest.raises(TypeError, match=rule):
        sl.F1(positive=None)
    with pytest.raises(TypeError, match="ignore_index of F1 must be a whole number, text or None"):
        sl.F1(ignore_index=1.5)


def test_text_labels_that_look_like_others() -> None:
    true, pred = ["none", "1", "none"], ["none", "none", "1"]
    assert sl.evaluate("precision:positive=none", true, pred) == 0.5
    assert sl.evaluate("recall:positive='1'", true, pred) == 0.0
    assert sl.evaluate("accuracy:ignore_index='1'", true, pred) == 0.5
    assert sl.evaluate("accuracy:ignore_index=none", true, pred) == 1 / 3
