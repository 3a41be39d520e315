"""Batches in the memory of a GPU: the same States as on the CPU, bit for bit.

Arrays are read where they lie, whatever their strides and dtypes. What kernels add to stays on the
GPU until somebody wants to know it, so that an update waits for nothing.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from streamloss.arrays.batch import FLOAT32, Batch, normalise_axis
from streamloss.arrays.device import DeviceArray
from streamloss.arrays.types import Array
from streamloss.exact import digits
from streamloss.exact.counts import COLUMNS, ROWS
from streamloss.exact.digits import HELD, WIDTH
from streamloss.exact.state import State
from streamloss.kernels.gpu import MOST
from streamloss.kernels.switches import NARROW, SIFT, WIDE, Multiply, Omit, Rule
from streamloss.losses import Value
from streamloss.losses.base import rows_of, together

from . import launch
from .launch import Scratch, Views
from .views import filled, lines, merged_axes, offsets

CELLS = 1 << 12
"""Cells that are folded at once: their rows on the GPU are 5 MB for one loss."""

LAUNCHES = 1 << 18
"""Launches whose sums fit the digits on the GPU: each team adds less than 2**33 to one."""


def sums(
    losses: tuple[Any, ...],
    batch: Batch,
    axis: int | tuple[int, ...] | None = None,
    rule: Rule = SIFT,
    threads: int | None = None,
) -> State:
    """Return the state of a batch, as `run.cpu.sums` does; it waits for the GPU.

    Raises
    ------
    TypeError
        If the `point` or `row` of a loss does not compile; if the rule is `MULTIPLY`.
    RuntimeError
        If there is no GPU that numba can use.
    """
    kept = kept_shape(batch, axis)
    if math.prod(kept) <= CELLS:
        pending = Pending(losses, kept)
        pending.add(batch, axis, rule)
        return pending.state()
    k = kept.index(max(kept))
    original = [a for a in range(len(batch.shape)) if a not in _reduced(batch, axis)][k]
    step = max(1, CELLS * kept[k] // math.prod(kept))
    parts = [
        sums(losses, cut(batch, original, start, start + step), axis, rule).trimmed()
        for start in range(0, kept[k], step)
    ]
    state = State.concatenated(parts, k)
    state.counts[:, ROWS] = batch.rows(axis)
    return state


def kept_shape(batch: Batch, axis: int | tuple[int, ...] | None) -> tuple[int, ...]:
    """Return the shape of the output."""
    reduced = _reduced(batch, axis)
    return tuple([size for k, size in enumerate(batch.shape) if k not in reduced])


def _reduced(batch: Batch, axis: int | tuple[int, ...] | None) -> tuple[int, ...]:
    return normalise_axis(axis, len(batch.shape))


def cut(batch: Batch, axis: int, start: int, stop: int) -> Batch:
    """Return the part of a batch in a range of an axis of the losses."""

    def part(array: Any) -> Any:
        if array is None or isinstance(array, np.ndarray):
            return None if array is None else array[(slice(None),) * axis + (slice(start, stop),)]
        size = min(stop, array.shape[axis]) - start
        shape = (*array.shape[:axis], size, *array.shape[axis + 1 :])
        return array.viewed(shape, array.strides, start * array.strides[axis])

    inputs = tuple([part(array) for array in batch.inputs])
    return batch._replace(inputs=inputs, weights=part(batch.weights), where=part(batch.where))


class Pending:
    """Sums and counts on the GPU, to which batches are added without waiting.

    Parameters
    ----------
    losses : tuple of loss
    shape : tuple of int
        The shape of the output, of at most `CELLS` cells; of groups, their number and that shape.
    """

    def __init__(self, losses: tuple[Any, ...], shape: tuple[int, ...]) -> None:
        launch.check()
        self.shape, self._losses = shape, losses
        self._sums: dict[tuple[Any, ...], _Sums] = {}

    @property
    def is_full(self) -> bool:
        """Whether the digits may not hold a further batch."""
        return any([sums.launches >= LAUNCHES for sums in self._sums.values()])

    def add(
        self,
        batch: Batch,
        axis: int | tuple[int, ...] | None,
        rule: Rule,
        codes: Array | None = None,
    ) -> None:
        """Add a batch: what the GPU is to do is put in the stream that its arrays name.

        Where that fails nothing was added. Batches of other dtypes have sums of their own, for
        kernels are compiled when dtypes first come, and that fails before anything runs. Of groups
        there are `codes`, int32 of the CPU, which name that of each row.
        """
        _refuse_compat(rule)
        device = launch.gpu_of(_arrays(batch))
        kinds = *[a.dtype for a in _arrays(batch)], batch.where is None, device
        with launch.on(device):
            batch = _on_device(batch)
            groups = [] if codes is None else [launch.copied(codes).broadcast(batch.shape)]
            streams = [a.stream for a in (*_arrays(batch), *groups)]
            stream = launch.stream_of(streams)
            sums = self._sums.get(kinds) or _Sums(self._losses, math.prod(self.shape), stream)
            sums.add(batch, _reduced(batch, axis), rule, groups, stream)
            sums.rows += batch.rows(axis)
            self._sums[kinds] = sums
            sums.release(batch, stream, streams)

    def state(self) -> State:
        """Wait for the GPU, and return the state of all batches."""
        states = []
        for (*_, device), sums in self._sums.items():
            with launch.on(device):
                states.append(sums.state(self.shape))
        return State.total(states)


class _Sums:
    """Sums and counts on the GPU for batches of the same dtypes.

    Streams come to them one after another: each waits for the mark that the one before has left,
    and the result for the last. Streams themselves may be gone by then.
    """

    def __init__(self, losses: tuple[Any, ...], cells: int, stream: Any) -> None:
        self._passes = [
            (
                some,
                launch.zeros((cells, rows_of(some) + 1, WIDTH), stream),
                launch.zeros((cells, COLUMNS), stream),
            )
            for some in _passes(losses)
        ]
        self._mark = launch.event()
        self._mark.record(stream)
        self._scratch = launch.Scratch()
        self._spares: list[Any] = []
        self._lent: deque[tuple[Any, list[Any]]] = deque()
        self.rows = self.launches = 0

    def add(
        self,
        batch: Batch,
        reduced: tuple[int, ...],
        rule: Rule,
        groups: list[DeviceArray],
        stream: Any,
    ) -> None:
        """Have a batch added, or nothing of it where that fails."""
        if not math.prod(batch.shape):
            return
        self._mark.wait(stream)
        # one of several launches may fail, for want of memory, after others have begun
        several = len(self._passes) > 1 or len(batch.shape) > 2
        if several:
            self._keep(stream)
        try:
            for some, sums, counts in self._passes:
                held = sums, counts, self._scratch
                self.launches += _fold(some, batch, reduced, rule, groups, *held, stream)
        except BaseException:
            if several:
                self._restore(stream)
            raise
        finally:
            self._mark.record(stream)

    def release(self, batch: Batch, stream: Any, streams: Iterable[int | None]) -> None:
        """Let others write to a batch when it was read, and keep what is lent until then."""
        launch.release(self._mark, streams)
        while self._lent and launch.has_come(self._lent[0][0]):
            self._lent.popleft()
        lent = [a.owner for a in _arrays(batch) if a.is_lent]
        if lent:
            mark = launch.event()
            mark.record(stream)
            self._lent.append((mark, lent))

    def _keep(self, stream: Any) -> None:
        """Have the sums and counts copied."""
        arrays = self._arrays()
        self._spares = self._spares or [launch.spare(array) for array in arrays]
        for spare, array in zip(self._spares, arrays, strict=True):
            spare.copy_to_device(array, stream=stream)

    def _restore(self, stream: Any) -> None:
        """Put back the sums and counts that were kept, before anything else is added."""
        for spare, array in zip(self._spares, self._arrays(), strict=True):
            array.copy_to_device(spare, stream=stream)
        launch.wait(stream)

    def _arrays(self) -> list[Any]:
        return [array for _, *arrays in self._passes for array in arrays]

    def state(self, shape: tuple[int, ...]) -> State:
        """Wait for what was added, and return its state."""
        self._mark.synchronize()
        self._lent.clear()
        parts = []
        for _, sums, counts in self._passes:
            rows = digits.trim(sums.copy_to_host(), 0)  # to carry all 70 takes forty times as long
            state = State(shape, *rows, counts.copy_to_host(), HELD)
            state.counts[:, ROWS] = self.rows
            parts.append(state.balanced())
        return State.joined(parts)


def _refuse_compat(rule: Rule) -> None:
    """Refuse what only the interfaces of other frameworks ask for, which round as well."""
    if isinstance(rule, Multiply):
        raise TypeError("compat takes arrays of the CPU: got one of a GPU")


def _passes(losses: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield in their order the losses of each launch."""
    for some in together(losses):
        taken: tuple[Any, ...] = ()
        for loss in some:
            if rows_of((*taken, loss)) > MOST:
                yield taken
                taken = ()
            taken = *taken, loss
        yield taken


