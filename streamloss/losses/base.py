"""What a loss is, and what is asked of several: their parts, their passes, their memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, ClassVar, Self, TypeGuard

from .counting import Counting


class Loss(tuple[float, ...]):
    """A formula with its parameters: what the decorator `loss` adds to a NamedTuple.

    The NamedTuple that a user writes comes first among the bases of a loss class, so that what it
    defines counts and the values below are what it has without. Two losses are equal if class and
    parameters are: Huber(1.0) is not Quantile(1.0), as it would be of plain tuples.
    """

    __slots__ = ()

    _fields: ClassVar[tuple[str, ...]]
    """The names of the parameters."""

    name: ClassVar[str]
    """What the loss is called as text and, if it is ours, in saved bytes; empty without a name."""

    aliases: ClassVar[tuple[str, ...]]
    """Further names."""

    formula: ClassVar[str]
    """The mathematics in one line, for lists of losses; empty if nobody wrote it."""

    key: ClassVar[str]
    """Module and qualified name of the class, which name it in saved bytes and kernel caches."""

    inputs: ClassVar[int]
    """How many arrays it takes: 1 to 3."""

    ranks: ClassVar[tuple[int, ...]]
    """How many axes of each input an element has: 0 for a number, 1 for a row."""

    classes: ClassVar[tuple[int, ...]]
    """Which inputs are indices of classes of a row."""

    complex_inputs: ClassVar[bool]
    """Whether `point` takes complex numbers."""

    body: ClassVar[Callable[..., Any]]
    """What is computed of one element of each input: `point`, `row`, `factors`; None of metrics."""

    point: ClassVar[Callable[..., Any]]
    """The formula for one element: float64 numbers to a number; of losses of numbers alone."""

    row: ClassVar[Callable[..., Any]]
    """The formula for one row along the last axis; of losses of rows alone."""

    factors: ClassVar[Callable[..., tuple[float, ...]]]
    """One or two numbers, whose product with the weight is summed exactly; of moments alone."""

    streams: ClassVar[int] = 1
    """How many rows of a state it takes: two or four of a moment of one or two factors, whose terms
    are the sums of so many float64."""

    finish: ClassVar[Callable[..., float] | None] = None
    """What becomes of the rounded mean, such as its root; reductions without one are refused."""

    sums: ClassVar[Callable[[], dict[str, Any]]]
    """The losses whose sums a metric needs, by its own names; of metrics alone."""

    combine: ClassVar[Callable[..., float] | None] = None
    """What a metric makes of its exact sums, given by name; None of other losses."""

    bracket: ClassVar[Callable[..., tuple[float, float]] | None] = None
    """Between what a metric of counts lies that its cells tell nearly; None of what is exact."""

    refined: ClassVar[Callable[..., Loss | None] | None] = None
    """What a metric with a bracket asks a further pass over the data for, of the cells of this one:
    another metric, whose bracket is narrower; None where it is known. None of others."""

    perfect: ClassVar[float | None] = None
    """The result of perfect predictions, where a result is the worse the further it is from that;
    infinity where more is better. None: the larger the worse, as of losses."""

    parts: ClassVar[tuple[Loss, ...]] = ()
    """The losses that `sums` names, in that order."""

    names: ClassVar[tuple[str, ...]] = ()
    """What `sums` calls them."""

    takes: ClassVar[tuple[str, ...]] = ()
    """What `combine` takes: all of `names`, and of what is known beside them what it names."""

    counting: Counting | None = None
    """What a metric of counts asks for: its cells and sums in them; None of all others."""

    rules: ClassVar[tuple[Any, ...]]
    """What each parameter may be: an interval of numbers, a choice of texts, a label."""

    memory: ClassVar[Memory]
    """What is remembered of the class in this process, such as its kernels."""

    def __new__(cls, *parameters: float, **named: float) -> Self:
        """Refuse to make a loss of no class: those that `loss` has seen have their own."""
        raise TypeError("a loss is made of a NamedTuple, by @loss")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((type(self), tuple.__hash__(self)))


LossLike = tuple[float, ...]
"""A loss as type checkers see it: the NamedTuple that was written, which `loss` makes a `Loss`."""


class Memory(dict[Hashable, Any]):
    """What is remembered of a loss class in this process, and forgotten with it."""

    def __reduce__(self) -> tuple[type[Memory], tuple[()]]:
        return Memory, ()  # nothing goes with a class that is pickled with its code


_memory = Memory()
"""What is remembered of no loss."""


def is_loss(value: object) -> TypeGuard[Loss]:
    """Return whether the value is a loss, made by a class that `loss` has seen."""
    return is_loss_class(type(value))


def is_loss_class(cls: type) -> TypeGuard[type[Loss]]:
    """Return whether the class was made a loss: a class derived from one is none by itself."""
    return issubclass(cls, Loss) and "key" in vars(cls)


def parts_of(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    """Return the losses whose sums are taken: a metric that combines several has parts.

    Those of a metric of counts are taken cell by cell, and none of these.
    """
    plain = [loss for loss in losses if loss.counting is None]
    return tuple([part for loss in plain for part in (loss.parts or (loss,))])


def countings_of(losses: Iterable[Loss]) -> tuple[Counting, ...]:
    """Return what the metrics of counts among losses ask for, each once."""
    found = [loss.counting for loss in losses]
    return tuple(dict.fromkeys([each for each in found if each is not None]))


def computed_of(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    """Return all losses that are computed: parts, and keys and sums of metrics of counts."""
    losses = tuple(losses)
    of_cells = [loss for each in countings_of(losses) for loss in each.computed]
    return (*parts_of(losses), *of_cells)


def rows_of(losses: Iterable[Loss]) -> int:
    """Return how many rows of a state losses that are no metrics take, without that of weights."""
    return sum([loss.streams for loss in losses])


def memory(classes: tuple[type[Loss], ...]) -> Memory:
    """Return where to remember what concerns some loss classes: with the first that is a user's."""
    return (first_of_user(classes) or classes[0]).memory if classes else _memory


def first_of_user(classes: tuple[type[Loss], ...]) -> type[Loss] | None:
    """Return the first class that is not one of this package, None if all are."""
    return next((cls for cls in classes if not cls.__module__.startswith("streamloss.")), None)


def values_first(loss: Loss) -> bool:
    """Return whether a loss is computed for many elements before its values are folded: of rows."""
    return any(loss.ranks)


def together(losses: tuple[Loss, ...]) -> Iterator[tuple[Loss, ...]]:
    """Yield in their order the losses that a kernel takes in one pass."""
    for alone, some in itertools.groupby(losses, values_first):
        group = tuple(some)
        yield from ((loss,) for loss in group) if alone else (group,)
