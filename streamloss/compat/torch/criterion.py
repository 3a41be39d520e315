"""What all classes of PyTorch's losses share: a call applies a function with their fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import InitVar, dataclass
from typing import Any, ClassVar

from streamloss.arrays.types import ArrayLike, Weights

from .reductions import legacy

Flag = InitVar[bool | None]
"""A deprecated argument, which overrides `reduction` and is not kept."""


class Criterion:
    """A loss with its options, to be called with arrays; `forward` is what a call does.

    A subclass is a dataclass: its fields are the arguments of its constructor, kept as attributes,
    and those of its function by keyword.
    """

    function: ClassVar[Callable[..., Any]]
    reduction: str
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """Return the loss of arrays: numpy scalar or array, lazy for dask arrays."""
        return self.forward(*inputs, **named)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __post_init__(self, size_average: bool | None = None, reduce: bool | None = None) -> None:
        self.reduction = legacy(size_average, reduce, self.reduction)
        self.check()

    def check(self) -> None:
        """Refuse options that the class does, before any call."""

    def apply(self, *inputs: ArrayLike) -> Any:
        """Return what the function gives with the options."""
        options = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return type(self).function(*inputs, **options)

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """Return the loss of arrays."""
        raise NotImplementedError


class OfPair(Criterion):
    """A loss of an input and a target."""

    def forward(self, input: ArrayLike, target: ArrayLike) -> Any:
        """Return the loss of arrays."""
        return self.apply(input, target)


@dataclass(repr=False, eq=False)
class Reduced(OfPair):
    """A loss of an input and a target whose first options are those of its reduction."""

    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"


@dataclass(repr=False, eq=False)
class Weighted(OfPair):
    """A loss of an input and a target whose first option is the weights."""

    weight: Weights = None
    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"


@dataclass(repr=False, eq=False)
class OfClasses(OfPair):
    """A loss of an input and indices of classes, one of which may be ignored."""

    weight: Weights = None
    size_average: Flag = None
    ignore_index: int = -100
    reduce: Flag = None
    reduction: str = "mean"


@dataclass(repr=False, eq=False)
class OfTwo(Criterion):
    """A loss of two inputs and a target, with a margin."""

    margin: float = 0.0
    size_average: Flag = None
    reduce: Flag = None
    reduction: str = "mean"

    def forward(self, input1: ArrayLike, input2: ArrayLike, target: ArrayLike) -> Any:
        """Return the loss of arrays."""
        return self.apply(input1, input2, target)


class OfTriplet(Criterion):
    """A loss of an anchor and two others, with a margin."""

    margin: float

    def forward(self, anchor: ArrayLike, positive: ArrayLike, negative: ArrayLike) -> Any:
        """Return the loss of arrays."""
        return self.apply(anchor, positive, negative)

    def check(self) -> None:
        """Refuse a margin that is not positive."""
        if self.margin <= 0:
            name = type(self).__name__
            raise ValueError(f"{name}: expected margin to be greater than 0, got {self.margin}")
