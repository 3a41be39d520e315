"""Calibration: bins, sums in them and what is made of these, in fractions."""

import itertools
import math
import pickle
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamloss as sl
from streamloss.exact.counted import Counted
from streamloss.exact.numbers import Exact
from streamloss.metrics.reliability import Reliability
from tests.reference import wild

SHARES = st.one_of(st.floats(1e-100, 1.0), st.sampled_from([0.0, 1.0, 0.1, 0.2, 0.5, 0.7]))
WEIGHTS = st.one_of(st.just(0.0), st.floats(1e-6, 1e6), st.just(1.0))
NORMS = "l1", "l2"


class Cell(NamedTuple):
    """Sums of a bin."""

    elements: int
    weight: Fraction
    predicted: Fraction
    observed: Fraction

    @property
    def gap(self) -> Fraction:
        return self.predicted - self.observed


def bin_of(p: float, bins: int, closed: str) -> int:
    """Return the bin of a probability, by looking at each of them."""
    edges = [k / bins for k in range(bins + 1)]
    if closed == "right":
        return next(k for k in range(bins) if p <= edges[k + 1])
    return next(k for k in reversed(range(bins)) if edges[k] <= p)


def cells(y: Any, p: Any, w: Any, bins: int, closed: str = "right") -> dict[int, Cell]:
    """Return the cells of elements in the order of their bins."""
    found: dict[int, Cell] = {}
    heavy = [1.0] * len(y) if w is None else w
    for label, share, weight in zip(y, p, heavy, strict=True):
        k, exact = bin_of(share, bins, closed), Fraction(float(weight))
        terms = 1, exact, exact * Fraction(float(share)), exact * Fraction(float(label))
        before = found.get(k, Cell(0, Fraction(0), Fraction(0), Fraction(0)))
        found[k] = Cell(*[a + b for a, b in zip(before, terms, strict=True)])
    return dict(sorted(found.items()))


def is_root(found: float, square: Fraction) -> bool:
    """Return whether a float64 is the one next to a root."""
    near = [float(x) for x in (np.nextafter(found, -math.inf), np.nextafter(found, math.inf))]
    low, high = [(Fraction(found) + Fraction(x)) / 2 for x in near]
    return max(low, Fraction(0)) ** 2 <= square <= high**2


def check_errors(groups: list[dict[int, Cell]], metric: Any, found: float) -> None:
    """Check an expected calibration error, of several classes the mean over these."""
    all_cells = [cell for group in groups for cell in group.values()]
    total = sum([cell.weight for cell in all_cells], Fraction(0))
    if total == 0:
        assert math.isnan(found)
    elif metric.norm == "l1":
        assert found == float(sum([abs(cell.gap) for cell in all_cells], Fraction(0)) / total)
    else:
        squares = [cell.gap**2 / cell.weight for cell in all_cells if cell.weight]
        assert is_root(found, sum(squares, Fraction(0)) / total)


ROWS = st.lists(st.tuples(st.sampled_from([0.0, 1.0, 0.25]), SHARES, WEIGHTS), min_size=1)


@given(ROWS, st.integers(1, 12), st.sampled_from(["right", "left"]), st.booleans())
def test_probabilities(rows: Any, bins: int, closed: str, weighted: bool) -> None:
    y, p, w = [np.array(column) for column in zip(*rows, strict=True)]
    w = w if weighted else None
    want = cells(y, p, w, bins, closed)
    how: dict[str, Any] = {"bins": bins, "closed": closed}
    table, largest = sl.CalibrationTable(**how), sl.MaximumCalibrationError(**how)
    errors = [sl.ExpectedCalibrationError(**how, norm=norm) for norm in NORMS]
    found = sl.evaluate([table, largest, *errors], y, p, w)
    for metric in errors:
        check_errors([want], metric, found[metric])
    gaps = [abs(cell.gap) / cell.weight for cell in want.values() if cell.weight]
    assert found[largest] == float(max(gaps)) if gaps else math.isnan(found[largest])
    check_table(found[table], want, [(k / bins, (k + 1) / bins) for k in want])
    assert found[table].closed == closed


