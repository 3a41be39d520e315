"""The losses beyond the first ones: hand-worked values, the reference, limits and parameters.

Most of it calls `point` and `row` in plain Python, as the engine does for small batches. One test
compiles each loss, in the engine's own words, and asks for the same bits.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from families import MORE, Family, name
from numba import njit
from reference import CASES, bits, sprinkle
from row_families import CLASSES, ROWS

import streamloss as engine
from streamloss import losses as sl
from streamloss.kernels import meanings
from streamloss.kernels.elements import of_row, term
from streamloss.losses import arithmetic
from streamloss.losses.names import LOSSES

FAMILIES = [*MORE, *ROWS]
OURS = [cls for cls in vars(sl).values() if isinstance(cls, type) and hasattr(cls, "ranks")]
LN2, LN3 = math.log(2.0), math.log(3.0)
INF, NAN = math.inf, math.nan


def one(loss: Any, *inputs: Any) -> float:
    """Return the loss of one element or row."""
    given = (np.asarray(x, np.float64)[()] for x in inputs)
    with np.errstate(all="ignore"):
        return float(type(loss).body(loss, *given))


def all_of(loss: Any, *inputs: np.ndarray) -> np.ndarray:
    """Return the loss of each element or row."""
    body = type(loss).body
    with np.errstate(all="ignore"):
        return np.array([body(loss, *items) for items in zip(*inputs, strict=True)], np.float64)


def near(found: float, want: float, ulps: float = 4) -> bool:
    return abs(found - want) <= ulps * math.ulp(want)


# The reference.


@pytest.mark.parametrize("family", FAMILIES, ids=name)
def test_a_loss_is_its_formula(family: Family) -> None:
    inputs = family.draw(np.random.default_rng(21), 200)
    found = all_of(family.loss, *inputs)
    if family.ulps == 0:
        assert bits(found) == bits(family(*inputs))
    else:
        assert family.misses(found, *inputs) <= family.ulps


def test_every_loss_has_a_formula() -> None:
    assert {type(case.loss) for case in [*CASES, *FAMILIES]} == set(OURS)


def test_the_package_has_every_loss_by_its_name() -> None:
    named = {cls for cls in LOSSES.values() if cls.__module__.startswith("streamloss.losses")}
    assert named == set(OURS)
    assert {cls.__name__ for cls in OURS} == set(sl.__all__)


# Hand-worked values.

HALVES = [
    # |3 - 2| / 2; the divisor is at least epsilon; labels and predictions below zero.
    (sl.AbsolutePercentageError(), (2.0, 3.0), 0.5),
    (sl.AbsolutePercentageError(0.25), (0.0, 0.5), 2.0),
    (sl.AbsolutePercentageError(factor=100.0), (-4.0, -2.0), 50.0),
    # 2 |3 - 1| / (1 + 3); at most 2, and nothing of two zeros.
    (sl.SymmetricAbsolutePercentageError(), (1.0, 3.0), 1.0),
    (sl.SymmetricAbsolutePercentageError(), (0.0, -5.0), 2.0),
    (sl.SymmetricAbsolutePercentageError(factor=100.0), (1.0, 3.0), 50.0),
    (sl.SymmetricAbsolutePercentageError(), (0.0, 0.0), 0.0),
    (sl.TweedieDeviance(0.0), (1.0, 3.5), 6.25),
    # k = 3: 2 (y^-1 / 2 - y p^-2 / -2 + p^-1 / -1) = 1 / y + y / p^2 - 2 / p = (y - p)^2 / (y p^2).
    (sl.TweedieDeviance(3.0), (1.0, 2.0), 0.25),
    # k = -1: 2 (y^3 / 6 - y p^2 / 2 + p^3 / 3); a label below zero has no first term.
    (sl.TweedieDeviance(-1.0), (3.0, 1.0), 2.0 * (27.0 / 6.0 - 1.5 + 1.0 / 3.0)),
    (sl.TweedieDeviance(-1.0), (-3.0, 1.0), 2.0 * (1.5 + 1.0 / 3.0)),
    # k = 1.5: 2 (-4 sqrt(y) + 2 y / sqrt(p) + 2 sqrt(p)) = 4 (sqrt(y) - sqrt(p))^2 / sqrt(p).
    (sl.TweedieDeviance(1.5), (4.0, 1.0), 4.0),
    (sl.TweedieDeviance(1.5), (0.0, 4.0), 8.0),
    (sl.PoissonDeviance(), (0.0, 3.0), 6.0),
    (sl.PoissonDeviance(), (3.0, 3.0), 0.0),
    (sl.Poisson(0.0), (5.0, 1.0), 1.0),
    (sl.PoissonNLL(), (2.0, 0.0), 1.0),
    (sl.PoissonNLL(full=1.0), (1.0, 0.0), 1.0),  # Stirling's terms only for labels above 1
    (sl.GaussianNLL(), (1.0, 3.0, 1.0), 2.0),  # 0.5 (log 1 + 2^2 / 1)
    (sl.GaussianNLL(epsilon=1.0), (1.0, 3.0, 0.5), 2.0),
    (sl.KLDivergence(), (1.0, -2.0), 2.0),
    (sl.KLDivergence(), (0.0, -2.0), 0.0),
    (sl.KLDivergence(1.0), (0.0, -2.0), 2.0),
    (sl.BinaryCrossEntropy(0.0, 1.0), (1.0, 0.0), 100.0),  # no logarithm is below -100
    (sl.BinaryCrossEntropy(0.0, 1.0), (0.0, 1.0), 100.0),
    (sl.BinaryCrossEntropy(0.0, 1.0), (0.25, 0.0), 25.0),
    (sl.BinaryCrossEntropy(0.0, 1.0), (1.0, 1.0), 0.0),
    (sl.WeightedBinaryCrossEntropyWithLogits(), (1.0, -800.0, 3.0), 2400.0),
    (sl.WeightedBinaryCrossEntropyWithLogits(), (0.0, 800.0, 3.0), 800.0),
    (sl.Hinge(), (1.0, 0.25), 0.75),
    (sl.Hinge(), (1.0, 1.5), 0.0),
    (sl.Hinge(), (-1.0, 0.25), 1.25),
    (sl.Hinge(1.0), (0.0, 0.25), 1.25),
    (sl.Hinge(1.0), (1.0, 0.25), 0.75),
    (sl.SquaredHinge(), (-1.0, 0.5), 2.25),
    (sl.SquaredHinge(1.0), (1.0, 0.5), 0.25),
    (sl.HingeEmbedding(), (1.0, 0.25), 0.25),
    (sl.HingeEmbedding(), (-1.0, 0.25), 0.75),
    (sl.HingeEmbedding(), (-1.0, 2.0), 0.0),
    (sl.HingeEmbedding(2.0), (0.0, 0.25), 2.0),  # neither label: 0.25 + 1.75
    (sl.MarginRanking(), (1.0, 2.0, 5.0), 3.0),
    (sl.MarginRanking(), (-1.0, 2.0, 5.0), 0.0),
    (sl.MarginRanking(0.5), (-1.0, 5.0, 5.0), 0.5),
    # PyTorch's page: ((1 - 0.7) + (1 - 0.6) + (1 - 0.4)) / 4; here in quarters.
    (sl.MultiMargin(), (3.0, [0.25, 0.5, 1.0, 2.0]), 0.0),
    (sl.MultiMargin(), (3.0, [1.25, 1.5, 1.75, 2.0]), (0.25 + 0.5 + 0.75) / 4),
    (sl.MultiMargin(2.0), (3.0, [1.25, 1.5, 1.75, 2.0]), (0.0625 + 0.25 + 0.5625) / 4),
    (sl.MultiMargin(margin=0.5), (3.0, [1.25, 1.5, 1.75, 2.0]), 0.25 / 4),
    (sl.WeightedMultiMargin(), (0.0, [1.0, 1.0], [3.0, 100.0]), 1.5),
    # Labels 3 and 0 against 1 and 2: (1.25 + 1.5 + 0.25 + 0.5) / 4.
    (sl.MultiLabelMargin(), ([3.0, 0.0, -1.0, 1.0], [1.0, 1.25, 1.5, 2.25]), 0.75),
    (sl.MultiLabelMargin(), ([-1.0, 3.0], [1.0, 2.0]), 0.0),
    (sl.MultiLabelMargin(), ([0.0, 1.0], [1.0, 2.0]), 0.0),
    (sl.MultiLabelMargin(), ([0.0, 0.0], [1.0, 1.5]), 1.5),  # a label given twice counts twice
    (sl.ClassWeight(), (1.0, [0.0, 0.0], [2.0, 3.0]), 3.0),
    (sl.NLL(), (1.0, [-0.5, -2.0]), 2.0),
    (sl.WeightedNLL(), (1.0, [-0.5, -2.0], [1.0, 3.0]), 6.0),
    (sl.CategoricalHinge(), ([0.0, 1.0], [0.5, 0.25]), 1.25),
    (sl.CategoricalHinge(), ([0.0, 1.0], [0.5, 2.0]), 0.0),
    (sl.CategoricalHinge(), ([-1.0, 1.0], [0.5, 0.25]), 1.0 - (0.25 - 0.5) + 1.0),
    (sl.GeneralizedCrossEntropy(0.5), (0.0, [0.25, 0.75]), 1.0),  # (1 - sqrt(1 / 4)) / 0.5
    (sl.GeneralizedCrossEntropy(0.5), (1.0, [1.0, 0.0]), 2.0),
    (sl.ZeroOne(), (2.0, 3.0), 1.0),
    (sl.ZeroOneRow(), ([0.0, 1.0], [0.0, 0.0]), 1.0),
    (sl.Brier(), (0.0, [0.75, 0.25]), 2.0 / 16.0),
    (sl.ClassHinge(), (0.0, [1.0, 0.5, 1.25]), 1.25),
    (sl.CosineSimilarity(), ([3.0, 4.0], [0.0, 2.0]), -0.8),
    (sl.CosineSimilarity(), ([0.0, 0.0], [0.0, 2.0]), 0.0),
    (sl.CosineSimilarity(8.0), ([3.0, 4.0], [0.0, 2.0]), -0.125),  # both lengths count as 8
    (sl.CosineDistance(), ([0.0, 1.0], [0.5, 0.25]), 0.75),
    (sl.CosineEmbedding(), (1.0, [3.0, 0.0], [0.0, 2.0]), 1.0),
    (sl.CosineEmbedding(), (-1.0, [3.0, 0.0], [0.0, 2.0]), 0.0),
    (sl.CosineEmbedding(-0.5), (-1.0, [3.0, 0.0], [0.0, 2.0]), 0.5),
    (sl.CosineEmbedding(), (0.0, [3.0, 0.0], [1.0, 2.0]), 0.0),
    # Distances 5 and 4 from the anchor; the two others are 3 apart.
    (sl.TripletMargin(epsilon=0.0), ([0.0, 0.0], [3.0, 4.0], [0.0, 4.0]), 2.0),
    (sl.TripletMargin(epsilon=0.0, swap=1.0), ([0.0, 0.0], [3.0, 4.0], [0.0, 4.0]), 3.0),
    (sl.TripletMargin(epsilon=0.0, p=1.0), ([0.0, 0.0], [3.0, 4.0], [0.0, 4.0]), 4.0),
    (sl.TripletMargin(2.0, epsilon=0.0), ([0.0, 0.0], [3.0, 4.0], [6.0, 8.0]), 0.0),
    (sl.TripletMargin(0.0, epsilon=1.0), ([0.0], [1.0], [0.0]), 0.0),  # |0 - 1 + 1| - |0 - 0 + 1|
    # TensorFlow's page: differences of errors 0, 1, 3 in pairs: (1 + 9 + 4) / 3.
    (sl.PairwiseSquaredError(), ([0.0] * 3, [0.0, 1.0, 3.0], [1.0] * 3), 14.0 / 3.0),
    (sl.PairwiseSquaredError(), ([5.0] * 3, [6.0] * 3, [1.0] * 3), 0.0),
    # n = 2 of three: 2 (1 + 9) / 1 - 2 (4 * 4) / 2.
    (sl.PairwiseSquaredError(), ([0.0] * 3, [0.0, 1.0, 3.0], [1.0, 0.0, 2.0]), 4.0),
    (sl.PairwiseSquaredError(), ([0.0] * 2, [1.0, 3.0], [1.0, 0.0]), 0.0),
]


@pytest.mark.parametrize(("loss", "inputs", "value"), HALVES)
def test_a_loss_has_its_hand_worked_value(loss: Any, inputs: Any, value: float) -> None:
    assert near(one(loss, *inputs), value, 1)


LOGARITHMS = [
    (sl.SquaredLogError(), (0.0, 1.0), LN2**2),
    (sl.SquaredLogError(), (-0.5, 1.0), (2.0 * LN2) ** 2),  # log(2 / 0.5)
    (sl.SquaredLogError(0.0), (-7.0, 1.0), LN2**2),
    (sl.PoissonDeviance(), (1.0, 2.0), 2.0 * (1.0 - LN2)),
    (sl.GammaDeviance(), (1.0, 2.0), 2.0 * (LN2 - 0.5)),
    (sl.TweedieDeviance(1.0), (1.0, 2.0), 2.0 * (1.0 - LN2)),
    (sl.TweedieDeviance(2.0), (1.0, 2.0), 2.0 * (LN2 - 0.5)),
    (sl.Poisson(0.0), (3.0, 2.0), 2.0 - 3.0 * LN2),
    (sl.PoissonNLL(), (3.0, LN2), 2.0 - 3.0 * LN2),
    # 2 log 2 - 2 + 0.5 log(4 pi) on top of e^0.
    (sl.PoissonNLL(full=1.0), (2.0, 0.0), 2.0 * LN2 - 1.0 + 0.5 * math.log(4.0 * math.pi)),
    (sl.GaussianNLL(1.0), (1.0, 3.0, 4.0), 0.5 * (math.log(8.0 * math.pi) + 1.0)),
    (sl.KLDivergence(), (0.5, -1.0), 0.5 * (1.0 - LN2)),
    (sl.LogLoss(0.0), (1.0, 0.25), 2.0 * LN2),
    (sl.LogLoss(0.0), (0.0, 0.25), math.log(4.0 / 3.0)),
    (sl.LogLoss(), (1.0, 0.0), 7.0 * math.log(10.0)),
    (sl.BinaryCrossEntropy(), (1.0, 0.25), 2.0 * LN2),
    (sl.BinaryCrossEntropy(), (0.0, 0.25), math.log(4.0 / 3.0)),
    (sl.BinaryCrossEntropy(), (1.0, 0.0), 7.0 * math.log(10.0)),
    (sl.BinaryCrossEntropy(smoothing=0.5), (1.0, 0.25), 0.75 * 2.0 * LN2 + 0.25 * math.log(4 / 3)),
    (sl.BinaryCrossEntropyWithLogits(), (1.0, 0.0), LN2),
    (sl.BinaryCrossEntropyWithLogits(), (1.0, LN3), math.log(4.0 / 3.0)),  # sigmoid is 3 / 4
    (sl.BinaryCrossEntropyWithLogits(0.5), (1.0, LN3), math.log(4.0) - 0.75 * LN3),
    (sl.WeightedBinaryCrossEntropyWithLogits(), (1.0, LN3, 5.0), 5.0 * math.log(4.0 / 3.0)),
    (sl.WeightedBinaryCrossEntropyWithLogits(), (0.0, LN3, 5.0), math.log(4.0)),
    # Keras' page: -0.6^2 log 0.4. The paper: a loss of p = 0.9 is a hundredth.
    (sl.BinaryFocal(), (1.0, 0.4), -0.36 * math.log(0.4)),
    (sl.BinaryFocal(), (1.0, 0.9), -0.01 * math.log(0.9)),
    (sl.BinaryFocal(0.0), (0.0, 0.25), math.log(4.0 / 3.0)),
    (sl.BinaryFocal(1.0, 0.25, 1.0), (0.0, 0.5), 0.75 * 0.5 * LN2),
    (sl.BinaryFocal(1.0, 0.25, 1.0), (1.0, 0.5), 0.25 * 0.5 * LN2),
    (sl.BinaryFocalWithLogits(), (0.0, LN3), 0.5625 * math.log(4.0)),
    (sl.BinaryFocalWithLogits(), (1.0, LN3), 0.0625 * math.log(4.0 / 3.0)),
    (sl.SoftMargin(), (1.0, 0.0), LN2),
    (sl.SoftMargin(), (-1.0, LN3), math.log(4.0)),
    # Softmax of (0, log 3) is (1 / 4, 3 / 4).
    (sl.SoftmaxCrossEntropy(), ([0.0, 1.0], [0.0, LN3]), math.log(4.0 / 3.0)),
    (sl.SoftmaxCrossEntropy(), ([2.0, 0.0], [0.0, LN3]), 4.0 * LN2),  # labels need not sum to 1
    (sl.SoftmaxCrossEntropy(0.5), ([0.0, 1.0], [0.0, LN3]), math.log(4.0) - 0.75 * LN3),
    (sl.WeightedSoftmaxCrossEntropy(), ([1.0, 0.0], [0.0, LN3], [3.0, 1.0]), 6.0 * LN2),
    (sl.SparseSoftmaxCrossEntropy(), (0.0, [0.0, LN3]), 2.0 * LN2),
    (sl.SparseSoftmaxCrossEntropy(), (1.0, [5.0, 5.0 + LN3]), math.log(4.0 / 3.0)),
    (sl.SparseSoftmaxCrossEntropy(0.5), (1.0, [0.0, LN3]), math.log(4.0) - 0.75 * LN3),
    (sl.WeightedSparseSoftmaxCrossEntropy(), (0.0, [0.0, LN3], [3.0, 1.0]), 6.0 * LN2),
    # 0.5 * 3 * log 4 + 0.25 * (3 * log 4 + 1 * log(4 / 3))
    (
        sl.WeightedSparseSoftmaxCrossEntropy(0.5),
        (0.0, [0.0, LN3], [3.0, 1.0]),
        2.25 * math.log(4.0) + 0.25 * math.log(4.0 / 3.0),
    ),
    (sl.CategoricalCrossEntropy(), ([0.0, 1.0], [1.0, 3.0]), math.log(4.0 / 3.0)),
    (sl.CategoricalCrossEntropy(normalize=0.0), ([1.0, 0.0], [0.5, 0.75]), LN2),
    (sl.CategoricalCrossEntropy(smoothing=0.5), ([0.0, 1.0], [1.0, 3.0]), math.log(4) - 0.75 * LN3),
    (sl.CategoricalCrossEntropy(), ([1.0, 0.0], [0.0, 1.0]), 7.0 * math.log(10.0)),
    (sl.SparseCategoricalCrossEntropy(), (0.0, [1.0, 3.0]), math.log(4.0)),
    (sl.SparseCategoricalCrossEntropy(0.5), (0.0, [1.0, 3.0]), LN2),
    (sl.CategoricalFocal(), ([0.0, 1.0], [1.0, 3.0]), 0.25 * 0.0625 * math.log(4.0 / 3.0)),
    (sl.CategoricalFocalWithLogits(), ([1.0, 0.0], [0.0, LN3]), 0.25 * 0.5625 * math.log(4.0)),
    (sl.KLDivergenceRow(), ([1.0], [0.25]), 2.0 * LN2),
    (sl.KLDivergenceRow(), ([0.5, 0.5], [0.25, 0.5]), 0.5 * LN2),
    (sl.MultiLabelSoftMargin(), ([1.0, 0.0], [LN3, 0.0]), 0.5 * (math.log(4.0 / 3.0) + LN2)),
    (
        sl.WeightedMultiLabelSoftMargin(),
        ([1.0, 0.0], [LN3, 0.0], [2.0, 4.0]),
        math.log(4.0 / 3.0) + 2.0 * LN2,
    ),
    (sl.TripletMargin(p=3.0, epsilon=0.0), ([0.0], [3.0], [1.0]), 3.0),
    (sl.MultiMargin(1.5), (0.0, [0.0, 3.0]), 4.0),  # 4^1.5 / 2
]


@pytest.mark.parametrize(("loss", "inputs", "value"), LOGARITHMS)
def test_a_loss_of_logarithms_has_its_hand_worked_value(
    loss: Any, inputs: Any, value: float
) -> None:
    assert near(one(loss, *inputs), value, 8)


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "shown"),
    [
        # The means that the pages of scikit-learn, Keras and PyTorch show.
        (sl.TweedieDeviance(1.0), [2, 0, 1, 4], [0.5, 0.5, 2.0, 2.0], 1.4260),
        (sl.GammaDeviance(), [2, 0.5, 1, 4], [0.5, 0.5, 2.0, 2.0], 1.0568),
        (sl.PoissonDeviance(), [2, 0, 1, 4], [0.5, 0.5, 2.0, 2.0], 1.4260),
        (sl.AbsolutePercentageError(), [3, -0.5, 2, 7], [2.5, 0.0, 2, 8], 0.3273),
        (sl.SquaredLogError(), [3, 5, 2.5, 7], [2.5, 5, 4, 8], 0.0397),
        (sl.BinaryCrossEntropy(), [0, 1, 0, 0], [0.6, 0.4, 0.4, 0.6], 0.8149),
        (sl.CategoricalCrossEntropy(), [[0, 1, 0]], [[0.05, 0.95, 0]], 0.0512),
        (sl.CategoricalCrossEntropy(), [[0, 0, 1]], [[0.1, 0.8, 0.1]], 2.3025),
        (sl.SparseCategoricalCrossEntropy(), [2], [[0.1, 0.8, 0.1]], 2.3025),
        (sl.CategoricalHinge(), [[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]], 1.4),
        (sl.KLDivergenceRow(), [[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]], 0.4581),
        (sl.CosineSimilarity(), [[0, 1], [1, 1]], [[1, 0], [1, 1]], -0.4999),
        (sl.MultiMargin(), [3], [[0.1, 0.2, 0.4, 0.8]], 0.3249),
        (sl.MultiLabelMargin(), [[3, 0, -1, 1]], [[0.1, 0.2, 0.4, 0.8]], 0.8499),
    ],
)
def test_a_mean_is_what_the_pages_show(loss: Any, y_true: Any, y_pred: Any, shown: float) -> None:
    found = all_of(loss, np.asarray(y_true, float), np.asarray(y_pred, float))
    assert found.mean() == pytest.approx(shown, abs=1.01e-4)


# Limits.


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


@pytest.mark.parametrize("family", FAMILIES, ids=name)
def test_a_nan_propagates(family: Family) -> None:
    inputs = family.draw(np.random.default_rng(22), 30)
    kept = DEPENDS.get(type(family.loss), lambda *a: slice(None))(*inputs)
    inputs = tuple(a[kept] for a in inputs)
    assert np.isfinite(all_of(family.loss, *inputs)).all()
    for k in range(len(inputs)):
        if (type(family.loss), k) not in IGNORED:
            nan = np.full_like(inputs[k], NAN)
            assert np.isnan(all_of(family.loss, *inputs[:k], nan, *inputs[k + 1 :])).all()


SPARSE = [f for f in ROWS if type(f.loss).ranks[0] == 0 and type(f.loss) is not sl.CosineEmbedding]


@pytest.mark.parametrize("label", [-1.0, 0.5, float(CLASSES), -100.0, 1e300, INF, -INF, NAN])
@pytest.mark.parametrize("family", SPARSE, ids=name)
def test_a_label_that_is_no_class_gives_nan(family: Family, label: float) -> None:
    _, *rows = family.draw(np.random.default_rng(23), 2)
    assert np.isnan(all_of(family.loss, np.full(2, label), *rows)).all()


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


# Compiled.


@njit(error_model="numpy")
def map_points(loss: Any, inputs: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = term(loss, inputs, None, i)


@njit(error_model="numpy")
def map_rows(loss: Any, inputs: Any, room: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = of_row(loss, inputs, room, i)


def compiled(loss: Any, inputs: tuple[np.ndarray, ...]) -> np.ndarray:
    """Return the losses as the engine's loops, compiled, make them."""
    assert meanings  # gives `term` and `of_row` their compiled meaning
    out = np.empty(len(inputs[0]))
    if not any(type(loss).ranks):
        map_points(loss, inputs, out)
    else:
        map_rows(loss, inputs, tuple(np.empty(a.shape[-1]) for a in inputs), out)
    return out


