"""`compat.keras` against what Keras answered, on numpy arrays and on dask arrays."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from golden._compare import eps_of
from golden._format import decode, dtype_of
from golden.keras_cases import CASES, HEADER, ask, bits, check, find, lazy, plain, prepared, shown

from streamloss.compat import keras

NAN = float("nan")

pytestmark = pytest.mark.filterwarnings("ignore:.*adjusted R2 score", "ignore:invalid value")


# What we answer on purpose where Keras answers something else: which cases, the reason, and our
# answer. docs/coming_from_keras.md has the same reasons in a table.


def array(case: dict[str, Any], key: str) -> Any:
    return np.asarray(decode(case["args"])[key], np.float64)


def weighed_by_sample(case: dict[str, Any]) -> Any:
    args = decode(case["args"])
    args["sample_weight"] = np.float32(args["sample_weight"])[:, None]
    return find(case["call"])(**decode(case["init"]))(**prepared(args, plain))


def huber_of_integers(case: dict[str, Any]) -> Any:
    d = np.abs(array(case, "y_true") - array(case, "y_pred"))
    return np.mean(np.where(d <= 1, 0.5 * d * d, d - 0.5), -1)


def percentages(case: dict[str, Any]) -> Any:
    y, p = array(case, "y_true"), array(case, "y_pred")
    return np.mean(100 * np.abs(y - p) / np.maximum(np.abs(y), 1e-7), -1)


def log_cosh(case: dict[str, Any]) -> Any:
    if "updates" in case["args"]:
        case = {"args": case["args"]["updates"][0]}
    d = array(case, "y_true") - array(case, "y_pred")
    w = decode(case["args"]).get("sample_weight", 1.0)
    rows = np.mean(np.logaddexp(d, -d) - np.log(2.0), -1) * w
    return rows if case.get("call") == "losses.log_cosh" else rows.mean()


def focal_by_class(case: dict[str, Any]) -> Any:
    y, p = array(case, "y_true"), array(case, "y_pred")
    q = p / p.sum(-1, keepdims=True)
    rows = np.sum(np.array([0.1, 0.2, 0.7]) * (1 - q) ** 2 * -y * np.log(q), -1)
    return rows.mean() if "init" in case else rows


def smoothed_along_axis(case: dict[str, Any]) -> Any:
    y, p = array(case, "y_true"), array(case, "y_pred")
    y = y * 0.7 + 0.3 / y.shape[0]
    q = np.clip(p / p.sum(0), 1e-7, 1 - 1e-7)
    rows = -np.sum(y * np.log(q), 0)
    return rows.mean() if "init" in case else rows


def clipped(case: dict[str, Any]) -> Any:
    y, p = array(case, "y_true"), array(case, "y_pred")
    low, q = float(np.asarray(1e-7).astype(dtype_of("bfloat16"))), np.clip(p, 1e-7, 1 - 1e-7)
    q = np.maximum(q, low)
    entropy = -y * np.log(q) - (1 - y) * np.log(1 - q)
    if "focal" in case["call"]:
        entropy *= (1 - (y * p + (1 - y) * (1 - p))) ** 2
    return entropy.mean(-1)


def cosine_of_broadcast(case: dict[str, Any]) -> Any:
    y, p = np.broadcast_arrays(array(case, "y_true"), array(case, "y_pred"))
    sizes = np.linalg.norm(y, axis=-1) * np.linalg.norm(p, axis=-1)
    return -(y * p).sum(-1) / np.maximum(sizes, 1e-7)


def one_batch(case: dict[str, Any]) -> Any:
    updates = [decode(update) for update in case["args"]["updates"]]
    y, p = (np.concatenate([u[key] for u in updates]) for key in ("y_true", "y_pred"))
    weights = [u.get("sample_weight", 1.0) for u in updates]
    pairs = zip(weights, updates, strict=True)
    w = np.concatenate([np.broadcast_to(a, len(u["y_true"])) for a, u in pairs])
    rows = np.float64(keras.losses.hinge(y, p)) if "Hinge" in case["call"] else None
    if rows is None:
        rows = np.abs(np.float64(y) - p)
        rows = rows.mean(-1) if rows.ndim > 1 else rows
    return np.sum(w * rows) / np.sum(w)


def without_last_axis(case: dict[str, Any]) -> Any:
    args = decode(case["args"])
    args["y_true"] = args["y_true"][..., 0]
    target = find(case["call"])
    return target(**decode(case["init"]))(**args) if "init" in case else target(**args)


Expected = Callable[[dict[str, Any]], Any] | type[Exception]

DIFFERENCES: list[tuple[str, str, Expected]] = [
    (
        r"-deep-.*-wB$|-mask-.*-wB$",
        "a weight for each sample, [batch_size], is documented for losses of any rank; Keras fails",
        weighed_by_sample,
    ),
    (
        r"losses.MeanAbsoluteError-wide-",
        "sample weights are documented to broadcast to the losses; Keras repeats the losses",
        ValueError,
    ),
    (r"huber-i32", "Keras' 0.5 becomes 0 among integers", huber_of_integers),
    (
        r"mean_absolute_percentage_error-i32",
        "Keras' epsilon becomes 0 among integers, though division by zero is to be prevented",
        percentages,
    ),
    (
        r"absolute_error-u8-wraps",
        "Keras subtracts unsigned integers modulo 256",
        lambda c: np.mean(np.abs(array(c, "y_true") - array(c, "y_pred")), -1),
    ),
    (
        r"(log_cosh-f64|LogCosh-float64|LogCoshError-float64)",
        "Keras' float64 has a log 2 of float32 precision",
        log_cosh,
    ),
    (
        r"log_cosh-nonfinite",
        "Keras subtracts infinities for an error of -inf",
        lambda c: np.array([NAN, np.inf, 0.43378083048302496 / 3]),
    ),
    (r"alpha=\[", "Keras' float64 has an alpha list of float32 precision", focal_by_class),
    (
        r"axis=0,label_smoothing",
        "num_classes is that of the class axis; Keras takes the last axis",
        smoothed_along_axis,
    ),
    (r"label_smoothing=1.5", "label_smoothing is documented to be in [0, 1]", ValueError),
    (
        r"binary_(focal_)?crossentropy-bf16",
        "Keras' 1 - 1e-7 is 1 in half precision, which makes it 0 * inf",
        clipped,
    ),
    (
        r"cosine_similarity-2x1-2x3",
        "the loss is documented to be between -1 and 1; Keras broadcasts after it normalizes",
        cosine_of_broadcast,
    ),
    (
        r"eneralized.*-(2x1-2x3|2x2x1-2x2x3)$",
        "labels of shape [batch_size, 1] are documented to give losses of shape [batch_size]",
        without_last_axis,
    ),
    (
        r"categorical_generalized_cross_entropy-label",
        "labels are documented to be indices of classes; Keras takes others without a word",
        ValueError,
    ),
    (
        r"metrics.Hinge-(mixed|other)$",
        "Keras decides for each batch what its labels mean",
        one_batch,
    ),
    (
        r"(flat|scalar)-uneven|MeanAbsoluteError-flat-weighted",
        "Keras counts a batch of rank 1, or with a scalar weight, as one sample",
        one_batch,
    ),
    (
        r"bad-SUM",
        "the reductions of tf.keras are taken too",
        lambda c: np.abs(array(c, "y_true") - array(c, "y_pred")).mean(-1).sum(),
    ),
    (
        r"ategorical_?[hH]inge-(f32-0x3|nothing)",
        "TensorFlow has no maximum of no rows",
        lambda c: np.zeros(0) if "init" not in c else 0.0,
    ),
    (r"R2Score-float64", "dtype is documented to be that of the result", lambda c: 4 / 7),
]


def difference(case: dict[str, Any]) -> tuple[str, Expected] | None:
    """Return the reason why our answer is another, and what it is."""
    found = [(why, ours) for cases, why, ours in DIFFERENCES if re.search(cases, case["id"])]
    assert len(found) < 2, case["id"]
    return found[0] if found else None


def is_near(ours: Any, expected: Any, eps: float) -> bool:
    """Return whether an answer is what float64 arithmetic gives, rounded to our dtype."""
    ours = np.asarray(ours)
    assert ours.shape == np.shape(expected)
    with np.errstate(invalid="ignore"):
        gap = np.abs(ours.astype(np.float64) - expected) <= 2 * eps * np.abs(expected)
    return bool(np.all(gap | (ours == expected) | (np.isnan(ours) & np.isnan(expected))))


SAME = [case for case in CASES if difference(case) is None]
OTHER = [case for case in CASES if difference(case) is not None]


@pytest.mark.parametrize("case", SAME, ids=shown)
def test_answers_what_keras_answers(case: dict[str, Any]) -> None:
    check(case, ask(case))


@pytest.mark.parametrize("case", OTHER, ids=shown)
def test_answers_on_purpose_what_keras_does_not(case: dict[str, Any]) -> None:
    ours, expected = ask(case), difference(case)[1]  # type: ignore[index]
    with pytest.raises(AssertionError):
        check(case, ours)
    if isinstance(expected, type):
        assert isinstance(ours, expected)
        return
    ours = ours[-1] if isinstance(ours, list) else ours
    assert is_near(ours, expected(case), eps_of(ours.dtype))


def test_every_difference_has_a_case() -> None:
    assert all(any(re.search(cases, case["id"]) for case in CASES) for cases, _, _ in DIFFERENCES)


@pytest.mark.parametrize("case", CASES, ids=shown)
def test_dask_arrays_give_the_same_bits(case: dict[str, Any]) -> None:
    assert bits(ask(case, lazy)) == bits(ask(case))


@pytest.mark.parametrize("name", HEADER["signatures"])
def test_signatures_are_those_of_keras(name: str) -> None:
    target = find(".".join(name.split(".")[:2]))
    for method in name.split(".")[2:]:
        target = getattr(target, method)
    ours = inspect.signature(target)
    bare = [p.replace(annotation=p.empty) for p in ours.parameters.values()]
    text = str(ours.replace(parameters=bare, return_annotation=ours.empty))
    assert text == HEADER["signatures"][name]


@pytest.mark.parametrize("name", HEADER["aliases"])
def test_aliases_are_those_of_keras(name: str) -> None:
    assert find(name) is find(f"losses.{HEADER['aliases'][name]}")
    if name.startswith("losses."):
        assert getattr(keras, name.removeprefix("losses.")) is find(name)


@pytest.mark.parametrize("name", HEADER["configs"])
def test_configurations_hold_what_those_of_keras_do(name: str) -> None:
    theirs, made = decode(HEADER["configs"][name]), find(name)()
    assert theirs.items() <= made.get_config().items()
    assert find(name).from_config(made.get_config()) == made
