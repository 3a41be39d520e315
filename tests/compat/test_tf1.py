"""`compat.tf1` against what TensorFlow answered, on numpy arrays and on dask arrays."""

from __future__ import annotations

import inspect
from functools import reduce
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from golden._compare import assert_same, attempt, eps_of
from golden._format import decode, error_name, read

import streamloss as sl
from streamloss.compat import tf1
from tools.docs.differences import golden

HEADER, CASES = read(Path(__file__).parents[1] / "golden" / "tf1.jsonl")
BY_ID = {case["id"]: case for case in CASES}
COLLECTIONS = ("add_loss", "get_losses")
FLOAT32_EPS = eps_of(np.float32)
NAN, INF = float("nan"), float("inf")
NONZERO = tf1.Reduction.SUM_BY_NONZERO_WEIGHTS

pytestmark = pytest.mark.filterwarnings("ignore:.*imaginary part is discarded")


# Our answer where TensorFlow answers something else; docs/differences.toml has the reasons.
PAIRS = "mean_pairwise_squared_error-"
SCALAR_WEIGHTS = "shape3 shape4x3 shape4x2 shape4x1 shape2x3x2 scalar integer true negative rank0"
DIFFERENCES: dict[str, Any] = {
    "compute_weighted_loss-overflow-sum": np.float32(3e38),
    "compute_weighted_loss-overflow-mean": np.float32(3e38),
    "mean_squared_error-overflow-zero": np.float32(2.0),
    "absolute_difference-subnormal-none": np.float32([1e-40, 3e-45]),
    f"absolute_difference-subnormal-{NONZERO}": np.float32(5.0001e-41),
    "compute_weighted_loss-subnormal-weight": np.float32([1e-40, 1.0]),
    "compute_weighted_loss-subnormal-present": np.float32(0.5),
    "compute_weighted_loss-subnormal-scalar": np.float32(1e-40) * 2,
    "compute_weighted_loss-subnormal-losses": np.float32(1e-40) + np.float32(1e-41),
    "huber_loss-delta-row": TypeError,
    "huber_loss-delta-list": TypeError,
    "sigmoid_cross_entropy-nonfinite-NONE": {0: "inf", 1: 0.0, 6: "-inf"},
    "sigmoid_cross_entropy-zeroxnan-0": {1: 0.0},
    "log_loss-epsilon0.0": {0: 0.0, 1: 0.0},
    "log_loss-epsilon0": {0: 0.0, 1: 0.0},
    "log_loss-epsiloninf": dict.fromkeys([0, 1, 2, 3, 6, 7], "-inf"),
    "softmax_cross_entropy-nonfinite0": {1: 0.0},
    "softmax_cross_entropy-nonfinite1": {1: "inf", 2: 1.3132617},
    "softmax_cross_entropy-nonfinite2": {1: "inf", 2: 0.3132617},
    "sparse_softmax_cross_entropy-nonfinite0": {1: 0.0},
    "sparse_softmax_cross_entropy-nonfinite1": {1: "inf"},
    "sparse_softmax_cross_entropy-nonfinite2": {1: "inf"},
    "sparse_softmax_cross_entropy-logits-scalar": ValueError,
    **{f"{PAIRS}{kind}": f"{PAIRS}{kind}-graph" for kind in SCALAR_WEIGHTS.split()},
    f"{PAIRS}weights4": f"{PAIRS}weights4x1",
    f"{PAIRS}weights4-graph": f"{PAIRS}weights4x1",
    f"{PAIRS}rank3-weights2": f"{PAIRS}rank3-weights2x1x1",
}
"""Case: our answer: a value, an error, TensorFlow's answer to another case, or TensorFlow's with
other elements."""


def shown(case: dict[str, Any]) -> str:
    return str(case["id"])


def asked(case: dict[str, Any], args: Any) -> Any:
    """Return what we answer, or the error."""
    found = reduce(getattr, case["call"].split("."), tf1)
    if not callable(found):
        return found
    call = (lambda: found(*args)) if isinstance(args, list) else (lambda: found(**args))
    return attempt(call)


# The bound. `magnitude` is what TensorFlow's roundings are relative to: the absolute values of all
# that is added in a loss. A logarithm takes from its argument's relative error an absolute one.


def magnitude(call: str, a: dict[str, Any]) -> Any:
    """Return the magnitudes of the losses of arguments, in float64."""
    first, second = (np.asarray(value) for value in list(a.values())[:2])
    if call == "compute_weighted_loss":
        return np.abs(single(a["losses"]))
    if call.endswith("cross_entropy"):
        return cross_entropy(call, first.astype(np.float64), second.astype(np.float64), a)
    y, p = single(first), single(second)
    d = np.abs(p - y)
    if call == "absolute_difference":
        return d
    if call == "mean_squared_error":
        return d * d
    if call == "huber_loss":
        delta = abs(float(np.float32(a.get("delta", 1.0))))
        q = np.minimum(d, delta)
        return 0.5 * q * q + delta * (d + q)
    if call == "log_loss":
        epsilon = float(np.float32(a.get("epsilon", 1e-7)))
        hit, miss = p + epsilon, 1.0 - p + epsilon
        hits = np.abs(y) * (np.abs(np.log(hit)) + np.abs(p / hit) + 1.0)
        return hits + np.abs(1.0 - y) * (np.abs(np.log(miss)) + np.abs((1.0 - p) / miss) + 1.0)
    if call == "hinge_loss":
        return 1.0 + np.abs((2.0 * y - 1.0) * p)
    axis = a["axis"] if a.get("axis") is not None else a["dim"]
    axis = tuple(axis) if isinstance(axis, list) else int(axis)
    return 1.0 + np.sum(np.abs(p * y), axis=axis, keepdims=True)


