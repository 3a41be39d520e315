"""Losses of infinities and NaN, of labels that are no class, of rows of one number or none."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests.losses.points import INF, NAN, all_of, one
from tests.losses.truth import OTHERS, PAIRS, ROWS, Truth, name
from tests.losses.truth.draws import CLASSES
from tests.reference import bits


@pytest.mark.parametrize("case", PAIRS, ids=name)
@pytest.mark.parametrize(
    ("y_true", "y_pred", "value"),
    [
        (0.0, math.inf, math.inf),
        (math.inf, 0.0, math.inf),
        (-math.inf, math.inf, math.inf),
        (math.inf, math.inf, math.nan),
        (math.nan, 0.0, math.nan),
        (0.0, math.nan, math.nan),
    ],
)
def test_losses_of_infinities_and_nan(
    case: Truth, y_true: float, y_pred: float, value: float
) -> None:
    assert bits(sl.evaluate(case.loss, [y_true], [y_pred])) == bits(value)


@pytest.mark.parametrize(
    ("loss", "inputs", "value"),
    [
        (sl.BinaryCrossEntropyWithLogits(), (1.0, 1000.0), 0.0),
        (sl.BinaryCrossEntropyWithLogits(), (0.0, 1000.0), 1000.0),
        (sl.BinaryCrossEntropyWithLogits(), (1.0, -1000.0), 1000.0),
        (sl.BinaryCrossEntropyWithLogits(), (0.0, -50.0), math.exp(-50.0)),
        (sl.WeightedBinaryCrossEntropyWithLogits(), (1.0, 1000.0, 9.0), 0.0),
        (sl.BinaryFocalWithLogits(), (1.0, -1000.0), 1000.0),
        (sl.BinaryFocalWithLogits(), (1.0, 1000.0), 0.0),
        (sl.SoftMargin(), (-1.0, 1000.0), 1000.0),
        (sl.SoftMargin(), (1.0, 1000.0), 0.0),
        (sl.SoftmaxCrossEntropy(), ([0.0, 1.0], [1000.0, -1000.0]), 2000.0),
        (sl.SoftmaxCrossEntropy(), ([1.0, 0.0], [1000.0, -1000.0]), 0.0),
        (sl.SparseSoftmaxCrossEntropy(), (1.0, [1000.0, -1000.0]), 2000.0),
        # A confident prediction keeps its digits: log(1 + e^-40) is e^-40, not 0.
        (sl.SparseSoftmaxCrossEntropy(), (0.0, [40.0, 0.0]), math.exp(-40.0)),
        (sl.SparseSoftmaxCrossEntropy(), (0.0, [0.0, -INF]), 0.0),
        (sl.SparseSoftmaxCrossEntropy(), (1.0, [0.0, -INF]), INF),
        (sl.MultiLabelSoftMargin(), ([0.0, 1.0], [1000.0, 1000.0]), 500.0),
        (sl.CategoricalFocalWithLogits(0.5, 2.0, 0.0, 1.0), ([0.0, 1.0], [800.0, 0.0]), 400.0),
        (sl.PoissonDeviance(), (1.0, 0.0), INF),
        (sl.PoissonDeviance(), (0.0, 0.0), 0.0),
        (sl.PoissonDeviance(), (INF, 1.0), INF),
        (sl.PoissonDeviance(), (1.0, INF), INF),
        (sl.PoissonDeviance(), (-1.0, 1.0), NAN),
        (sl.PoissonDeviance(), (1.0, -1.0), NAN),
        (sl.GammaDeviance(), (1.0, 0.0), INF),
        (sl.GammaDeviance(), (0.0, 1.0), INF),
        (sl.GammaDeviance(), (-1.0, 1.0), NAN),
        (sl.TweedieDeviance(0.5), (1.0, 1.0), NAN),
        (sl.TweedieDeviance(1.5), (-1.0, 1.0), NAN),
        (sl.TweedieDeviance(1.5), (1.0, -1.0), NAN),
        (sl.TweedieDeviance(-1.0), (1.0, -1.0), NAN),
        (sl.SquaredLogError(), (-1.0, 0.0), INF),
        (sl.SquaredLogError(), (0.0, INF), INF),
        (sl.Poisson(), (1.0, -1.0), NAN),
        (sl.Poisson(0.0), (1.0, 0.0), INF),
        (sl.PoissonNLL(), (1.0, 1000.0), INF),
        (sl.GaussianNLL(), (0.0, 0.0, -1.0), NAN),
        (sl.GaussianNLL(epsilon=0.0), (0.0, 0.0, 0.0), NAN),  # log 0 + 0 / 0
        (sl.KLDivergence(), (0.5, -INF), INF),
        (sl.LogLoss(), (1.0, 1.1), -math.log(1.1 + 1e-7) - 0.0 * NAN),
        (sl.LogLoss(0.0), (1.0, 0.0), INF),
        (sl.GeneralizedCrossEntropy(), (0.0, [-0.5]), NAN),
        (sl.CategoricalCrossEntropy(), ([1.0, 0.0], [0.0, 0.0]), NAN),
        (sl.CosineEmbedding(), (1.0, [0.0, 0.0], [1.0, 0.0]), 1.0),
    ],
)
def test_a_loss_at_its_limits(loss: Any, inputs: Any, value: float) -> None:
    assert bits(one(loss, *inputs)) == bits(value)


IGNORED = {(sl.ClassWeight, 1), (sl.PairwiseSquaredError, 2)}
"""Inputs whose values don't matter: the logits of a weight, and what weights are but nonzero."""
DEPENDS: dict[type, Callable[..., Any]] = {
    sl.CosineEmbedding: lambda y, a, b: np.abs(y) == 1.0,
    sl.MultiLabelMargin: lambda y, x: [r[0] >= 0 and len({*r[r >= 0]}) < CLASSES for r in y],
    sl.PairwiseSquaredError: lambda y, p, w: np.count_nonzero(w, axis=1) > 1,
}
"""Which rows depend on their numbers, where not all do."""


