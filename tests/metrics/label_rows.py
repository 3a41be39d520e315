"""Labels that are hard: one class, absent ones, none, zero weights, weights that cancel, text."""

from typing import Any, NamedTuple

import numpy as np


class Labelled(NamedTuple):
    """Labels and predictions of rows, with weights."""

    true: list[Any]
    pred: list[Any]
    weights: list[float] | None


def drawn(rng: np.random.Generator) -> dict[str, Labelled]:
    """Return labels by what is hard about them."""
    words = np.array(["ant", "bee", "cat", "dog", "Éléphant"], object)

    def rows(n: int, k: int, weights: Any = None) -> Labelled:
        true, pred = rng.integers(0, k, (2, n))
        pred = np.where(rng.random(n) < 0.5, true, pred)
        return Labelled(true.tolist(), pred.tolist(), weights if weights is None else list(weights))

    def worded(found: Labelled) -> Labelled:
        return found._replace(
            true=[words[k] for k in found.true], pred=[words[k] for k in found.pred]
        )

    heavy, wide = rng.random(60), 10.0 ** rng.integers(-200, 200, 60)
    holes = rng.random(60) * (rng.random(60) < 0.5)
    return {
        "two classes": rows(50, 2),
        "five classes": rows(60, 5),
        "weights": rows(60, 4, heavy.tolist()),
        "zero weights": rows(60, 5, holes.tolist()),
        "all weights zero": rows(10, 3, [0.0] * 10),
        "wide weights": rows(60, 3, wide.tolist()),
        "tiny weights": rows(20, 3, [5e-324] * 20),
        "whole weights": rows(60, 3, rng.integers(0, 5, 60).astype(float).tolist()),
        "one class": Labelled([3] * 9, [3] * 9, None),
        "one class, another predicted": Labelled([3] * 9, [3] * 5 + [-7] * 4, None),
        "never right": Labelled([0, 1, 2, 0], [1, 2, 0, 2], None),
        "classes predicted alone": Labelled([0, 0, 1, 1], [0, 9, 8, 1], None),
        "classes not predicted": Labelled([0, 5, 6, 1], [0, 0, 1, 1], None),
        "nothing": Labelled([], [], None),
        "text": worded(rows(60, 5)),
        "text, weights": worded(rows(60, 5, heavy.tolist())),
        "text, two classes": worded(rows(60, 2)),
        "far apart": Labelled([-(1 << 62), 1 << 62, 0, 0], [1 << 62, 1 << 62, 0, -(1 << 62)], None),
        "many classes": rows(120, 40),
    }
