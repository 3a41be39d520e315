"""Labels of classes: numbers or text become the indices of classes, in memory or in tasks.

Where labels are lazy, so are the classes that are found in them: an array of one object, made of
those of every block.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from streamloss.arrays.batch import is_lazy
from streamloss.arrays.convert import holds_foreign, is_tensor
from streamloss.arrays.types import Array, DuckArray, LazyArray, Shape
from streamloss.compat._common import arrays
from streamloss.compat._common.arrays import is_masked, meta_of, of_present

from .arguments import Label, check_array_like, check_axes
from .values import check_integral

SHOWN, SHORT = 9, 200
"""How many labels an error shows, and how many characters of them."""

Finish = Callable[..., Array]
"""Takes a block of labels and the array of all `classes`, sorted."""


def as_labels(name: str, value: object) -> DuckArray:
    """Return an array of labels of one axis or two, all text or all numbers; others are refused."""
    check_array_like(name, value)
    array = _of_chunks(name, value) if is_lazy(value) else _read(name, value)
    check_axes(name, array)
    return array


def _of_chunks(name: str, value: LazyArray) -> LazyArray:
    """Return labels of dask, an array or a frame, that are read chunk by chunk."""
    array, read = value, functools.partial(_read, name)
    if hasattr(type(value), "to_dask_array"):
        meta = _read_part(value._meta, name)
        array = value.map_partitions(_read_part, name, meta=meta).to_dask_array()
    return array.map_blocks(read, dtype=array.dtype, meta=meta_of(array, array.dtype))


def _read_part(part: Any, name: str) -> Any:
    """Return the labels of a part of a dask frame as plain numbers or objects."""
    found = _read(name, part)
    found = found.astype(object) if found.dtype.kind == "U" else found
    return part._constructor(found, index=part.index, dtype=found.dtype)


def _read(name: str, value: object) -> DuckArray:
    """Return labels in memory, or in a chunk: text or numbers, with their mask."""
    dtype = getattr(value, "dtype", None)
    numeric = getattr(dtype, "_is_numeric", False) or getattr(dtype, "_is_boolean", False)
    mixed = isinstance(value, list | tuple) and holds_foreign(value)
    if numeric or mixed or is_tensor(value):
        value = arrays.array(name, value)  # nulls of pandas become NaN
    array = np.asanyarray(value)
    if array.dtype.kind not in "OUS":
        return arrays.array(name, value)
    if isinstance(value, list | tuple):  # numpy has made text of all
        array = np.asarray(value, object)
    return of_present(functools.partial(_text, name), array)


def _text(name: str, items: Array) -> Array:
    """Return an array of text, refused if something in it is no text."""
    others = {type(item).__name__ for item in items.flat if not isinstance(item, str)}
    if others:
        kinds = ", ".join(sorted(others)[:3])
        raise ValueError(f"{name} must be all text or all numbers: got objects, among them {kinds}")
    return items.astype(str)


def few(labels: DuckArray | list[Any]) -> str:
    """Return labels as the text of a list, of the first ones if there are many."""
    text = str(np.asarray(labels)[:SHOWN].tolist())[:SHORT]
    return text if len(labels) <= SHOWN else f"{text[:-1]}, ...]"


def in_brackets(labels: DuckArray | list[Any]) -> str:
    """Return labels as the text of an array of numpy, of the first and last ones if many."""
    return np.array2string(np.asarray(labels), threshold=SHOWN)[:SHORT]


def classes_of(labels: DuckArray) -> DuckArray:
    """Return all labels found, sorted; of a lazy array an array of one object, which is that."""
    if not is_lazy(labels):
        return np.unique(np.ma.compressed(labels) if is_masked(labels) else labels)
    one, meta = (1,) * labels.ndim, np.empty((0,) * labels.ndim, object)
    chunks = tuple((1,) * count for count in labels.numblocks)
    each = labels.map_blocks(_in_block, dtype=object, chunks=chunks, meta=meta)
    return each.rechunk(-1).map_blocks(_of_blocks, dtype=object, chunks=one, meta=meta)


def boxed(classes: DuckArray, rank: int) -> Array:
    """Return an array of one object."""
    box = np.empty((1,) * rank, object)
    box[(0,) * rank] = classes
    return box


def _in_block(block: Array) -> Array:
    return boxed(classes_of(block), block.ndim)


def _of_blocks(boxes: Array) -> Array:
    return boxed(np.unique(np.concatenate(boxes.ravel().tolist())), boxes.ndim)


def coded(labels: DuckArray, classes: DuckArray, finish: Finish) -> DuckArray:
    """Return what a function makes of labels and the classes there are: float64 of their shape."""
    if not is_lazy(labels):
        return of_present(functools.partial(finish, classes=classes), np.asanyarray(labels))
    meta = meta_of(labels, np.float64)
    if not is_lazy(classes):  # dask would cut an array
        each = functools.partial(coded, classes=classes, finish=finish)
        return labels.map_blocks(each, dtype=np.float64, meta=meta)
    each = functools.partial(_coded_beside, finish)
    return labels.map_blocks(each, classes, dtype=np.float64, meta=meta)


def _coded_beside(finish: Finish, block: Array, box: Array) -> DuckArray:
    """Return what a function makes of a block and the object in an array."""
    return coded(block, box.item(), finish)


def index(block: Array, classes: Array, count: int, given: bool) -> Array:
    """Return the index of each label's class; there must be `count` classes, as probabilities."""
    check_integral(block, "y_true")
    found = places_of(block, classes)
    if not given and len(classes) == 1:
        raise ValueError(
            f"y_true contains only one label ({str(classes[0])[:SHORT]}). Please provide the list "
            "of all expected class labels explicitly through the labels argument."
        )
    if len(classes) != count:
        raise ValueError(_miscounted(classes, count, given))
    return found


