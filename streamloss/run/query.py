"""What is asked of data, and the one way from there to exact sums.

Nothing else calls the runners: `evaluate`, the accumulator, the interfaces of other frameworks,
files and the command line all ask here.
"""

from __future__ import annotations

import _thread
import functools
import math
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from streamloss.arrays.batch import (
    Arguments,
    Batch,
    any_lazy,
    as_batch,
    check_axis,
    check_policy,
    check_same_inputs,
)
from streamloss.arrays.types import ArrayLike, AxisLike, Weights
from streamloss.exact.ledger import NO_IDS, Ledger
from streamloss.exact.state import State
from streamloss.kernels.switches import MULTIPLY, OMIT, SIFT, Rule
from streamloss.losses.base import Loss, countings_of, parts_of, rows_of
from streamloss.losses.counting import Counting
from streamloss.losses.names import resolve
from streamloss.support.once import once

from . import choose, threads

if TYPE_CHECKING:
    from .lazy.states import LazyState


class Query(NamedTuple):
    """What is asked of data: losses, the axes to reduce, and what NaN and zero weights mean.

    Attributes
    ----------
    losses : tuple of loss
        At least one, all of the same inputs.
    parts : tuple of loss
        The losses whose sums are taken: a metric of several sums stands for its parts.
    axis : int, str, tuple of them, or None
        The axes to reduce; names until arrays tell their numbers.
    nan : {"propagate", "omit", "raise"}
        What a NaN in an input or weight does.
    rule : {SIFT, OMIT, MULTIPLY}
        What the kernels do with NaN and zero weights.
    compute : dtype, optional
        What inputs and weights are rounded to first.
    """

    losses: tuple[Loss, ...]
    parts: tuple[Loss, ...]
    axis: AxisLike
    nan: str
    rule: Rule
    compute: np.dtype[Any] | None = None

    @classmethod
    def of(cls, losses: tuple[Loss, ...], axis: AxisLike = None, nan: str = "propagate") -> Query:
        """Return the query of losses under streamloss' own rules.

        Raises
        ------
        TypeError, ValueError
            If losses take different inputs, an axis is no integer, or there is no such policy.
        """
        check_same_inputs(losses)
        rule = SIFT if check_policy(nan) == "propagate" else OMIT
        return cls(losses, parts_of(losses), check_axis(axis), nan, rule)

    @classmethod
    def spelled(cls, specs: Any, axis: AxisLike = None, nan: str = "propagate") -> Query:
        """Return the query of a loss, its name, or a list of them."""
        found = specs if isinstance(specs, list) else [specs]
        return cls.of(tuple([resolve(spec) for spec in found]), axis, nan)

    @classmethod
    def of_framework(cls, losses: tuple[Loss, ...], axis: AxisLike, compute: Any) -> Query:
        """Return the query of losses as other frameworks mean them.

        Losses are multiplied by weights, whatever those are, and inputs rounded to a dtype first.
        """
        dtype = None if compute is None else np.dtype(compute)
        return cls(losses, parts_of(losses), axis, "propagate", MULTIPLY, dtype)

    @property
    def countings(self) -> tuple[Counting, ...]:
        """What metrics of counts ask for, each once."""
        return countings_of(self.losses)

    @property
    def reads_labels(self) -> bool:
        """Whether all that is read of inputs is labels, of any kind."""
        computed = [each.computed or each.spreads for each in self.countings]
        return not self.parts and not any(computed)

    def over(self, axis: Any) -> Query:
        """Return the same query with other axes to reduce."""
        return self._replace(axis=check_axis(axis))


def sums(query: Query, data: Arguments) -> State | LazyState:
    """Return the exact sums of data: a State, of dask arrays a lazy one.

    Raises
    ------
    TypeError, ValueError
        As `evaluate`.
    """
    state = _direct_sums(query, data)
    if state is not None:
        return state
    if any_lazy(*data):
        return _lazy_sums(query, data)
    return sum_batch(query, as_batch(query.parts, *data, query.compute))


def _lazy_sums(query: Query, data: Arguments) -> LazyState:
    """Return the lazy state of dask arrays."""
    settings = query.axis, query.nan, query.rule, query.compute
    work = _SumOfChunk(query)
    out: LazyState = lazy().sums(work, query.parts, data, query.axis, query.compute, settings)
    return out


def _direct_sums(query: Query, data: Arguments) -> State | None:
    """Return the state of what a kernel reads where it lies, None of other data."""
    runner = choose.at_once(query, data)
    taken = None if runner is None else runner.take(*data)
    if taken is None:
        return None
    large, before = taken[1] >= threads.PARALLEL, State.empty(taken[3], rows_of(query.parts))
    state: State = runner.sum_large(*taken) if large else runner.add(before, *taken)
    return state


