"""`compat.keras.losses` beside its golden cases: laziness, storage, names, what is refused."""

from __future__ import annotations

import json
import pickle
from fractions import Fraction
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from golden.keras_cases import HEADER, bits, find

from streamloss.compat import keras
from streamloss.compat._common.finish import quotient
from streamloss.compat.keras import reductions
from streamloss.compat.keras.reductions import ratio_of
from streamloss.compat.keras.row_means import means
from streamloss.exact.reductions import Exact, Sums


def never(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("computed")


LAZY = [name for name, kind in HEADER["aliases"].items() if name == f"losses.{kind}"]


@pytest.mark.parametrize("name", LAZY)
def test_functions_of_dask_arrays_compute_nothing(name: str) -> None:
    sparse = "sparse" in name or "generalized" in name
    labels = da.from_array(np.arange(8) % 3, chunks=3)
    y_true = labels if sparse else da.ones((8, 3), chunks=(3, 2))
    given = {"q": 0.5} if "generalized" in name else {}
    with dask.config.set(scheduler=never):
        found = find(name)(y_true, da.ones((8, 3), dtype="f4", chunks=(4, 3)) / 3, **given)
    assert found.dtype == np.float32
    assert found.compute().dtype == np.float32


@pytest.mark.parametrize("reduction", ["sum", "mean", "mean_with_sample_weight", None])
@pytest.mark.parametrize("name", [c for c in HEADER["configs"] if c.startswith("losses.")])
def test_losses_of_dask_arrays_compute_nothing(name: str, reduction: str | None) -> None:
    sparse = "Sparse" in name or "Generalized" in name
    labels = da.from_array(np.arange(8) % 3, chunks=3)
    y_true = labels if sparse else da.ones((8, 3), chunks=(3, 2))
    y_pred = da.ones((8, 3), dtype="f4", chunks=(4, 3)) / 3
    heavy, mask = da.ones(8, chunks=5), da.from_array(np.arange(8) > 2, chunks=6)
    with dask.config.set(scheduler=never):
        found = find(name)(reduction=reduction)(y_true, keras.masked(y_pred, mask), heavy)
    assert found.dtype == np.float32
    assert np.isfinite(found.compute()).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", ["sum", "mean", "mean_with_sample_weight", None])
@pytest.mark.parametrize("name", ["Huber", "Hinge", "KLDivergence", "BinaryCrossentropy"])
def test_dask_sizes_may_be_unknown(name: str, reduction: str | None, weighted: bool) -> None:
    rng = np.random.default_rng(1)
    y, p, w = rng.random((20, 3)), rng.random((20, 3)), rng.random(20)
    kept = w > 0.5
    some = da.from_array(kept, chunks=6)
    lazily = [da.from_array(a, chunks=(6, 3)[: a.ndim])[some] for a in (y, p, w)]
    loss = getattr(keras, name)(reduction=reduction)
    found = loss(*lazily[: 2 + weighted]).compute()
    assert bits(found) == bits(loss(*[a[kept] for a in (y, p, w)][: 2 + weighted]))


@pytest.mark.parametrize(
    ("reduction", "weight", "mask"),
    [("mean_with_sample_weight", 2.0, None), ("mean", None, [True]), ("sum", None, None)],
)
def test_unknown_sizes_that_a_result_depends_on_are_refused(
    reduction: str, weight: float | None, mask: Any
) -> None:
    some = da.from_array(np.ones(6, bool), chunks=4)
    y, p = (da.ones((6, 3), chunks=4)[some] for _ in range(2))
    if reduction == "sum":  # of means of rows of which nobody knows how long they are
        y, p = (da.ones((3, 6), chunks=(3, 4))[:, some] for _ in range(2))
    p = p if mask is None else keras.masked(p, mask)
    with pytest.raises(ValueError, match="sizes of dask arrays must be known here"):
        keras.MeanAbsoluteError(reduction=reduction)(y, p, weight)


def test_one_weight_for_each_sample_of_losses_of_any_rank() -> None:
    rng = np.random.default_rng(2)
    y, p, w = rng.random((4, 3, 2, 5)), rng.random((4, 3, 2, 5)), rng.random(4)
    loss = keras.MeanSquaredError(dtype="float64")
    assert loss(y, p, w) == loss(y, p, w[:, None, None])


def test_the_count_of_elements_has_no_limit() -> None:
    total, count = Exact(5_000_000_000 << 1074), 5_000_000_000  # Keras' int32 is negative here
    sums = Sums((total,), total, count, count)
    assert ratio_of("sum_over_batch_size", dtype=np.dtype("f8"))(sums) == 1.0


def test_results_are_rounded_once() -> None:
    y = np.float64([[1.0, 2.0**-24, 2.0**-60]])  # in float64 a tie of two float32
    sums = keras.losses.MeanAbsoluteError(reduction="sum")
    total = sums(y * 3, y * 0)
    assert total == np.float32(1.0 + 2.0**-23)


@pytest.mark.parametrize("scope", ["circle", "ctc", "Circle", "CTC"])
def test_what_is_out_of_scope_says_so(scope: str) -> None:
    found = find(f"losses.{scope}")
    call = found() if isinstance(found, type) else found
    with pytest.raises(NotImplementedError, match=scope.lower()):
        call(np.ones((2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("name", [None, "given"])
def test_names(name: str | None) -> None:
    assert keras.Huber(name=name).name == (name or "huber")
    assert keras.KLDivergence(name=name).name == (name or "kl_divergence")
    assert keras.metrics.R2Score(name=name).name == (name or "r2_score")


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (None, "float32"),
        ("mixed_float16", "float16"),
        (np.float64, "float64"),
        ("bfloat16",) * 2,
        ({"class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}}, "bfloat16"),
    ],
)
def test_dtypes(dtype: Any, name: str) -> None:
    loss = keras.MeanAbsoluteError(dtype=dtype)
    assert loss.dtype == name
    assert loss([[1.0]], [[2.0]]).dtype.name == name
    metric = keras.metrics.MeanAbsoluteError(dtype=dtype)
    metric.update_state([[1.0]], [[2.0]])
    assert (metric.dtype, metric.result().dtype.name) == (name, name)


@pytest.mark.parametrize("made", [keras.losses.Huber, keras.metrics.Mean])
@pytest.mark.parametrize("dtype", ["bool", "complex64", "M8[s]"])
def test_a_dtype_must_be_floating_or_integer(made: Any, dtype: str) -> None:
    with pytest.raises(TypeError, match="dtype must be a floating or integer dtype: got"):
        made(dtype=dtype)


@pytest.mark.parametrize("y", [np.complex64(np.ones((2, 3))), [["a", "b"]], None])
def test_what_is_no_real_number_is_refused(y: Any) -> None:
    with pytest.raises(TypeError, match="y_true"):
        keras.MeanAbsoluteError()(y, np.ones((2, 3)))


def test_complex_numbers_have_an_absolute_error() -> None:
    found = keras.mean_absolute_error(np.complex64([[3j, 0]]), np.complex64([[4, 1]]))
    assert bits(found) == bits(np.float32([3.0]))


SETTINGS: list[Any] = [
    keras.Huber(0.25, "sum", "mine", "float64"),
    keras.CosineSimilarity(axis=0, reduction=None),
    keras.BinaryFocalCrossentropy(True, 0.5, 1.0, True, 0.1, 0, "mean"),
    keras.CategoricalFocalCrossentropy([0.1, 0.9], reduction="mean_with_sample_weight"),
    keras.SparseCategoricalCrossentropy(True, -1, axis=1),
    keras.Tversky(0.3, 0.7, axis=1),
    keras.CategoricalGeneralizedCrossEntropy(0.2),
    keras.metrics.CosineSimilarity(axis=0, dtype="float64"),
    keras.metrics.R2Score(None, 2),
    keras.metrics.SparseCategoricalCrossentropy(ignore_class=3),
]


@pytest.mark.parametrize("made", SETTINGS, ids=repr)
def test_what_is_stored_comes_back(made: Any) -> None:
    module = keras.metrics if isinstance(made, keras.metrics.Metric) else keras.losses
    assert type(made).from_config(made.get_config()) == made
    assert module.deserialize(json.loads(json.dumps(module.serialize(made)))) == made
    assert module.get(module.serialize(made)) == made
    assert pickle.loads(pickle.dumps(made)) == made


def test_names_find_functions_classes_and_nothing_else() -> None:
    losses, metrics = keras.losses, keras.metrics
    assert losses.get("mse") is losses.get(losses.mean_squared_error) is losses.mean_squared_error
    assert losses.get("bce") is losses.deserialize("bce") is losses.binary_crossentropy
    assert losses.get("Huber") == losses.get(losses.Huber) == losses.Huber()
    assert losses.get(losses.serialize(losses.huber)) is losses.huber
    assert metrics.get("mse") == metrics.get("mean_squared_error") == metrics.MeanSquaredError()
    assert losses.get(None) is metrics.get(None) is None
    for module in (losses, metrics):
        for call in (module.get, module.deserialize):
            with pytest.raises(ValueError, match=r"unknown (loss|metric): got 'nope'"):
                call("nope")


@pytest.mark.parametrize("reduction", ["auto", "AUTO", "SUM", "NONE", "SUM_OVER_BATCH_SIZE"])
def test_reductions_of_tf_keras(reduction: str) -> None:
    plain = keras.losses.Reduction
    assert getattr(plain, reduction.upper()) in plain.all()
    found = keras.MeanAbsoluteError(reduction=reduction)
    ours = {"auto": "sum_over_batch_size"}.get(reduction.lower(), reduction.lower())
    assert found == keras.MeanAbsoluteError(reduction=ours)
    plain.validate(ours)
    with pytest.raises(ValueError, match="reduction must be one of"):
        plain.validate("mean")


def test_losses_of_your_own_are_reduced_too() -> None:
    class Largest(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return abs(y_true - y_pred).max(axis=-1)

    y, p = np.float32([[0.0, 1.0], [0.0, 3.0]]), np.float32([[2.0, 1.0], [0.0, 4.0]])
    assert Largest(reduction="sum")(y, p, [1.0, 2.0]) == 4.0
    lazily = Largest()(da.from_array(y, chunks=1), da.from_array(p, chunks=1))
    assert lazily.compute() == Largest()(y, p) == 1.5
    with pytest.raises(NotImplementedError, match="Loss defines no call"):
        keras.losses.Loss()(y, p)


KINDS_OF_ROWS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "float32": lambda rng, shape: rng.random(shape, np.float32).astype(np.float64),
    "wide": lambda rng, shape: np.ldexp(rng.normal(size=shape), rng.integers(-80, 80, shape)),
    "ties": lambda rng, shape: 1.0 + rng.integers(-4, 5, shape) * 2.0**-24,
    "zeros": lambda rng, shape: rng.integers(-1, 2, shape) * 0.5,
    "tiny": lambda rng, shape: np.ldexp(rng.normal(size=shape), rng.integers(-1074, -990, shape)),
    "huge": lambda rng, shape: np.ldexp(rng.normal(size=shape), rng.integers(900, 1022, shape)),
    "strange": lambda rng, shape: rng.choice([np.nan, np.inf, -np.inf, 1.0, 2.0], shape),
}


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16], ids=lambda d: d.__name__)
@pytest.mark.parametrize("kind", KINDS_OF_ROWS)
@pytest.mark.parametrize("size", [1, 2, 3, 8, 11, 100])
def test_means_of_rows_are_those_of_exact_sums(size: int, kind: str, dtype: Any) -> None:
    values = KINDS_OF_ROWS[kind](np.random.default_rng(size), (40, size))
    found = means(values, 1, np.dtype(dtype))
    for row, mean in zip(values, found, strict=True):
        if not np.isfinite(row).all():
            with np.errstate(invalid="ignore"):
                assert bits(mean) == bits(row.sum().astype(dtype))
            continue
        total = sum(map(Fraction, row.tolist()), Fraction(0))
        exact = quotient(Exact(int(total * 2**1074)), size, dtype)
        with np.errstate(over="ignore", under="ignore"):
            assert bits(mean) == bits(np.float64(exact).astype(dtype))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["MeanAbsoluteError", "Hinge", "BinaryCrossentropy"])
def test_long_and_short_rows_are_treated_alike(
    name: str, weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    y, p = rng.integers(0, 2, (7, 5)), rng.random((7, 5), np.float32)
    w = rng.random(7) if weighted else None
    loss = getattr(keras, name)(reduction=None)
    found = loss(y, p, w)
    monkeypatch.setattr(reductions, "BLOCK", 12)
    assert bits(loss(y, p, w)) == bits(found)
    monkeypatch.setattr(reductions, "LONG", 0)
    assert bits(loss(y, p, w)) == bits(found)


@pytest.mark.parametrize("name", ["MeanAbsoluteError", "RootMeanSquaredError", "Mean", "R2Score"])
def test_metrics_refuse_complex_numbers(name: str) -> None:
    metric, y = getattr(keras.metrics, name)(), np.ones((3, 2), np.complex64)
    with pytest.raises(TypeError, match=r"(y_true|y_pred|values) must be real"):
        metric.update_state(*[y] * (1 if name == "Mean" else 2))
    with pytest.raises(TypeError, match="sample_weight must be real: got dtype complex64"):
        metric.update_state(*[y.real] * (1 if name == "Mean" else 2), sample_weight=y[:, 0])


@pytest.mark.parametrize("weights", [np.ones(2), np.ones((3, 3)), np.ones((1, 3, 2))])
def test_the_score_refuses_weights_that_do_not_fit(weights: Any) -> None:
    with pytest.raises(ValueError, match="sample_weight"):
        keras.metrics.R2Score().update_state(np.ones((3, 2)), np.ones((3, 2)), weights)


def test_complex_labels_and_weights_are_refused() -> None:
    y = np.ones((3, 2))
    with pytest.raises(TypeError, match="y_true must be real"):
        keras.mean_absolute_error(y + 1j, y)
    with pytest.raises(TypeError, match="sample_weight must be real"):
        keras.MeanAbsoluteError()(y, y, y[:, 0] + 1j)


def test_one_class_is_warned_about() -> None:
    y = np.ones((3, 1), np.float32)
    for call in (keras.categorical_crossentropy, keras.CategoricalFocalCrossentropy()):
        with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
            call(y, y)


@pytest.mark.parametrize("axis", [1, -1])
@pytest.mark.parametrize("alpha", [[0.5, 0.5], [0.5] * 5, []])
def test_alpha_must_have_one_number_for_each_class(alpha: Any, axis: int) -> None:
    y = np.ones((2, 3, 3), np.float32)
    with pytest.raises(ValueError, match=r"^alpha must be a number or a list of one for each of 3"):
        keras.categorical_focal_crossentropy(y, y, alpha=alpha, axis=axis)
