"""Every loss: a NamedTuple of its parameters with its mathematics in `point` or `row`.

`point` is the formula for one element: it takes float64 (complex128 where `complex_inputs` says
so) and is compiled. `row` is the formula for one row along the last axis: it takes 1-d float64
arrays, and one float for an input without that axis. `finish` is applied to the rounded mean. The
order of the operations in a formula is part of its contract: it decides the last bit. Losses of
logarithms and powers say how large their error is, for rows of up to five numbers; each further one
adds half an ulp at most.

A parameter named like a switch (`binary`, `full`, `swap`) is 0 or 1. What one framework or
another does differently is a parameter, not a copy.
"""

from .binary import (
    BinaryCrossEntropy,
    BinaryCrossEntropyWithLogits,
    BinaryFocal,
    BinaryFocalWithLogits,
    Hinge,
    HingeEmbedding,
    LogLoss,
    MarginRanking,
    SoftMargin,
    SquaredHinge,
    WeightedBinaryCrossEntropyWithLogits,
)
from .classes import (
    NLL,
    ClassWeight,
    SoftmaxCrossEntropy,
    SparseSoftmaxCrossEntropy,
    WeightedNLL,
    WeightedSoftmaxCrossEntropy,
    WeightedSparseSoftmaxCrossEntropy,
)
from .labels import Brier, ClassHinge, ZeroOne, ZeroOneRow
from .likelihood import (
    GaussianNLL,
    KLDivergence,
    Poisson,
    PoissonNLL,
)
from .margins import (
    MultiLabelMargin,
    MultiLabelSoftMargin,
    MultiMargin,
    WeightedMultiLabelSoftMargin,
    WeightedMultiMargin,
)
from .probabilities import (
    CategoricalCrossEntropy,
    CategoricalFocal,
    CategoricalFocalWithLogits,
    CategoricalHinge,
    GeneralizedCrossEntropy,
    KLDivergenceRow,
    SparseCategoricalCrossEntropy,
)
from .regression import (
    AbsoluteError,
    AbsolutePercentageError,
    GammaDeviance,
    Huber,
    LogCosh,
    PoissonDeviance,
    Quantile,
    RootMeanSquaredError,
    SmoothL1,
    SquaredError,
    SquaredLogError,
    SymmetricAbsolutePercentageError,
    TweedieDeviance,
    Value,
)
from .similarity import (
    CosineDistance,
    CosineEmbedding,
    CosineSimilarity,
    PairwiseSquaredError,
    TripletMargin,
)

__all__ = [
    "NLL",
    "AbsoluteError",
    "AbsolutePercentageError",
    "BinaryCrossEntropy",
    "BinaryCrossEntropyWithLogits",
    "BinaryFocal",
    "BinaryFocalWithLogits",
    "Brier",
    "CategoricalCrossEntropy",
    "CategoricalFocal",
    "CategoricalFocalWithLogits",
    "CategoricalHinge",
    "ClassHinge",
    "ClassWeight",
    "CosineDistance",
    "CosineEmbedding",
    "CosineSimilarity",
    "GammaDeviance",
    "GaussianNLL",
    "GeneralizedCrossEntropy",
    "Hinge",
    "HingeEmbedding",
    "Huber",
    "KLDivergence",
    "KLDivergenceRow",
    "LogCosh",
    "LogLoss",
    "MarginRanking",
    "MultiLabelMargin",
    "MultiLabelSoftMargin",
    "MultiMargin",
    "PairwiseSquaredError",
    "Poisson",
    "PoissonDeviance",
    "PoissonNLL",
    "Quantile",
    "RootMeanSquaredError",
    "SmoothL1",
    "SoftMargin",
    "SoftmaxCrossEntropy",
    "SparseCategoricalCrossEntropy",
    "SparseSoftmaxCrossEntropy",
    "SquaredError",
    "SquaredHinge",
    "SquaredLogError",
    "SymmetricAbsolutePercentageError",
    "TripletMargin",
    "TweedieDeviance",
    "Value",
    "WeightedBinaryCrossEntropyWithLogits",
    "WeightedMultiLabelSoftMargin",
    "WeightedMultiMargin",
    "WeightedNLL",
    "WeightedSoftmaxCrossEntropy",
    "WeightedSparseSoftmaxCrossEntropy",
    "ZeroOne",
    "ZeroOneRow",
]
