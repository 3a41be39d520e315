"""What `compat.keras` answers on purpose where Keras answers something else, by numpy or hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from golden._format import decode, dtype_of
from golden.keras_cases import find, plain, prepared

from streamloss.compat import keras

NAN = float("nan")


def array(case: dict[str, Any], key: str) -> Any:
    return np.asarray(decode(case["args"])[key], np.float64)


def settings(case: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a function, or those that made a loss or a metric."""
    found: dict[str, Any] = decode(case["init"] if "init" in case else case["args"])
    return found


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
    axis = settings(case).get("axis", -1)
    y, p = (np.moveaxis(array(case, key), axis, -1) for key in ("y_true", "y_pred"))
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


def softmax_along_axis(case: dict[str, Any]) -> Any:
    y, p = array(case, "y_true"), array(case, "y_pred")
    axis = settings(case)["axis"]
    return np.sum(y * (np.log(np.exp(p).sum(axis, keepdims=True)) - p), axis)


def sparse_along_axis(case: dict[str, Any]) -> Any:
    """The mean of all updates, or the losses of a function, in float64."""
    given, args = settings(case), decode(case["args"])
    total, count = 0.0, 0.0
    for update in args.get("updates", [args]):
        rows, kept = _sparse_rows(update, given)
        if "init" not in case:
            return rows
        heavy = update.get("sample_weight")
        w = np.asarray(1.0 if heavy is None else heavy, np.float64)
        w = np.broadcast_to(w.reshape(*w.shape, *(1,) * (rows.ndim - w.ndim)), rows.shape)
        everything = "metrics" in case["call"] or "ignore_class" not in given
        total += (rows * w).sum()
        count += (w.sum() if "metrics" in case["call"] else rows.size) if everything else kept.sum()
    return total / count


def _sparse_rows(update: dict[str, Any], given: dict[str, Any]) -> tuple[Any, Any]:
    """Return the losses of labels and probabilities or logits, and which are not ignored."""
    p = np.moveaxis(np.asarray(update["y_pred"], np.float64), given["axis"], -1)
    y = np.asarray(update["y_true"]).reshape(p.shape[:-1])
    kept = y != given.get("ignore_class")
    q = np.exp(p) if given.get("from_logits") else p
    q = np.take_along_axis(q, y[..., None], -1)[..., 0] / q.sum(-1)
    return -np.log(q) * kept, kept


def tversky_of_the_page(case: dict[str, Any]) -> Any:
    """alpha is the coefficient of false positives, beta that of false negatives."""
    given, y, p = settings(case), array(case, "y_true"), array(case, "y_pred")
    axis = tuple(given["axis"]) if isinstance(given.get("axis"), list) else given.get("axis")
    hit, false, missed = (np.sum(x, axis) for x in (y * p, (1 - y) * p, y * (1 - p)))
    errors = given.get("alpha", 0.5) * false + given.get("beta", 0.5) * missed
    loss = 1 - hit / (hit + errors + 1e-7)
    return loss.mean() if "init" in case else loss


def r2_of_samples(case: dict[str, Any]) -> Any:
    """The adjusted score; a sample counts if one of its weights is not zero."""
    given, updates = settings(case), [decode(update) for update in case["args"]["updates"]]
    y, p = (np.concatenate([u[key] for u in updates]).astype("f8") for key in ("y_true", "y_pred"))
    w = np.concatenate([_weights_of_outputs(u) for u in updates])
    spread = np.sum(w * (y - np.average(y, 0, w)) ** 2, 0)
    scores = 1 - np.sum(w * (y - p) ** 2, 0) / spread
    aggregation = given.get("class_aggregation", "uniform_average")
    if aggregation is not None:
        scores = np.average(scores, weights=spread if aggregation[0] == "v" else None)
    n, k = (w != 0).any(-1).sum(), given["num_regressors"]
    return scores if k >= n - 1 else 1 - (1 - scores) * (n - 1) / (n - k - 1)


def _weights_of_outputs(update: dict[str, Any]) -> Any:
    w = np.asarray(update.get("sample_weight", 1.0), np.float64)
    return np.broadcast_to(w[:, None] if w.ndim == 1 else w, update["y_true"].shape)


def whole_huber(case: dict[str, Any]) -> Any:
    d = np.abs(np.trunc(array(case, "y_true")) - np.trunc(array(case, "y_pred")))
    rows = np.trunc(np.mean(np.where(d <= 1, 0.5 * d * d, d - 0.5), -1))
    w = np.trunc(decode(case["args"]).get("sample_weight", [1.0, 1.0]))
    reduction = settings(case)["reduction"]
    if reduction in ("none", None):
        return rows * w
    by = {"sum": 1, "mean_with_sample_weight": w.sum()}.get(reduction, 2)
    return (rows * w).sum() / by


def whole_rmse(case: dict[str, Any]) -> Any:
    (update,) = decode(case["args"])["updates"]
    return np.sqrt(np.mean((np.trunc(update["y_true"]) - np.trunc(update["y_pred"])) ** 2))


Expected = Callable[[dict[str, Any]], Any] | type[Exception]

EXPECTED: dict[str, Expected] = {
    "functions of unsigned and short integers": lambda c: np.mean(
        np.abs(array(c, "y_true") - array(c, "y_pred")), -1
    ),
    "integer dtypes of metrics: values that do not fit": ValueError,
    "integer dtypes of metrics: rows of rows": whole_rmse,
    "metrics of arrays of rank 1, or with a scalar weight": one_batch,
    "metrics of hinge labels": one_batch,
    'reductions of `tf.keras`, such as `"SUM"`': lambda c: (
        np.abs(array(c, "y_true") - array(c, "y_pred")).mean(-1).sum()
    ),
    "losses of shape `[B, T]`": weighed_by_sample,
    "sample weights of more axes than the losses": ValueError,
    "`dtype` of `R2Score`": lambda c: 4 / 7,
    "`label_smoothing` beside `axis`": smoothed_along_axis,
    "`label_smoothing` out of its range": ValueError,
    "labels of shape `[batch_size, 1]`": without_last_axis,
    "labels that are no class": ValueError,
    "labels of shape `[B, 1]`": cosine_of_broadcast,
    "an error of -inf": lambda c: np.array([NAN, np.inf, 0.43378083048302496 / 3]),
    "`log_cosh` in float64": log_cosh,
    "a list `alpha` in float64": focal_by_class,
    "integers in `mean_absolute_percentage_error`": percentages,
    "integers in `huber`": lambda c: (whole_huber if "init" in c else huber_of_integers)(c),
    "a probability of 1 in float16 and bfloat16": clipped,
    "`alpha` and `beta` of `tversky`": tversky_of_the_page,
    "`categorical_hinge` of no rows": lambda c: np.zeros(0) if "init" not in c else 0.0,
    "`num_regressors`": r2_of_samples,
    "`axis` of `sparse_categorical_crossentropy`": sparse_along_axis,
    "`axis=-2` of `categorical_crossentropy` of logits": softmax_along_axis,
}
"""Our answer by what differs; docs/differences.toml has the reasons, and the golden cases."""
