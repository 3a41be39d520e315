"""Whether probabilities say how often something comes, as in `sklearn.calibration`."""

from __future__ import annotations

import functools
import itertools
from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.types import Array, ArrayLike, DuckArray
from streamloss.compat._common.arrays import from_delayed
from streamloss.exact.counted import Counted
from streamloss.exact.numbers import Exact
from streamloss.losses.counting import Given
from streamloss.losses.define import loss
from streamloss.metrics.base import Prediction
from streamloss.run.query import later

from .arguments import Label, check_count, check_spelled, column
from .cells import VECTOR, count, finished
from .classes import check_positive
from .labels import boxed, classes_of, coded, few
from .positives import chosen
from .scored import count_scores, scores_of, values_of
from .values import Bounds

__all__ = ["calibration_curve"]

OUTSIDE = Bounds(low=0.0, high=1.0, rule="y_prob has values outside [0, 1]. ")


@loss
class Binned(NamedTuple):
    """The cells of bins, with the sum of probabilities in each, as they are."""

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return {"bin": Given(0)}

    def sums(self) -> dict[str, Any]:
        """Return the losses that are summed in each cell."""
        return {"predicted": Prediction()}

    def combine(self, cells: Counted) -> Counted:
        """Return the cells."""
        return cells


def calibration_curve(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    pos_label: Label | None = None,
    n_bins: int = 5,
    strategy: str = "uniform",
) -> Any:
    """Return the share of positives and the mean probability in bins of probabilities.

    As `sklearn.calibration.calibration_curve`.

    Parameters
    ----------
    y_true : array-like of shape (samples,)
        Labels of two classes at most, whole numbers or text.
    y_prob : array-like of shape (samples,)
        Probabilities of the positive one; dask arrays make results lazy, of a length not known.
    pos_label : number, str or bool, optional
        The positive label: by default 1 of 0 and 1, or of -1 and 1.
    n_bins : int
        How many bins there are.
    strategy : {"uniform", "quantile"}
        Whether bins have the same width, or the same number of samples. Quantiles of dask arrays
        need all probabilities in one task.

    Returns
    -------
    prob_true, prob_pred : array of shape (bins,)
        Of the bins that have samples: both without a unit, correctly rounded.

    Raises
    ------
    ValueError
        If shapes do not fit; if labels are fractions, NaN, of more than two classes or none that
        `pos_label` goes with; if probabilities are NaN or outside [0, 1].
    InvalidParameterError
        If an argument is of another type.

    Examples
    --------
    >>> true, pred = calibration_curve([0, 0, 1, 1], [0.125, 0.25, 0.75, 1.0], n_bins=2)
    >>> true.tolist(), pred.tolist()
    ([0.0, 1.0], [0.1875, 0.875])
    """
    check_positive(pos_label)
    count_of_bins = check_count("n_bins", n_bins)
    check_spelled("strategy", strategy, ("uniform", "quantile"))
    true, prob, _ = scores_of(y_true, y_prob, None, "y_prob", OUTSIDE)
    true, prob = column("y_true", true), column("y_prob", prob)
    hits = coded(true, classes_of(true), functools.partial(_of_two, pos_label=pos_label))
    even = np.linspace(0.0, 1.0, count_of_bins + 1)
    edges = even if strategy == "uniform" else _quantiles(prob, 100 * even)
    keys: DuckArray = np.multiply(coded(prob, edges, _bins), 2) + hits
    return finished(count(Binned(), keys, prob, None, None), _curve, (VECTOR, VECTOR))


def _of_two(block: Array, classes: Array, pos_label: Label | None) -> Array:
    """Return 1 for positive labels, of two classes at most, and 0 for others."""
    if len(classes) > 2:
        rule = "Only binary classification is supported. Provided labels"
        raise ValueError(f"{rule} {few(classes)}.")
    return chosen(block, classes, pos_label)


def _quantiles(prob: DuckArray, shares: Array) -> DuckArray:
    """Return percentiles of probabilities; of dask arrays in an array of one object."""
    if not is_lazy(prob):
        found: DuckArray = np.percentile(np.ma.compressed(prob), shares)
        return found
    cells = count_scores(prob < 0, prob, None)
    made = later(functools.partial(_boxed_edges, shares=shares, dtype=prob.dtype), cells)
    return from_delayed(made, (1,), object)


def _boxed_edges(cells: Counted, shares: Array, dtype: Any) -> Array:
    """Return the percentiles of probabilities, as an array of one object."""
    every = np.repeat(values_of(cells.keys["score"], dtype), cells.elements)
    return boxed(np.percentile(every, shares), 1)


def _bins(block: Array, classes: Array) -> Array:
    """Return the number of the bin of each probability, whose edges are given as classes."""
    return np.searchsorted(classes[1:-1], block).astype(np.float64)


def _curve(cells: Counted) -> tuple[Array, Array]:
    """Return the share of positives and the mean probability of each bin with samples."""
    columns = cells.keys["bin"].tolist(), cells.elements.tolist(), cells.sums["predicted"]
    rows = list(zip(*columns, strict=True))
    true, pred = list[float](), list[float]()
    for _, some in itertools.groupby(rows, lambda row: row[0] // 2):
        group = list(some)
        total = sum([elements for _, elements, _ in group])
        true.append(sum([elements for key, elements, _ in group if key % 2]) / total)
        pred.append(sum([each for _, _, each in group], Exact(0)).over(total))
    return np.array(true), np.array(pred)
