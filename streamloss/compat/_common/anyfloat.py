"""Losses whose parameters may be any float, as of frameworks that do not check them.

They are classes of their own: a loss is pickled as a call of its class, which checks, so that
nothing but another class can hold a value which it refuses.
"""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable
from typing import Annotated, Any

from streamloss.losses import BinaryCrossEntropyWithLogits, Huber, LogLoss, SoftmaxCrossEntropy
from streamloss.losses.base import LossLike
from streamloss.losses.define import loss
from streamloss.losses.domains import Interval


class Anything(Interval):
    """Admits every float."""

    def admits(self, value: float) -> bool:
        """Return True."""
        return True


Unchecked = Annotated[float, Anything(-math.inf, math.inf)]


def _twin(name: str, cls: Any) -> Callable[[float], LossLike]:
    """Return a loss with the formula of another, whose parameter may be any float."""
    make: Any = namedtuple
    made = make(name, cls._fields, module=__name__)
    made.__doc__ = f"`{cls.__name__}` with any parameter."
    made.__annotations__ = dict.fromkeys(cls._fields, Unchecked)
    setattr(made, cls.body.__name__, cls.body)
    twin: Callable[[float], LossLike] = loss(made)
    return twin


AnyHuber = _twin("AnyHuber", Huber)
AnyLogLoss = _twin("AnyLogLoss", LogLoss)
AnySigmoid = _twin("AnySigmoid", BinaryCrossEntropyWithLogits)
AnySoftmax = _twin("AnySoftmax", SoftmaxCrossEntropy)

UNCHECKED: dict[Callable[[float], LossLike], Callable[[float], LossLike]] = {
    Huber: AnyHuber,
    LogLoss: AnyLogLoss,
    BinaryCrossEntropyWithLogits: AnySigmoid,
    SoftmaxCrossEntropy: AnySoftmax,
}


def with_parameter(cls: Callable[[float], LossLike], value: float) -> LossLike:
    """Return a loss with its parameter, though it may lie outside what the loss admits."""
    try:
        return cls(value)
    except ValueError:
        return UNCHECKED[cls](value)