def _empty(query: Query) -> State:
    """Return the state of nothing, of one cell."""
    return State.empty((), rows_of(query.parts))


def values(query: Query, data: Arguments) -> list[Any]:
    """Return the weighted losses of every element or row, an array for each loss of a query.

    Raises
    ------
    TypeError, ValueError
        As `evaluate`.
    """
    if any_lazy(*data):
        return [_lazy_values(query._replace(losses=(loss,)), data) for loss in query.losses]
    batch = as_batch(query.losses, *data, query.compute)
    return _values_of_batch(query, batch)


def _lazy_values(query: Query, data: Arguments) -> Any:
    """Return the lazy array of the weighted losses of a query's one loss."""
    settings = query.nan, query.rule, query.compute
    work = functools.partial(_values_of_chunk, query)
    return lazy().values(work, query.losses, data, query.compute, settings)


def sum_batch(query: Query, batch: Batch, threads: int | None = None) -> State:
    """Return the state of a batch that is in memory."""
    strict = query.nan == "raise"
    if strict:
        choose.check_labels(query.parts, batch)
    runner = choose.runner(query.parts, batch)
    state: State = runner.sums(query.parts, batch, query.axis, query.rule, threads)
    if strict:
        state.refuse_missing()
    return state


def _values_of_batch(query: Query, batch: Batch, threads: int | None = None) -> list[Any]:
    """Return the arrays of the weighted losses of a batch that is in memory."""
    if query.nan == "raise":
        choose.check_labels(query.losses, batch)
        sum_batch(query._replace(parts=query.losses[:1]), batch, threads)
    losses, rule = query.losses, query.rule
    return [choose.runner((loss,), batch).values(loss, batch, rule, threads) for loss in losses]


class _SumOfChunk:
    """Gives the state of a chunk, in one thread: its task has a core already.

    Chunks are alike: each thread keeps what a kernel that reads them where they lie needs. It takes
    10 us of Python in place of 40 to 100, while other threads wait for the GIL
    (`benchmarks/bench_dask.py`).
    """

    def __init__(self, query: Query) -> None:
        self._query = query
        self._runners: dict[int, Any] = {}

    def __reduce__(self) -> Any:
        return type(self), (self._query,)

    def __call__(self, chunk: Arguments) -> State:
        """Return the state of the arrays of a chunk."""
        query, thread = self._query, _thread.get_ident()
        runner = self._runners.get(thread) or choose.at_once(query, chunk)
        taken = None if runner is None else runner.take(*chunk)
        if taken is None:
            return sum_batch(query, as_batch(query.parts, *chunk, query.compute), threads=1)
        self._runners[thread] = runner
        state: State = runner.add(State.empty(taken[3], rows_of(query.parts)), *taken)
        return state


def _values_of_chunk(query: Query, chunk: Arguments) -> Any:
    """Return the weighted losses of a chunk."""
    return _values_of_batch(query, as_batch(query.losses, *chunk, query.compute), threads=1)[0]


def later(function: Any, *arguments: Any) -> Any:
    """Return the Delayed result of a function of arguments that hold Delayed values."""
    return lazy().call_later(function, *arguments)


