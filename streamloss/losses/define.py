"""The decorator `loss`, which makes a loss of a NamedTuple, and what it asks of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType, new_class
from typing import Any, TypeGuard, TypeVar, get_args, get_type_hints, overload

from streamloss.support.brief import brief

from .base import Loss, Memory
from .counting import IN_TURN, Counting, Extreme, Given
from .domains import AnyLabel, Choice, Flag, Interval, Mark, Maybe, Real
from .names import enter, resolve, spellings

_Class = TypeVar("_Class", bound=type)

Written = type[Any]
"""A NamedTuple as its author wrote it, of whose attributes only that is known."""

STARRED = 0x04 | 0x08
"""The flags of code that takes *args or **kwargs. The module inspect has names for them, but takes
6 ms to import, and each signature that it makes 0.1."""

TAKEN = frozenset(Loss.__annotations__) - {"_fields"}
"""What no parameter can be called: the attributes of `Loss`."""

KINDS = "point", "row", "factors"
"""The methods of which a loss defines one, unless it is a metric: that has `combine` and, of what
this takes, `sums` or `cells`."""

RULES = Interval, Choice, Flag, Maybe, AnyLabel
"""What an annotation says that a parameter may be."""

KNOWN = "weights", "elements", "nonzero"
"""What `combine` can take beside the sums of a metric."""

SAME = {"__module__", "__doc__", "__annotations__", "__firstlineno__", "__type_params__"}
"""What tools ask a class itself for, and not its bases: a loss class answers as it was written.

