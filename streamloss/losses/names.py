"""Losses by name: the table of names, their spelling as text, and how saved bytes name them."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from weakref import WeakValueDictionary

from streamloss.support.brief import brief

from .base import Loss, is_loss, is_loss_class

LOSSES: dict[str, type[Loss]] = {}
"""Every named loss class by its canonical name."""

_NAMES: dict[str, type[Loss]] = {}
"""Every named loss class by its names and aliases."""

_KEYS: WeakValueDictionary[str, type[Loss]] = WeakValueDictionary()
"""Every loss class by its key, for as long as anything else holds it."""


def spellings(key: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names in lower case, if the class of that key may have them.

    Raises
    ------
    ValueError
        If a name is no identifier, or belongs to another loss.
    """
    names = tuple([name.lower() for name in names])
    for name in names:
        if not name.isidentifier():
            raise ValueError(f"a name of a loss must be an identifier: got {brief(name)}")
        other = _NAMES.get(name)
        if other is not None and other.key != key:
            raise ValueError(f"the loss name {name!r} belongs to {other.key}")
    return names


def enter(cls: type[Loss], names: tuple[str, ...]) -> None:
    """Enter a loss class into the tables, under its key and its names, the canonical one first."""
    _KEYS[cls.key] = cls
    if names:
        _NAMES.update(dict.fromkeys(names, cls))
        _read.cache_clear()
        LOSSES[names[0]] = cls


def resolve(spec: object) -> Loss:
    """Return the loss that a text such as ``"huber:delta=0.5"`` names, or the loss given.

    Raises
    ------
    TypeError
        If the spec is neither text nor a loss, or a parameter is no number.
    ValueError
        If no loss has that name or parameter, or the parameter is outside its interval.
    """
    if isinstance(spec, type) and is_loss_class(spec):
        return spec()
    if is_loss(spec):
        return spec
    if not isinstance(spec, str):
        hint = "; several losses make a list" if isinstance(spec, tuple) else ""
        raise TypeError(
            f"a loss must be a name or a loss such as Huber(0.5): got {brief(spec)}{hint}"
        )
    return _read(spec)


@functools.lru_cache
def _read(spec: str) -> Loss:
    """Return the loss that a text names; as calls repeat themselves, it is kept."""
    name, _, rest = spec.partition(":")
    cls = _NAMES.get(name.strip().lower())
    if cls is None:
        import difflib

        near = difflib.get_close_matches(name[:80].strip().lower(), _NAMES, 3)
        hint = f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""
        raise ValueError(f"unknown loss {brief(name)}{hint}: `streamloss losses` lists all")
    return cls(**_parameters(cls, spec, rest))


def _parameters(cls: type[Loss], spec: str, text: str) -> dict[str, float]:
    """Read ``a=1,b=2`` as parameters of the loss class."""
    found = {}
    for item in filter(None, text.split(",")):
        field, equals, value = (part.strip() for part in item.partition("="))
        if field not in cls._fields or not equals:
            takes = ", ".join(cls._fields) or "none"
            raise ValueError(
                f"bad parameter {brief(item)} in loss {brief(spec)}: the parameters are {takes}"
            )
        if field in found:
            raise ValueError(
                f"bad parameter {brief(item)} in loss {brief(spec)}: {field} is given twice"
            )
        try:
            found[field] = float(value)
        except ValueError:
            raise ValueError(
                f"bad parameter {brief(item)} in loss {brief(spec)}: not a number"
            ) from None
    return found


def by_key(key: str, values: list[float]) -> Loss:
    """Return the loss of a class named by its key, or its name, with all of its parameters.

    Raises
    ------
    ValueError
        If no class has that key, or it takes other parameters.
    """
    cls = LOSSES.get(key) or _KEYS.get(key)
    if cls is None:
        module = key.partition(":")[0]
        way = f"import {brief(module)}, which defines it"
        if module == "__main__":  # the script of another process
            way = "define it in a module that both processes import"
        raise ValueError(f"unknown loss {brief(key)}: {way}")
    if len(values) != len(cls._fields):
        rule = f"{cls.__name__} takes {len(cls._fields)} parameters"
        raise ValueError(f"{rule}: got a saved one that had {len(values)}")
    return cls(*values)


def respelled(specs: list[object], losses: Iterable[Loss]) -> list[object]:
    """Return how losses were spelled, a loss itself where its text means another one by now.

    Raises
    ------
    ValueError
        If a text never meant that loss: what differs is more than the default of a parameter.
    """
    return [_respelled(spec, loss) for spec, loss in zip(specs, losses, strict=True)]


def _respelled(spec: object, loss: Loss) -> object:
    """Return how a loss was spelled, or the loss itself."""
    if not isinstance(spec, str):
        return loss if spec is None or resolve(spec) != loss else spec
    try:
        now, given = resolve(spec), _parameters(type(loss), spec, spec.partition(":")[2])
    except ValueError:
        now, given = None, {}
    changed = [name for name, value in given.items() if getattr(loss, name) != value]
    if type(now) is not type(loss) or changed:
        raise ValueError(f"the loss {loss!r} cannot be spelled {brief(spec)}")
    return spec if now == loss else loss