FIRST = {type(f.loss): f for f in reversed(FAMILIES)}
STRANGE = [0.0, 1.0, -1.0, 1000.0, -1000.0, INF, -INF, NAN]


@pytest.mark.parametrize("cls", FIRST, ids=lambda cls: cls.__name__)
def test_compiled_and_plain_python_agree_in_every_bit(cls: type) -> None:
    rng = np.random.default_rng(24)
    tame = [f.draw(rng, 100) for f in FAMILIES if type(f.loss) is cls]
    wild = [tuple(sprinkle(rng, a, 0.2, STRANGE) for a in inputs) for inputs in tame]
    losses = [f.loss for f in FAMILIES if type(f.loss) is cls]
    for loss, inputs in zip(losses * 2, tame + wild, strict=True):
        assert bits(compiled(loss, inputs)) == bits(all_of(loss, *inputs))


@pytest.mark.parametrize(
    "cls", [cls for cls in FIRST if any(cls.ranks)], ids=lambda cls: cls.__name__
)
def test_rows_without_numbers_are_the_same_compiled(cls: Any) -> None:
    inputs = tuple(np.zeros((2, 0)) if rank else np.zeros(2) for rank in cls.ranks)
    assert bits(compiled(cls(), inputs)) == bits(all_of(cls(), *inputs))