Not so `__orig_bases__`: cloudpickle would take NamedTuple for its only base, and on another
machine it would be no loss."""


@overload
def loss(cls: _Class, /) -> _Class: ...
@overload
def loss(
    name: str,
    /,
    *aliases: str,
    formula: str = "",
    complex_inputs: bool = False,
    perfect: float | None = None,
) -> Callable[[_Class], _Class]: ...
def loss(
    first: object,
    /,
    *aliases: str,
    formula: str = "",
    complex_inputs: bool = False,
    perfect: float | None = None,
) -> object:
    """Make a loss of a NamedTuple whose method `point` is the formula for one element.

    The fields are the parameters: numbers, kept as float, checked against the `Interval` of an
    annotation such as ``delta: streamloss.Positive = 1.0``. `point` takes one float for each
    input and is compiled by numba; for arrays of any kind, streams, files, threads and every
    reduction nothing else is needed. Two losses are equal if class and parameters are.

    A loss of whole rows, such as a cross-entropy over classes, has a method `row` in place of
    `point`. It takes a float64 array, a row along the last axis, for each input annotated as
    `Row`, and one float for each other, whose arrays have no such axis. A float annotated as
    `Class` is the index of a class of the row: with ``nan="raise"`` others are refused.

    Parameters
    ----------
    first : class or str
        The class, or a name under which the loss can be asked for as text.
    *aliases : str
        Further names.
    formula : str
        One line for lists of losses.
    complex_inputs : bool
        Whether `point` takes complex numbers.
    perfect : float, optional
        The result of perfect predictions, of a metric that is the worse the further it is from
        that: 1 of R2, 0 of a bias; infinity where more is better. By default less is better.

    Returns
    -------
    class
        The loss: a class derived from the one given and from `streamloss.losses.base.Loss`.

    Raises
    ------
    TypeError
        If the class is no NamedTuple or has no method `point` or `row` of fixed positional
        arguments.
    ValueError
        If a name belongs to another loss.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> import streamloss as sl
    >>> @sl.loss
    ... class Asymmetric(NamedTuple):
    ...     under: float = 2.0
    ...
    ...     def point(self, y_true, y_pred):
    ...         error = y_pred - y_true
    ...         return error if error > 0.0 else -self.under * error
    >>> sl.evaluate(Asymmetric(under=3.0), [1.0, 2.0], [2.0, 0.0])
    3.5
    """
    if isinstance(first, str):
        said = {"formula": formula, "complex_inputs": complex_inputs, "perfect": perfect}
        return lambda cls: _define(cls, (first, *aliases), said)
    return _define(first, (), {"formula": "", "complex_inputs": False, "perfect": None})


def _define(cls: object, names: tuple[str, ...], said: dict[str, Any]) -> type[Loss]:
    """Return the loss class of a NamedTuple, entered into the tables of names."""
    if not _is_named_tuple(cls):
        raise TypeError(f"@loss needs a NamedTuple class: got {brief(cls)}")
    if taken := TAKEN & set(cls._fields):
        raise TypeError(f"a parameter of {cls.__name__} cannot be called {set(taken)}")
    attributes = _mathematics(cls) | _constructors(cls)
    attributes |= {name: value for name, value in vars(cls).items() if name in SAME}
    key = f"{cls.__module__}:{cls.__qualname__}"
    names = spellings(key, names)
    attributes |= {"__slots__": (), "__qualname__": cls.__qualname__, "memory": Memory()}
    attributes |= {"key": key, "name": names[0] if names else "", "aliases": names[1:]}
    attributes |= said
    written = cls[cls.__parameters__] if getattr(cls, "__parameters__", ()) else cls  # generic
    made = new_class(cls.__name__, (written, Loss), exec_body=lambda ns: ns.update(attributes))
    enter(made, names)
    return made


def _is_named_tuple(value: object) -> TypeGuard[Written]:
    """Return whether a value is a class of tuples whose items have names."""
    return isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_fields")


def _mathematics(cls: Written) -> dict[str, Any]:
    """Return what takes inputs, and which inputs; a metric takes what its parts do."""
    if getattr(cls, "combine", None) is not None:
        return _of_metric(cls)
    body: Any = next((getattr(cls, kind) for kind in KINDS if hasattr(cls, kind)), None)
    ranks = _ranks(cls, body)
    found = {"body": body, "inputs": len(ranks), "ranks": ranks, "classes": _classes(body)}
    return found | ({"streams": 2 * _factors(cls, body)} if "factors" in vars(cls) else {})


def _of_metric(cls: Written) -> dict[str, Any]:
    """Return what a metric needs: its parts, and what its `combine` takes of their sums."""
    if hasattr(cls, "cells"):
        return _of_counts(cls)
    written = next((vars(each)["sums"] for each in cls.__mro__ if "sums" in vars(each)), None)
    if not isinstance(written, staticmethod):
        raise TypeError(f"metric {cls.__name__} needs a static method sums() beside combine")
    sums = cls.sums()
    if not isinstance(sums, dict) or not sums:
        raise TypeError(f"sums of {cls.__name__} must return losses by name: got {brief(sums)}")
    names, parts = tuple(sums), tuple([resolve(loss) for loss in sums.values()])
    if metrics := [part for part in parts if part.combine is not None]:
        raise TypeError(f"sums of {cls.__name__} must be of losses: got metric {metrics[0]!r}")
    if len({part.ranks for part in parts}) > 1:
        raise TypeError(f"sums of {cls.__name__} must be of losses of the same inputs")
    code = cls.combine.__code__
    takes = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    if not set(names) <= set(takes) <= {*names, *KNOWN}:
        raise TypeError(
            f"combine of metric {cls.__name__} must take self, each of {list(names)} and of"
            f" {list(KNOWN)} what it needs: got {list(takes)}"
        )
    found = {"body": None, "inputs": parts[0].inputs, "ranks": parts[0].ranks, "classes": ()}
    return found | {"parts": parts, "names": names, "takes": takes}


def _of_counts(cls: Written) -> dict[str, Any]:
    """Return what a metric of counts needs: its inputs are those of what its parameters ask for."""
    code = cls.combine.__code__
    if code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] != ("self", "cells"):
        raise TypeError(f"combine of metric {cls.__name__}, which has cells, must take self, cells")
    return {
        "body": None,
        "classes": (),
        "counting": property(counting_of),
        "ranks": property(lambda self: self.counting.ranks),
        "inputs": property(lambda self: len(self.counting.ranks)),
    }


def _factors(cls: Written, body: FunctionType) -> int:
    """Return how many factors the terms of a moment have, which its annotation says."""
    found = get_args(get_type_hints(body).get("return"))
    if found not in ((float,), (float, float)):
        raise TypeError(
            f"factors of {cls.__name__} must be annotated to return tuple[float] or"
            f" tuple[float, float]: got {body.__annotations__.get('return')}"
        )
    return len(found)


def _ranks(cls: Written, body: object) -> tuple[int, ...]:
    """Return how many axes each input of `point` or `row` has: 0 for numbers, 1 for rows."""
    if not isinstance(body, FunctionType):
        raise TypeError(f"loss {cls.__name__} needs a method point(self, y_true, y_pred)")
    code = body.__code__
    parameters = code.co_varnames[: code.co_argcount]
    others = code.co_posonlyargcount or code.co_kwonlyargcount or code.co_flags & STARRED
    if not 2 <= len(parameters) <= 4 or others:
        from inspect import signature

        raise TypeError(
            f"{body.__name__} of loss {cls.__name__} must take self and one positional argument"
            f" per input, one to three:"
            f" got {signature(body)}"
        )
    if body.__name__ != "row":
        return (0,) * (len(parameters) - 1)
    ranks = tuple(map(int, _marked(body, Mark.ROW)))
    if not any(ranks):
        raise TypeError(f"row of loss {cls.__name__} must annotate an input as Row")
    return ranks


def _classes(body: FunctionType) -> tuple[int, ...]:
    """Return which inputs of `row` are indices of classes."""
    if body.__name__ != "row":
        return ()
    return tuple(k for k, marked in enumerate(_marked(body, Mark.CLASS)) if marked)


def _marked(function: FunctionType, mark: Mark) -> list[bool]:
    """Return which inputs of a loss's function are annotated with a mark."""
    hints = get_type_hints(function, include_extras=True)
    parameters = function.__code__.co_varnames[1 : function.__code__.co_argcount]
    marks = (getattr(hints.get(name), "__metadata__", ()) for name in parameters)
    return [any(each is mark for each in found) for found in marks]


