"""The streaming interface: an accumulator takes batches and gives any reduction at any time."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from .arrays.batch import (
    Axis,
    any_lazy,
    as_batch,
    check_axis,
    check_policy,
    check_same_inputs,
    has_names,
    normalise_axis,
)
from .arrays.named import Named, find_names
from .exact.counts import ELEMENTS, MASKED, MISSING, NONZERO, ROWS
from .exact.digits import MINUS_INF, NAN, PLUS_INF
from .exact.reductions import Reduction, check
from .exact.state import WIDE_CELLS, State, sum_of
from .kernels.switches import OMIT, SIFT
from .losses.base import parts_of, resolve, respelled, values_first
from .run import choose, threads
from .support.brief import brief
from .support.maker import UNKNOWN, Maker, check_maker
from .support.once import once


class Accumulator:
    """Exact sums of weighted losses over any number of batches.

    The result does not depend on how the data was cut into updates, nor on the order or tree
    of merges, not in a single bit. All methods may be called from several threads. (The count
    ``rows``, which equality and bytes include, is that of axis 0: cut along axis 0 for it.)

    Parameters
    ----------
    losses : str, loss, or list of them
        As for `evaluate`; a list takes one pass, and `result` returns a dict.
    axis : int, str, or tuple of them, optional
        The axes to reduce, as in numpy; all by default. The axes kept must have the same sizes
        in every update. Names, of xarray's DataArrays, become numbers with the first update;
        later ones come in any order of axes, with the same coordinates along those kept.
    nan : {"propagate", "omit", "raise"}
        What a NaN in an input or weight does: makes the result NaN, takes its element out of
        every sum and count, or makes `update` raise and change nothing.

    Raises
    ------
    TypeError, ValueError
        If a loss is unknown, losses take different inputs, or a policy has no such name.

    Examples
    --------
    >>> import streamloss as sl
    >>> acc = sl.Accumulator("mae")
    >>> acc.update([1.0, 2.0], [1.5, 2.5]).update([4.0], [2.0]).result()
    1.0
    >>> acc.result("sum"), acc.counts["elements"]
    (3.0, 3)
    """

    __slots__ = (
        "__weakref__",
        "_asked_axis",
        "_axis",
        "_kept",
        "_lock",
        "_losses",
        "_maker",
        "_named",
        "_nan",
        "_parts",
        "_pending",
        "_specs",
        "_stream",
    )

    def __init__(
        self,
        losses: Any,
        axis: Axis = None,
        nan: str = "propagate",
    ) -> None:
        specs = list(losses) if isinstance(losses, list) else losses
        found = losses if isinstance(losses, list) else [losses]
        self._begin(specs, tuple([resolve(spec) for spec in found]), axis, nan)

    def _begin(self, specs: Any, losses: tuple[Any, ...], axis: Any, nan: str) -> None:
        """Start with nothing: losses, how they were spelled, and settings."""
        self._specs, self._losses = specs, losses
        check_same_inputs(losses)
        self._parts = parts_of(losses)
        self._axis = self._asked_axis = check_axis(axis)
        self._nan = check_policy(nan)
        self._kept = self._nothing()
        self._pending: Any = None
        self._named: Named | None = None
        self._stream: Any = None
        self._lock = threads.lock()
        self._maker: Maker | None = None

    @classmethod
    def _of(
        cls,
        specs: Any,
        losses: tuple[Any, ...],
        axis: Any,
        nan: str,
        state: State | None,
        named: Named | None = None,
    ) -> Accumulator:
        """Return the accumulator of a state: the losses are as given, whatever texts mean now.

        `named` are the names of the axes of its arrays, if those had any.
        """
        out = cls.__new__(cls)
        out._begin(specs, losses, axis, nan)
        out._state, out._named = out._plus(out._state, state, 1), named
        return out

    def _nothing(self) -> State | None:
        """Return the state before any update: with an axis given, its shape is not known yet."""
        return State.empty((), len(self._parts)) if self._axis is None else None

    @property
    def _state(self) -> State | None:
        """The state of all updates; those on a GPU are waited for."""
        if self._pending is not None:
            self._collect()
        return self._kept

    @_state.setter
    def _state(self, state: State | None) -> None:
        self._kept = state

    def _collect(self) -> None:
        """Take over what is on a GPU, which is waited for."""
        with self._lock:
            if self._pending is not None:
                self._kept = self._plus(self._kept, self._pending.state(), 1)
                self._pending = None

    def update(
        self, y_true: Any, y_pred: Any = None, weights: Any = None, *, where: Any = None
    ) -> Accumulator:
        """Add a batch and return the accumulator; an update that raises changes nothing.

        Parameters
        ----------
        y_true, y_pred, weights, where
            As for `evaluate`; dask arrays are computed here. What arrays on a GPU add stays there,
            and is not waited for, until somebody asks.

        Raises
        ------
        TypeError, ValueError
            As `evaluate`, and if the axes kept have other sizes than before.
        """
        plain = None
        if where is None and self._axis is None and self._nan != "raise":
            if self._stream is None:
                self._stream = self._start_stream(y_true)
            plain = self._stream and self._stream.take(y_true, y_pred, weights)
            if plain and y_true.size < threads.PARALLEL:
                with self._lock:
                    self._kept = self._stream.add(self._kept, *plain)
                return self
        arguments, axis, named = (y_true, y_pred, weights, where), self._axis, None
        if not plain:
            order = None if self._named is None else self._named.axes
            named = find_names(self._losses[0], *arguments, order)
            if named is not None:
                arguments, axis = named.arguments, named.kept(axis, self._named)
        part = self._stream.fold(*plain) if plain else self._fold(axis, *arguments)
        with self._lock:
            if part is not None:  # what is on a GPU can stay there
                self._check_shape(self.shape, part.shape)
                self._kept = self._plus(self._kept, part, 1)
            if named is not None and self._named is None:
                self._named, self._axis = named.in_memory(), axis
        return self

    def _start_stream(self, y_true: Any) -> Any:
        """Return what adds plain batches once a kernel is worth its while, None before."""
        plain = type(y_true) is np.ndarray and not any(map(values_first, self._parts))
        if not plain or choose.wait(self._parts, y_true.size * self._parts[0].inputs):
            return None
        return _stream().Stream(self._parts, OMIT if self._nan == "omit" else SIFT)

    def _fold(self, axis: Any, *arguments: Any) -> State | None:
        """Return the state of a batch of any kind, None if it was left to its GPU."""
        rule = SIFT if self._nan == "propagate" else OMIT
        if any_lazy(*arguments):
            lazy = lazy_backend()
            blocks = lazy.align(self._parts, *arguments)
            states = lazy.states(self._parts, blocks, axis, lazy.How(rule, self._nan == "raise"))
            state: State = lazy.delay(states).compute()
            return state
        batch = as_batch(self._parts, *arguments)
        if batch.on_device and self._nan != "raise" and self._leave(batch, axis, rule):
            return None
        if self._nan == "raise":
            choose.check_labels(self._parts, batch)
        part: State = choose.accumulate(self._parts, batch, axis, rule)
        if self._nan == "raise":
            part.refuse_missing()
        return part

    def _leave(self, batch: Any, axis: Any, rule: Any) -> bool:
        """Have a batch added on its GPU, if that needs no waiting; return whether."""
        batches = _cuda()
        shape = batches.kept_shape(batch, axis)
        if math.prod(shape) > batches.CELLS:
            return False
        with self._lock:
            if self._pending is not None and self._pending.is_full:
                self._collect()
            self._check_shape(self.shape, shape)
            pending = self._pending or batches.Pending(self._parts, shape)
            pending.add(batch, axis, rule)
            self._pending = pending
        return True

    def _check_shape(self, before: tuple[int, ...] | None, shape: tuple[int, ...]) -> None:
        """Refuse a batch of another output."""
        if before is not None and before != shape:
            raise ValueError(f"the axes kept must have the same sizes: got {shape} after {before}")

    def _plus(self, state: State | None, part: State | None, sign: int) -> State | None:
        """Return state + sign * part in the layout that suits its cells."""
        if part is None:
            return state
        if state is None:
            state = part.nothing()
        self._check_shape(state.shape, part.shape)
        total = state.combine(part, sign)
        return total.widened() if len(total.counts) <= WIDE_CELLS else total.trimmed()

    def result(self, reduction: str = Reduction.MEAN) -> Any:
        """Return the correctly rounded result of all updates, for any reduction but none.

        Returns
        -------
        float, float64 array, or dict
            As `evaluate`. Without any update, that of an empty array.

        Raises
        ------
        ValueError
            If the reduction is unknown, is "none", or does not fit a loss; if subtraction left
            a negative count.
        """
        found = check(reduction, self._losses)
        if found is Reduction.NONE:
            raise ValueError("an Accumulator keeps sums, not losses: use evaluate for 'none'")
        state = self._seen()
        values = state.results(self._losses, found)
        if self._named is not None and state.shape:
            values = [self._named.wrap(v, self._named.reduced(self._axis)) for v in values]
        if not isinstance(self._specs, list):
            return values[0]
        return dict(zip(self._specs, values, strict=True))

    def _seen(self) -> State:
        """Return the state, that of one empty cell if its shape is not known yet."""
        return self._state or State.empty((), len(self._parts))

    @property
    def losses(self) -> tuple[Any, ...]:
        """The losses as values."""
        return self._losses

    @property
    def axis(self) -> Axis:
        """The reduced axes, several of them sorted."""
        axis: Axis = self._axis
        return axis

    @property
    def nan(self) -> str:
        """The NaN policy."""
        return self._nan

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of the results; None before the first update where an axis was given."""
        seen = self._pending or self._kept
        return None if seen is None else seen.shape

    @property
    def counts(self) -> dict[str, Any]:
        """What was seen, over all cells.

        ``elements`` (N, without masked and omitted ones), ``nonzero_weights`` (K), ``nan``
        (elements omitted for a NaN, and terms that are NaN), ``infinite`` (terms), ``masked``, and
        ``rows`` (the sizes of axis 0). An element is counted once: masked before NaN before zero
        weight. Of several losses ``nan`` counts elements alone, and ``nan_terms`` and
        ``infinite_terms`` the terms of each loss.
        """
        state = self._seen()
        totals = [sum_of(column) for column in state.counts.T]
        nan, infinite = self._count_terms(state)
        several = len(self._losses) > 1
        counts: dict[str, Any] = {
            "elements": totals[ELEMENTS],
            "nonzero_weights": totals[NONZERO],
            "nan": totals[MISSING] + (0 if several else nan[0]),
        }
        if several:
            counts["nan_terms"] = dict(zip(self._specs, nan, strict=True))
            counts["infinite_terms"] = dict(zip(self._specs, infinite, strict=True))
        else:
            counts["infinite"] = infinite[0]
        return counts | {"masked": totals[MASKED], "rows": self._count_rows(state)}

    def _count_terms(self, state: State) -> tuple[list[int], list[int]]:
        """Return how many terms of each loss are NaN, and infinite: of its part that has most."""
        flags = state.sums[:, :-1].sum(axis=0).reshape(len(self._parts), -1)
        nan, infinite = flags[:, NAN], flags[:, PLUS_INF] + flags[:, MINUS_INF]
        stops = list(itertools.accumulate(len(parts_of([loss])) for loss in self._losses))
        parts = [slice(*pair) for pair in itertools.pairwise([0, *stops])]
        return [int(nan[p].max()) for p in parts], [int(infinite[p].max()) for p in parts]

    def _shown_counts(self) -> list[tuple[str, int]]:
        """Return the counts with their names, those of terms only where there are any."""
        shown: list[tuple[str, int]] = []
        for name, count in self.counts.items():
            if isinstance(count, dict):
                of = ((f"{name} of {spec}", found) for spec, found in count.items() if found)
                shown.extend(of)
            else:
                shown.append((name, count))
        return shown

    def _count_rows(self, state: State) -> int:
        """Return the rows that all cells together cover; each counts one if axis 0 is kept."""
        rows = state.counts[:, ROWS]
        reduced = len(self._axis) if isinstance(self._axis, tuple) else 1
        if self._axis is None or not state.shape:
            return int(rows.max(initial=0))
        if 0 in normalise_axis(self._axis, len(state.shape) + reduced):
            return int(rows.max(initial=0))
        others = tuple(range(1, len(state.shape)))
        return int(rows.reshape(state.shape).max(axis=others, initial=0).sum())

    def merge(self, other: Accumulator) -> Accumulator:
        """Add all that another accumulator has seen, and return this one.

        Raises
        ------
        TypeError
            If the other is no Accumulator.
        ValueError
            If losses, axis, NaN policy or the sizes of the axes kept differ.
        """
        return self._merge(other, 1)

    def _merge(self, other: Accumulator, sign: int) -> Accumulator:
        self._check_like(other)
        part, named = other._state, other._named
        with self._lock:
            if named is not None and self._named is not None:
                named.check_kept(other._axis, self._named, self._axis)
            self._state = self._plus(self._state, part, sign)
            if self._named is None:  # names may have got their numbers there
                self._named = named
                self._axis = other._axis if has_names(self._axis) else self._axis
        return self

    def _check_like(self, other: Any) -> None:
        """Refuse an accumulator that measures something else."""
        if not isinstance(other, Accumulator):
            raise TypeError(f"only Accumulators can be merged: got {type(other).__name__}")
        mine = self._losses, self._axis, self._nan
        theirs = other._losses, other._axis, other._nan
        if self._asked_axis == other._asked_axis:
            theirs = other._losses, self._axis, other._nan
        if mine != theirs:
            name, a, b = next(
                each
                for each in zip(("losses", "axis", "nan"), theirs, mine, strict=True)
                if each[1] != each[2]
            )
            raise ValueError(f"{name} must be the same to merge: got {brief(a)} and {brief(b)}")

    def __add__(self, other: Any) -> Accumulator:
        if not isinstance(other, Accumulator):
            return NotImplemented
        return self.copy()._merge(other, 1)

    def __radd__(self, other: Any) -> Accumulator:
        """Return a copy for 0 + self, so that `sum` adds accumulators up."""
        if other != 0:
            return NotImplemented
        return self.copy()

    def __sub__(self, other: Any) -> Accumulator:
        """Take out all that the other has seen: ``(a + b) - b == a``."""
        if not isinstance(other, Accumulator):
            return NotImplemented
        return self.copy()._merge(other, -1)

    def __eq__(self, other: object) -> bool:
        """Return whether losses, settings and every exact sum and count are equal."""
        if not isinstance(other, Accumulator):
            return NotImplemented
        mine = self._losses, self._axis, self._nan, self._state
        return mine == (other._losses, other._axis, other._nan, other._state)

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> Accumulator:
        """Return an accumulator of the same sums that shares nothing with this one."""
        state = self._specs, self._losses, self._axis, self._nan, self._state
        out = Accumulator._of(*state, self._named)
        out._asked_axis = self._asked_axis
        return out

    def reset(self) -> Accumulator:
        """Forget every update, and return the accumulator."""
        with self._lock:
            self._axis, self._named = self._asked_axis, None
            self._kept, self._pending = self._nothing(), None
        return self

    def to_bytes(self) -> bytes:
        """Return the accumulator as bytes: equal ones, spelled alike, give equal bytes.

        They say which version of streamloss wrote them, and any that knows the losses reads them.
        The format is described in `streamloss.exact.bytes`.

        Raises
        ------
        ValueError
            If the losses are more than two thousand or so: more than what can be read again.
        """
        data: bytes = _format().dump(self._losses, self._specs, self._axis, self._nan, self._state)
        return data

    @classmethod
    def from_bytes(cls, data: bytes) -> Accumulator:
        """Return the accumulator that `to_bytes` wrote.

        The losses are those that were saved: where a text such as ``"huber"`` means another one
        by now, the loss itself takes its place in `result`.

        Raises
        ------
        ValueError
            If the data is anything else than what `to_bytes` writes: foreign, truncated, corrupt,
            of a newer version; or if a loss has a class that is not imported, or not these
            parameters.
        """
        (losses, specs, axis, nan, _), state = _format().load(data)
        return cls._of(specs, losses, axis, nan, state)

    def __reduce__(self) -> tuple[Any, ...]:
        named = self._named and self._named.in_memory()
        state = self._specs, self._losses, self._axis, self._nan, self._state
        return _unpickled, (*state, named)

    def __repr__(self) -> str:
        counts = ", ".join(f"{value} {name}" for name, value in self._shown_counts() if value)
        losses = self._specs if isinstance(self._specs, list) else self._losses[0]
        return f"Accumulator({losses!r}, axis={self._axis}, nan={self._nan!r}: {counts or 'empty'})"

    def _repr_html_(self) -> str:
        """Return the means and counts as a table, for notebooks."""
        from html import escape

        state = self._seen()
        try:
            means = state.results(self._losses, Reduction.MEAN)
        except ValueError:  # a difference may have none
            means = []
        items = [*zip(map(repr, self._losses), means, strict=False), *self._shown_counts()]
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name.replace('_', ' '))}</th>"
            f"<td>{escape(str(value))}</td></tr>"
            for name, value in items
        )
        return f"<table><caption>Accumulator, means</caption>{rows}</table>"


