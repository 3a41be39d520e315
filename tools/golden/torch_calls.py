"""Calls of PyTorch's losses, and their arguments as drawn from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from answers import dtype_of

Case = dict[str, Any]

NAN, INF = float("nan"), float("inf")


class Draw:
    """Seeded arrays of few digits."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def normal(self, *shape: int, dtype: str = "float32") -> Any:
        return self.rng.normal(size=shape).round(2).astype(dtype_of(dtype))

    def uniform(self, *shape: int, dtype: str = "float32") -> Any:
        return self.rng.uniform(0.05, 0.95, shape).round(2).astype(dtype_of(dtype))

    def signs(self, *shape: int, dtype: str = "float32") -> Any:
        return self.rng.choice([-1, 1], shape).astype(dtype_of(dtype))

    def labels(self, classes: int, *shape: int, dtype: str = "int64") -> Any:
        return self.rng.integers(0, classes, shape).astype(dtype)

    def count(self, *shape: int, dtype: str = "float32") -> Any:
        return self.rng.integers(0, 5, shape).astype(dtype_of(dtype))

    def pair(self, name: str, shape: Any, other: Any = None, dtype: str = "float32") -> Case:
        """Input and target of a function, of shapes that may differ."""
        shape, other = tuple(shape), tuple(shape if other is None else other)
        logs = name in ("kl_div", "nll_loss")
        input = self.normal(*shape, dtype=dtype)
        if logs or name == "binary_cross_entropy":
            input = self.uniform(*shape, dtype=dtype)
        if logs:
            input = -input
        draw = {
            "kl_div": self.uniform,
            "poisson_nll_loss": self.count,
            "soft_margin_loss": self.signs,
            "hinge_embedding_loss": self.signs,
            "binary_cross_entropy": self.uniform,
            "binary_cross_entropy_with_logits": self.uniform,
            "multilabel_soft_margin_loss": self.uniform,
        }.get(name, self.normal)
        return {"input": input, "target": draw(*other, dtype=dtype)}


def f32(*values: Any) -> Any:
    return np.array(values, np.float32)


def f64(*values: Any) -> Any:
    return np.array(values, np.float64)


def i64(*values: Any) -> Any:
    return np.array(values, np.int64)


def item(call: str, label: str, args: Any, init: Case | None = None) -> Case:
    case: Case = {"id": f"{call}-{label}", "call": call}
    if init is not None:
        case["init"] = init
    return {**case, "args": args}
