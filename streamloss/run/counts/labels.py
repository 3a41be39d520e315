"""Inputs that are labels: keys of any kind, one for each element, whatever axes there are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from streamloss.arrays.convert import is_masked, is_tensor
from streamloss.arrays.device import as_device, is_device
from streamloss.arrays.key_codes import some_rows
from streamloss.arrays.keys import NOTHING, Keyed, Kind, align, convert, read_key
from streamloss.arrays.types import Array, ArrayLike, Mask
from streamloss.run import choose

NUMBERS = list, tuple, bool, int, float, np.generic
"""What lists hold that become arrays."""

INEXACT = 2.0**53
"""Floats from which integers may be other ones, which a list may have held."""

INT, BOOL, FLOAT = Kind("int"), Kind("bool"), Kind("float")


class Labels(NamedTuple):
    """The labels of an input, one after another.

    Attributes
    ----------
    name : str
        What errors call the input.
    source : numeric array or Keyed
        The labels: numbers as they came, or keys of another kind.
    shape : tuple of int
        The axes that they had.
    valid : bool array, optional
        Which of them are not masked; None: all.
    """

    name: str
    source: Any
    shape: tuple[int, ...]
    valid: Mask | None

    @property
    def kind(self) -> Kind:
        """The kind of the labels: numbers are integers, whatever dtype they have."""
        return self.source.kind if type(self.source) is Keyed else INT

    @property
    def exact_kind(self) -> Kind:
        """The kind of the labels, with or without a sign as these need it."""
        plain = type(self.source) is not Keyed and self.source.dtype != np.uint64
        return INT if plain else self.keyed().kind

    def some(self, rows: slice) -> Labels:
        """Return some of the labels."""
        if type(self.source) is Keyed:
            return self._replace(source=some_rows(self.source, rows))
        return self._replace(source=self.source[rows])

    def keyed(self) -> Keyed:
        """Return the labels as keys.

        Raises
        ------
        ValueError
            If a number is not whole.
        """
        if type(self.source) is Keyed:
            return self.source
        try:
            return _whole(read_key(self.name, self.source))
        except (TypeError, ValueError) as error:
            raise _refused(self.name, error) from None

    def integers(self) -> Array | None:
        """Return labels that are integers, none missing, as an array of them; None of others."""
        found = self.source
        if type(found) is Keyed:
            plain = found.kind == INT and found.codes is None and found.missing is None
            return found.values if plain else None
        if found.dtype.kind not in "biu" or found.dtype == np.uint64:
            return None
        whole = found.view(np.uint8) if found.dtype == np.bool_ else found
        wide = whole.dtype in (np.uint8, np.int32, np.int64) and whole.dtype.isnative
        return np.ascontiguousarray(whole, whole.dtype if wide else np.int64)


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
    if type(array) is np.ndarray and array.dtype.kind in "biuf" and array.dtype.itemsize <= 8:
        return Labels(name, array, shape, valid)
    try:
        return Labels(name, _whole(read_key(name, array)), shape, valid)
    except (TypeError, ValueError) as error:
        raise _refused(name, error) from None


def _refused(name: str, error: TypeError | ValueError) -> TypeError | ValueError:
    """Return the error of what is no label, in words of labels."""
    text = str(error).removeprefix(f"by {name!r}").lstrip(": ")
    if "keys must be" in text:  # a number that is not whole
        got = text.rpartition("got ")[2]
        rule = f"{name} must hold labels, whole numbers or text; scores= is for scores"
        return ValueError(f"{rule}: got {got}")
    return type(error)(f"{name} must hold labels: {text.removeprefix('must hold keys ')}")


def _flat(value: Any) -> tuple[Any, tuple[int, ...], Mask | None]:
    """Return labels as one axis, the axes that they had, and which of them are not masked."""
    if is_device(value):
        value = choose.gpu().on_host(as_device("labels", value))
    if isinstance(value, list | tuple) and value and isinstance(value[0], NUMBERS):
        value = of_list(value)
    if isinstance(value, str | bytes) or not hasattr(value, "__len__"):
        value = np.array(value)
    valid = ~np.ma.getmaskarray(value).reshape(-1) if is_masked(value) else None
    shape = tuple(value.shape) if hasattr(value, "shape") else (len(value),)
    value = value.data if valid is not None else value
    if len(shape) == 1:
        return value, shape, valid
    return (value if is_tensor(value) else np.asarray(value)).reshape(-1), shape, valid


def of_list(value: Any) -> Array:
    """Return a list as numbers, and anything else as objects: text beside numbers stays both."""
    found = np.array(value)
    kind = found.dtype.kind
    exact = kind in "biu" or (kind == "f" and not (abs(found) >= INEXACT).any())
    return found if exact else np.array(value, object)


def _whole(keyed: Keyed) -> Keyed:
    """Return labels with whole numbers as integers: those of floats, and of booleans."""
    if keyed.kind == BOOL:
        return keyed._replace(kind=INT)
    if keyed.kind == FLOAT:
        return keyed._replace(kind=INT, values=convert(keyed.values, FLOAT, INT))
    return keyed


def check_alike(labels: dict[str, Labels]) -> None:
    """Refuse labels of several kinds.

    Raises
    ------
    TypeError
        If one input has text, say, and another one numbers.
    """
    kind = NOTHING
    for name, each in labels.items():
        try:
            kind = align(kind, each.kind)
        except (TypeError, ValueError):
            names = " and ".join(labels)
            rule = f"{names} must hold labels of one kind"
            raise TypeError(f"{rule}: got {kind} and, as {name}, {each.kind}") from None
