"""Losses as values: the `loss` decorator, the table of names, and their spelling as text."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from types import FunctionType
from typing import Annotated, Any, NamedTuple, TypeVar, get_type_hints, overload
from weakref import WeakValueDictionary

from streamloss.support.brief import brief

LOSSES: dict[str, type] = {}
"""Every named loss class by its canonical name."""

_NAMES: dict[str, type] = {}
_KEYS: WeakValueDictionary[str, type] = WeakValueDictionary()

_Class = TypeVar("_Class", bound=type)

STARRED = 0x04 | 0x08
"""The flags of code that takes *args or **kwargs. The module inspect has names for them, but takes
6 ms to import, and each signature that it makes 0.1."""


class Interval(NamedTuple):
    """The values that a parameter of a loss may take, for use in `typing.Annotated`."""

    low: float
    high: float
    closed: bool = False

    def admits(self, value: float) -> bool:
        """Return whether the value is finite and lies in the interval."""
        inside = self.low < value < self.high
        return inside or (self.closed and math.isfinite(value) and value in (self.low, self.high))

    def rule(self) -> str:
        """Say what is asked of the value."""
        if self == Real:
            return "finite"
        if math.isinf(self.high):
            return f"{'at least' if self.closed else 'greater than'} {self.low:g} and finite"
        if math.isinf(self.low):
            return f"{'at most' if self.closed else 'less than'} {self.high:g} and finite"
        rule = "at least {:g} and at most {:g}" if self.closed else "strictly between {:g} and {:g}"
        return rule.format(self.low, self.high)


Real = Interval(-math.inf, math.inf)
Positive = Annotated[float, Interval(0.0, math.inf)]
NonNegative = Annotated[float, Interval(0.0, math.inf, closed=True)]
Proportion = Annotated[float, Interval(0.0, 1.0)]
Share = Annotated[float, Interval(0.0, 1.0, closed=True)]


class _Mark(Enum):
    """What an input of `row` is; no two equal: Python 3.11.2 takes equal annotations for one."""

    ROW = "a row of an array, and not one number for each row"
    CLASS = "indices of classes, of which a row has one each"


Row = Annotated[Any, _Mark.ROW]
Class = Annotated[Any, _Mark.CLASS]
Classes = Annotated[Row, _Mark.CLASS]


@overload
def loss(cls: _Class, /) -> _Class: ...
@overload
def loss(
    name: str, /, *aliases: str, formula: str = "", complex_inputs: bool = False
) -> Callable[[_Class], _Class]: ...
def loss(first: Any, /, *aliases: str, formula: str = "", complex_inputs: bool = False) -> Any:
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
        return lambda cls: _name(_prepare(cls, formula, complex_inputs), first, aliases)
    return _prepare(first, formula, complex_inputs)


def _prepare(cls: Any, formula: str, complex_inputs: bool) -> Any:
    """Turn a NamedTuple into a loss class, in place."""
    if not (isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields")):
        raise TypeError(f"@loss needs a NamedTuple class: got {brief(cls)}")
    taken = {"inputs", "memory", "ranks", "classes", "body", "key", "formula", "complex_inputs"}
    taken |= {"finish", "name", "aliases", "point", "row", "parts"}
    taken |= {"combine", "residue", "vectorized"}
    if taken & set(cls._fields):
        raise TypeError(
            f"a parameter of {cls.__name__} cannot be called {taken & set(cls._fields)}"
        )
    cls.body = getattr(cls, "point", None) or getattr(cls, "row", None)  # type: ignore[attr-defined]
    cls.combine = getattr(cls, "combine", None)  # type: ignore[attr-defined]
    cls.residue = getattr(cls, "residue", False)  # type: ignore[attr-defined]
    cls.vectorized = getattr(cls, "vectorized", False)  # type: ignore[attr-defined]
    cls.ranks, cls.classes = _ranks(cls), _classes(cls)  # type: ignore[attr-defined]
    cls.inputs = len(cls.ranks)  # type: ignore[attr-defined]
    cls.key = f"{cls.__module__}:{cls.__qualname__}"  # type: ignore[attr-defined]
    cls.formula, cls.complex_inputs = formula, complex_inputs  # type: ignore[attr-defined]
    cls.finish = getattr(cls, "finish", None)  # type: ignore[attr-defined]
    cls.memory = Memory()  # type: ignore[attr-defined]
    _check_parameters(cls)
    _compare_by_type(cls)
    _KEYS[cls.key] = cls  # type: ignore[attr-defined]
    return cls


def _ranks(cls: Any) -> tuple[int, ...]:
    """Return how many axes each input of `point` or `row` has: 0 for numbers, 1 for rows."""
    function = cls.body
    if cls.combine is not None:
        return tuple(cls.parts()[0].ranks)
    if not isinstance(function, FunctionType):
        raise TypeError(f"loss {cls.__name__} needs a method point(self, y_true, y_pred)")
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount]
    others = code.co_posonlyargcount or code.co_kwonlyargcount or code.co_flags & STARRED
    if not 2 <= len(parameters) <= 4 or others:
        from inspect import signature

        raise TypeError(
            f"{function.__name__} of loss {cls.__name__} must take self and one positional argument"
            f" per input, one to three:"
            f" got {signature(function)}"
        )
    if function.__name__ == "point":
        return (0,) * (len(parameters) - 1)
    ranks = tuple(map(int, _marked(function, _Mark.ROW)))
    if not any(ranks):
        raise TypeError(f"row of loss {cls.__name__} must annotate an input as Row")
    return ranks


def _classes(cls: Any) -> tuple[int, ...]:
    """Return which inputs of `row` are indices of classes."""
    if cls.combine is not None or cls.body.__name__ == "point":
        return ()
    return tuple(k for k, marked in enumerate(_marked(cls.body, _Mark.CLASS)) if marked)


def _marked(function: FunctionType, mark: _Mark) -> list[bool]:
    """Return which inputs of a loss's function are annotated with a mark."""
    hints = get_type_hints(function, include_extras=True)
    parameters = function.__code__.co_varnames[1 : function.__code__.co_argcount]
    marks = (getattr(hints.get(name), "__metadata__", ()) for name in parameters)
    return [any(each is mark for each in found) for found in marks]


