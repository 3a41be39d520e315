"""Curves of the thresholds of a score, with a point at each edge of its bins, and how they look."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamloss.exact.counted import Counted
from streamloss.exact.ratios import ratios
from streamloss.losses.define import loss

from .ranking import ranking_cells
from .score_bins import Bits, score_edges
from .score_groups import groups_of

Floats = NDArray[np.float64]

SHOWN = 3
"""How many points of each end of a long curve are shown."""


class Curve:
    """Points of a curve, as three arrays of the same length, which it can be unpacked into.

    Parameters
    ----------
    *columns : float64 array
        As `names` says.
    """

    __slots__ = ("columns",)

    names: ClassVar[tuple[str, ...]] = ()
    """What the columns are called; each is an attribute."""

    def __init__(self, *columns: Floats) -> None:
        self.columns = columns
        for column in columns:
            column.flags.writeable = False

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, name: str) -> Floats:
        """Return a column by its name; KeyError if there is none."""
        if name not in type(self).names:
            raise KeyError(name)
        return self.columns[type(self).names.index(name)]

    def __iter__(self) -> Iterator[Floats]:
        return iter(self.columns)

    def __getattr__(self, name: str) -> Floats:
        if name in type(self).names:
            return self.columns[type(self).names.index(name)]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.stack(self.columns, axis=1).astype(dtype or np.float64, copy=False)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        pairs = zip(self.columns, other.columns, strict=True)
        return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        points = np.asarray(self).tolist()
        rows = [tuple(f"{x:.6g}" for x in point) for point in points]
        if len(rows) > 2 * SHOWN + 1:
            rows[SHOWN:-SHOWN] = [("...",) * len(self.columns)]
        widths = [max(map(len, column)) for column in zip(type(self).names, *rows, strict=True)]
        lines = [
            "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True))
            for row in [type(self).names, *rows]
        ]
        return "\n".join([f"{type(self).__name__} of {len(points)} points", *lines])

    def to_dict(self) -> dict[str, Floats]:
        """Return the arrays by their names."""
        return dict(zip(type(self).names, self.columns, strict=True))

    def to_pandas(self) -> Any:
        """Return a data frame with a row for each point; needs pandas."""
        return import_module("pandas").DataFrame(self.to_dict())


class ROCPoints(Curve):
    """Points of a ROC curve, thresholds descending from infinity: both rates begin at 0."""

    __slots__ = ()

    names = "false_positive_rate", "true_positive_rate", "thresholds"


class PrecisionRecallPoints(Curve):
    """Points of precision and recall, thresholds ascending to infinity, with 1 and 0."""

    __slots__ = ()

    names = "precision", "recall", "thresholds"


@loss("roc_curve", formula="share of negatives and of positives with a score >= t, of thresholds t")
class ROCCurve(NamedTuple):
    """The ROC curve: rates of false and true positives, y_pred >= threshold being positive.

    Its thresholds are the lower edges of the bins with a weight, as `ROCAUC` has bins, and infinity
    before them. Each point is exact, its rates correctly rounded; thresholds within bins have none.
    With ``bits=32`` each float32 that is a score has its point. Rates without weights are NaN.

    The result has the arrays `false_positive_rate`, `true_positive_rate` and `thresholds`, is
    unpacked into these, and is an array (points, 3) to numpy.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("roc_curve", [0, 0, 1, 1], [0.25, 0.5, 0.5, 1.0])
    ROCPoints of 4 points
    false_positive_rate  true_positive_rate  thresholds
                      0                   0         inf
                      0                 0.5           1
                    0.5                   1         0.5
                      1                   1        0.25
    """

    bits: Bits = 20.0

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return ranking_cells(self.bits)

    def combine(self, cells: Counted) -> ROCPoints:
        """Return the points of exact counts."""
        true, false, thresholds = _points(self.bits, cells, "ROCCurve")
        rates = (ratios(each, int(each[-1])) for each in (false, true))
        return ROCPoints(*rates, thresholds)


@loss(
    "precision_recall_curve",
    formula="share of positives of scores >= t, and of those of positives, of thresholds t",
)
class PrecisionRecallCurve(NamedTuple):
    """Precision and recall of each threshold, y_pred >= threshold being positive.

    Its thresholds are the lower edges of the bins with a weight, as `ROCAUC` has bins, ascending,
    and infinity with a precision of 1 and a recall of 0, to which scikit-learn gives no threshold.
    Each point is exact, correctly rounded; thresholds within bins have none. With ``bits=32`` each
    float32 that is a score has its point. Recall is NaN where label 1 has no weight.

    The result has the arrays `precision`, `recall` and `thresholds`, is unpacked into these, and is
    an array (points, 3) to numpy.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("precision_recall_curve", [0, 0, 1, 1], [0.25, 0.5, 0.5, 1.0])
    PrecisionRecallPoints of 4 points
    precision  recall  thresholds
          0.5       1        0.25
     0.666667       1         0.5
            1     0.5           1
            1       0         inf
    """

    bits: Bits = 20.0

    def cells(self) -> dict[str, Any]:
        """Return the keys that tell cells apart."""
        return ranking_cells(self.bits)

    def combine(self, cells: Counted) -> PrecisionRecallPoints:
        """Return the points of exact counts."""
        true, false, thresholds = _points(self.bits, cells, "PrecisionRecallCurve")
        precision, recall = ratios(true, true + false), ratios(true, int(true[-1]))
        precision[0] = 1.0
        return PrecisionRecallPoints(*(each[::-1] for each in (precision, recall, thresholds)))


def _points(bits: float, cells: Counted, name: str) -> tuple[Any, Any, Floats]:
    """Return the weights of both labels of scores from each threshold up, these descending."""
    groups = next(groups_of(cells, name))
    edges, _ = score_edges(groups.bins[::-1], bits)
    nothing = np.zeros(1, groups.positives.dtype)
    true, false = (
        np.concatenate([nothing, np.cumsum(each[::-1])])
        for each in (groups.positives, groups.negatives)
    )
    return true, false, np.concatenate([[np.inf], edges])
