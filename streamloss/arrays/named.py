"""Arrays with named axes, xarray's DataArrays: brought by their names to one order of axes.

The order is that of the first such input. Coordinates of a shared axis must be equal, in order,
as with ``xarray.align(join="exact")``: xarray's own arithmetic would drop what one of them lacks.
xarray is imported for results alone: who has such an array has done it.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from streamloss.support.brief import brief

from .batch import Arguments, normalise_axis
from .types import ArrayLike, AxisLike

Axes = tuple[str, ...]


class Named(NamedTuple):
    """The arrays of a call without their names, and what the axes of the losses were called.

    Attributes
    ----------
    arguments : Arguments
        y_true, y_pred, weights and where, as `evaluate` takes them.
    axes : tuple of str
        The axes of the losses.
    coordinates : dict
        DataArrays by name: the coordinates of the inputs, None for what differs among them.
    """

    arguments: Arguments
    axes: Axes
    coordinates: dict[Any, Any]

    def in_memory(self) -> Named:
        """Return the names without the arrays, and without coordinates that dask would compute."""
        known = {k: c for k, c in self.coordinates.items() if c is not None and not c.chunks}
        return Named((None, None, None, None), self.axes, known)

    def numbers(self, axis: AxisLike) -> Any:
        """Return an `axis` argument with the numbers of axes that it names.

        Raises
        ------
        ValueError
            If there is no axis of a name.
        """
        if isinstance(axis, tuple | list):
            return tuple(self.numbers(item) for item in axis)
        if not isinstance(axis, str):
            return axis
        if axis not in self.axes:
            raise ValueError(f"axis must be one of {brief(self.axes)}: got {brief(axis)}")
        return self.axes.index(axis)

    def kept(self, axis: AxisLike, before: Named | None, name: str = "y_true") -> Any:
        """Return the numbers of an `axis` argument, the axes kept being those of earlier arrays.

        An error calls what has these coordinates by a name.

        Raises
        ------
        ValueError
            If a coordinate along an axis that is kept differs.
        """
        numbers = self.numbers(axis)
        reduced = self.reduced(numbers)
        for k, key in enumerate(self.axes):
            old = None if before is None else before.coordinates.get(key)
            if k not in reduced and old is not None and key in self.coordinates:
                check_equal(name, key, self.coordinates[key].to_index(), old.to_index())
        return numbers

    def check_kept(self, axis: AxisLike, other: Named, other_axis: AxisLike) -> None:
        """Refuse to be merged with arrays of which other axes are kept, or in another order."""
        mine, theirs = (
            tuple(name for k, name in enumerate(named.axes) if k not in named.reduced(numbers))
            for named, numbers in ((self, axis), (other, other_axis))
        )
        if mine != theirs:
            raise ValueError(f"the axes kept must be the same to merge: got {mine} and {theirs}")
        self.kept(axis, other, "other")

    def reduced(self, axis: Any) -> tuple[int, ...]:
        """Return which axes of the losses an `axis` argument of numbers reduces."""
        return normalise_axis(axis, len(self.axes))

    def wrap(self, values: Any, reduced: tuple[int, ...]) -> Any:
        """Return values of the axes that are not reduced as a DataArray, one alone as it is."""
        kept = tuple(name for k, name in enumerate(self.axes) if k not in reduced)
        if not kept:
            return values
        known = {k: c for k, c in self.coordinates.items() if c is not None}
        found = {k: c for k, c in known.items() if set(c.dims) <= set(kept)}
        import xarray  # an accumulator that was pickled may come before it is loaded

        array = xarray.DataArray(values, dims=kept, coords=found)
        return array.rename(None)  # dask gives arrays the names of its tasks


def beside(data: Any, names: list[str]) -> Any:
    """Return variables of a Dataset side by side, along a last axis."""
    import xarray

    arrays = xarray.concat([data[name] for name in names], "column", join="exact")
    return arrays.transpose(..., "column")


def in_rows(values: Any, name: Any) -> Any:
    """Return the values of rows as a DataArray of a name."""
    import xarray

    return xarray.DataArray(values, dims="row", name=name)


def axes_of(loss: Any, inputs: tuple[Any, ...]) -> Axes | None:
    """Return the axes of losses as the first input with names has them; None if none has any."""
    for value, rank in zip(inputs, loss.ranks, strict=False):
        if is_named(value):
            return _axes_of(value, rank, None)[0]
    return None


def is_named(value: object) -> bool:
    """Return whether a value is a DataArray or a Variable of xarray."""
    library: Any = sys.modules.get("xarray")
    ready = hasattr(library, "DataArray") and hasattr(library, "Variable")
    return ready and isinstance(value, library.DataArray | library.Variable)


def unnamed(value: Any) -> Any:
    """Return what a DataArray or a Variable of xarray holds, anything else as it is."""
    return value.data if is_named(value) else value


def find_names(
    loss: Any,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    weights: ArrayLike,
    where: ArrayLike,
    order: Axes | None = None,
) -> Named | None:
    """Return the arguments of a call without names, None if none of them has any.

    The axes of the losses come in an `order`, if one is given.

    Raises
    ------
    ValueError
        If the inputs have other axes than each other, weights or `where` have one that the losses
        have not, or coordinates of one name differ.
    TypeError
        If weights or `where` have names and no input has.
    """
    inputs = [y_true, *(y_pred if isinstance(y_pred, tuple) else (y_pred,))]
    if not any(is_named(value) for value in (*inputs, weights, where)):
        return None
    first = next((k for k, value in enumerate(inputs[: loss.inputs]) if is_named(value)), None)
    if first is None:
        raise TypeError("y_true must be a DataArray where weights or where are")
    axes, row = _axes_of(inputs[first], loss.ranks[first], order)
    seen: dict[Any, Any] = {}
    names = ["y_true", *(f"y_pred[{k}]" for k in range(len(inputs) - 1))]
    if not isinstance(y_pred, tuple):
        names[1:] = ["y_pred"]
    for k, value in enumerate(inputs[: loss.inputs]):
        if is_named(value):
            row = row or _axes_of(value, loss.ranks[k], axes)[1]
            inputs[k] = _ordered(names[k], value, axes + row[: loss.ranks[k]], seen)
    true, *others = inputs
    pred = tuple(others) if isinstance(y_pred, tuple) else others[0]
    weights, where = (
        _spread(name, value, axes, seen) if is_named(value) else value
        for name, value in (("weights", weights), ("where", where))
    )
    return Named((true, pred, weights, where), axes, seen)


def _axes_of(array: Any, rank: int, order: Axes | None) -> tuple[Axes, Axes]:
    """Return the axes of losses, and that of rows."""
    axes = tuple(array.dims)
    if order is None:
        order = axes[: len(axes) - rank]
    return order, tuple(name for name in axes if name not in order)[:rank]


def _ordered(name: str, array: Any, axes: Axes, seen: dict[Any, Any]) -> Any:
    """Return the numbers of an input with its axes in an order."""
    if set(array.dims) != set(axes) or array.ndim != len(axes):
        raise ValueError(f"{name} must have the axes {brief(axes)}: got {brief(array.dims)}")
    _check_coordinates(name, array, seen)
    return array.transpose(*axes).data


def _spread(name: str, array: Any, axes: Axes, seen: dict[Any, Any]) -> Any:
    """Return the numbers of weights or a mask, with an axis of size 1 for each that it lacks."""
    if not set(array.dims) <= set(axes):
        raise ValueError(f"{name} must have axes of {brief(axes)}: got {brief(array.dims)}")
    _check_coordinates(name, array, seen)
    present = [axis for axis in axes if axis in array.dims]
    index = tuple(slice(None) if axis in present else None for axis in axes)
    return array.transpose(*present).data[index]


def _check_coordinates(name: str, array: Any, seen: dict[Any, Any]) -> None:
    """Refuse coordinates that differ from those seen before, and remember them."""
    indexes = getattr(array, "indexes", {})  # a Variable has none
    for key in array.dims:
        if seen.get(key) is not None and key in indexes:
            check_equal(name, key, indexes[key], seen[key].to_index())
    for key, coordinate in getattr(array, "coords", {}).items():
        before = seen.setdefault(key, coordinate)
        if before is not None and not before.variable.equals(coordinate.variable):
            seen[key] = None  # a coordinate that differs is dropped, as xarray does


def check_equal(name: str, axis: Any, index: Any, before: Any) -> None:
    """Refuse an index of an axis that differs from another one."""
    if not index.equals(before):
        rule = (
            f"{name} must have the coordinates of the other arrays along {axis!r}, in their order"
        )
        raise ValueError(f'{rule}: see xarray.align(join="exact")')