@once
def _format() -> Any:
    """Return the module of bytes, imported with json on first use."""
    from .exact import bytes as module

    return module


@once
def _stream() -> Any:
    """Return the module of streams, imported with numba on first use."""
    from .run import plain

    return plain


@once
def _cuda() -> Any:
    """Return the backend of GPUs, imported with numba.cuda on first use."""
    from .run.gpu import batches

    return batches


@once
def lazy_backend() -> Any:
    """Return the backend of lazy arrays, imported with dask on first use."""
    from .run import lazy

    return lazy


build = Accumulator._of
"""The accumulator of a state, for other modules of the package."""


def _unpickled(
    specs: Any, losses: tuple[Any, ...], axis: Any, nan: str, state: State | None, *named: Any
) -> Accumulator:
    """Return a pickled accumulator; its losses are called as they were if that is what they are."""
    some = isinstance(specs, list)
    found = respelled(specs if some else [specs], losses)
    spelled = found if some else found[0]
    out = build(spelled, losses, axis, nan, state, *named)
    out._maker = getattr(state, "maker", None)
    return out


def restore(specs: Any, axis: Any, nan: str, state: State | None) -> Accumulator:
    """Return an accumulator that was pickled without its losses and its maker, once."""
    out = _unpickled(specs, Accumulator(specs, axis, nan).losses, axis, nan, state)
    out._maker = UNKNOWN
    return out


def check_sent(accumulator: Accumulator) -> Accumulator:
    """Return an accumulator that another process has just computed, if it may be used here.

    Raises
    ------
    ValueError
        If that process has another streamloss.
    """
    if accumulator._maker is not None:
        check_maker(accumulator._maker, "what a worker computes")
    return accumulator
