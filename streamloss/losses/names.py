"""Losses by name: the table of names, their spelling as text, and how saved bytes name them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from streamloss.support.brief import brief

from .base import Loss, is_loss, is_loss_class
from .groups import GROUPS

T = TypeVar("T")

_MODULES: list[str] = []
"""The modules that define losses of this package, in the order in which one is looked for."""

_LOSSES: dict[str, type[Loss]] = {}
"""Every named loss class that is imported, by its canonical name."""

_NAMES: dict[str, type[Loss]] = {}
"""Every named loss class by its names and aliases."""

_KEYS: WeakValueDictionary[str, type[Loss]] = WeakValueDictionary()
"""Every loss class by its key, for as long as anything else holds it."""


REFUSED = {
    "spearman": "spearmanr",
    "spearmanr": "spearmanr",
    "spearman_corrcoef": "spearmanr",
    "spearman_correlation": "spearmanr",
    "kendall": "kendalltau",
    "kendalltau": "kendalltau",
    "kendall_tau": "kendalltau",
    "kendall_rank_corrcoef": "kendalltau",
}
"""Names of correlations of ranks, which no sums of parts of the data give, and what scipy.stats has
in their place."""


def defined_in(package: str, modules: Iterable[str]) -> None:
    """Say which modules of a package define losses: one is imported when a loss is looked for.

    All of them take as long as the rest of `import streamloss`, 10 ms.
    """
    _MODULES.extend(f"{package}.{module}" for module in modules)


def _found(look: Callable[[], T | None]) -> T | None:
    """Return what is found, one module of losses after another being imported until it is."""
    found = look()
    for module in _MODULES:
        if found is not None:
            break
        import_module(module)
        found = look()
    return found


class Losses(Mapping[str, type[Loss]]):
    """Every named loss class by its canonical name: ours by their modules, then those of users."""

    def __getitem__(self, name: str) -> type[Loss]:
        cls = _found(lambda: _LOSSES.get(name))
        if cls is None:
            raise KeyError(name)
        return cls

    def __iter__(self) -> Iterator[str]:
        for module in _MODULES:
            import_module(module)
        ours = [name for name, cls in _LOSSES.items() if cls.__module__ in _MODULES]
        ours.sort(key=lambda name: _LOSSES[name].__module__)
        return iter(dict.fromkeys([*ours, *_LOSSES]))

    def __len__(self) -> int:
        return len(list(iter(self)))


LOSSES = Losses()


def class_names(package: str) -> list[str]:
    """Return what the named losses are called that a package of this one defines."""
    return sorted([cls.__name__ for cls in LOSSES.values() if _is_in(package, cls)])


def directory(package: str) -> list[str]:
    """Return what `dir` shows of a package: losses that are not imported yet as well."""
    return sorted({*vars(sys.modules[package]), *class_names(package)})


def attribute(package: str, name: str) -> Any:
    """Return what a package has under a name: a loss or its module, imported when first used.

    Raises
    ------
    AttributeError
        If there is none.
    """
    if name == "__all__":
        return class_names(package)
    if f"{package}.{name}" in _MODULES:
        return import_module(f"{package}.{name}")
    cls = _called(package, name) if name[:1].isupper() else None
    if cls is None:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    setattr(sys.modules[package], name, cls)
    return cls


def _called(package: str, name: str) -> type[Loss] | None:
    """Return the named loss class that a package defines under that name."""

    def look() -> type[Loss] | None:
        same = (cls for cls in _LOSSES.values() if cls.__name__ == name)
        return next((cls for cls in same if _is_in(package, cls)), None)

    return _found(look)


def _is_in(package: str, cls: type[Loss]) -> bool:
    """Return whether a class is defined in a package of this one."""
    return cls.__module__ in _MODULES and cls.__module__.startswith(f"{package}.")


def spellings(key: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names in lower case, if the class of that key may have them.

    Raises
    ------
    ValueError
        If a name is no identifier, or belongs to another loss.
    """
    module, names = key.partition(":")[0], tuple([name.lower() for name in names])
    for name in names:
        if not name.isidentifier():
            raise ValueError(f"a name of a loss must be an identifier: got {brief(name)}")
        if name in GROUPS:
            raise ValueError(f"the loss name {name!r} is that of a group")
        other = _NAMES.get(name) if module in _MODULES else _named(name)
        if other is not None and other.key != key:
            raise ValueError(f"the loss name {name!r} belongs to {other.key}")
    return names


def enter(cls: type[Loss], names: tuple[str, ...]) -> None:
    """Enter a loss class into the tables, under its key and its names, the canonical one first."""
    _KEYS[cls.key] = cls
    if names:
        _NAMES.update(dict.fromkeys(names, cls))
        _read.cache_clear()
        _LOSSES[names[0]] = cls


def _named(name: str) -> type[Loss] | None:
    """Return the loss class that has a name or alias."""
    return _found(lambda: _NAMES.get(name))


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
    called = name.strip().lower()
    cls = _named(called)
    if cls is None and called in REFUSED:
        rule = "ranks need all data at once, no sums of parts give them"
        raise ValueError(f"no loss {brief(called)}: {rule}; use scipy.stats.{REFUSED[called]}")
    if cls is None:
        import difflib

        near = difflib.get_close_matches(called[:80], _NAMES, 3)
        hint = f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""
        raise ValueError(f"unknown loss {brief(name)}{hint}: `streamloss losses` lists all")
    return cls(**_parameters(cls, spec, rest))


def _parameters(cls: type[Loss], spec: str, text: str) -> dict[str, Any]:
    """Read ``a=1,b=2`` as parameters of the loss class."""
    found, rules = {}, dict(zip(cls._fields, cls.rules, strict=True))
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
            found[field] = rules[field].read(value)
        except ValueError:
            raise ValueError(
                f"bad parameter {brief(item)} in loss {brief(spec)}: not a number"
            ) from None
    return found


def by_key(key: str, values: list[Any]) -> Loss:
    """Return the loss of a class named by its key, or its name, with all of its parameters.

    Raises
    ------
    ValueError
        If no class has that key, or it takes other parameters.
    """
    cls = _found(lambda: _LOSSES.get(key) or _KEYS.get(key))
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