def check_table(table: Any, want: dict[int, Cell], edges: list[tuple[float, float]]) -> None:
    """Check every column of a table."""
    assert list(zip(table["low"], table["high"], strict=True)) == edges
    assert table["elements"].tolist() == [cell.elements for cell in want.values()]
    assert table["weights"].tolist() == [float(cell.weight) for cell in want.values()]
    for name in "predicted", "observed", "gap":
        for got, cell in zip(table[name], want.values(), strict=True):
            exact = getattr(cell, name)
            assert got == float(exact / cell.weight) if cell.weight else math.isnan(got)


CLASSES = 3
CLASS_ROWS = st.lists(
    st.tuples(st.integers(0, CLASSES - 1), st.tuples(*[SHARES] * CLASSES), st.floats(0.5, 2.0)),
    min_size=1,
    max_size=20,
)


@given(CLASS_ROWS, st.integers(1, 5), st.sampled_from(NORMS))
def test_largest_probabilities_of_rows(rows: Any, bins: int, norm: str) -> None:
    y, p, _ = [np.array(column) for column in zip(*rows, strict=True)]
    metric = sl.ExpectedCalibrationError(bins, scores="classes", norm=norm)
    best = [row.tolist().index(max(row)) for row in p]
    hits = [float(k == label) for k, label in zip(best, y, strict=True)]
    top = [max(row) for row in p.tolist()]
    want = cells(hits, top, None, bins)
    check_errors([want], metric, sl.evaluate(metric, y, p))
    table = sl.evaluate(sl.CalibrationTable(bins, scores="classes"), y, p)
    check_table(table, want, [(k / bins, (k + 1) / bins) for k in want])
    mean = sum(map(Fraction, top)) - sum(map(Fraction, hits))
    assert sl.evaluate("overconfidence", y, p) == float(mean / len(y))


@given(CLASS_ROWS, st.integers(1, 5), st.sampled_from(NORMS), st.booleans())
def test_each_class(rows: Any, bins: int, norm: str, weighted: bool) -> None:
    y, p, w = [np.array(column) for column in zip(*rows, strict=True)]
    w = w if weighted else None
    how: dict[str, Any] = {"bins": bins, "scores": "each_class"}
    metric, table = sl.ExpectedCalibrationError(**how, norm=norm), sl.CalibrationTable(**how)
    want = [cells(y == c, p[:, c], w, bins) for c in range(CLASSES)]
    found = sl.evaluate([metric, table, sl.MaximumCalibrationError(**how)], y, p, w)
    check_errors(want, metric, found[metric])
    both = {(c, k): cell for c in range(CLASSES) for k, cell in want[c].items()}
    check_table(found[table], both, [(k / bins, (k + 1) / bins) for _, k in both])
    assert found[table]["class"].tolist() == [c for c, _ in both]
    largest = max(abs(cell.gap) / cell.weight for cell in both.values())
    assert found[sl.MaximumCalibrationError(**how)] == float(largest)


def test_weights_of_rows_are_multiplied_as_rounded(rng: np.random.Generator) -> None:
    y, p = rng.integers(0, 3, 40), rng.dirichlet(np.ones(3), 40).astype("f4")
    w = rng.random(40).astype("f4")
    top, hit = p.max(axis=1).astype(float), p.argmax(axis=1) == y
    metric = sl.ExpectedCalibrationError(5, scores="classes")
    check_errors([cells(hit, top, w, 5)], metric, sl.evaluate(metric, y, p, w))  # exact: 48 bits


def test_logits(rng: np.random.Generator) -> None:
    y, x = rng.integers(0, 2, 200), 3 * rng.normal(size=200)
    p = [sl.BinaryFocalWithLogits.point.__globals__["sigmoid"](each) for each in x.tolist()]
    assert np.allclose(p, 1 / (1 + np.exp(-x)), rtol=1e-14)
    metric = sl.ExpectedCalibrationError(scores="logits", norm="l1")
    check_errors([cells(y, p, None, 15)], metric, sl.evaluate(metric, y, x))


