"""Labels of scores: the positive ones are 1, or each is the index of its class."""

from __future__ import annotations

import numpy as np

from streamloss.arrays.types import Array, Shape

from .arguments import Label
from .labels import few, in_brackets, places_of
from .values import check_integral

SHAPE = "`y_score` needs to be of shape `(n_samples, n_classes)`, since `y_true` contains multiple "
"""What is wrong with scores of one axis, as scikit-learn spells it."""


def is_label(block: Array, label: Label | None) -> Array:
    """Return 1 for labels that are one label, and 0 for others."""
    return np.broadcast_to(np.asarray(block == label), block.shape).astype(np.float64)


def of_two(block: Array, classes: Array, how: str = "raise") -> Array:
    """Return 1 for labels of the larger of two classes, and 0 for others."""
    check_integral(block, "y_true")
    if len(classes) > 2:
        if how == "raise":
            raise ValueError("multi_class must be in ('ovo', 'ovr')")
        raise ValueError(f"{SHAPE}classes. Got `y_score.shape={block.shape}`.")
    found: Array = ((block == classes[-1]) & (len(classes) > 1)).astype(np.float64)
    return found


def picked(block: Array, classes: Array, pos_label: Label) -> Array:
    """Return 1 for labels that are `pos_label`, one of two classes, and 0 for others."""
    check_integral(block, "y_true")
    if len(classes) > 2:
        raise ValueError(f"{SHAPE}classes. Got `y_score.shape={block.shape}`.")
    if len(classes) == 2 and pos_label not in classes.tolist():
        shown = in_brackets(classes)
        raise ValueError(f"pos_label={pos_label} is not a valid label. It should be one of {shown}")
    return is_label(block, pos_label)


def placed(block: Array, classes: Array, count: int, given: bool) -> Array:
    """Return the index of each label's class, of which there are as many as columns of scores."""
    check_integral(block, "y_true")
    if len(classes) != count:
        raise ValueError(
            "Number of classes in y_true not equal to the number of columns in 'y_score': got "
            f"{len(classes)} and {count}"
        )
    return _known(block, classes)


def chosen(block: Array, classes: Array, pos_label: Label | None) -> Array:
    """Return 1 for labels that are `pos_label`, by default 1 of 0 and 1 or -1 and 1, else 0."""
    check_integral(block, "y_true")
    if pos_label is None and len(classes) > 2:
        raise ValueError(f"multiclass format is not supported: got labels {few(classes)}")
    if pos_label is None and classes.tolist() not in ([0, 1], [-1, 1], [0], [-1], [1]):
        raise ValueError(
            f"y_true takes value in {{{few(classes)[1:-1]}}} and pos_label is not specified: "
            "either make y_true take value in {0, 1} or {-1, 1} or pass pos_label explicitly."
        )
    return is_label(block, 1 if pos_label is None else pos_label)


def places_among(block: Array, classes: Array, shape: Shape, given: bool) -> Array:
    """Return the index of each label's class; scores have one axis for two, else a column each."""
    check_integral(block, "y_true")
    size = shape[1] if len(shape) == 2 else 2
    if len(shape) == 1 and len(classes) > 2:
        raise ValueError(f"{SHAPE}classes. Got `y_score.shape={shape}`.")
    if len(shape) == 2 and len(classes) <= 2:
        raise ValueError(
            f"`y_true` is binary while y_score is 2d with {size} classes. If `y_true` does not "
            "contain all the labels, `labels` must be provided."
        )
    if len(classes) != size and given:
        raise ValueError(
            f"Number of given labels ({len(classes)}) not equal to the number of classes in "
            f"'y_score' ({size})."
        )
    if len(classes) != size:
        raise ValueError(
            f"Number of classes in 'y_true' ({len(classes)}) not equal to the number of classes in "
            f"'y_score' ({size}). You can provide a list of all known classes by assigning it to "
            "the `labels` parameter."
        )
    return _known(block, classes)


def _known(block: Array, classes: Array) -> Array:
    """Return the index of each label's class, refused if there is none."""
    try:
        return places_of(block, classes)
    except ValueError as error:
        raise ValueError(f"'y_true' contains labels not in parameter 'labels': {error}") from None
