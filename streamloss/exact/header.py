"""The header of a saved accumulator: what it must be before anything is built of it."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple

from streamloss.arrays.batch import POLICIES, check_same_inputs, normalise_axis
from streamloss.losses.base import Loss, parts_of, rows_of
from streamloss.losses.names import LOSSES, by_key, respelled

LONGEST = 1 << 17
"""Bytes of the longest header, two thousand losses. JSON of that size takes 8 MB when it is read,
whatever it says."""

RANK = 64
"""Axes that an array of numpy can have."""

_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!_-]{0,39}")


class Header(NamedTuple):
    """What a header says: the losses and their spelling, the settings, the shape of the output."""

    losses: tuple[Loss, ...]
    specs: Any
    axis: int | tuple[int, ...] | None
    nan: str
    shape: tuple[int, ...] | None

    @property
    def rows(self) -> int:
        """How many sums of losses a cell has."""
        return rows_of(parts_of(self.losses))


Fields = dict[str, Any]


CELLS = "cells"
"""The field of the cells of metrics of counts, which is there with such alone."""


def corrupt(why: str) -> ValueError:
    """Return the error for data that cannot be."""
    return ValueError(f"data is corrupt: {why}")


def write_header(header: Header, version: str | None, more: Fields | None = None) -> bytes:
    """Return a header as JSON, with more fields and the version of streamloss that writes it.

    Raises
    ------
    ValueError
        If it is longer than what is read again.
    """
    losses, specs, axis, nan, shape = header
    fields: dict[str, Any] = {
        "losses": [[_key(loss), [_spelled(x) for x in loss]] for loss in losses],
        "specs": [s if isinstance(s, str) else None for s in specs]
        if isinstance(specs, list)
        else None,
        "axis": axis,
        "nan": nan,
        "shape": shape,
    }
    fields |= more or {}
    text = _as_json(fields if version is None else fields | {"written_by": version})
    if len(text) > LONGEST:
        what = "losses and keys" if more else "losses"
        rule = f"{what} must take at most {LONGEST} bytes to be saved"
        raise ValueError(f"{rule}: got {len(text)} bytes of {len(losses)} losses")
    return text


def _as_json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def _key(loss: Loss) -> str:
    """Return the name of one of our losses, module and class of a user's."""
    ours = type(loss).__module__.startswith("streamloss.") and LOSSES.get(loss.name) is type(loss)
    return loss.name if ours else loss.key


def read_header(text: bytes, more: Fields | None = None) -> tuple[Header, Fields]:
    """Return what a header says, and the fields that it has more.

    Parameters
    ----------
    text : bytes
        JSON.
    more : dict, optional
        Which fields it may have more, all or none, and what these must be.

    Raises
    ------
    ValueError
        If it is not just what `write` makes of an accumulator that can be.
    """
    found = _fields(text, more or {})
    axis = tuple(found["axis"]) if isinstance(found["axis"], list) else found["axis"]
    shape = None if found["shape"] is None else tuple(found["shape"])
    others = {name: found[name] for name in more or {} if name in found}
    _check_output(axis, shape, any([name != CELLS for name in others]))
    losses = tuple([_loss(*item) for item in found["losses"]])
    check_same_inputs(losses)
    saved = Header(losses, found["specs"], axis, found["nan"], shape)
    _must(write_header(saved, found.get("written_by"), others) == text, "spelling")
    if saved.specs is None:
        _must(len(losses) == 1, "specs")
        return saved._replace(specs=losses[0]), others
    _must(len(saved.specs) == len(losses), "specs")
    return saved._replace(specs=respelled(saved.specs, losses)), others


def _must(holds: object, part: str) -> None:
    """Refuse a header for a part that cannot be."""
    if not holds:
        raise corrupt(f"the {part} of its header cannot be")


def _fields(text: bytes, more: Fields) -> Fields:
    """Return the fields of a header, each of the type that it must have."""
    _must(len(text) <= LONGEST, "length")
    try:
        found = json.loads(text.decode("ascii"))
    except (ValueError, RecursionError):
        raise corrupt("its header is no JSON") from None
    rules: dict[str, Any] = {
        "losses": _are_losses,
        "specs": lambda x: x is None or _is_list(x, str | None),
        "axis": lambda x: x is None or type(x) is int or _is_list(x, int),
        "nan": lambda x: type(x) is str and x in POLICIES,
        "shape": lambda x: x is None or _is_list(x, int),
        "written_by": lambda x: type(x) is str and _VERSION.fullmatch(x),
    }
    _must(type(found) is dict, "fields")
    *names, last = rules
    own = [name for name in found if name in more or name in names]
    _must(own == list(found) or [*own, last] == list(found), "fields")
    wanted = [name for name in more if name != CELLS]
    _must([name for name in own if name != CELLS] in (names, [*names, *wanted]), "fields")
    _must(CELLS not in own or own[-1] == CELLS, "fields")
    rules |= more
    for name, value in found.items():
        _must(rules[name](value), name)
    return dict(found)


def _is_list(value: Any, kind: Any) -> bool:
    return type(value) is list and all(
        isinstance(x, kind) and x is not True and x is not False for x in value
    )


def _are_losses(value: Any) -> bool:
    """Return whether a value is a list of losses: of names, each with its parameters as text."""
    return type(value) is list and all(
        [
            type(x) is list and len(x) == 2 and type(x[0]) is str and _is_list(x[1], str)
            for x in value
        ]
    )


def _loss(key: str, values: list[str]) -> Loss:
    """Return a loss of just these parameters."""
    try:
        parameters = [_parameter(value) for value in values]
    except (ValueError, OverflowError):
        raise corrupt("a parameter of a loss is no hexadecimal number") from None
    return by_key(key, parameters)


def _spelled(parameter: Any) -> str:
    """Return a parameter as text: numbers are hexadecimal, integers that labels are decimal."""
    if isinstance(parameter, float):
        return parameter.hex()
    if isinstance(parameter, str):
        return f"'{parameter}"
    return "none" if parameter is None else f"#{parameter}"


def _parameter(text: str) -> Any:
    """Return the parameter that a text spells, as `_spelled` has it."""
    if text[:1] == "'":
        return text[1:]
    if text[:1] == "#":
        return int(text[1:])
    return None if text == "none" else float.fromhex(text)


def _check_output(axis: Any, shape: tuple[int, ...] | None, sliced: bool) -> None:
    """Refuse axes and shapes that no array has; an axis of None has a state from the beginning.

    Slices have none before the first row.
    """
    axes = (axis,) if isinstance(axis, int) else axis or ()
    _must(all(-RANK <= k < RANK for k in axes), "axis")
    _must(len(set(axes)) == len(axes) and list(axes) == sorted(axes), "axis")
    if shape is None:
        _must(axis is not None or sliced, "shape")
        return
    _must(all(0 <= size < 1 << 60 for size in shape), "shape")
    _must(math.prod([size for size in shape if size]) < 1 << 60, "shape")  # numpy's bytes, with 8
    rank = len(shape) + len(axes)
    _must(rank <= RANK and (axis is not None or not shape), "shape")
    try:
        normalise_axis(axis, rank)
    except ValueError:
        _must(False, "axis")
