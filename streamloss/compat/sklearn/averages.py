"""What becomes of a measure of the ranking of scores where there are several classes."""

from __future__ import annotations

import functools
from typing import Any, Literal

import numpy as np

from streamloss.arrays.batch import FLOAT64, is_lazy
from streamloss.arrays.types import DuckArray
from streamloss.compat._common.arrays import bare, hidden, hide, is_masked
from streamloss.losses import Value

from .areas import Measure, alone, of_rows, over_columns
from .calls import Call, scalar, total, weights_check
from .cells import SCALAR, Out, finished
from .labels import classes_of, coded, indicator
from .reductions import lenient_mean
from .scored import Scores, count_scores, keys_of

Average = Literal["micro", "macro", "samples", "weighted"] | None

AVERAGES = "micro", "macro", "samples", "weighted", None


def of_one(given: Scores, measure: Measure) -> Any:
    """Return the measure of class 1 of labels 0 and 1."""
    cells = count_scores(*given)
    return finished(cells, functools.partial(alone, measure=measure), SCALAR)


def of_indicators(given: Scores, measure: Measure, average: Average) -> Any:
    """Return the measure of rows of indicators."""
    if given.true.shape[1:] != given.score.shape[1:]:
        shapes = f"{given.true.shape} and {given.score.shape}"
        raise ValueError(f"y_score must have the columns of y_true: got shapes {shapes}")
    rows = coded(given.true, classes_of(given.true), functools.partial(indicator, name="y_true"))
    given = given._replace(true=rows == 1)
    if average == "samples":
        return of_samples(given, measure)
    return of_columns(given, measure, average, classes=False)


def of_columns(given: Scores, measure: Measure, average: Average, classes: bool) -> Any:
    """Return the measure of columns of scores: of classes, or of indicators."""
    true, score, weights = given
    if average == "micro":
        hits = true[:, None] == np.arange(given.columns) if classes else true
        return _together(given._replace(true=hits), measure)
    cells = count_scores(true, score, weights)
    made = functools.partial(over_columns, measure=measure, average=average, classes=classes)
    return finished(cells, made, Out((given.columns,)) if average is None else SCALAR)


def _together(given: Scores, measure: Measure) -> Any:
    """Return the measure of all scores of all columns."""
    cells = count_scores(*given, together=True)
    return finished(cells, functools.partial(alone, measure=measure), SCALAR)


def of_samples(given: Scores, measure: Measure) -> Any:
    """Return the mean over samples of the measure of each row of indicators."""
    each = [given.true.astype(np.int64), keys_of(given.score)]
    masks = [hidden(a) for a in each] if any(map(is_masked, each)) else []
    planes: list[DuckArray] = list(map(bare, each))
    if masks:  # the third says what is hidden
        planes.append(masks[0] | masks[1])
    rows: DuckArray = np.stack(planes, axis=1)
    made, meta = functools.partial(of_rows, measure=measure), np.empty(0)
    values: DuckArray
    if is_lazy(rows):
        rows = rows.rechunk({1: -1, 2: -1})
        meta = np.ma.masked_array(meta) if masks else meta
        values = rows.map_blocks(made, drop_axis=[1, 2], dtype=np.float64, meta=meta)
    else:
        values = made(np.asarray(rows))
    if given.weights is not None:  # samples without weight have no say, defined or not
        said = np.where(bare(given.weights) == 0, 0.0, bare(values))
        values = hide(said, hidden(values)) if is_masked(values) else said
    checks = None, *weights_check(given.weights)
    return scalar(total(Value(), Call((values,), given.weights, checks), lenient_mean(FLOAT64)))
