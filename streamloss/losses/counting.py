"""What a metric of counts asks for: the keys that tell its cells apart, and sums in each of them.

A key is the value of a loss, which has to be a whole number, or what an input holds as it is: a
label of any kind, text too.
"""

from __future__ import annotations

from typing import Any, NamedTuple


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
    parts: tuple[Any, ...]

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
    def computed(self) -> tuple[Any, ...]:
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