@pytest.mark.parametrize(
    "loss",
    [sl.GaussianNLL(), sl.SparseSoftmaxCrossEntropy(), sl.WeightedSparseSoftmaxCrossEntropy(0.1)],
)
def test_the_engine_sums_what_python_computes(loss: Any) -> None:
    family = next(f for f in FAMILIES if f.loss == loss)
    y, *rest = family.draw(np.random.default_rng(25), 2000)
    losses = all_of(loss, y, *rest)
    given = rest[0] if len(rest) == 1 else tuple(rest)
    assert bits(engine.evaluate(loss, y, given, reduction="none")) == bits(losses)
    assert engine.evaluate(loss, y, given, reduction="sum") == math.fsum(losses)


GRID = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    INF,
    -INF,
    NAN,
    1e308,
    -1e308,
    5e-324,
]


@pytest.mark.parametrize(
    "function",
    [arithmetic.power, arithmetic.divide, arithmetic.larger, arithmetic.smaller],
    ids=lambda f: f.__name__,
)
def test_arithmetic_of_two_is_ieees_in_python_and_compiled(function: Any) -> None:
    as_numpy = {"power": np.power, "divide": np.divide, "larger": np.maximum}
    in_numpy = as_numpy.get(function.__name__, np.minimum)
    both = njit(error_model="numpy")(lambda x, y: function(x, y))
    for x in GRID:
        for y in GRID:
            with np.errstate(all="ignore"):
                want = float(in_numpy([x, x], [y, y])[0])  # numpy has a root of its own for one
            if function in (arithmetic.larger, arithmetic.smaller):
                want += 0.0  # which zero it is does not matter
                assert bits(function(x, y) + 0.0) == bits(both(x, y) + 0.0) == bits(want)
            else:
                assert bits(function(x, y)) == bits(both(x, y)) == bits(want)


