"""The types that signatures share: what users may give, and what arrays of both kinds can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = [
    "Array",
    "ArrayLike",
    "AxisLike",
    "DType",
    "DTypeLike",
    "DuckArray",
    "LazyArray",
    "Mask",
    "Shape",
    "Weights",
]

ArrayLike = object
"""Anything that `as_array` reads: arrays, numbers, lists, columns, frames, tensors, lazy arrays.

Only looking at a value tells whether it is one, as `as_array` does: no narrower type would hold.
"""

Weights = ArrayLike | None
"""The weights of the losses; None weighs each by 1."""

AxisLike = int | str | Sequence[int | str] | None
"""Axes to reduce: their numbers or, of arrays with named axes, their names; None is all."""

Array = NDArray[Any]
"""An array of numpy, a masked one too."""

Mask = NDArray[np.bool_]
"""An array of numpy that says what counts."""

DType = np.dtype[Any]
"""A dtype of numpy; `DTypeLike` is all that numpy makes one of."""

Shape = tuple[int, ...]
"""The sizes of the axes; NaN stands for one that dask does not know."""


class DuckArray(Protocol):
    """An array of numpy or of dask: what both can do.

    Any stands for numbers or arrays: what an array is combined with, and what is left of it when
    it is reduced.
    """

    @property
    def shape(self) -> Shape:
        """The sizes of its axes."""
        ...

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        ...

    @property
    def size(self) -> int:
        """How many elements it has."""
        ...

    @property
    def dtype(self) -> DType:
        """The dtype of its elements."""
        ...

    @property
    def real(self) -> DuckArray:
        """The real parts of its elements."""
        ...

    def astype(self, dtype: DTypeLike, /) -> DuckArray:
        """Return it in another dtype."""
        ...

    def reshape(self, shape: Shape, /) -> DuckArray:
        """Return it in another shape."""
        ...

    def transpose(self, axes: Shape, /) -> DuckArray:
        """Return it with its axes in another order."""
        ...

    # properties: the signatures of numpy's methods differ between its versions
    @property
    def all(self) -> Callable[..., Any]:
        """Returns whether all elements along axes are true."""
        ...

    @property
    def any(self) -> Callable[..., Any]:
        """Returns whether an element along axes is true."""
        ...

    @property
    def max(self) -> Callable[..., Any]:
        """Returns the largest elements along axes."""
        ...

    @property
    def min(self) -> Callable[..., Any]:
        """Returns the least elements along axes."""
        ...

    @property
    def sum(self) -> Callable[..., Any]:
        """Returns the sums along axes."""
        ...

    def __array__(self) -> Array: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: Any, /) -> DuckArray: ...
    def __bool__(self) -> bool: ...
    def __int__(self) -> int: ...
    def __float__(self) -> float: ...
    def __abs__(self) -> DuckArray: ...
    def __invert__(self) -> DuckArray: ...
    def __add__(self, other: Any, /) -> DuckArray: ...
    def __sub__(self, other: Any, /) -> DuckArray: ...
    def __rsub__(self, other: Any, /) -> DuckArray: ...
    def __mul__(self, other: Any, /) -> DuckArray: ...
    def __and__(self, other: Any, /) -> DuckArray: ...
    def __or__(self, other: Any, /) -> DuckArray: ...
    def __lt__(self, other: Any, /) -> DuckArray: ...
    def __le__(self, other: Any, /) -> DuckArray: ...
    def __gt__(self, other: Any, /) -> DuckArray: ...
    def __ge__(self, other: Any, /) -> DuckArray: ...
    def __eq__(self, other: object, /) -> DuckArray: ...  # type: ignore[override]
    def __ne__(self, other: object, /) -> DuckArray: ...  # type: ignore[override]


class LazyArray(DuckArray, Protocol):
    """An array of dask, to be computed later; what else it can do is what dask makes of it."""

    def astype(self, dtype: DTypeLike, /) -> LazyArray:
        """Return it in another dtype."""
        ...

    def map_blocks(self, func: Callable[..., object], /, *args: Any, **kwargs: Any) -> LazyArray:
        """Return what a function makes of each chunk."""
        ...

    def rechunk(self, chunks: Any, /) -> LazyArray:
        """Return it cut into other chunks."""
        ...

    def __ne__(self, other: object, /) -> LazyArray: ...  # type: ignore[override]
    def __getattr__(self, name: str) -> Any: ...
