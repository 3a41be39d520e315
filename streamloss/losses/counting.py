"""What a metric of counts asks for: the keys that tell its cells apart, and sums in each of them.

A key is the value of a loss, which has to be a whole number, or what an input holds as it is: a
label of any kind, text too.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .base import Loss


class Given(NamedTuple):
    """A key that an input holds: a label, such as a whole number or text.

    Attributes
    ----------
    input : int
        Which input: 0 is y_true, 1 is y_pred.
    """

    input: int


class EachClass(NamedTuple):
    """A key that is each class in turn: the index along the last axis of y_pred, a row of scores.

    With it y_true holds indices of classes, and the other keys and sums are those of numbers: of 1
    where y_true is the class and else 0, and of the score of the class.
    """

    of: str = "classes"


class EachOutput(NamedTuple):
    """A key that is each output in turn: the index along the last axis of y_true and y_pred.

    With it the other keys and sums are those of numbers, such as an indicator and its score.
    """

    of: str = "outputs"


IN_TURN = EachClass, EachOutput
"""The keys by which a row becomes an element for each of its numbers."""


class Extreme(NamedTuple):
    """A key of which a cell keeps the largest value alone, or the smallest: any number.

    It is the value of a loss. What it was before is not known, so that nothing can be taken out.

    Attributes
    ----------
    loss : Loss or str
        Whose values are compared, over the elements whose weight is not zero.
    largest : bool
        Whether the largest is kept, and not the smallest.
    """

    loss: Any
    largest: bool = True


class Counting(NamedTuple):
    """What tells cells apart, and what is summed in each. Metrics with equal ones share the cells.

    Attributes
    ----------
    names : tuple of str
        What the keys are called.
    keys : tuple of Given, EachClass, EachOutput, Extreme or Loss
        What they are.
    sums : tuple of str
        What the sums are called.
    parts : tuple of Loss
        The losses whose sums are taken in each cell.
    """

    names: tuple[str, ...]
    keys: tuple[Any, ...]
    sums: tuple[str, ...]
    parts: tuple[Loss, ...]

    @property
    def spreads(self) -> bool:
        """Whether there is a cell for each class or output of a row."""
        return self.turning is not None

    @property
    def turning(self) -> int | None:
        """Which key is each class or output in turn; None if none is."""
        return next((k for k, key in enumerate(self.keys) if type(key) in IN_TURN), None)

    @property
    def extreme(self) -> Extreme | None:
        """The key of which the largest or the smallest value is kept, which is the only one."""
        return self.keys[0] if type(self.keys[0]) is Extreme else None

    @property
    def labels(self) -> tuple[int, ...]:
        """Which inputs are keys as they are."""
        return tuple([key.input for key in self.keys if type(key) is Given])

    @property
    def computed(self) -> tuple[Loss, ...]:
        """The losses whose values or sums are taken."""
        keys = [key for key in self.keys if type(key) not in (Given, *IN_TURN, Extreme)]
        if self.extreme is not None:
            keys.append(self.extreme.loss)
        return (*keys, *self.parts)

    @property
    def ranks(self) -> tuple[int, ...]:
        """How many axes of each input an element has: 0 for a number, 1 for a row."""
        if self.turning is not None:
            return (0, 1) if type(self.keys[self.turning]) is EachClass else (1, 1)
        return next((loss.ranks for loss in self.computed), (0, 0))


@functools.lru_cache(maxsize=1024)
def counting_of(metric: Loss) -> Counting:
    """Return what a metric of counts asks for.

    Raises
    ------
    TypeError
        If `cells` or `sums` of its class return something else than they should.
    """
    from .names import resolve  # late: it imports the module that imports this one

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
    from .names import resolve  # late: it imports the module that imports this one

    if type(key) is Extreme:
        return key._replace(loss=resolve(key.loss))
    return key if type(key) in (Given, *IN_TURN) else resolve(key)
