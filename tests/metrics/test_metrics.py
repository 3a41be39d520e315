"""Metrics of several exact sums: correctly rounded whatever cancels, and cut like any loss."""

import pickle
from fractions import Fraction
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from tests.reference import bits


def fractions(array: Any) -> list[Fraction]:
    return [Fraction(float(x)) for x in np.ravel(array)]


def variation(values: list[Fraction], weights: list[Fraction]) -> Fraction:
    mean = sum(w * v for v, w in zip(values, weights, strict=True)) / sum(weights)
    return sum((w * (v - mean) ** 2 for v, w in zip(values, weights, strict=True)), Fraction(0))


Fractions = list[Fraction]


def r2(metric: Any, y: Fractions, p: Fractions, error: Fractions, w: Fractions) -> Fraction:
    squares = [Fraction(float(e) * float(e)) for e in error]
    left = sum(Fraction(float(a) * float(s)) for a, s in zip(w, squares, strict=True))
    return 1 - left / variation(y, w)


def explained(metric: Any, y: Fractions, p: Fractions, error: Fractions, w: Fractions) -> Fraction:
    return 1 - variation(error, w) / variation(y, w)


def overlaps(y: Fractions, p: Fractions, w: Fractions) -> tuple[Fraction, Fraction, Fraction]:
    """Return the sums of the products as rounded, of the labels and of the predictions."""
    both = [float(a) * float(b) for a, b in zip(y, p, strict=True)]
    return tuple(  # type: ignore[return-value]
        sum((Fraction(float(a) * float(b)) for a, b in zip(w, x, strict=True)), Fraction(0))
        for x in (both, y, p)
    )


def dice(metric: Any, y: Fractions, p: Fractions, error: Fractions, w: Fractions) -> Fraction:
    both, true, pred = overlaps(y, p, w)
    return 1 - 2 * both / (true + pred + Fraction(metric.epsilon))


def tversky(metric: Any, y: Fractions, p: Fractions, error: Fractions, w: Fractions) -> Fraction:
    both, true, pred = overlaps(y, p, w)
    alpha, beta = Fraction(metric.alpha), Fraction(metric.beta)
    rest = alpha * (pred - both) + beta * (true - both) + Fraction(metric.epsilon)
    return 1 - both / (both + rest)


def mean(values: Fractions, w: Fractions) -> Fraction:
    return sum((a * v for a, v in zip(w, values, strict=True)), Fraction(0)) / sum(w)


def joint(y: Fractions, p: Fractions, w: Fractions) -> Fraction:
    left, right = mean(y, w), mean(p, w)
    products = [a * (u - left) * (v - right) for a, u, v in zip(w, y, p, strict=True)]
    return sum(products, Fraction(0))


def covariance(metric: Any, y: Fractions, p: Fractions, e: Fractions, w: Fractions) -> Fraction:
    return joint(y, p, w) / (sum(w) - Fraction(metric.ddof))


def slope(metric: Any, y: Fractions, p: Fractions, e: Fractions, w: Fractions) -> Fraction:
    return joint(y, p, w) / variation(p, w)


def concordance(metric: Any, y: Fractions, p: Fractions, e: Fractions, w: Fractions) -> Fraction:
    apart = sum(w) * (mean(y, w) - mean(p, w)) ** 2
    return 2 * joint(y, p, w) / (variation(y, w) + variation(p, w) + apart)


def bias(metric: Any, y: Fractions, p: Fractions, e: Fractions, w: Fractions) -> Fraction:
    return mean(p, w) - mean(y, w)


def wape(metric: Any, y: Fractions, p: Fractions, e: Fractions, w: Fractions) -> Fraction:
    errors = [Fraction(float(a) * float(abs(x))) for a, x in zip(w, e, strict=True)]
    return sum(errors, Fraction(0)) / sum(a * abs(x) for a, x in zip(w, y, strict=True))


def pearson(metric: Any, y: Fractions, p: Fractions, e: Fractions, w: Fractions) -> Fraction:
    """Return the float64 nearest to the coefficient, whose square lies between its neighbours'."""
    both, of = joint(y, p, w), variation(y, w) * variation(p, w)
    near = abs(float(both)) / float(of) ** 0.5
    for found in (near, *neighbours(near), *neighbours(neighbours(near)[0])[:1]):
        low, high = ((Fraction(found) + Fraction(x)) / 2 for x in neighbours(found))
        if low**2 <= both**2 / of <= high**2:
            return Fraction(found) * (1 if both > 0 else -1)
    raise AssertionError("no float64 near by")


def neighbours(x: float) -> tuple[float, float]:
    return float(np.nextafter(x, -np.inf)), float(np.nextafter(x, np.inf))


TABLE = [
    (sl.R2(), r2),
    (sl.ExplainedVariance(), explained),
    (sl.Dice(), dice),
    (sl.Tversky(0.3, 0.6), tversky),
    (sl.Covariance(0.5), covariance),
    (sl.Pearson(), pearson),
    (sl.Concordance(), concordance),
    (sl.Slope(), slope),
    (sl.MeanError(), bias),
    (sl.WeightedAbsolutePercentageError(), wape),
]
"""A row for each metric, with its formula in fractions of the errors as rounded."""

