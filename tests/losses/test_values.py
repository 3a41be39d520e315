"""Values worked by hand, and those that the pages of other libraries show."""

import math
from typing import Any

import numpy as np
import pytest

import streamloss as sl
from tests.losses.points import all_of, near, one

LN2, LN3 = math.log(2.0), math.log(3.0)


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "value"),
    [
        ("mae", 1.0, 3.5, 2.5),
        ("mae", 3.5, 1.0, 2.5),
        ("mse", 1.0, 3.5, 2.5 * 2.5),
        ("rmse", 1.0, 3.5, 2.5),
        ("huber", 0.0, 0.5, 0.5 * 0.5**2),
        ("huber", 0.0, -1.0, 0.5),  # both branches agree at delta
        ("huber", 0.0, 3.0, 1.0 * (3.0 - 0.5 * 1.0)),
        (sl.Huber(2.0), -3.0, 0.0, 2.0 * (3.0 - 0.5 * 2.0)),
        (sl.Huber(2.0), 1.0, 2.0, 0.5 * 1.0**2),
        ("smooth_l1", 0.0, 0.5, 0.5 * 0.5**2 / 1.0),
        (sl.SmoothL1(2.0), 0.0, 1.0, 0.5 * 1.0**2 / 2.0),
        (sl.SmoothL1(2.0), 0.0, -2.0, 2.0 - 0.5 * 2.0),
        (sl.SmoothL1(2.0), 0.0, -3.0, 3.0 - 0.5 * 2.0),
        (sl.SmoothL1(0.0), 0.0, 3.0, 3.0),
        (sl.SmoothL1(0.0), 3.0, 3.0, 0.0),
        ("log_cosh", 2.0, 2.0, 0.0),
        ("log_cosh", 0.0, -1000.0, 1000.0 - math.log(2.0)),
        ("quantile", 1.0, 3.0, 0.5 * 2.0),
        (sl.Quantile(0.75), 3.0, 1.0, 0.75 * 2.0),  # too low costs q
        (sl.Quantile(0.75), 1.0, 3.0, 0.25 * 2.0),  # too high costs 1 - q
        (sl.Quantile(0.75), 3.0, 3.0, 0.0),
    ],
)
def test_a_loss_has_its_hand_worked_value(
    loss: Any, y_true: float, y_pred: float, value: float
) -> None:
    assert sl.evaluate(loss, [y_true], [y_pred]) == value
    assert sl.evaluate(loss, np.float32([y_true]), np.float32([y_pred])) == value


def test_value_is_the_loss_given() -> None:
    assert sl.evaluate("value", [0.25, -1.75], reduction="none").tolist() == [0.25, -1.75]


def test_rmse_is_the_root_of_the_rounded_mean() -> None:
    assert sl.evaluate("rmse", [0.0, 0.0], [3.0, 4.0]) == math.sqrt((9.0 + 16.0) / 2)
    assert sl.evaluate("rmse", [0.0, 0.0], [3.0, 4.0], [3.0, 1.0]) == math.sqrt((27.0 + 16.0) / 4)


def test_the_root_of_a_negative_mean_is_nan() -> None:
    assert math.isnan(sl.evaluate("rmse", [0.0, 0.0], [1.0, 3.0], [2.0, -1.0]))


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
def test_a_point_or_row_has_its_hand_worked_value(loss: Any, inputs: Any, value: float) -> None:
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