def cross_entropy(call: str, y: Any, x: Any, a: dict[str, Any]) -> Any:
    """Return the magnitudes of cross-entropies of labels and logits."""
    smoothing = a.get("label_smoothing", 0)
    smoothing = smoothing if smoothing > 0 else 0
    if call == "sigmoid_cross_entropy":
        y = np.abs(y * (1.0 - smoothing)) + smoothing / 2
        return np.maximum(x, 0.0) + np.abs(x) * y + np.log1p(np.exp(-np.abs(x)))
    if call == "sparse_softmax_cross_entropy":
        x = x[..., 0] if x.ndim - y.ndim == 2 else x
        y = y[..., 0] if x.ndim == y.ndim else y
        y = np.eye(x.shape[-1])[y.astype(int)]
    y = np.abs(y * (1.0 - smoothing)) + smoothing / max(x.shape[-1], 1)
    gap = x - x.max(axis=-1, keepdims=True, initial=-INF)
    total = np.log(np.exp(gap).sum(axis=-1, keepdims=True))
    return np.sum(np.where(y == 0.0, 0.0, y * (np.abs(gap) + total + 1.0)), axis=-1)


def single(value: Any) -> Any:
    """Return the real part of a value, rounded to float32, as float64."""
    array = np.asarray(value)
    return array.real.astype(np.float32).astype(np.float64)


def scale_of(case: dict[str, Any], a: dict[str, Any], theirs: Any) -> Any:
    """Return the sum of the magnitudes of all terms over the denominator."""
    if case["call"] == "mean_pairwise_squared_error":
        return pairwise_scale(a)
    losses = magnitude(case["call"], a)
    weights = single(a.get("weights", 1.0))
    if weights.ndim == losses.ndim + 1:
        weights = weights[..., 0]
    weights = np.broadcast_to(weights, losses.shape)
    terms = losses * np.abs(weights)
    reduction = a.get("reduction", tf1.Reduction.SUM_BY_NONZERO_WEIGHTS)
    if reduction == tf1.Reduction.NONE:
        return terms
    divisor, total = 1.0, terms.sum()
    if reduction == tf1.Reduction.MEAN:  # the divisor is rounded too
        divisor, total = abs(weights.sum()), total + np.abs(theirs) * np.abs(weights).sum()
    elif reduction == tf1.Reduction.SUM_OVER_BATCH_SIZE:
        divisor = losses.size
    elif reduction == tf1.Reduction.SUM_BY_NONZERO_WEIGHTS:
        divisor = np.count_nonzero(weights)
    return total / divisor if divisor else 0.0


def pairwise_scale(a: dict[str, Any]) -> Any:
    """Return the magnitude of the loss of pairs."""
    y, p = single(a["labels"]), single(a["predictions"])
    weights = single(a.get("weights", 1.0))
    if weights.ndim == 1 < y.ndim:
        weights = weights.reshape(-1, *[1] * (y.ndim - 1))
    axes = tuple(range(1, y.ndim))
    n = np.count_nonzero(np.broadcast_to(weights, y.shape), axis=axes, keepdims=True)
    d = np.abs(p - y)
    squares, total = (d * d).sum(axis=axes, keepdims=True), d.sum(axis=axes, keepdims=True)
    losses = np.where(n > 1, 2 * squares / (n - 1) + 2 * total**2 / (n * (n - 1)), 0.0)
    return np.sum(losses * np.abs(weights))


def check(case: dict[str, Any], args: Any, ours: Any) -> None:
    """Assert that ours is TensorFlow's answer."""
    outcome = case["outcome"]
    if not isinstance(outcome, dict) or "error" in outcome or isinstance(ours, Exception):
        assert_same(outcome, ours, FLOAT32_EPS)
        return
    if case["call"] in ("get_regularization_loss",):
        assert_same(outcome, ours, 0.0)
        return
    if isinstance(args, list):
        names = inspect.signature(getattr(tf1, case["call"])).parameters
        args = dict(zip(names, args, strict=False))
    theirs = decode(outcome)
    eps = FLOAT32_EPS
    if case["call"].endswith("cross_entropy"):
        eps = max(eps, eps_of(theirs.dtype))
    with np.errstate(all="ignore"):
        scale = scale_of(case, args, theirs.real.astype(np.float64))
    elements = max(np.size(value) for value in list(args.values())[:2])
    assert_same(outcome, ours, eps, scale, elements)