@pytest.mark.parametrize("case", OTHERS, ids=name)
def test_a_nan_propagates(case: Truth) -> None:
    inputs = case.draw(np.random.default_rng(22), 30)
    kept = DEPENDS.get(type(case.loss), lambda *a: slice(None))(*inputs)
    inputs = tuple(a[kept] for a in inputs)
    assert np.isfinite(all_of(case.loss, *inputs)).all()
    for k in range(len(inputs)):
        if (type(case.loss), k) not in IGNORED:
            nan = np.full_like(inputs[k], NAN)
            assert np.isnan(all_of(case.loss, *inputs[:k], nan, *inputs[k + 1 :])).all()


SPARSE = [f for f in ROWS if type(f.loss).ranks[0] == 0 and type(f.loss) is not sl.CosineEmbedding]


@pytest.mark.parametrize("label", [-1.0, 0.5, float(CLASSES), -100.0, 1e300, INF, -INF, NAN])
@pytest.mark.parametrize("case", SPARSE, ids=name)
def test_a_label_that_is_no_class_gives_nan(case: Truth, label: float) -> None:
    _, *rows = case.draw(np.random.default_rng(23), 2)
    assert np.isnan(all_of(case.loss, np.full(2, label), *rows)).all()


@pytest.mark.parametrize("labels", [[0.5, -1.0], [2.0, -1.0], [0.0, NAN], [INF, 0.0]])
def test_labels_that_are_no_classes_give_nan(labels: list[float]) -> None:
    assert math.isnan(one(sl.MultiLabelMargin(), labels, [1.0, 2.0]))


def test_a_label_counts_up_to_the_first_negative_one() -> None:
    assert one(sl.MultiLabelMargin(), [1.0, -0.5, NAN], [1.0, 2.0, 3.0]) == (0.0 + 2.0) / 3


@pytest.mark.parametrize(
    ("loss", "inputs", "value"),
    [
        (sl.SoftmaxCrossEntropy(), ([1.0], [7.0]), 0.0),
        (sl.SoftmaxCrossEntropy(0.5), ([1.0], [7.0]), 0.0),
        (sl.SparseSoftmaxCrossEntropy(0.5), (0.0, [7.0]), 0.0),
        (sl.WeightedSparseSoftmaxCrossEntropy(0.5), (0.0, [7.0], [3.0]), 0.0),
        (sl.CategoricalCrossEntropy(high=1.0), ([1.0], [7.0]), 0.0),
        (sl.MultiMargin(), (0.0, [7.0]), 0.0),
        (sl.MultiLabelMargin(), ([0.0], [7.0]), 0.0),
        (sl.CategoricalHinge(), ([1.0], [0.25]), 0.75),
        (sl.PairwiseSquaredError(), ([1.0], [7.0], [1.0]), 0.0),
        (sl.Brier(), (0.0, [0.5]), 0.25),
        (sl.ClassHinge(), (0.0, [7.0]), 0.0),
    ],
)
def test_rows_of_one_class(loss: Any, inputs: Any, value: float) -> None:
    assert one(loss, *inputs) == value


@pytest.mark.parametrize(
    ("loss", "value"),
    [
        (sl.SoftmaxCrossEntropy(0.5), 0.0),
        (sl.WeightedSoftmaxCrossEntropy(0.5), 0.0),
        (sl.CategoricalCrossEntropy(smoothing=0.5), 0.0),
        (sl.CategoricalFocal(), 0.0),
        (sl.CategoricalFocalWithLogits(), 0.0),
        (sl.KLDivergenceRow(), 0.0),
        (sl.CategoricalHinge(), 0.0),
        (sl.MultiLabelMargin(), NAN),  # the mean of nothing
        (sl.MultiLabelSoftMargin(), NAN),
        (sl.WeightedMultiLabelSoftMargin(), NAN),
        (sl.ZeroOneRow(), 0.0),
        (sl.CosineSimilarity(), -0.0),
        (sl.CosineDistance(), 1.0),
        (sl.TripletMargin(0.5), 0.5),
        (sl.PairwiseSquaredError(), 0.0),
    ],
)
def test_rows_without_numbers(loss: Any, value: float) -> None:
    assert bits(one(loss, *[[]] * loss.inputs)) == bits(value)


@pytest.mark.parametrize("loss", [sl.PoissonDeviance(), sl.GammaDeviance()])
def test_deviances_of_the_largest_numbers_end(loss: Any) -> None:
    for x in (8e307, 1e308, 1.7976931348623157e308):
        assert loss.point(x, x) == 0.0
