"""Losses at infinities and zeros: the limits of their textbook formulas, followed in decimals.

A prediction that is infinite, 0 or 1 is approached, while labels, weights of classes and
parameters stay: the formulas of `truth.table` are taken at two points on the way,
where they have settled or go on growing. Two infinite predictions are approached on three paths;
where these do not end at one value the loss is NaN.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from decimal import MAX_EMAX, MIN_EMIN, Decimal, DecimalException, Overflow, localcontext
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

import streamloss as engine
from streamloss import losses as sl
from streamloss.files import Columns
from streamloss.files.scanner import START
from streamloss.run import choose
from streamloss.run.query import Query
from streamloss.run.question import Question
from streamloss.run.stretches import sum_files
from tests.files.rows import in_files
from tests.losses.truth import ELEMENTS, OTHERS, ROWS, Truth, name
from tests.losses.truth.draws import hard_logits, hard_probabilities, logits, probabilities
from tests.reference import bits

INF, NAN = math.inf, math.nan
ENDS = (INF, -INF, 0.0, -0.0, 1.0)
PATHS = ((1, 1), (1, 2), (2, 1), (1, 10**6), (10**6, 1))
DRAWS = 6

STEPS = (Decimal(10) ** 300, Decimal(10) ** 600), (Decimal(10) ** 8, Decimal(10) ** 17)
"""How near the ends are approached; the second where exp of the first is beyond decimals."""

FLOAT_STEPS = (Decimal(10) ** 40, Decimal(10) ** 80)
"""The same for formulas that are numpy's on float64, whose squares must not overflow."""

CANCELLING_STEPS = (Decimal(2) ** 20, Decimal(2) ** 40)
"""And for one of them that takes a small margin from an end and adds the end again."""

Place = tuple[int, int | None]
"""An input, and a number of its row."""

NEVER_NEGATIVE = sl.PoissonDeviance, sl.GammaDeviance, sl.TweedieDeviance, sl.GaussianNLL
"""Losses of rates and variances, which are NaN below zero where some formulas have values."""

TERM_BY_TERM = (
    sl.SoftmaxCrossEntropy,
    sl.WeightedSoftmaxCrossEntropy,
    sl.SparseSoftmaxCrossEntropy,
    sl.WeightedSparseSoftmaxCrossEntropy,
    sl.CategoricalFocalWithLogits,
    sl.CategoricalHinge,
    sl.CosineEmbedding,
)
"""Losses that are NaN if one of their terms is, though with two infinities another decides."""

LEFT_OUT = sl.ZeroOne(), sl.ZeroOneRow(), sl.HingeEmbedding(0.3)
"""Equal or not has no limits, and a margin of 0.3 is lost beside a large float64."""

FOLLOWED = [case for case in OTHERS if case.loss not in LEFT_OUT]
HARD = [
    case._replace(draw=hard_probabilities if case.draw is probabilities else hard_logits)
    for case in ELEMENTS
    if case.draw in (probabilities, logits)
]


def places(case: Truth, inputs: tuple[Any, ...]) -> list[Place]:
    """Return where predictions are among the inputs: weights of classes are none."""
    code = type(case.loss).body.__code__
    names = code.co_varnames[1 : code.co_argcount]
    return [
        (k, c)
        for k, given in enumerate(names)
        if k > 0 and given not in ("positive_weight", "class_weights", "weights")
        for c in (range(inputs[k].size) if inputs[k].ndim else [None])
    ]


def put(inputs: tuple[Any, ...], values: dict[Place, Any], kind: Any) -> tuple[Any, ...]:
    """Return inputs as numbers of a kind, or lists of them, with values at some places."""
    return tuple(
        [values.get((k, c), kind(x)) for c, x in enumerate(a.tolist())]
        if a.ndim
        else values.get((k, None), kind(a.item()))
        for k, a in enumerate(inputs)
    )


def formula_of(case: Truth, inputs: tuple[Any, ...]) -> Decimal | None:
    """Return the formula of decimals, None outside its domain."""
    if case.ulps == 0:
        found = case(*(np.array([x], float) for x in inputs))[0]
        return None if math.isnan(found) else Decimal(float(found))
    try:
        value = case.formula(*inputs)
    except Overflow:
        raise
    except DecimalException:
        return None
    return Decimal(value[0] if isinstance(value, tuple) else value)