class Tally:
    """The State of a query over any number of batches, to which several threads may add.

    Attributes
    ----------
    query : Query
        What is asked.
    lock : lock
        Held while the state is replaced; a state that others may see never changes.
    ledger : Ledger
        The ids of the batches that were added; it is replaced together with the state.
    """

    _pending: Any
    _state: State | None

    __slots__ = ("_direct", "_pending", "_state", "ledger", "lock", "query")

    def __init__(self, query: Query, lock: Any = None) -> None:
        self.lock, self.ledger = lock or threads.lock(), NO_IDS
        self._direct: Any = None
        self.reset(query)

    def part(self) -> Tally:
        """Return a tally of the same query for some batches, with the same lock."""
        return Tally(self.query, self.lock)

    def reset(self, query: Query) -> None:
        """Forget every batch."""
        self.query, self._pending, self.ledger = query, None, self.ledger.without_ids()
        self._state = _empty(query) if query.axis is None else None

    @property
    def state(self) -> State:
        """The state of all that was added; what is on a GPU is waited for.

        Before any batch it has one empty cell where the axes kept are not known yet.
        """
        return self.known or self.nothing()

    def nothing(self) -> State:
        """Return the state of no batch, of one cell."""
        return _empty(self.query)

    @property
    def known(self) -> State | None:
        """The state, None before any batch where an axis was given: its shape is not known."""
        if self._pending is not None:
            self._collect()
        return self._state

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of the output, None where it is not known yet."""
        seen = self._pending or self._state
        return None if seen is None else seen.shape

    def add(self, data: Arguments) -> Tally:
        """Add a batch; one that raises changes nothing.

        Raises
        ------
        TypeError, ValueError
            As `evaluate`, and if the axes kept have other sizes than before.
        """
        return self if self.add_direct(*data) else self.add_other(data)

    def add_other(self, data: Arguments, axis: AxisLike = None) -> Tally:
        """Add a batch of any kind; one that raises changes nothing.

        Parameters
        ----------
        data : Arguments
            Arrays of any kind; dask's are computed.
        axis : int or tuple of int, optional
            The numbers of the query's axes, where it has names.

        Raises
        ------
        TypeError, ValueError
            As `add`.
        """
        query = self.query if axis is None else self.query._replace(axis=axis)
        if any_lazy(*data):
            return self.merge(_lazy_sums(query, data).compute())
        batch = as_batch(query.parts, *data, query.compute)
        if query.nan == "raise" or not batch.on_device or not self._leave(query, batch):
            self.merge(sum_batch(query, batch))
        return self

    def add_direct(
        self, y_true: ArrayLike, y_pred: ArrayLike, weights: Weights, where: ArrayLike
    ) -> bool:
        """Add a batch, if a kernel reads it where it lies and is worth its while; return whether.

        So are most of the small ones of a training loop (`benchmarks/bench_layouts.py`).
        """
        query = self.query
        runner = self._direct
        if runner is None or runner.axis is not query.axis:
            runner = self._direct = choose.at_once(query, (y_true, y_pred, weights, where))
            if runner is None:
                return False
        taken = runner.take(y_true, y_pred, weights, where)
        if taken is None:
            return False
        if taken[1] < threads.PARALLEL:
            with self.lock:
                if not self.ledger.sets:
                    self._state = runner.add(self._before(taken[3]), *taken)
                else:
                    self.merge(runner.add(State.empty(taken[3], rows_of(query.parts)), *taken))
        else:
            self.merge(runner.sum_large(*taken))
        return True

    def _before(self, kept: tuple[int, ...]) -> State:
        """Return the state that a batch is added to, refused if other axes were kept before."""
        state = self._state
        shape = state.shape if state is not None else self.shape
        if shape is not None and shape != kept:
            _refuse_shape(shape, kept)
        return state or State.empty(kept, rows_of(self.query.parts))

    def merge(self, part: State | None, sign: int = 1, ledger: Ledger = NO_IDS) -> Tally:
        """Add a state, or take it out, with the ids of its batches.

        Raises
        ------
        ValueError
            If it has another shape, or a count would be too large; as `Ledger.merged`.
        """
        if part is not None:
            with self.lock:
                before = self._pending or self._state  # what is on a GPU stays there
                if before is not None and before.shape != part.shape:
                    _refuse_shape(before.shape, part.shape)
                if not self.ledger.sets and not ledger.sets:
                    self._state = _plus(self._state, part, sign)
                else:
                    self._merge_batches(part, sign, ledger)
        return self

    def _merge_batches(self, part: State, sign: int, ledger: Ledger) -> None:
        """Add a state with the ids of its batches, or take it out."""
        state = self.known
        found, old, new = self.ledger.merged(state, ledger, part, sign)
        if new:  # both at once: no interrupt comes between two assignments
            self._state, self.ledger = _plus(state if old else None, part, sign), found

    def _leave(self, query: Query, batch: Batch) -> bool:
        """Have a batch added on its GPU, if that needs no waiting; return whether."""
        gpu = choose.gpu()
        shape = gpu.kept_shape(batch, query.axis)
        if math.prod(shape) > gpu.CELLS:
            return False
        with self.lock:
            if self.ledger.sets:  # which have to be told what was added
                return False
            if self._pending is not None and self._pending.is_full:
                self._collect()
            before = self.shape
            if before is not None and before != shape:
                _refuse_shape(before, shape)
            pending = self._pending or gpu.Pending(query.parts, shape)
            pending.add(batch, query.axis, query.rule)
            self._pending = pending
        return True

    def _collect(self) -> None:
        """Take over what is on a GPU, which is waited for."""
        with self.lock:
            if self._pending is not None:
                self._state = _plus(self._state, self._pending.state(), 1)
                self._pending = None


def _refuse_shape(before: tuple[int, ...], shape: tuple[int, ...]) -> NoReturn:
    """Raise what says that a batch has another output."""
    raise ValueError(f"the axes kept must have the same sizes: got {shape} after {before}")


def _plus(state: State | None, part: State, sign: int) -> State:
    """Return state + sign * part in the layout that suits its cells."""
    if state is None and sign > 0:  # states do not change, so that two may be one
        return part.balanced().fitted()
    return (part.nothing() if state is None else state).combine(part, sign).fitted()


@once
def lazy() -> Any:
    """Return the runner of lazy arrays, imported with dask on first use."""
    from . import lazy

    return lazy