def _miscounted(classes: Array, count: int, given: bool) -> str:
    """Return what says that there are others than `count` classes."""
    shown = in_brackets(classes)
    if given:
        return (
            "The number of classes in labels is different from that in y_prob. "
            f"Classes found in labels: {shown}"
        )
    return (
        "y_true and y_prob contain different number of classes: "
        f"{len(classes)} vs {count}. Please provide the true labels explicitly through the "
        f"labels argument. Classes found in y_true: {shown}"
    )


def decided(block: Array, classes: Array, shape: Shape, given: bool) -> Array:
    """Return the index of each label's class; there must be one for each column of decisions."""
    if len(classes) == shape[1]:
        return places_of(block, classes)
    if given:
        rule = "is not consistent with the number of classes. With a multiclass target,"
        raise ValueError(misshapen(rule, classes, shape))
    raise ValueError(
        "Please include all labels in y_true or pass labels as third argument: "
        f"got {few(classes)} for {shape[1]} columns"
    )


ONE_AXIS = "cannot be 1d arraywith a multiclass target."
"""What is wrong with decisions of one axis, as scikit-learn spells it."""


def misshapen(rule: str, classes: Array, shape: Shape) -> str:
    """Return what says that decisions have the wrong shape for several classes."""
    return (
        f"The shape of pred_decision {rule} pred_decision shape must be "
        f"(n_samples, n_classes), that is ({shape[0]}, {len(classes)}). Got: {shape}"
    )


def places_of(block: Array, classes: Array) -> Array:
    """Return the places of labels in sorted classes."""
    if (block.dtype.kind == "U") != (classes.dtype.kind == "U"):
        raise ValueError(f"labels must be all text or all numbers: got {few(classes)}")
    places = np.minimum(np.searchsorted(classes, block), len(classes) - 1)
    unknown = np.unique(block[classes[places] != block])
    if unknown.size:
        raise ValueError(
            f"y_true contains values {{{few(unknown)[1:-1]}}} not belonging to the passed "
            f"labels {few(classes)}."
        )
    return places.astype(np.float64)


def sign(block: Array, classes: Array, shape: Shape, given: bool) -> Array:
    """Return 1 for labels of the second of two classes and -1 for others.

    As scikit-learn's `LabelBinarizer`: if there is one class only, its labels are -1; if there
    are more than two, which `given` ones allow, those of the first class are 1.
    """
    check_integral(block, "y_true")
    if len(classes) > 2 and not given:
        raise ValueError(misshapen(ONE_AXIS, classes, shape))
    positive = classes[0] if len(classes) > 2 else classes[-1]
    hit = (block == positive) & (len(classes) > 1)
    return np.where(hit, 1.0, -1.0)


def positive(block: Array, classes: Array, pos_label: Label | None) -> Array:
    """Return 1 for labels of the positive class, of two at most, and 0 for others."""
    check_integral(block, "y_true")
    if len(classes) > 2:
        raise ValueError(
            "The type of the target inferred from y_true is multiclass but should be binary "
            f"according to the shape of y_prob. Got classes {few(classes)}"
        )
    if pos_label is None:
        if classes.dtype.kind == "U":
            raise ValueError(
                f"y_true takes value in {{{few(classes)[1:-1]}}} and pos_label is not specified: "
                "either make y_true take value in {0, 1} or {-1, 1} or pass pos_label explicitly."
            )
        plain = classes.tolist() in ([0, 1], [-1, 1], [0], [-1], [1])
        pos_label = 1 if plain else classes[-1]
    return np.broadcast_to(np.asarray(block == pos_label), block.shape).astype(np.float64)


def indicator(block: Array, classes: Array, name: str) -> Array:
    """Return a block of several labels a sample, which are numbers of two values at most."""
    check_integral(block, name)
    if len(classes) > 2 or classes.dtype.kind == "U":
        raise ValueError(f"{name} with several columns must be of two values: got {classes[:9]}")
    return block.astype(np.float64)
