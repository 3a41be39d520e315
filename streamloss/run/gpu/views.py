"""Cutting arrays of a GPU into lines, by their strides alone: nothing is copied or read.

A kernel sees five axes: two that are kept, two that are reduced, and one along which lanes lie.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from streamloss.arrays.device import DeviceArray

LINES = 32
"""Elements of the shortest axis that the lanes of a team share, if another is longer."""

Axis = tuple[int, tuple[int, ...]]
"""The size of an axis, and the bytes from one element to the next in each array."""


def merged_axes(arrays: Sequence[DeviceArray], order: Sequence[int]) -> list[Axis]:
    """Return axes in this order, those that lie in all arrays like one as one."""
    axes: list[Axis] = []
    for k in order:
        size, strides = arrays[0].shape[k], tuple([array.strides[k] for array in arrays])
        if size == 1:
            continue
        if axes and axes[-1][1] == tuple([size * stride for stride in strides]):
            axes[-1] = axes[-1][0] * size, strides
        else:
            axes.append((size, strides))
    return axes


def lines(
    arrays: Sequence[DeviceArray], kept: list[Axis], reduced: list[Axis]
) -> Iterator[tuple[slice, list[DeviceArray]]]:
    """Yield the cells and the views, of five axes, of each part that a kernel can take."""
    if reduced and reduced[-1][0] < LINES:  # the lanes lie along the longest instead
        reduced = sorted(reduced, key=lambda axis: axis[0])
    inner = [*filled(kept[-2:], 2, arrays), *filled(reduced[-3:], 3, arrays)]
    shape = tuple([size for size, _ in inner])
    strides = [*zip(*[steps for _, steps in inner], strict=True)]
    cells = shape[0] * shape[1]
    for number, place in enumerate(offsets(kept[:-2], arrays)):
        for other in offsets(reduced[:-3], arrays):
            yield (
                slice(number * cells, (number + 1) * cells),
                [
                    array.viewed(shape, strides[j], place[j] + other[j])
                    for j, array in enumerate(arrays)
                ],
            )


def offsets(axes: list[Axis], arrays: Sequence[DeviceArray]) -> Iterator[list[int]]:
    """Yield the bytes from the first element of each array to that at each place of some axes."""
    for place in itertools.product(*[range(size) for size, _ in axes]):
        steps = [*zip(place, axes, strict=True)]
        yield [sum([i * strides[j] for i, (_, strides) in steps]) for j in range(len(arrays))]


def filled(axes: list[Axis], count: int, arrays: Sequence[DeviceArray]) -> list[Axis]:
    """Return so many axes, those that are missing of size 1."""
    return [(1, (0,) * len(arrays))] * (count - len(axes)) + axes
