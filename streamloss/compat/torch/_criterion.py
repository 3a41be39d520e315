"""What all classes of PyTorch's losses share: a call applies a function with their fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

from streamloss.arrays.types import ArrayLike
from streamloss.compat.torch import _calls


class Criterion:
    """A loss with its options, to be called with arrays; `forward` is the same without its name.

    A subclass is a dataclass: its fields are the arguments of its constructor, kept as attributes,
    and those of its function by keyword. `size_average` and `reduce` override `reduction`, as the
    deprecated arguments that they are in PyTorch.
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
        self.reduction = _calls.legacy(size_average, reduce, self.reduction)
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


class OfTwo(Criterion):
    """A loss of two inputs and a target."""

    def forward(self, input1: ArrayLike, input2: ArrayLike, target: ArrayLike) -> Any:
        """Return the loss of arrays."""
        return self.apply(input1, input2, target)


class OfTriplet(Criterion):
    """A loss of an anchor and two others."""

    def forward(self, anchor: ArrayLike, positive: ArrayLike, negative: ArrayLike) -> Any:
        """Return the loss of arrays."""
        return self.apply(anchor, positive, negative)