def limit(case: Truth, inputs: tuple[Any, ...], ends: dict[Place, float], path: Any) -> Any:
    """Return the limit of the formula on a path to some ends, None outside its domain."""
    for side, steps in itertools.product((1, -1), steps_of(case)):
        ways = [
            {
                place: (speed * step).copy_sign(Decimal(end))
                if math.isinf(end)
                else Decimal(end) - (side if end else -side) / step
                for (place, end), speed in zip(ends.items(), path, strict=False)
            }
            for step in steps
        ]
        try:
            values = [formula_of(case, put(inputs, way, Decimal)) for way in ways]
        except Overflow:
            continue
        if None not in values:
            return settled(*values)
    return None


def steps_of(case: Truth) -> Any:
    """Return the pairs of distances from an end at which a formula can be taken."""
    if case.ulps:
        return STEPS
    return [CANCELLING_STEPS if type(case.loss) is sl.HingeEmbedding else FLOAT_STEPS]


def settled(near: Any, nearer: Any) -> float:
    """Return what two values on the way to an end go to."""
    if nearer.is_infinite() or abs(nearer) > abs(near) + 1:
        return math.copysign(INF, nearer)
    assert abs(nearer - near) < 1e-6, (near, nearer)
    return float(nearer)


def points(case: Truth) -> Iterator[tuple[tuple[Any, ...], dict[Place, float]]]:
    """Yield inputs and the ends to put into them: one, or two infinities."""
    drawn = case.draw(np.random.default_rng(5), DRAWS)
    for given in zip(*drawn, strict=True):
        inputs = tuple(np.asarray(x) for x in given)
        found = places(case, inputs)
        for place, end in itertools.product(found, ENDS):
            if end != -INF or not isinstance(case.loss, NEVER_NEGATIVE):
                yield inputs, {place: end}
        for two, end in itertools.product(itertools.combinations(found[:4], 2), (INF, -INF)):
            if end > 0.0 or any(case.loss.ranks):
                yield inputs, dict.fromkeys(two, end)


def losses_of(loss: Any, items: list[tuple[Any, ...]]) -> list[float]:
    with np.errstate(all="ignore"):
        return [float(type(loss).body(loss, *map(np.float64, item))) for item in items]


@pytest.mark.parametrize("case", [*FOLLOWED, *HARD], ids=name)
def test_a_loss_has_the_limit_of_its_formula(case: Truth) -> None:
    items, wanted = [], []
    with localcontext(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN):
        for inputs, ends in points(case):
            limits = [limit(case, inputs, ends, path) for path in PATHS[: 4 * len(ends) - 3]]
            if None not in limits:
                items.append(put(inputs, ends, float))
                wanted.append((len(ends), limits[0] if len(set(limits)) == 1 else NAN))
    assert len(wanted) > DRAWS
    found = losses_of(case.loss, items)
    torn = isinstance(case.loss, TERM_BY_TERM)
    wrong = [
        (item, got, want)
        for item, got, (ends, want) in zip(items, found, wanted, strict=True)
        if not is_near(got, want) and not (torn and ends == 2 and math.isnan(got))
    ]
    assert not wrong, f"{len(wrong)} of {len(wanted)}: {wrong[:3]}"