def _constructors(cls: Written) -> dict[str, Any]:
    """Return how losses are made: of parameters kept as float, none outside their intervals."""
    create = cls.__new__
    hints = get_type_hints(cls, include_extras=True) if cls._fields else {}
    rules = [_rule(hints[field]) for field in cls._fields]

    @functools.wraps(create, assigned=("__doc__",))  # by which it has the signature, too
    def __new__(cls: type[Loss], *args: Any, **kwargs: Any) -> Loss:
        given = create(cls, *args, **kwargs)
        values = [_taken(cls, *item) for item in zip(cls._fields, given, rules, strict=True)]
        return tuple.__new__(cls, values)

    made = classmethod(lambda cls, values: cls(*values))
    return {"__new__": __new__, "_make": made, "rules": tuple(rules)}


def _rule(hint: object) -> Any:
    """Return what an annotation says that a parameter may be, any finite number without one."""
    marks = getattr(hint, "__metadata__", ())
    return next((x for x in marks if isinstance(x, RULES)), Real)


def _taken(cls: type[Loss], field: str, value: Any, rule: Any) -> Any:
    """Return a parameter as it is kept: numbers as float, choices and labels as they are."""
    try:
        return rule.taken(value)
    except (TypeError, ValueError) as error:
        what = f"{field} of {cls.__name__} must be {error}: got {brief(value)}"
        raise type(error)(what) from None


@functools.lru_cache(maxsize=1024)
def counting_of(metric: Loss) -> Counting:
    """Return what a metric of counts asks for.

    Raises
    ------
    TypeError
        If `cells` or `sums` of its class return something else than they should.
    """
    written: Any = metric
    called, keys = type(metric).__name__, written.cells()
    if not isinstance(keys, dict) or not keys:
        raise TypeError(f"cells of {called} must return keys by name: got {type(keys).__name__}")
    found = [_resolved(key) for key in keys.values()]
    if Extreme in map(type, found) and len(found) > 1:
        raise TypeError(f"an extreme key of {called} must be the only one: got {len(found)}")
    sums = written.sums() if hasattr(written, "sums") else {}
    parts = tuple([resolve(loss) for loss in sums.values()])
    out = Counting(tuple(keys), tuple(found), tuple(sums), parts)
    ranks = {loss.ranks for loss in out.computed}
    if len(ranks) > 1 or (out.spreads and ranks - {(0, 0)}):
        raise TypeError(f"keys and sums of {called} must be of losses of the same inputs")
    for loss in out.computed:
        if loss.combine is not None or (loss in found and loss.streams > 1):
            raise TypeError(f"keys of {called} must be values of losses: got {loss!r}")
    return out


def _resolved(key: Any) -> Any:
    """Return a key with the loss that it names."""
    if type(key) is Extreme:
        return key._replace(loss=resolve(key.loss))
    return key if type(key) in (Given, *IN_TURN) else resolve(key)