METRICS = [metric for metric, _ in TABLE]


def truth(metric: Any, y_true: Any, y_pred: Any, weights: Any = None) -> float:
    """Return the metric of errors rounded to float64, the rest in fractions, rounded once."""
    weights = np.ones(np.shape(y_true)) if weights is None else weights
    arrays = y_true, y_pred, y_pred - y_true, weights
    formula = next(formula for known, formula in TABLE if type(known) is type(metric))
    return float(formula(metric, *map(fractions, arrays)))


def test_every_metric_has_its_row() -> None:
    ours = [getattr(sl.metrics, name) for name in sl.metrics.__all__]
    of_numbers = {cls for cls in ours if cls.parts and not any(cls.ranks)}
    assert {type(metric) for metric in METRICS} == of_numbers


@pytest.mark.small  # what is compiled is tested below, once for each metric
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("mean", [0.0, 1e4, -1e8, 1e15])
@pytest.mark.parametrize("metric", METRICS)
def test_nothing_cancels(
    rng: np.random.Generator, metric: Any, mean: float, weighted: bool
) -> None:
    y_true = mean + rng.normal(size=(20, 3))
    y_pred = y_true + rng.normal(size=(20, 3))
    weights = rng.random((20, 3)) if weighted else None
    assert sl.evaluate(metric, y_true, y_pred, weights) == truth(metric, y_true, y_pred, weights)


@pytest.mark.small
@given(
    st.lists(
        st.tuples(*[st.floats(-1e30, 1e30, allow_subnormal=False)] * 2, st.floats(1e-9, 1e9)),
        min_size=2,
        max_size=12,
    )
)
def test_any_numbers_in_python(rows: list[tuple[float, float, float]]) -> None:
    y_true, y_pred, weights = np.array(rows).T
    tiny = np.minimum(np.abs(y_true), np.abs(y_pred - y_true))
    y_true, y_pred = np.where(tiny < 1e-60, 0.0, y_true), np.where(tiny < 1e-60, 1.0, y_pred)
    if variation(fractions(y_true), fractions(weights)) == 0:
        return
    for metric in METRICS[:2]:
        found = sl.evaluate(metric, y_true, y_pred, weights)
        assert found == truth(metric, y_true, y_pred, weights)


@pytest.mark.parametrize("metric", METRICS)
def test_metrics_are_cut_like_losses(rng: np.random.Generator, metric: Any) -> None:
    y_true, y_pred, weights = rng.random((3, 40, 2))
    specs = [metric]
    whole = sl.accumulate(specs, y_true, y_pred, weights)
    acc = sl.Accumulator(specs)
    for k in range(0, 40, 7):
        acc.update(y_true[k : k + 7], y_pred[k : k + 7], weights[k : k + 7])
    assert acc == whole
    assert acc.result() == whole.result()
    lazy = [da.from_array(a, chunks=(9, 1)) for a in (y_true, y_pred, weights)]
    assert sl.accumulate(specs, *lazy).compute() == whole
    assert float(sl.evaluate(metric, *lazy).compute()) == whole.result()[metric]
    assert pickle.loads(pickle.dumps(whole)) == whole
    assert sl.Accumulator.from_bytes(whole.to_bytes()) == whole
    assert (whole + acc) - acc == whole
    columns = sl.evaluate(metric, y_true, y_pred, weights, axis=0)
    each = [sl.evaluate(metric, *(a[:, k] for a in (y_true, y_pred, weights))) for k in range(2)]
    assert columns.tolist() == each


def test_hand_worked_values() -> None:
    y_true, y_pred = np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.0, 2.0, 5.0, 6.0])
    assert sl.evaluate("r2", y_true, y_pred) == 1 - 4 / 14  # mean 3: 4 + 1 + 0 + 9
    assert sl.evaluate("explained_variance", y_true, y_pred) == 1 - 3 / 14  # errors 0 0 2 0
    dice = sl.Dice(epsilon=0.0)
    assert sl.evaluate(dice, [1.0, 1.0, 0.0], [0.5, 1.0, 0.5]) == 1 - 2 * 1.5 / 4
    assert sl.evaluate(sl.Tversky(1.0, 0.0, 0.0), [1.0, 0.0], [1.0, 1.0]) == 0.5


@pytest.mark.parametrize(
    ("y_true", "y_pred", "value"),
    [
        ([2.0, 2.0], [2.0, 2.0], np.nan),
        ([2.0, 2.0], [2.0, 3.0], -np.inf),
        ([], [], np.nan),
        ([np.nan, 1.0], [1.0, 1.0], np.nan),
        ([np.inf, 1.0], [1.0, 1.0], np.nan),
    ],
)
def test_r2_of_what_does_not_vary(y_true: Any, y_pred: Any, value: float) -> None:
    assert bits(sl.evaluate("r2", y_true, y_pred)) == bits(value)


