"""The R2 score of several outputs, streaming."""

from __future__ import annotations

import dataclasses
import math
import warnings
from fractions import Fraction
from typing import Any, Self

import numpy as np

from streamloss.accumulator import Accumulator, build
from streamloss.arrays.types import ArrayLike, DuckArray, Weights
from streamloss.compat._common import arrays
from streamloss.compat._common.finish import quotient
from streamloss.compat._common.sums import state
from streamloss.exact.numbers import Exact
from streamloss.exact.reductions import Sums
from streamloss.metrics import R2
from streamloss.metrics.base import variation
from streamloss.run.query import Query
from streamloss.support.brief import brief

from .arguments import DTypeArgument, pair_of, same_shape
from .base import Metric
from .sample_means import computed
from .weights import of_outputs, weights_of

AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")

METRIC: Any = R2()

PARTS = METRIC.parts
"""The losses whose sums a score is of."""

Score = Fraction | None
"""An exact score, None for NaN."""


@dataclasses.dataclass(eq=False, repr=False)
class R2Score(Metric):
    """The coefficient of determination: 1 is perfect, 0 what the mean of the labels gives.

    Parameters
    ----------
    class_aggregation : {"uniform_average", "variance_weighted_average", None}
        How the scores of the outputs, the last axis, become one; None leaves them as they are.
    num_regressors : int
        Of independent ones, for the adjusted score; 0 leaves it as it is.
    name, dtype
        As for `Metric`.

    Raises
    ------
    ValueError
        If there is no such aggregation, or `num_regressors` is negative.

    Examples
    --------
    >>> metric = R2Score()
    >>> metric.update_state([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
    >>> metric.result()
    np.float32(0.5714286)
    """

    class_aggregation: str | None = "uniform_average"
    num_regressors: int = 0
    name: str | None = "r2_score"
    dtype: DTypeArgument = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.class_aggregation not in AGGREGATIONS:
            raise ValueError(
                "Invalid value for argument `class_aggregation`. Expected one of "
                f"{AGGREGATIONS}. Received: class_aggregation={brief(self.class_aggregation)}"
            )
        if self.num_regressors < 0:
            raise ValueError(
                "Invalid value for argument `num_regressors`. Expected a value >= 0. "
                f"Received: num_regressors={brief(self.num_regressors)}"
            )
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all batches."""
        self._sums: Accumulator | None = None
        self._samples = 0

    def _take(self, other: Self) -> None:
        if other._sums is not None:
            self._put(other._sums.copy(), other._samples)

    def _put(self, sums: Accumulator, samples: int) -> None:
        self._sums = sums if self._sums is None else self._sums.merge(sums)
        self._samples += samples

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Weights = None
    ) -> None:
        """Add a batch of labels and predictions of shape ``[batch_size, outputs]``.

        Parameters
        ----------
        y_true, y_pred : array_like
            Rounded to the dtype of the metric.
        sample_weight : array_like, optional
            One number, one for each sample, or an array that broadcasts to the labels.

        Raises
        ------
        ValueError
            If shapes do not fit, or are others than before.
        """
        true, pred = pair_of(y_true, y_pred, self._dtype)
        same_shape(true, pred)
        if true.ndim != 2:
            rule = "R2Score expects 2D inputs with shape (batch_size, output_dim)"
            raise ValueError(f"{rule}: got y_true and y_pred of shape {true.shape}")
        weights = weights_of(sample_weight, self._dtype)
        if weights is not None:
            weights = of_outputs(weights, true.shape)
        found = computed(state(PARTS, (true, pred), weights, axis=0))
        sums, rows = build(R2(), Query.spelled(R2(), 0), found), true.shape[0]
        if rows != rows:  # of a dask array whose size only its sums know
            rows = sums.counts["elements"] // max(len(found.counts), 1)
        self._put(sums, _weighed_rows(weights, rows))

    def result(self) -> Any:
        """Return the score of all batches so far, NaN without any; an array without aggregation."""
        if self._sums is None:
            return arrays.as_dtype(math.nan, self._out)
        cells = self._sums.tally.state.sums_of(PARTS)
        pairs = [_score(sums) for sums in cells]
        if self.class_aggregation is None:
            scores = [self._adjusted(score) for score, _ in pairs]
            return arrays.as_dtype(np.array(scores, np.float64), self._out)
        weighted = self.class_aggregation == "variance_weighted_average"
        return arrays.as_dtype(self._adjusted(_mean(pairs, weighted)), self._out)

    def _adjusted(self, score: Score) -> float:
        """Return a score for the number of regressors, rounded once."""
        p, samples = self.num_regressors, self._samples
        if p and p >= samples - 1:
            what = (
                "More independent predictors than datapoints in adjusted"
                if p > samples - 1
                else "Division by zero in Adjusted"
            )
            rest = "R2 score. Falling back to standard R2 score."
            warnings.warn(f"{what} {rest}", UserWarning, stacklevel=3)
        elif p and score is not None:
            score = 1 - (1 - score) * (samples - 1) / (samples - p - 1)
        if score is None:
            return math.nan
        return quotient(Exact(score.numerator), Exact(score.denominator), self._out)


def _weighed_rows(weights: DuckArray | None, rows: int) -> int:
    """Return how many rows have a weight that is not zero, for one output at least."""
    if weights is None:
        return rows
    count = int(computed((weights != 0).any(axis=-1).sum()))
    return count * rows if weights.shape[0] == 1 else count


def _score(sums: Sums) -> tuple[Score, Score]:
    """Return the score of one output and the sum of squares that it is of, exactly.

    An infinite score, of labels that are all equal, is 0 as in Keras.
    """
    left, label, square = sums.losses
    weights = sums.weights
    total = variation(weights, label, square)
    score = total - left * weights
    if score.strange is not None or not weights.units:
        return None, None
    if total == 0:
        return (Fraction(0) if left.units else None), Fraction(0)
    return Fraction(score.units, total.units), Fraction(total.units, weights.units)


def _mean(pairs: list[tuple[Score, Score]], weighted: bool) -> Score:
    """Return the mean of scores, weighted by their sums of squares or not."""
    scores = [score for score, _ in pairs if score is not None]
    sizes = [size for _, size in pairs if size is not None]
    if len(scores) < len(pairs) or not pairs:
        return None
    if not weighted:
        return sum(scores, Fraction(0)) / len(scores)
    total = sum(sizes, Fraction(0))
    both = zip(scores, sizes, strict=True)
    return sum((score * size for score, size in both), Fraction(0)) / total if total else None