def _arrays(batch: Batch) -> list[Any]:
    """Return all arrays of a batch."""
    return [a for a in (*batch.inputs, batch.weights, batch.where) if a is not None]


def _on_device(batch: Batch) -> Batch:
    """Return a batch of which all arrays are on the GPU, booleans among the inputs as integers."""

    def moved(array: Any) -> Any:
        if array is None or isinstance(array, DeviceArray):
            return array
        once = array[tuple([slice(None) if step else slice(1) for step in array.strides])]
        return launch.copied(once).broadcast(array.shape)

    return batch._replace(
        inputs=tuple([moved(array).as_numbers() for array in batch.inputs]),
        weights=None if batch.weights is None else moved(batch.weights).as_numbers(),
        where=moved(batch.where),
    )


def on_host(array: Any) -> Any:
    """Return an array, None or of a GPU too, as one of numpy."""
    return launch.on_host(array) if isinstance(array, DeviceArray) else array


def _fold(
    losses: tuple[Any, ...],
    batch: Batch,
    reduced: tuple[int, ...],
    rule: Rule,
    groups: list[DeviceArray],
    sums: Any,
    counts: Any,
    scratch: Scratch,
    stream: Any,
) -> int:
    """Have a batch added to sums and counts, maybe of groups; return by how many launches."""
    first, complete, count = losses[0], None, 0
    if any(first.ranks):
        batch, complete = _losses_of_rows(first, batch, rule, scratch, stream)
        losses, rule = (Value(),), SIFT
    kept = math.prod([size for k, size in enumerate(batch.shape) if k not in reduced])
    for cells, views in _launches(batch, complete, reduced, *groups):
        width, added = NARROW if batch.dtype == FLOAT32 else WIDE, (sums, counts)
        count += 1
        if groups:
            launch.scatter(losses, views, *added, (cells.start, kept), width, rule, stream)
            continue
        if cells.stop - cells.start < len(sums):  # a slice costs a fifth of an update
            added = sums[cells], counts[cells]
        launch.fold(losses, views, *added, width, rule, stream)
    return count


