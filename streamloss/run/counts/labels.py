"""Inputs that are labels: keys of any kind, one for each element, whatever axes there are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.convert import is_masked, is_tensor
from streamloss.arrays.device import as_device, is_device
from streamloss.arrays.keys import NOTHING, Keyed, Kind, align, convert, read_key
from streamloss.arrays.types import ArrayLike, Mask
from streamloss.run import choose

INT, BOOL, FLOAT = Kind("int"), Kind("bool"), Kind("float")


class Labels(NamedTuple):
    """The labels of an input, one after another.

    Attributes
    ----------
    keyed : Keyed
        The labels as keys; whole numbers are integers, whatever dtype they had.
    shape : tuple of int
        The axes that they had.
    valid : bool array, optional
        Which of them are not masked; None: all.
    """

    keyed: Keyed
    shape: tuple[int, ...]
    valid: Mask | None


def read_labels(name: str, value: ArrayLike) -> Labels:
    """Return the labels that an input holds.

    Raises
    ------
    TypeError
        If it holds no labels.
    ValueError
        If a number is not whole.
    """
    if value is None:
        raise TypeError(f"{name} must be an array of labels: got None")
    array, shape, valid = _flat(value)
    try:
        return Labels(_whole(read_key(name, array)), shape, valid)
    except (TypeError, ValueError) as error:
        what = str(error).removeprefix(f"by {name!r}").lstrip(": ")
        raise type(error)(f"{name} must hold labels: {what}") from None


def _flat(value: Any) -> tuple[Any, tuple[int, ...], Mask | None]:
    """Return labels as one axis, the axes that they had, and which of them are not masked."""
    if is_device(value):
        value = choose.gpu().on_host(as_device("labels", value))
    if isinstance(value, list | tuple) and value and isinstance(value[0], list | tuple):
        value = np.array(value)
    if isinstance(value, str | bytes) or not hasattr(value, "__len__"):
        value = np.array(value)
    valid = ~np.ma.getmaskarray(value).reshape(-1) if is_masked(value) else None
    shape = tuple(value.shape) if hasattr(value, "shape") else (len(value),)
    value = value.data if valid is not None else value
    if len(shape) == 1:
        return value, shape, valid
    return (value if is_tensor(value) else np.asarray(value)).reshape(-1), shape, valid


def _whole(keyed: Keyed) -> Keyed:
    """Return labels with whole numbers as integers: those of floats, and of booleans."""
    if keyed.kind == BOOL:
        return keyed._replace(kind=INT)
    if keyed.kind == FLOAT:
        return keyed._replace(kind=INT, values=convert(keyed.values, FLOAT, INT))
    return keyed


def check_alike(labels: dict[str, Keyed]) -> None:
    """Refuse labels of several kinds.

    Raises
    ------
    TypeError
        If one input has text, say, and another one numbers.
    """
    kind = NOTHING
    for name, keyed in labels.items():
        try:
            kind = align(kind, keyed.kind)
        except (TypeError, ValueError):
            names = " and ".join(labels)
            rule = f"{names} must hold labels of one kind"
            raise TypeError(f"{rule}: got {kind} and, as {name}, {keyed.kind}") from None