@pytest.mark.parametrize(
    "function", [arithmetic.log, arithmetic.softplus], ids=lambda f: f.__name__
)
def test_arithmetic_of_one_is_ieees_in_python_and_compiled(function: Any) -> None:
    both = njit(error_model="numpy")(lambda x: function(x))
    for x in GRID:
        with np.errstate(all="ignore"):
            want = np.log(x) if function is arithmetic.log else np.logaddexp(0.0, x)
        assert bits(function(x)) == bits(both(x))
        assert bits(function(x)) == bits(want) or near(function(x), want)


def test_clipping_keeps_nan_and_the_ends() -> None:
    found = [arithmetic.clip(x, 0.25, 0.75) for x in (-INF, 0.25, 0.5, 1.0, INF)]
    assert found == [0.25, 0.25, 0.5, 0.75, 0.75]
    assert math.isnan(arithmetic.clip(NAN, 0.25, 0.75))


def test_a_product_is_zero_where_its_factor_is_but_for_nan() -> None:
    both = njit(error_model="numpy")(lambda a, x: arithmetic.product(a, x))
    for function in (arithmetic.product, both):
        assert [bits(function(0.0, x)) for x in (INF, -INF, 3.0)] == [bits(0.0)] * 3
        assert bits(function(0.0, -3.0)) == bits(-0.0)
        assert math.isnan(function(0.0, NAN))
        assert [function(2.0, x) for x in (INF, 3.0)] == [INF, 6.0]


# Parameters.


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
def test_a_parameter_outside_its_interval_is_refused(
    cls: Any, field: str, values: Any, rule: str
) -> None:
    for value in values:
        message = f"^{field} of {cls.__name__} must be {rule}: got {value!r}$"
        with pytest.raises(ValueError, match=message):
            cls(**{field: value})


@pytest.mark.parametrize("cls", OURS, ids=lambda cls: cls.__name__)
def test_a_loss_has_a_name_a_formula_and_says_what_it_is(cls: Any) -> None:
    assert LOSSES[cls.name] is cls
    assert cls.formula
    assert "Examples" in cls.__doc__
    assert all(isinstance(value, float) for value in cls())