def _check_parameters(cls: Any) -> None:
    """Make the class keep its parameters as float and refuse those outside their intervals."""
    create = cls.__new__
    hints = get_type_hints(cls, include_extras=True) if cls._fields else {}
    rules = [_rule(hints[field]) for field in cls._fields]

    def __new__(cls: Any, *args: Any, **kwargs: Any) -> Any:
        given = create(cls, *args, **kwargs)
        values = [_number(cls, *item) for item in zip(cls._fields, given, rules, strict=True)]
        return tuple.__new__(cls, values)

    __new__.__wrapped__ = create  # type: ignore[attr-defined]  # it has the signature
    __new__.__doc__ = create.__doc__
    cls.__new__ = __new__
    cls._make = classmethod(lambda cls, values: cls(*values))


def _rule(hint: Any) -> Interval:
    """Return the interval that an annotation names, all finite numbers without one."""
    return next((x for x in getattr(hint, "__metadata__", ()) if isinstance(x, Interval)), Real)


def _number(cls: Any, field: str, value: Any, rule: Interval) -> float:
    """Return a parameter as float."""
    try:
        number = float(value) + 0.0  # -0.0 and 0.0 are one parameter
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or isinstance(value, str | bytes):
        raise TypeError(f"{field} of {cls.__name__} must be a number: got {brief(value)}") from None
    if not rule.admits(number):
        raise ValueError(f"{field} of {cls.__name__} must be {rule.rule()}: got {brief(value)}")
    return number


def _compare_by_type(cls: Any) -> None:
    """Keep NamedTuples from comparing as plain tuples: Huber(1.0) is not Quantile(1.0)."""
    cls.__eq__ = lambda self, other: type(self) is type(other) and tuple.__eq__(self, other)
    cls.__ne__ = lambda self, other: not self == other
    cls.__hash__ = lambda self: hash((type(self), tuple.__hash__(self)))