def is_near(got: float, want: float) -> bool:
    return bits(got) == bits(want) or math.isclose(got, want, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize(
    ("loss", "inputs", "value"),
    [
        # A certain prediction that is right costs nothing, one that is wrong has no bound.
        (sl.BinaryCrossEntropyWithLogits(), (1.0, INF), 0.0),
        (sl.BinaryCrossEntropyWithLogits(), (0.0, -INF), 0.0),
        (sl.BinaryCrossEntropyWithLogits(), (0.5, -INF), INF),
        (sl.BinaryCrossEntropyWithLogits(0.1), (1.0, INF), INF),  # the label is 0.95
        (sl.WeightedBinaryCrossEntropyWithLogits(), (1.0, -INF, 0.0), 0.0),
        (sl.WeightedBinaryCrossEntropyWithLogits(), (0.0, INF, 0.0), INF),
        (sl.BinaryFocalWithLogits(balanced=1.0, alpha=0.0), (1.0, -INF), 0.0),
        (sl.BinaryFocalWithLogits(gamma=0.0), (0.0, -INF), 0.0),
        (sl.LogLoss(0.0), (1.0, 1.0), 0.0),
        (sl.LogLoss(0.0), (0.0, 0.0), 0.0),
        (sl.LogLoss(0.0), (0.0, 1.0), INF),
        (sl.SoftMargin(), (0.0, INF), math.log(2.0)),
        (sl.Hinge(), (0.0, -INF), 1.0),
        (sl.HingeEmbedding(0.3), (0.0, -INF), 0.3),
        (sl.HingeEmbedding(0.3), (0.0, INF), INF),
        (sl.MarginRanking(0.3), (0.0, INF, INF), 0.3),
        (sl.MarginRanking(0.3), (1.0, INF, INF), NAN),
        # Rates, variances and logarithms.
        (sl.Poisson(0.0), (0.0, 0.0), 0.0),
        (sl.Poisson(), (1.0, INF), INF),
        (sl.PoissonNLL(), (1.0, INF), INF),
        (sl.PoissonNLL(), (0.0, -INF), 0.0),
        (sl.PoissonNLL(0.0, epsilon=0.0), (0.0, 0.0), 0.0),
        (sl.GaussianNLL(epsilon=0.0), (0.0, 1.0, -0.0), INF),
        (sl.GaussianNLL(), (0.0, INF, INF), INF),
        (sl.KLDivergence(), (0.0, -INF), 0.0),
        (sl.KLDivergence(), (0.0, INF), 0.0),
        (sl.KLDivergence(1.0), (-INF, -INF), 0.0),
        (sl.KLDivergence(1.0), (-800.0, -INF), INF),
        (sl.GammaDeviance(), (1.0, INF), INF),
        (sl.GammaDeviance(), (0.0, 0.0), INF),
        (sl.PoissonDeviance(), (1.0, -0.0), INF),
        (sl.TweedieDeviance(1.5), (0.0, -0.0), 0.0),
        (sl.TweedieDeviance(3.0), (1.0, -0.0), INF),
        (sl.TweedieDeviance(-1.0), (0.0, INF), INF),
        (sl.SquaredLogError(), (-1.0, -1.0), INF),
        (sl.SymmetricAbsolutePercentageError(), (1.0, -INF), 2.0),
        # Classes that are masked, and whose label or weight is zero.
        (sl.SoftmaxCrossEntropy(), ([0.0, 1.0], [-INF, 0.0]), 0.0),
        (sl.SoftmaxCrossEntropy(), ([0.5, 0.5], [-INF, 0.0]), INF),
        (sl.SoftmaxCrossEntropy(), ([1.0, 0.0], [INF, 0.0]), 0.0),
        (sl.SoftmaxCrossEntropy(), ([0.0, 1.0, 0.0], [INF, 0.0, INF]), INF),
        (sl.SoftmaxCrossEntropy(), ([1.0, 0.0], [INF, INF]), NAN),
        (sl.SoftmaxCrossEntropy(), ([1.0, 0.0], [-INF, -INF]), NAN),
        (sl.SoftmaxCrossEntropy(), ([0.0, 0.0], [NAN, 0.0]), NAN),
        (sl.WeightedSoftmaxCrossEntropy(), ([0.5, 0.5], [-INF, 0.0], [0.0, 1.0]), 0.0),
        (sl.SparseSoftmaxCrossEntropy(), (0.0, [INF, 0.0]), 0.0),
        (sl.SparseSoftmaxCrossEntropy(), (1.0, [INF, 0.0]), INF),
        (sl.SparseSoftmaxCrossEntropy(), (0.0, [INF, INF]), NAN),
        (sl.SparseSoftmaxCrossEntropy(), (0.0, [-INF, -INF]), NAN),
        (sl.SparseSoftmaxCrossEntropy(1.0), (0.0, [0.0]), 0.0),
        (sl.WeightedSparseSoftmaxCrossEntropy(), (0.0, [-INF, 0.0], [0.0, 1.0]), 0.0),
        (sl.WeightedSparseSoftmaxCrossEntropy(), (0.0, [NAN, 0.0], [0.0, 1.0]), NAN),
        (sl.WeightedNLL(), (0.0, [-INF, 0.0], [0.0, 1.0]), 0.0),
        (sl.MultiLabelSoftMargin(), ([1.0, 0.0], [INF, -INF]), 0.0),
        (sl.WeightedMultiLabelSoftMargin(), ([0.0, 1.0], [INF, INF], [0.0, 1.0]), 0.0),
        (sl.WeightedMultiMargin(), (0.0, [-INF, -INF], [0.0, 1.0]), 0.0),
        (sl.WeightedMultiMargin(), (0.0, [NAN, 1.0], [0.0, 1.0]), NAN),
        (sl.MultiMargin(), (0.0, [-INF, 0.0, -INF]), INF),
        (sl.MultiMargin(), (0.0, [-INF, -INF, -INF]), NAN),
        (sl.MultiMargin(), (0.0, [-INF, NAN, -INF]), NAN),
        (sl.MultiLabelMargin(), ([0.0, -1.0, -1.0], [-INF, 0.0, -INF]), INF),
        (sl.MultiLabelMargin(), ([0.0, -1.0, -1.0], [-INF, -INF, -INF]), NAN),
        (sl.CategoricalCrossEntropy(low=0.0, high=1.0), ([1.0, 0.0], [INF, 3.0]), 0.0),
        (sl.CategoricalCrossEntropy(low=0.0, high=1.0), ([0.0, 1.0], [INF, 3.0]), INF),
        (sl.CategoricalCrossEntropy(), ([0.0, 0.0], [NAN, 1.0]), NAN),
        (sl.SparseCategoricalCrossEntropy(0.0, 1.0), (0.0, [INF, 3.0]), 0.0),
        (sl.SparseCategoricalCrossEntropy(0.0, 1.0), (0.0, [INF, INF]), NAN),
        (sl.CategoricalFocal(alpha=0.0, low=0.0), ([1.0, 0.0], [0.0, 1.0]), 0.0),
        (sl.CategoricalFocalWithLogits(low=0.0, high=1.0), ([1.0, 0.0], [INF, 1.0]), 0.0),
        (sl.CategoricalHinge(), ([1.0, 0.0], [INF, 3.0]), 0.0),
        (sl.CategoricalHinge(), ([0.5, 0.5], [INF, 3.0]), 0.0),  # 0.5 t - (0.5 t + 1.5) + 1
        (sl.CategoricalHinge(), ([0.5, 0.5], [INF, 1.0]), 0.5),
        (sl.CosineSimilarity(), ([3.0, 4.0], [-INF, 1.0]), 0.6),
        (sl.CosineDistance(), ([0.0, 1.0], [INF, 0.5]), 0.5),
        (sl.CosineEmbedding(), (1.0, [INF, 0.0], [INF, 5.0]), 0.0),
        (sl.CosineEmbedding(), (1.0, [INF, 0.0], [0.0, NAN]), NAN),
        (sl.PairwiseSquaredError(), ([0.0, 0.0], [INF, 1.0], [1.0, 1.0]), INF),
        (sl.PairwiseSquaredError(), ([0.0, 0.0], [INF, INF], [1.0, 1.0]), NAN),
    ],
)
def test_a_loss_has_its_hand_worked_limit(loss: Any, inputs: Any, value: float) -> None:
    given = [tuple(np.asarray(x, float) for x in inputs)]
    assert is_near(losses_of(loss, given)[0], value)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("small", [0, 10**9])
def test_a_certain_prediction_is_a_number_in_every_sum(
    small: int, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "SMALL", small)
    monkeypatch.setattr(choose, "BUDGET", small)
    logits = np.full(2_000, 3.0, dtype)
    logits[::7] = INF
    hot = np.ones((2_000, 2), dtype)
    hot[:, 0] = 0.0
    masked = np.stack([np.full(2_000, -INF, dtype), logits], axis=1)
    masked[::7, 1] = 3.0
    calls = [
        ("bce_with_logits", np.ones(2_000, dtype), logits),
        ("softmax_cross_entropy", hot, masked),
        ("sparse_softmax_cross_entropy", np.ones(2_000, int), masked),
    ]
    for loss, y_true, y_pred in calls:
        whole = engine.evaluate(loss, y_true, y_pred)
        lazy = engine.evaluate(loss, da.from_array(y_true, 600), y_pred)
        assert 0.0 <= whole < 1.0
        assert bits(whole) == bits(float(lazy.compute()))


# Labels that are no class.

NO_CLASS = [-1.0, 3.0, 0.5, -100.0, INF, -INF]
SPARSE = [loss for case in ROWS if (loss := case.loss).classes and loss == type(loss)()]


def labelled(loss: Any, wrong: float) -> tuple[Any, Any]:
    """Return six labels, the fifth of which is wrong, and the other inputs of a loss."""
    labels = np.arange(6.0) % 3
    labels[4] = wrong
    if loss.ranks[0]:
        labels = np.column_stack([labels, np.full((6, 2), -1.0)])
    scores = np.random.default_rng(3).random((6, 3))
    return labels, scores if loss.inputs == 2 else (scores, np.ones((6, 3)))


def test_the_losses_of_classes_say_so() -> None:
    named = [cls for cls in engine.losses.__dict__.values() if getattr(cls, "classes", ())]
    assert {type(loss) for loss in SPARSE} == set(named)
    assert len(named) == 12


@pytest.mark.parametrize("wrong", NO_CLASS)
@pytest.mark.parametrize("loss", SPARSE, ids=repr)
def test_a_label_that_is_no_class_raises_if_asked_to(loss: Any, wrong: float) -> None:
    y_true, y_pred = labelled(loss, wrong)
    if loss.ranks[0] and wrong < 0.0:  # it ends a row of labels
        assert not math.isnan(engine.evaluate(loss, y_true, y_pred, nan="raise"))
        return
    acc = engine.Accumulator(loss, nan="raise").update(*labelled(loss, 1.0))
    before = acc.to_bytes()
    place = r"y_true\[4, 0\]" if loss.ranks[0] else r"y_true\[4\]"
    message = rf"nan='raise': {place} must be a class from 0 to 2: got {wrong:g}"
    for reduction in ("mean", "none"):
        with pytest.raises(ValueError, match=message):
            engine.evaluate(loss, y_true, y_pred, nan="raise", reduction=reduction)
        lazy = da.from_array(y_true, 3)
        with pytest.raises(ValueError, match=r"^chunk \(1,\): nan='raise': y_true\[1"):
            engine.evaluate(loss, lazy, y_pred, nan="raise", reduction=reduction).compute()
    with pytest.raises(ValueError, match=message):
        acc.update(y_true, y_pred)
    assert acc.to_bytes() == before
    for nan in ("propagate", "omit"):
        assert math.isnan(engine.evaluate(loss, y_true, y_pred, nan=nan))
    where = np.arange(6) != 4
    right = engine.evaluate(loss, *labelled(loss, 1.0), where=where)
    assert engine.evaluate(loss, y_true, y_pred, nan="raise", where=where) == right


def test_labels_on_a_grid_are_named_by_their_place() -> None:
    labels = np.zeros((2, 3), int)
    labels[1, 2] = 7
    with pytest.raises(ValueError, match=r"y_true\[1, 2\] must be a class from 0 to 4: got 7"):
        engine.evaluate("cross_entropy", labels, np.zeros((2, 3, 5)), nan="raise")
    with pytest.raises(ValueError, match="1 elements have a NaN"):
        engine.evaluate("cross_entropy", [NAN, 0.0], np.zeros((2, 5)), nan="raise")


def test_a_label_in_a_file_is_named_by_its_row(tmp_path: Path) -> None:
    labels = np.arange(30_000) % 4
    labels[23_456] = 9
    np.save(tmp_path / "y.npy", labels)
    np.save(tmp_path / "x.npy", np.zeros((30_000, 4)))
    columns = Columns(str(tmp_path / "y.npy"), str(tmp_path / "x.npy"), None, None)
    message = r"y\.npy, row 23,456: nan='raise': y_true must be a class from 0 to 3: got 9$"
    asked = Question(Query.spelled("cross_entropy", None, "raise"))
    with pytest.raises(ValueError, match=message):
        list(sum_files(asked, in_files(columns), START, None, lambda: False))
