"""What all that reads keys shares: codes of dictionaries, rows without a key, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from streamloss.support.brief import brief

from .kinds import NOTHING, Keyed, Kind
from .types import Array, Mask

KINDS = "booleans, integers, floats, text, bytes, dates or times"


def check_rank(name: str, shape: tuple[int, ...]) -> None:
    """Refuse arrays that have not one axis."""
    if len(shape) != 1:
        raise ValueError(f"by {name!r} must have one axis: got shape {shape}")


def refuse(name: str, what: str) -> NoReturn:
    """Raise what says that something holds no keys."""
    raise TypeError(f"by {name!r} must hold {KINDS}: got {what}")


def without(keyed: Keyed, mask: Mask) -> Keyed:
    """Return keys of which more are missing; their values are zero."""
    if not mask.any():
        return keyed
    if keyed.codes is not None:
        codes = signed(keyed.codes)
        codes[mask] = -1
        return keyed._replace(codes=codes)
    missing = mask if keyed.missing is None else keyed.missing | mask
    if keyed.words is not None:
        return keyed._replace(words=np.where(missing[:, None], 0, keyed.words), missing=missing)
    return keyed._replace(values=np.where(missing, 0, keyed.values), missing=missing)


def some_rows(keyed: Keyed, rows: slice) -> Keyed:
    """Return the keys of some rows; of many values of a dictionary those that they have."""
    kind, values, codes, missing, words = keyed
    if codes is None:
        values, missing, words = (a if a is None else a[rows] for a in (values, missing, words))
        return Keyed(kind, values, None, missing, words)
    codes = np.asarray(codes[rows])
    if len(values) <= len(codes):
        return Keyed(kind, values, codes)
    used, places = np.unique(np.maximum(signed(codes), -1), return_inverse=True)
    absent = int(np.count_nonzero(used < 0))
    return Keyed(kind, values[used[absent:]], places - absent)


def signed(codes: Array) -> Array:
    """Return a copy of codes that may be negative."""
    wider = {1: np.int16, 2: np.int32}.get(codes.dtype.itemsize, np.int64)
    return codes.astype(wider if codes.dtype.kind == "u" else codes.dtype)


def coded(dictionary: Keyed, codes: Array, missing: Mask | None = None) -> Keyed:
    """Return the keys that codes of a dictionary stand for; negative codes stand for none.

    Codes are not copied if the dictionary has no key twice or missing, as most have none.
    """
    if dictionary.kind == NOTHING:
        return Keyed(NOTHING, np.zeros(len(codes), np.int64), missing=np.ones(len(codes), np.bool_))
    if dictionary.words is not None:
        text = text_of_words(dictionary.kind, dictionary.words)
        places = np.arange(len(text))
        if dictionary.missing is not None:
            places[dictionary.missing] = -1
        dictionary = Keyed(dictionary.kind, text, places)
    elif dictionary.missing is not None:
        places = np.where(dictionary.missing, -1, np.arange(len(dictionary.values)))
        dictionary = Keyed(dictionary.kind, dictionary.values, places)
    places = dictionary.codes
    if places is not None and not np.array_equal(places, np.arange(len(places))):
        absent = codes < 0
        codes = np.append(places, -1).take(codes, mode="clip")
        missing = absent if missing is None else absent | missing
    found = Keyed(dictionary.kind, dictionary.values, codes)
    return found if missing is None else without(found, missing)


def text_of_words(kind: Kind, words: Array) -> Array:
    """Return the str or bytes of fixed-width text or bytes as objects.

    Parameters
    ----------
    kind : Kind
        Text or bytes.
    words : array of int64
        (rows, words), as `Keyed.words`.

    Returns
    -------
    array of object
        One for each row.

    Raises
    ------
    ValueError
        If text has a lone surrogate.
    """
    width = words.shape[1] * 8
    dtype = f"U{width // 4}" if kind.name == "text" else f"S{width}"
    found = np.ascontiguousarray(words).view(dtype).reshape(len(words)).astype(object)
    if kind.name == "text":
        check_unicode(found.tolist())
    return found


def check_unicode(texts: Sequence[str]) -> None:
    """Refuse text that has half a character: nothing writes it or sorts it in one way."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        wrong = next(text for text in texts if any("\ud800" <= c <= "\udfff" for c in text))
        raise ValueError(f"keys must be text of whole characters: got {brief(wrong)}") from None