def check_difference(case: dict[str, Any], args: Any, ours: Any) -> None:
    """Assert that ours is the answer we state, and that TensorFlow's is another."""
    expected = DIFFERENCES[case["id"]]
    with pytest.raises(AssertionError):
        check(case, args, ours)
    if isinstance(expected, str):
        check({**case, "outcome": BY_ID[expected]["outcome"]}, args, ours)
    elif isinstance(expected, dict):
        data = [expected.get(k, item) for k, item in enumerate(case["outcome"]["data"])]
        check({**case, "outcome": {**case["outcome"], "data": data}}, args, ours)
    elif isinstance(expected, type):
        assert type(ours) is expected
    else:
        assert bits(ours) == bits(expected)


def bits(value: Any) -> Any:
    """Return all that a value is: type or error class, dtype, shape, bits."""
    if isinstance(value, Exception):
        return error_name(value)
    if not isinstance(value, np.ndarray | np.generic):
        return value
    return value.dtype, value.shape, value.tobytes()


@pytest.mark.parametrize("case", CASES, ids=shown)
def test_numpy(case: dict[str, Any]) -> None:
    args = decode(case["args"])
    ours = asked(case, args)
    (check_difference if case["id"] in DIFFERENCES else check)(case, args, ours)


def cut(value: Any, place: int) -> Any:
    """Return an array as a dask array of uneven chunks, cut along other axes in other places."""
    if not isinstance(value, np.ndarray):
        return value
    chunks = []
    for axis, size in enumerate(value.shape):
        first = (place + axis) % 3 if value.ndim == 1 or axis % 2 == place % 2 else size
        chunks.append((first, size - first) if 0 < first < size else (size,))
    return da.from_array(value, chunks=tuple(chunks))


@pytest.mark.parametrize("case", [c for c in CASES if "shape" in str(c["args"])], ids=shown)
def test_dask(case: dict[str, Any]) -> None:
    """Every case gives the bits, or the error, of numpy; whatever the chunks, and lazily."""
    args = decode(case["args"])
    if isinstance(args, list):
        lazy: Any = [cut(value, place) for place, value in enumerate(args)]
    else:
        lazy = {name: cut(value, place) for place, (name, value) in enumerate(args.items())}
    ours = asked(case, lazy)
    if not isinstance(ours, Exception) and case["call"] not in COLLECTIONS:
        assert isinstance(ours, da.Array)
        found = attempt(lambda: ours.compute(scheduler="sync"))
        if not isinstance(found, Exception):
            assert (ours.dtype, ours.shape) == (found.dtype, found.shape)
        ours = found
    assert bits(ours) == bits(asked(case, args))


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 300
    assert {case["call"] for case in CASES} >= set(HEADER["signatures"])


def test_every_difference_has_a_row() -> None:
    assert golden("tf1", BY_ID).keys() == DIFFERENCES.keys()


@pytest.mark.parametrize("name", HEADER["signatures"])
def test_signatures_are_tensorflows(name: str) -> None:
    parameters = inspect.signature(getattr(tf1, name)).parameters.values()
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    assert str(inspect.Signature(plain)) == HEADER["signatures"][name]


def test_everything_public_is_tensorflows() -> None:
    assert set(tf1.__all__) == {*HEADER["signatures"], "Reduction"}


def test_reduction_is_text_and_takes_the_packages_own() -> None:
    assert type(tf1.Reduction.MEAN) is str
    for member in sl.Reduction:
        ours = tf1.compute_weighted_loss([1.0, 3.0], [0.5, 0.0], reduction=member)
        theirs = tf1.compute_weighted_loss([1.0, 3.0], [0.5, 0.0], reduction=str(member))
        assert bits(ours) == bits(theirs)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cosine_distance", {"axis": 1, "reduction": "none"}),
        ("cosine_distance", {"axis": 1, "weights": np.arange(10.0)[:, None]}),
        ("mean_pairwise_squared_error", {}),
        ("mean_pairwise_squared_error", {"weights": np.arange(10.0)}),
        ("mean_pairwise_squared_error", {"weights": np.arange(30.0).reshape(10, 3)}),
        ("mean_pairwise_squared_error", {"shape": (10, 3, 2)}),
        ("cosine_distance", {"shape": (10, 3, 2), "axis": (1, 2)}),
    ],
)
def test_rows_of_unknown_number(name: str, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    shape = options.get("shape", (10, 3))
    args = {"labels": rng.normal(size=shape), "predictions": rng.normal(size=shape), **options}
    args.pop("shape", None)
    shown = np.arange(10) % 2 == 0
    known = {k: v[shown] if isinstance(v, np.ndarray) else v for k, v in args.items()}
    lazy = {
        k: da.from_array(v, chunks=(3, *v.shape[1:]))[da.from_array(shown, chunks=3)]
        if isinstance(v, np.ndarray)
        else v
        for k, v in args.items()
    }
    expected = getattr(tf1, name)(**known)
    found = getattr(tf1, name)(**lazy).compute(scheduler="sync")
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()
