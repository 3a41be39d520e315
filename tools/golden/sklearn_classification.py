"""Calls of scikit-learn's metrics of classification."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn_calls import RNG, add, draw
from sklearn_scales import Floats


def probabilities(rows: int, classes: int) -> Floats:
    """Return rows of multiples of 1/64 that sum to one."""
    cuts = np.sort(RNG.integers(0, 65, (rows, classes - 1)), axis=1)
    edges = np.concatenate([np.zeros((rows, 1)), cuts, np.full((rows, 1), 64)], axis=1)
    return np.diff(edges, axis=1) / 64


SPELLINGS: dict[str, list[Any]] = {
    "integers": [0, 1],
    "signs": [-1, 1],
    "others": [2, 3],
    "floats": [0.0, 1.0],
    "booleans": [False, True],
    "texts": ["ham", "spam"],
}
THREE: dict[str, list[Any]] = {"integers": [0, 1, 2], "sparse": [-5, 3, 9], "texts": list("abc")}
PATTERN = [0, 1, 1, 0, 1, 0, 0, 1]
PATTERN3 = [2, 0, 1, 1, 2, 0, 0, 1]


def spelled(pattern: list[int], labels: list[Any]) -> list[Any]:
    return [labels[k] for k in pattern]


def probabilistic(call: str) -> None:
    """Add what the losses of probabilities have in common."""
    p, w = draw(8, low=0.01, high=0.99), draw(8)
    q, q3 = probabilities(8, 2), probabilities(8, 3)
    for name, labels in SPELLINGS.items():
        y = spelled(PATTERN, labels)
        add(f"binary-{name}", call, y_true=y, y_proba=p)
        add(f"binary-{name}-array", call, y_true=array_of(y), y_proba=p, sample_weight=w)
        add(f"binary-{name}-columns", call, y_true=y, y_proba=q)
        add(f"binary-{name}-labels", call, y_true=y, y_proba=p, labels=labels)
        add(f"binary-{name}-reversed", call, y_true=y, y_proba=q, labels=labels[::-1])
    for name, labels in THREE.items():
        y = spelled(PATTERN3, labels)
        add(f"three-{name}", call, y_true=y, y_proba=q3)
        add(f"three-{name}-w", call, y_true=array_of(y), y_proba=q3, sample_weight=w)
        add(f"three-{name}-labels", call, y_true=y[:2], y_proba=q3[:2], labels=labels)
        add(f"three-{name}-reversed", call, y_true=y, y_proba=q3, labels=labels[::-1])
        add(f"three-{name}-missing", call, y_true=y[:2], y_proba=q3[:2])
        add(f"three-{name}-one-column", call, y_true=y, y_proba=p)
    y = PATTERN
    add("lists", call, y_true=y, y_proba=p.tolist(), sample_weight=w.tolist())
    add("positional", call, y, p)
    add("column", call, y_true=np.array(y)[:, None], y_proba=p[:, None])
    hot = np.eye(3, dtype=int)[PATTERN3]
    add("one-hot", call, y_true=hot, y_proba=q3, sample_weight=w)
    add("one-hot-floats", call, y_true=hot.astype(float), y_proba=q3)
    add("one-hot-two", call, y_true=np.eye(2, dtype=int)[y], y_proba=q)
    add("one-hot-several", call, y_true=np.maximum(hot, hot[::-1]), y_proba=q3)
    add("one-hot-labels", call, y_true=hot, y_proba=q3, labels=[0, 1, 2])
    add("one-hot-classes", call, y_true=hot, y_proba=q)
    add("certain", call, y_true=[0, 1, 1, 0], y_proba=[0.0, 1.0, 0.0, 1.0])
    add("certain-columns", call, y_true=[0, 1, 2], y_proba=np.eye(3)[[0, 2, 2]])
    add("integers", call, y_true=[0, 1, 1, 0], y_proba=[0, 1, 0, 1])
    add("tiny", call, y_true=[0, 1, 1], y_proba=[1e-20, 1e-16, 1 - 1e-16])
    for dtype in (np.float32, np.float16):
        name = dtype.__name__
        add(name, call, y_true=y, y_proba=p.astype(dtype), sample_weight=w.astype(dtype))
        add(f"{name}-w64", call, y_true=y, y_proba=p.astype(dtype), sample_weight=w)
        add(f"{name}-three", call, y_true=PATTERN3, y_proba=q3.astype(dtype))
        add(f"{name}-certain", call, y_true=[0, 1, 1, 0], y_proba=dtype([0, 1, 0, 1]))
    add("zero-weights", call, y_true=y, y_proba=p, sample_weight=[0, 1, 2, 0, 0.5, 1, 0, 3])
    add("negative-weights", call, y_true=y, y_proba=p, sample_weight=[1, 1, -0.5, 1, 1, 1, 1, -1])
    add("one-label-labels", call, y_true=[1, 1], y_proba=[0.75, 0.5], labels=[0, 1])
    add("one", call, y_true=[1], y_proba=[0.75], labels=[0, 1])
    add("one-sample", call, y_true=[1], y_proba=[0.75])
    for label in (0, 1, -1, 2, "spam"):
        add(f"one-label-{label}", call, y_true=[label, label], y_proba=[0.75, 0.5])
    add("sum-two", call, y_true=[0, 1], y_proba=[[0.5, 0.25], [1.0, 1.0]])
    probabilistic_errors(call, p, q3, w)


def array_of(labels: list[Any]) -> Any:
    """Return labels as an array; text stays a list, which is all that JSON has."""
    return labels if isinstance(labels[0], str) else np.array(labels)


def probabilistic_errors(call: str, p: Floats, q3: Floats, w: Floats) -> None:
    """Add what must be refused."""
    y = PATTERN
    for bad in (np.nan, np.inf, -0.1, 1.1):
        add(f"proba{bad}", call, y_true=y, y_proba=np.where(np.arange(8) == 3, bad, p))
    add("proba1.1-columns", call, y_true=[0, 1], y_proba=[[1.1, -0.1], [0.5, 0.5]])
    for bad in (np.nan, np.inf):
        weights = np.where(np.arange(8) == 3, bad, w)
        add(f"weights{bad}", call, y_true=y, y_proba=p, sample_weight=weights)
    add("weights-zero", call, y_true=y, y_proba=p, sample_weight=0 * w)
    add("weights-sum-zero", call, y_true=y, y_proba=p, sample_weight=[1.0, -1.0] * 4)
    add("weights-scalar", call, y_true=y, y_proba=p, sample_weight=1.0)
    add("weights-column", call, y_true=y, y_proba=p, sample_weight=w[:, None])
    add("weights-length", call, y_true=y, y_proba=p, sample_weight=w[:3])
    add("length", call, y_true=y, y_proba=p[:3])
    add("empty", call, y_true=[], y_proba=[])
    add("scalar", call, y_true=1, y_proba=0.5)
    add("0d", call, y_true=np.array(1), y_proba=np.array(0.5))
    add("3d", call, y_true=y, y_proba=np.full((8, 2, 1), 0.5))
    add("text", call, y_true=y, y_proba=["a"] * 8)
    add("none", call, y_true=y, y_proba=None)
    add("true-none", call, y_true=None, y_proba=p)
    add("continuous", call, y_true=[0.25, 0.5], y_proba=[0.25, 0.5])
    add("true-nan", call, y_true=[0.0, np.nan], y_proba=[0.25, 0.5])
    add("true-mixed", call, y_true=["a", 1], y_proba=[0.25, 0.5])
    add("true-outputs", call, y_true=[[1, 2], [3, 1]], y_proba=[[0.25, 0.75], [0.5, 0.5]])
    add("labels-one", call, y_true=[1, 1], y_proba=[[0.5, 0.5], [0.25, 0.75]], labels=[1])
    add("labels-other", call, y_true=[0, 1, 2], y_proba=q3[:3], labels=[0, 1])
    add("labels-unknown", call, y_true=[0, 5, 2], y_proba=q3[:3], labels=[0, 1, 2])
    add("labels-many", call, y_true=[0, 1], y_proba=q3[:2], labels=[0, 1, 2, 3])
    add("labels-scalar", call, y_true=[0, 1], y_proba=[0.5, 0.25], labels=1)
    add("labels-twice", call, y_true=[0, 1, 2], y_proba=q3[:3], labels=[0, 1, 1, 2])


def particular_classification() -> None:
    """Add what one function alone has."""
    p, w, q3 = draw(8, low=0.01, high=0.99), draw(8), probabilities(8, 3)
    call = "log_loss"
    for normalize in (True, False, np.bool_(False), 1, "no"):
        name = f"normalize-{normalize!r}"
        add(name, call, y_true=PATTERN, y_proba=p, normalize=normalize)
        add(f"{name}-w", call, y_true=PATTERN, y_proba=p, normalize=normalize, sample_weight=w)
    sums = {"normalize": False, "sample_weight": [1.0, -1.0] * 4}
    add("sum-of-sum-zero", call, y_true=PATTERN, y_proba=p, **sums)
    add("y_pred", call, y_true=PATTERN, y_pred=p)
    add("y_pred-three", call, y_true=PATTERN3, y_pred=q3, sample_weight=w)
    add("y_pred-both", call, y_true=PATTERN, y_proba=p, y_pred=p)
    call = "brier_score_loss"
    for half in (True, False, "auto", np.bool_(True), 1, "yes", None):
        name = f"half-{half!r}"
        add(name, call, y_true=PATTERN, y_proba=p, scale_by_half=half)
        add(f"{name}-three", call, y_true=PATTERN3, y_proba=q3, scale_by_half=half)
    for name, labels in SPELLINGS.items():
        for label in (labels[0], labels[1], "other", 7, None):
            y = spelled(PATTERN, labels)
            add(f"pos-{name}-{label}", call, y_true=y, y_proba=p, pos_label=label)
    add("pos-three", call, y_true=PATTERN3, y_proba=q3, pos_label=2)
    add("pos-three-column", call, y_true=PATTERN3, y_proba=p, pos_label=2)
    add("pos-list", call, y_true=PATTERN, y_proba=p, pos_label=[1])


def hinges() -> None:
    """Add the hinge losses."""
    call, x, w, x3 = "hinge_loss", draw(8, low=-3, high=3), draw(8), draw(8, 3, low=-3, high=3)
    for name, labels in SPELLINGS.items():
        y = spelled(PATTERN, labels)
        add(f"binary-{name}", call, y_true=y, pred_decision=x)
        add(f"binary-{name}-w", call, y_true=array_of(y), pred_decision=x, sample_weight=w)
        add(f"binary-{name}-labels", call, y_true=y, pred_decision=x, labels=labels)
        add(f"one-{name}", call, y_true=y[1:3], pred_decision=x[:2])
        add(f"one-{name}-labels", call, y_true=y[1:3], pred_decision=x[:2], labels=labels)
    for name, labels in THREE.items():
        y = spelled(PATTERN3, labels)
        add(f"three-{name}", call, y_true=y, pred_decision=x3)
        add(f"three-{name}-w", call, y_true=array_of(y), pred_decision=x3, sample_weight=w)
        add(f"three-{name}-labels", call, y_true=y[:2], pred_decision=x3[:2], labels=labels)
        reverse = {"labels": labels[::-1]}
        add(f"three-{name}-reversed", call, y_true=y, pred_decision=x3, **reverse)
        add(f"three-{name}-missing", call, y_true=y[:2], pred_decision=x3[:2])
        add(f"three-{name}-column", call, y_true=y, pred_decision=x)
    y = PATTERN
    add("positional", call, y, x)
    add("lists", call, y_true=y, pred_decision=x.tolist(), sample_weight=w.tolist())
    add("columns", call, y_true=np.array(y)[:, None], pred_decision=x[:, None])
    add("integers", call, y_true=y, pred_decision=[2, -1, 1, 0, 3, -2, 0, 1])
    add("integers-three", call, y_true=[0, 1, 2], pred_decision=[[3, 1, 1], [0, 2, 1], [0, 0, -1]])
    for dtype in (np.float32, np.float16):
        name = dtype.__name__
        add(name, call, y_true=y, pred_decision=x.astype(dtype), sample_weight=w)
        add(f"{name}-three", call, y_true=PATTERN3, pred_decision=x3.astype(dtype))
    add("zero-weights", call, y_true=y, pred_decision=x, sample_weight=[0, 1, 2, 0, 0.5, 1, 0, 3])
    signs = [1, 1, -0.5, 1, 1, 1, 1, -1]
    add("negative-weights", call, y_true=y, pred_decision=x, sample_weight=signs)
    add("weights-nan", call, y_true=y, pred_decision=x, sample_weight=[np.nan] + [1.0] * 7)
    add("weights-inf", call, y_true=y, pred_decision=x, sample_weight=[np.inf] + [1.0] * 7)
    add("weights-zero", call, y_true=y, pred_decision=x, sample_weight=0 * w)
    add("weights-sum-zero", call, y_true=y, pred_decision=x, sample_weight=[1.0, -1.0] * 4)
    add("weights-scalar", call, y_true=y, pred_decision=x, sample_weight=1.0)
    add("weights-column", call, y_true=y, pred_decision=x, sample_weight=w[:, None])
    add("weights-length", call, y_true=y, pred_decision=x, sample_weight=w[:3])
    add("length", call, y_true=y, pred_decision=x[:3])
    for bad in (np.nan, np.inf):
        broken = np.where(np.arange(8) == 3, bad, x)
        add(f"decision{bad}", call, y_true=y, pred_decision=broken)
    add("empty", call, y_true=[], pred_decision=[])
    add("scalar", call, y_true=1, pred_decision=0.5)
    add("3d", call, y_true=y, pred_decision=np.ones((8, 1, 1)))
    add("text", call, y_true=y, pred_decision=["a"] * 8)
    add("numerals", call, y_true=y, pred_decision=["1"] * 8)
    add("none", call, y_true=y, pred_decision=None)
    add("continuous", call, y_true=[0.25, 0.5], pred_decision=[0.25, 0.5])
    add("continuous-three", call, y_true=[0.25, 0.5, 0.75], pred_decision=x3[:3])
    add("true-nan", call, y_true=[0.0, np.nan], pred_decision=[0.25, 0.5])
    add("true-2d", call, y_true=[[1, 2], [3, 1]], pred_decision=[0.25, 0.5])
    add("two-columns", call, y_true=[0, 1], pred_decision=[[0.25, 0.5], [0.5, 0.25]])
    add("labels-unknown", call, y_true=[0, 5, 2], pred_decision=x3[:3], labels=[0, 1, 2])
    add("labels-many", call, y_true=[0, 1, 2], pred_decision=x3[:3], labels=[0, 1, 2, 3])
    add("labels-two-unknown", call, y_true=[0, 5, 5], pred_decision=x[:3], labels=[0, 1])


def accuracies(call: str) -> None:
    """Add the shares of labels that are right or wrong."""
    w, guess = draw(8), [0, 1, 0, 0, 1, 1, 0, 1]
    for name, labels in {**SPELLINGS, **{f"three-{k}": v for k, v in THREE.items()}}.items():
        pattern = PATTERN if len(labels) == 2 else PATTERN3
        y, p = spelled(pattern, labels), spelled(guess, labels)
        add(name, call, y_true=y, y_pred=p)
        add(f"{name}-w", call, y_true=array_of(y), y_pred=array_of(p), sample_weight=w)
        add(f"{name}-count", call, y_true=y, y_pred=p, normalize=False)
    y, p = PATTERN, guess
    add("positional", call, y, p)
    add("count-w", call, y_true=y, y_pred=p, normalize=False, sample_weight=w)
    whole = {"normalize": False, "sample_weight": [1, 2, 3, 1, 2, 3, 1, 2]}
    add("count-w-integers", call, y_true=y, y_pred=p, **whole)
    add("float32-weights", call, y_true=y, y_pred=p, sample_weight=np.float32(w))
    spec = {"normalize": False, "sample_weight": np.float32(w)}
    add("float32-weights-count", call, y_true=y, y_pred=p, **spec)
    add("column", call, y_true=np.array(y)[:, None], y_pred=p)
    add("column-both", call, y_true=np.array(y)[:, None], y_pred=np.array(p)[:, None])
    add("integer-float", call, y_true=y, y_pred=np.array(p, np.float64))
    add("integer-boolean", call, y_true=y, y_pred=np.array(p, bool))
    hot, other = np.eye(3, dtype=int)[PATTERN3], np.eye(3, dtype=int)[guess]
    add("one-hot", call, y_true=hot, y_pred=other)
    add("one-hot-w", call, y_true=hot, y_pred=other.astype(float), sample_weight=w)
    add("one-hot-count", call, y_true=hot, y_pred=other, normalize=False)
    add("one-hot-lists", call, y_true=hot.tolist(), y_pred=other.tolist())
    add("one-hot-width", call, y_true=hot, y_pred=other[:, :2])
    add("one-hot-classes", call, y_true=hot, y_pred=p)
    add("outputs", call, y_true=[[1, 2], [3, 1]], y_pred=[[1, 2], [3, 1]])
    add("continuous", call, y_true=[0.25, 0.5], y_pred=[0.25, 0.5])
    add("continuous-pred", call, y_true=[0, 1], y_pred=[0.25, 0.5])
    add("mixed", call, y_true=["a", "b"], y_pred=[0, 1])
    add("nan", call, y_true=[0.0, np.nan], y_pred=[0.0, 1.0])
    add("inf", call, y_true=[0.0, 1.0], y_pred=[0.0, np.inf])
    add("empty", call, y_true=[], y_pred=[])
    add("scalar", call, y_true=1, y_pred=1)
    add("none", call, y_true=None, y_pred=[1])
    add("0d", call, y_true=np.array(1), y_pred=np.array(1))
    add("length", call, y_true=y, y_pred=p[:3])
    add("normalize-number", call, y_true=y, y_pred=p, normalize=1)
    add("zero-weights", call, y_true=y, y_pred=p, sample_weight=[0, 1, 2, 0, 0.5, 1, 0, 3])
    add("weights-zero", call, y_true=y, y_pred=p, sample_weight=0 * w)
    add("weights-sum-zero", call, y_true=y, y_pred=p, sample_weight=[1.0, -1.0] * 4)
    spec = {"normalize": False, "sample_weight": [1.0, -1.0] * 4}
    add("weights-sum-zero-count", call, y_true=y, y_pred=p, **spec)
    for bad in (np.nan, np.inf):
        add(f"weights{bad}", call, y_true=y, y_pred=p, sample_weight=[bad] + [1.0] * 7)
    add("weights-scalar", call, y_true=y, y_pred=p, sample_weight=1.0)
    add("weights-column", call, y_true=y, y_pred=p, sample_weight=w[:, None])
    add("weights-length", call, y_true=y, y_pred=p, sample_weight=w[:3])