@given(
    st.lists(st.tuples(SHARES, st.floats(0.0, 1e3)), min_size=1, max_size=60),
    st.integers(1, 6),
    st.booleans(),
)
def test_bins_of_equal_weight(rows: Any, bins: int, weighted: bool) -> None:
    p, w = [np.array(column) for column in zip(*rows, strict=True)]
    w = w if weighted else None
    metric = sl.CalibrationTable(bins, "quantile")
    table = sl.evaluate(metric, np.zeros(len(p)), p, w)
    low, high = table["low"].tolist(), table["high"].tolist()
    assert [low[0], high[-1]] == [0.0, 1.0]
    assert low[1:] == high[:-1]
    assert len(table) <= bins
    heavy = [Fraction(1)] * len(p) if w is None else [Fraction(x) for x in w.tolist()]
    pairs = list(zip(p.tolist(), heavy, strict=True))
    for k, (a, b) in enumerate(zip(low, high, strict=True)):
        inside = [weight for x, weight in pairs if a < x <= b or (k == 0 and x == 0.0)]
        assert table["elements"][k] == len(inside)
        assert table["weights"][k] == float(sum(inside, Fraction(0)))
    total = sum(heavy)
    for share in range(1, bins) if total else ():
        check_quantile(pairs, total * share / bins, high)


def check_quantile(pairs: Any, reached: Fraction, high: list[float]) -> None:
    """Check that a bin ends where weights reach their share, at most a part in 1024 above it."""
    done = Fraction(0)
    for x, weight in sorted(pairs):
        done += weight
        if done >= reached:
            ends = [edge for edge in high if edge >= x]
            assert ends[0] <= x * (1 + 2**-10) or ends[0] == high[-1]
            return


def test_many_equal_probabilities_make_fewer_bins() -> None:
    table = sl.evaluate("calibration_table:bins=4,strategy=quantile", [0, 1, 1, 1], [0.5] * 4)
    assert len(table) == 1
    assert table["observed"].tolist() == [0.75]
    p = [0.125, 0.25, 0.25, 0.25, 0.25, 0.75]
    table = sl.evaluate("calibration_table:bins=3,strategy=quantile", [0] * 6, p)
    assert table["high"].tolist() == [0.25, 1.0]
    assert table["elements"].tolist() == [5, 1]


def test_bins_of_equal_weight_for_each_class(rng: np.random.Generator) -> None:
    y, p = rng.integers(0, 3, 90), rng.dirichlet(np.ones(3), 90)
    how: dict[str, Any] = {"bins": 4, "strategy": "quantile"}
    both = sl.evaluate(sl.CalibrationTable(scores="each_class", **how), y, p)
    for c in range(3):
        alone = sl.evaluate(sl.CalibrationTable(**how), y == c, p[:, c])
        of = both["class"] == c
        assert all(np.array_equal(both[name][of], alone[name]) for name in alone.columns)


def test_bins_of_equal_weight_refuse_negative_weights() -> None:
    with pytest.raises(ValueError, match=r"^bins of equal weight need weights that are not neg"):
        sl.evaluate("ece:strategy=quantile", [0, 1], [0.25, 0.75], [1.0, -0.5])


def test_even_bins_take_negative_weights() -> None:
    y, p, w = [0, 1, 1], [0.25, 0.75, 0.25], [1.0, -0.5, 2.0]
    for norm in NORMS:
        metric = sl.ExpectedCalibrationError(2, norm=norm)
        found, want = sl.evaluate(metric, y, p, w), cells(y, p, w, 2)
        if norm == "l1":
            check_errors([want], metric, found)
        else:
            total = sum(cell.gap**2 / cell.weight for cell in want.values()) / Fraction(5, 2)
            assert is_root(found, total) if total >= 0 else math.isnan(found)


@pytest.mark.parametrize("middle", [2**53 + 1, 2**54 - 1, 2**53 + 3])
def test_roots_in_the_middle_of_two_numbers(middle: int) -> None:
    found = Counted.of_rows({"bin": [0, 1, 2, 3]}, [3.0, 6.0, 2.0, 5.0])
    gaps = [Exact(middle << 1000)] * 3 + [Exact(0)]  # squares: (1/3 + 1/6 + 1/2) / 16, no float64
    found.sums.update(predicted=gaps, observed=[Exact(0)] * 4)
    want = float(Fraction(middle, 4 * 2**74))  # to even
    assert sl.ExpectedCalibrationError(norm="l2").combine(found) == want


@pytest.mark.parametrize(
    ("y", "p"),
    [(0, 1.5), (0, -0.1), (0, math.nan), (-1, 0.5), (2, 0.5), (math.nan, 0.5)],
)
def test_what_is_no_probability_or_label_makes_it_nan(y: Any, p: Any) -> None:
    assert math.isnan(sl.evaluate("ece", [0, y], [0.5, p]))
    assert sl.evaluate("ece", [0, y], [0.5, p], [1.0, 0.0]) == 0.5
    assert sl.evaluate("ece", [0, y], [0.5, p], where=[True, False]) == 0.5