def _launches(
    batch: Batch, complete: DeviceArray | None, reduced: Sequence[int], *others: DeviceArray
) -> Iterator[tuple[slice, Views]]:
    """Yield the cells and the views of each part of a batch that a kernel can take."""
    some = [() if a is None else (a,) for a in (batch.weights, batch.where, complete)]
    groups = [batch.inputs, *some, others]
    arrays = [*itertools.chain(*groups)]
    kept = [k for k in range(len(batch.shape)) if k not in reduced]
    order = sorted(reduced, key=lambda k: -abs(arrays[0].strides[k]))
    for cells, views in lines(arrays, merged_axes(arrays, kept), merged_axes(arrays, order)):
        rest = iter(views)
        yield cells, Views(*[tuple([next(rest) for _ in group]) for group in groups])


def _losses_of_rows(
    loss: Any, batch: Batch, rule: Rule, scratch: Scratch, stream: Any
) -> tuple[Batch, DeviceArray | None]:
    """Return the losses of rows as a batch, and a mask of those without a NaN, if it matters."""
    values, complete = scratch.empty("values", batch.shape, np.float64), None
    if isinstance(rule, Omit):
        complete = scratch.empty("complete", batch.shape, np.bool_)
        launch.fill(complete, True, stream)
    arrays = [*batch.inputs, values, *[a for a in (complete, batch.weights) if a is not None]]
    ranks = [*batch.ranks, 0, 0, 0]
    axes = merged_axes(arrays, range(len(batch.shape)))
    for starts in offsets(axes[:-1], arrays):
        ((size, strides),) = filled(axes[-1:], 1, arrays)
        views = []
        for array, rank, stride, start in zip(arrays, ranks, strides, starts, strict=False):
            rows = array.shape[array.ndim - rank :], array.strides[array.ndim - rank :]
            views.append(array.viewed((size, *rows[0]), (stride, *rows[1]), start))
        out = views[len(batch.inputs)]
        launch.map_rows(loss, tuple(views[: len(batch.inputs)]), out, scratch, stream)
        if complete is not None:
            mask = views[len(batch.inputs) + 1]
            for array in (*views[: len(batch.inputs)], *views[len(batch.inputs) + 2 :]):
                launch.find_missing(array, mask, stream)
    return batch._replace(inputs=(values,), ranks=(0,), dtype=values.dtype), complete


def values(loss: Any, batch: Batch, rule: Rule = SIFT, threads: int | None = None) -> Any:
    """Return the weighted loss of every element, zero where it counts for nothing, on the GPU.

    It is an array of the library that the first array on the GPU is from if that is CuPy or
    PyTorch, else one of numba.

    Raises
    ------
    TypeError, RuntimeError
        As `sums`.
    """
    _refuse_compat(rule)
    like = next(a.owner for a in _arrays(batch) if isinstance(a, DeviceArray))
    launch.check()
    with launch.on(launch.gpu_of(_arrays(batch))):
        batch = _on_device(batch)
        stream = launch.stream_of([a.stream for a in _arrays(batch)])
        out = launch.empty(batch.shape, np.float64)
        if out.size:
            _write_values(loss, batch, out, rule, stream)
        launch.wait(stream)
        return launch.like(like, out)


def _write_values(loss: Any, batch: Batch, out: DeviceArray, rule: Rule, stream: Any) -> None:
    """Have the weighted losses written."""
    complete = None
    if any(loss.ranks):
        batch, complete = _losses_of_rows(loss, batch, rule, Scratch(), stream)
        loss, rule = Value(), SIFT
    for _, views in _launches(batch, complete, range(len(batch.shape)), out):
        launch.map_terms(loss, views, rule, stream)