FALLEN = [("pearson", 1.0), ("slope", 1.0), ("covariance", 2 / 3), ("concordance", 1.0)]


@pytest.mark.parametrize("shift", [0.0, 1e8, -1e15])
@pytest.mark.parametrize(("name", "value"), FALLEN)
def test_metrics_of_equal_numbers(name: str, value: float, shift: float) -> None:
    y_true = np.array([1.0, 2.0, 3.0]) + shift
    assert sl.evaluate(name, y_true, y_true) == value


@pytest.mark.parametrize(
    ("name", "y_true", "y_pred", "value"),
    [
        ("pearson", [1.0, 2.0], [3.0, 3.0], np.nan),
        ("pearson", [], [], np.nan),
        ("pearson", [1.0, np.inf], [1.0, 2.0], np.nan),
        ("slope", [1.0, 2.0], [3.0, 3.0], np.nan),
        ("slope", [2.0, 2.0], [3.0, 4.0], 0.0),
        ("concordance", [2.0, 2.0], [2.0, 2.0], np.nan),
        ("concordance", [2.0, 2.0], [3.0, 3.0], 0.0),
        ("covariance", [2.0], [5.0], 0.0),
        (sl.Covariance(1), [2.0], [5.0], np.nan),
        (sl.Covariance(3), [2.0, 3.0], [2.0, 3.0], np.inf),
        ("bias", [1.0, 2.0], [np.inf, 0.0], np.inf),
        ("bias", [1.0, np.inf], [np.inf, 0.0], np.nan),
        ("bias", [1e308, 1e308], [-1e308, -1e308], -np.inf),
        ("bias", [1e308, -1e308], [1e308, -1e308], 0.0),
        ("wape", [0.0, 0.0], [1.0, 0.0], np.inf),
        ("wape", [0.0], [0.0], np.nan),
    ],
)
def test_metrics_at_their_edges(name: Any, y_true: Any, y_pred: Any, value: float) -> None:
    assert bits(sl.evaluate(name, y_true, y_pred)) == bits(value)


def test_scipy_and_numpy_agree_roughly(rng: np.random.Generator) -> None:
    y_true, y_pred, weights = rng.normal(size=(3, 500)) + np.array([[0.0], [1.0], [5.0]])
    covariance = np.cov(y_true, y_pred, aweights=weights, ddof=0)
    assert sl.evaluate("covariance", y_true, y_pred, weights) == pytest.approx(covariance[0, 1])
    found = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert sl.evaluate("pearson", y_true, y_pred, weights) == pytest.approx(found)
    line = np.polyfit(y_pred, y_true, 1, w=np.sqrt(weights))
    assert sl.evaluate("slope", y_true, y_pred, weights) == pytest.approx(line[0])


@pytest.mark.parametrize("reduction", ["sum", "none", "sum_over_batch_size"])
def test_a_metric_has_its_own_reduction(reduction: str) -> None:
    with pytest.raises(ValueError, match="does not fit R2"):
        sl.evaluate("r2", [1.0], [1.0], reduction=reduction)


def metric(sums: Any, combine: Any = lambda self, a: float(a)) -> type:
    """Return a metric's class as its author wrote it."""
    body = {"combine": combine} if sums is None else {"combine": combine, "sums": sums}
    return type("Mine", (NamedTuple("Mine", []),), body)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (metric(None), "metric Mine needs a static method sums"),
        (metric(lambda self: {"a": "mae"}), "metric Mine needs a static method sums"),
        (metric(staticmethod(lambda: {})), "sums of Mine must return losses by name: got {}"),
        (metric(staticmethod(lambda: ["mae"])), "sums of Mine must return losses by name"),
        (metric(staticmethod(lambda: {"a": "r2"})), "must be of losses: got metric R2"),
        (metric(staticmethod(lambda: {"a": "mae", "b": "cross_entropy"})), "of the same inputs"),
        (metric(staticmethod(lambda: {"b": "mae"})), r"combine of metric Mine must take self"),
        (metric(staticmethod(lambda: {"a": "mae", "b": "mse"})), r"each of \['a', 'b'\]"),
    ],
)
def test_what_is_no_metric_is_refused(written: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        sl.loss(written)


def test_a_name_of_a_sum_that_is_no_loss_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown loss 'mea'"):
        sl.loss(metric(staticmethod(lambda: {"a": "mea"})))


def test_combine_takes_what_it_names() -> None:
    def combine(self: Any, a: Any, elements: int, *, nonzero: int, weights: Any) -> float:
        return float(a) + 10 * elements + 100 * nonzero + 1000 * float(weights)

    made: Any = sl.loss(metric(staticmethod(lambda: {"a": "mae"}), combine))
    assert sl.evaluate(made(), [1.0, 2.0], [2.0, 2.0], [3.0, 0.0]) == 3.0 + 20 + 100 + 3000