@pytest.mark.parametrize(
    ("y", "row"), [(3, [0.5, 0.5, 0.0]), (0.5, [1.0, 0.0, 0.0]), (0, [0.5, math.nan, 0.25])]
)
def test_what_is_no_row_makes_it_nan(y: Any, row: Any) -> None:
    metric = sl.ExpectedCalibrationError(scores="classes")
    assert math.isnan(sl.evaluate(metric, [0.0, y], [[1.0, 0.0, 0.0], row]))


CUT: list[Any] = [
    sl.CalibrationTable(7),
    sl.CalibrationTable(3, "quantile"),
    sl.ExpectedCalibrationError(closed="left"),
    sl.ExpectedCalibrationError(norm="l2"),
    sl.MaximumCalibrationError(),
]


def test_cuts_and_merges_change_nothing(rng: np.random.Generator) -> None:
    y, p, w = rng.integers(0, 2, 300), rng.random(300), abs(wild(rng, 300, -30, 30))
    whole = sl.evaluate(CUT, y, p, w)
    order = rng.permutation(300)
    for stops in ([0, 300], [0, 1, 300], [0, 100, 250, 300]):
        parts = [order[a:b] for a, b in itertools.pairwise(stops)]
        sums = [sl.accumulate(CUT, y[part], p[part], w[part]) for part in parts]
        assert sl.merge(sums[::-1]).result() == whole
    rest = sl.accumulate(CUT, y, p, w) - sl.accumulate(CUT, y[:50], p[:50], w[:50])
    assert rest.result() == sl.evaluate(CUT, y[50:], p[50:], w[50:])
    restored = sl.Accumulator.from_bytes(sl.accumulate(CUT, y, p, w).to_bytes())
    assert restored.result() == whole


def test_slices_are_what_their_rows_give(rng: np.random.Generator) -> None:
    y, p, key = rng.integers(0, 2, 200), rng.random(200), rng.integers(0, 4, 200)
    slices = sl.evaluate(CUT, y, p, by=key)
    for k in range(4):
        assert slices.loc[k] == sl.evaluate(CUT, y[key == k], p[key == k])


def test_no_rows_give_no_bins() -> None:
    table = sl.evaluate("calibration_table", [], [])
    assert len(table) == 0
    assert math.isnan(sl.evaluate("ece", [], []))
    assert math.isnan(sl.evaluate("ece:norm=l2", [], []))
    assert math.isnan(sl.evaluate("mce", [], []))


@pytest.mark.parametrize("bins", [0, 1.5, -3, 1e6, math.inf, math.nan])
def test_bins_are_a_whole_number(bins: float) -> None:
    with pytest.raises(ValueError, match=r"^bins of ExpectedCalibrationError must be a whole num"):
        sl.ExpectedCalibrationError(bins)


def test_a_table_is_a_value() -> None:
    table = sl.evaluate("calibration_table:bins=2", [0, 1], [0.25, 0.75])
    assert table == pickle.loads(pickle.dumps(table))
    assert table != sl.evaluate("calibration_table:bins=2,closed=left", [0, 1], [0.25, 0.75])
    assert table != sl.evaluate("calibration_table:bins=2", [0, 0], [0.25, 0.75])
    assert table != "table"
    with pytest.raises(ValueError, match="read-only"):
        table["low"][0] = 1.0
    with pytest.raises(KeyError):
        table["class"]
    assert repr(Reliability({"low": [0.0], "high": [0.5]})) == " low  high\n   0   0.5"


@pytest.mark.parametrize("weighted", [False, True])
def test_cells_counted_in_python_give_the_same(rng: np.random.Generator, weighted: bool) -> None:
    y, p = rng.integers(0, 2, 50).tolist(), rng.random(50).tolist()
    w = rng.random(50).tolist() if weighted else None
    found = Counted.of_rows(
        {"bin": [bin_of(x, 15, "right") for x in p]}, w, {"predicted": p, "observed": y}
    )
    for norm in NORMS:
        metric = sl.ExpectedCalibrationError(norm=norm)
        assert metric.combine(found) == sl.evaluate(metric, y, p, w)
