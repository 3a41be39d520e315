"""What metrics of labels are: formulas in fractions, of rows counted one by one in Python."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

Value = Fraction | None
"""None is 0 / 0; fractions are never infinite here."""


class Rows(NamedTuple):
    """Labels and weights, without rows of weight zero and those of an ignored label."""

    true: list[Any]
    pred: list[Any]
    weights: list[Fraction]

    @classmethod
    def of(cls, true: Any, pred: Any, weights: Any = None, ignore: Any = None) -> "Rows":
        heavy = [Fraction(1)] * len(true) if weights is None else [Fraction(w) for w in weights]
        rows = zip(true, pred, heavy, strict=True)
        kept = [row for row in rows if row[2] != 0 and row[0] != ignore]
        return cls(*map(list, zip(*kept, strict=True))) if kept else cls([], [], [])

    def __iter__(self) -> Iterator[Any]:
        return zip(*self[:3], strict=True)

    @property
    def labels(self) -> list[Any]:
        return sorted({*self.true, *self.pred})

    def weight(self, which: Callable[[Any, Any], bool]) -> Fraction:
        return sum((w for t, p, w in self.all() if which(t, p)), Fraction(0))

    def all(self) -> Iterator[tuple[Any, Any, Fraction]]:
        return zip(self.true, self.pred, self.weights, strict=True)


def over(a: Fraction | int, b: Fraction | int) -> Value:
    assert b != 0 or a == 0, "infinite"
    return Fraction(a) / Fraction(b) if b else None


def rounded(value: Value) -> float:
    return math.nan if value is None else float(value)


Counts = tuple[Fraction, Fraction, Fraction, Fraction]


def counts(rows: Rows, label: Any) -> Counts:
    """Return TP, FP, FN and TN of a label."""
    return (
        rows.weight(lambda t, p: t == label and p == label),
        rows.weight(lambda t, p: t != label and p == label),
        rows.weight(lambda t, p: t == label and p != label),
        rows.weight(lambda t, p: t != label and p != label),
    )


def f_beta(beta: float) -> Callable[[Counts], tuple[Fraction, Fraction]]:
    b = Fraction(beta) ** 2

    def parts(found: Counts) -> tuple[Fraction, Fraction]:
        tp, fp, fn, _ = found
        return (1 + b) * tp, (1 + b) * tp + fp + b * fn

    return parts


PARTS: dict[str, Callable[[Counts], tuple[Fraction, Fraction]]] = {
    "Precision": lambda c: (c[0], c[0] + c[1]),
    "Recall": lambda c: (c[0], c[0] + c[2]),
    "Specificity": lambda c: (c[3], c[3] + c[1]),
    "Jaccard": lambda c: (c[0], c[0] + c[1] + c[2]),
    "F1": f_beta(1.0),
}
"""The numerator and the denominator of each rate."""


def parts_of(metric: Any) -> Callable[[Counts], tuple[Fraction, Fraction]]:
    return f_beta(metric.beta) if type(metric).__name__ == "FBeta" else PARTS[type(metric).__name__]


def averaged(average: str, parts: list[tuple[Fraction, Fraction]], true: list[Fraction]) -> Value:
    """Return an average of rates, given their numerators and denominators, and weights."""
    if average == "micro":
        return over(sum(a for a, _ in parts), sum(b for _, b in parts))
    heavy = true if average in ("weighted", "samples") else [Fraction(1)] * len(parts)
    values = [(over(a, b), w) for (a, b), w in zip(parts, heavy, strict=True)]
    known = [(value, w) for value, w in values if value is not None]
    return over(sum(v * w for v, w in known), sum(w for _, w in known))


def rate(metric: Any, rows: Rows) -> Any:
    """Return a rate, or its value for each class; the rows are without those ignored."""
    parts = parts_of(metric)
    if metric.average == "binary":
        return rounded(over(*parts(counts(rows, metric.positive))))
    labels = [label for label in rows.labels if label != metric.ignore_index]
    found = [parts(counts(rows, label)) for label in labels]
    if metric.average == "none":
        return dict(zip(labels, [rounded(over(*each)) for each in found], strict=True))
    true = [rows.weight(lambda t, _, c=label: t == c) for label in labels]
    return rounded(averaged(metric.average, found, true))


def accuracy(rows: Rows) -> float:
    return rounded(over(rows.weight(lambda t, p: t == p), sum(rows.weights)))


def balanced(rows: Rows, adjusted: bool = False) -> float:
    recalls = [over(*PARTS["Recall"](counts(rows, label))) for label in rows.labels]
    known = [value for value in recalls if value is not None]
    mean = over(sum(known, Fraction(0)), len(known))
    if mean is None or not adjusted:
        return rounded(mean)
    chance = Fraction(1, len(known))
    return rounded(over(mean - chance, 1 - chance))


def kappa(rows: Rows, weights: str) -> float:
    place = {label: k for k, label in enumerate(rows.labels)}
    apart = {"none": lambda d: int(d != 0), "linear": abs, "quadratic": lambda d: d * d}[weights]
    total = sum(rows.weights, Fraction(0))
    found = sum((w * apart(place[t] - place[p]) for t, p, w in rows.all()), Fraction(0))
    chance = Fraction(0)
    for a in rows.labels:
        for b in rows.labels:
            both = rows.weight(lambda t, _, a=a: t == a) * rows.weight(lambda _, p, b=b: p == b)
            chance += both * apart(place[a] - place[b])
    ratio = over(total * found, chance)
    return rounded(None if ratio is None else 1 - ratio)


def matthews(rows: Rows) -> tuple[Fraction, Fraction]:
    """Return the numerator, and the square of the denominator."""
    total = sum(rows.weights, Fraction(0))
    true = [rows.weight(lambda t, _, c=label: t == c) for label in rows.labels]
    pred = [rows.weight(lambda _, p, c=label: p == c) for label in rows.labels]
    both = total * rows.weight(lambda t, p: t == p)
    above = both - sum(t * p for t, p in zip(true, pred, strict=True))
    return above, (total**2 - sum(t * t for t in true)) * (total**2 - sum(p * p for p in pred))


def is_root(value: float, above: Fraction, square: Fraction) -> bool:
    """Return whether a float is nearest to above / root of square: between its neighbours'."""
    if above == 0 or value == 0.0:
        return value == above == 0
    if (value > 0) != (above > 0):
        return False
    size, exact = abs(value), above**2 / square
    low, high = (math.nextafter(size, to) for to in (0.0, math.inf))
    middles = [(Fraction(size) + Fraction(end)) / 2 for end in (low, high)]
    return middles[0] ** 2 <= exact <= middles[1] ** 2


def confusion(rows: Rows, normalize: str) -> dict[tuple[Any, Any], float]:
    """Return every pair of labels with its weight or share."""
    out = {}
    for a in rows.labels:
        for b in rows.labels:
            weight = rows.weight(lambda t, p, a=a, b=b: (t, p) == (a, b))
            whole = {
                "none": Fraction(1),
                "true": rows.weight(lambda t, _, a=a: t == a),
                "pred": rows.weight(lambda _, p, b=b: p == b),
                "all": sum(rows.weights, Fraction(0)),
            }[normalize]
            out[a, b] = rounded(over(weight, whole))
    return out
