"""Ask scikit-learn or torchmetrics for answers about calibration.

``python tools/golden/make_calibration.py sklearn`` writes sklearn_calibration.jsonl, and with
torchmetrics that of this. Some of the probabilities lie on edges of bins.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from answers import GOLDEN, decode, encode, outcome, write

Case = dict[str, Any]


def binary(rng: np.random.Generator, dtype: str) -> Iterator[tuple[str, Any, Any]]:
    """Labels 0 and 1 and probabilities of 1: of all sizes, of few values, on edges."""
    for name, p in (
        ("even", rng.random(60)),
        ("small", rng.beta(0.3, 8.0, 60)),
        ("few", rng.integers(0, 8, 60) / 8),
        ("edges", rng.integers(0, 11, 60) / np.float64(10)),
        ("alone", rng.random(1)),
    ):
        yield name, (rng.random(p.size) < p**1.5).astype(np.int64), p.astype(dtype)


def rows(rng: np.random.Generator, dtype: str) -> Iterator[tuple[str, Any, Any]]:
    """Indices of classes and rows of probabilities: sure ones, unsure ones, ties."""
    for name, p in (
        ("sure", rng.dirichlet(np.full(3, 0.4), 50)),
        ("unsure", rng.dirichlet(np.full(5, 3.0), 50)),
        ("ties", np.array([[0.5, 0.5, 0.0], [0.25, 0.375, 0.375], [0.0, 0.5, 0.5]])[[0, 1, 2] * 5]),
    ):
        yield name, rng.integers(0, p.shape[1], len(p)), p.astype(dtype)


def of_sklearn() -> tuple[str, list[Case]]:
    """The curves, and D2 scores with and without weights."""
    import sklearn
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import d2_brier_score, d2_log_loss_score

    rng, cases = np.random.default_rng(7), []
    for dtype in "float64", "float32":
        for name, y, p in binary(rng, dtype):
            for strategy in "uniform", "quantile":
                for n_bins in 4, 8:
                    args = {"y_true": y, "y_prob": p, "n_bins": n_bins, "strategy": strategy}
                    named = f"calibration_curve-{name}-{dtype}-{strategy}-{n_bins}"
                    cases.append(asked(named, calibration_curve, args))
    for name, y, p in [*binary(rng, "float64"), *rows(rng, "float64")]:
        for weight in (None, rng.random(len(y))):
            for function in d2_brier_score, d2_log_loss_score:
                labels = list(range(2 if p.ndim == 1 else p.shape[1]))
                args = {"y_true": y, "y_proba": p, "sample_weight": weight, "labels": labels}
                heavy = "unweighted" if weight is None else "weighted"
                named = f"{function.__name__}-{name}-{p.ndim}-{heavy}"
                cases.append(asked(named, function, args))
    return sklearn.__version__, cases


def of_torchmetrics() -> tuple[str, list[Case]]:
    """The errors in all norms, and perplexities with and without tokens to ignore."""
    import torch
    import torchmetrics
    from torchmetrics.functional.classification import (
        binary_calibration_error,
        multiclass_calibration_error,
    )
    from torchmetrics.functional.text import perplexity

    def tensors(args: dict[str, Any]) -> dict[str, Any]:
        return {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in args.items()}

    rng, cases = np.random.default_rng(8), []
    for norm in "l1", "l2", "max":
        for n_bins in 4, 8, 15:
            how = {"norm": norm, "n_bins": n_bins}
            for name, y, p in binary(rng, "float32"):
                args = {"preds": p, "target": y, **how}
                named = f"binary_calibration_error-{name}-{norm}-{n_bins}"
                cases.append(asked(named, binary_calibration_error, args, tensors))
            for name, y, p in rows(rng, "float32"):
                args = {"preds": p, "target": y, "num_classes": p.shape[1], **how}
                named = f"multiclass_calibration_error-{name}-{norm}-{n_bins}"
                cases.append(asked(named, multiclass_calibration_error, args, tensors))
    for k, scale in enumerate((0.1, 1.0, 10.0)):
        args = {
            "preds": (scale * rng.normal(size=(3, 7, 5))).astype("f4"),
            "target": rng.integers(0, 5, (3, 7)),
            "ignore_index": None if k == 0 else k,
        }
        cases.append(asked(f"perplexity-{k}", perplexity, args, tensors))
    return torchmetrics.__version__, cases


def asked(name: str, function: Any, args: dict[str, Any], given: Any = dict) -> Case:
    """Return a case with its answer."""
    found = outcome(lambda: function(**given(decode(encode(args)))))
    return {"id": name, "call": function.__name__, "args": encode(args), "outcome": found}


def main() -> None:
    name = sys.argv[1]
    version, cases = {"sklearn": of_sklearn, "torchmetrics": of_torchmetrics}[name]()
    header = {"framework": name, "version": version}
    write(GOLDEN / f"{name}_calibration.jsonl", header, cases)


if __name__ == "__main__":
    main()