def _name(cls: Any, name: str, aliases: tuple[str, ...]) -> Any:
    """Enter a loss class into the table of names."""
    name, *others = (spelling.lower() for spelling in (name, *aliases))
    aliases = tuple(others)
    for spelling in (name, *aliases):
        if not spelling.isidentifier():
            raise ValueError(f"a name of a loss must be an identifier: got {brief(spelling)}")
        other = _NAMES.get(spelling)
        if other is not None and other.key != cls.key:  # type: ignore[attr-defined]
            raise ValueError(f"the loss name {spelling!r} belongs to {other.key}")  # type: ignore[attr-defined]
    _NAMES.update(dict.fromkeys((name, *aliases), cls))
    _read.cache_clear()
    cls.name, cls.aliases = name, aliases
    LOSSES[name] = cls
    return cls


def parts_of(losses: Iterable[Any]) -> tuple[Any, ...]:
    """Return the losses whose sums are taken: a metric that combines several has parts."""
    return tuple([p for loss in losses for p in (loss.parts() if loss.combine else (loss,))])


class Memory(dict[Any, Any]):
    """What is remembered of a loss class in this process, and forgotten with it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Memory, ()  # nothing goes with a class that is pickled with its code


def memory(classes: tuple[Any, ...]) -> Memory:
    """Return where to remember what concerns some loss classes: with the first that is a user's."""
    found: Memory = (first_of_user(classes) or classes[0]).memory
    return found


def first_of_user(classes: tuple[Any, ...]) -> Any:
    """Return the first class that is not one of this package, None if all are."""
    return next((cls for cls in classes if not cls.__module__.startswith("streamloss.")), None)


def values_first(loss: Any) -> bool:
    """Return whether a loss is computed for many elements before its values are folded.

    So are those of rows, and those whose `point` takes arrays as well: they need no kernel of
    their own, which would take seconds to compile for the many parts of a metric.
    """
    return any(loss.ranks) or loss.vectorized


def together(losses: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield in their order the losses that a kernel takes in one pass."""
    for alone, some in itertools.groupby(losses, values_first):
        group = tuple(some)
        yield from ((loss,) for loss in group) if alone else (group,)


def is_loss(value: object) -> bool:
    """Return whether the value is a loss, made by a class that `loss` has seen."""
    return is_loss_class(type(value))


def resolve(spec: Any) -> Any:
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
def _read(spec: str) -> Any:
    """Return the loss that a text names; as calls repeat themselves, it is kept."""
    name, _, rest = spec.partition(":")
    cls: Any = _NAMES.get(name.strip().lower())
    if cls is None:
        import difflib

        near = difflib.get_close_matches(name[:80].strip().lower(), _NAMES, 3)
        hint = f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""
        raise ValueError(f"unknown loss {brief(name)}{hint}: `streamloss losses` lists all")
    return cls(**_parameters(cls, spec, rest))


def is_loss_class(cls: type) -> bool:
    """Return whether the class was made a loss."""
    return "complex_inputs" in vars(cls)


def _parameters(cls: Any, spec: str, text: str) -> dict[str, float]:
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


def by_key(key: str, values: list[float]) -> Any:
    """Return the loss of a class named by its key, or its name, with all of its parameters.

    Raises
    ------
    ValueError
        If no class has that key, or it takes other parameters.
    """
    cls: Any = LOSSES.get(key) or _KEYS.get(key)
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


def respelled(specs: list[Any], losses: Iterable[Any]) -> list[Any]:
    """Return how losses were spelled, a loss itself where its text means another one by now.

    Raises
    ------
    ValueError
        If a text never meant that loss: what differs is more than the default of a parameter.
    """
    return [_respelled(spec, loss) for spec, loss in zip(specs, losses, strict=True)]


def _respelled(spec: Any, loss: Any) -> Any:
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
