"""The last batches of a stream: what an accumulator would be of these alone."""

from __future__ import annotations

from typing import Any, NamedTuple

from .accumulator import Accumulator, build
from .arrays.types import AxisLike
from .exact.reductions import Reduction
from .exact.state import State
from .losses.base import Loss
from .run import threads
from .support.integers import positive


class _Held(NamedTuple):
    """What was seen; replaced as a whole, so that an update counts whole or not at all."""

    panes: list[State]
    """One for each of the last updates, and a place more: the next one is written where none of
    those is that count."""

    total: State | None
    """The sum of those that count; None before any."""

    updates: int
    """How many there have been."""


class Rolling:
    """Exact sums of weighted losses over the last batches of a stream.

    Each update is a pane, of any number of rows. Its sums are added to those of the window, and
    those of the oldest pane taken out: integers, so that nothing of a batch stays behind, neither
    rounding nor a NaN. The result has the bits of `evaluate` for the rows of the last updates. All
    methods may be called from several threads. There are no slices and files here: for these is
    `Accumulator`, and for windows of the calendar `Slices.rolling`.

    Parameters
    ----------
    losses : str, loss, or list of them
        As for `evaluate`; a list takes one pass, and `result` returns a dict.
    size : int
        How many updates count, at least 1. Each is kept as 1 KB and 0.6 KB for each loss and
        output; an update takes as long whatever the size.
    axis : int, str, or tuple of them, optional
        The axes to reduce, as for `Accumulator`; all by default.
    nan : {"propagate", "omit", "raise"}
        What a NaN in an input or weight does, as for `Accumulator`.

    Raises
    ------
    TypeError, ValueError
        If the size is no positive integer; as `Accumulator`.

    Examples
    --------
    >>> import streamloss as sl
    >>> last = sl.Rolling("mae", 2)
    >>> for label in [1.0, float("nan"), 2.0, 4.0]:
    ...     last.update([label], [0.0]).result()
    1.0
    nan
    nan
    3.0
    >>> len(last), last.result("sum")
    (2, 6.0)
    """

    __slots__ = ("__weakref__", "_batch", "_held", "_lock", "_size")

    def __init__(
        self, losses: Any, size: int, *, axis: AxisLike = None, nan: str = "propagate"
    ) -> None:
        self._begin(Accumulator(losses, axis, nan), positive("size", size), [])

    def _begin(self, whole: Accumulator, size: int, panes: list[State]) -> None:
        """Start with what counts: the accumulator of it, and the sums of each update."""
        self._batch, self._size = whole, size  # whose sums each update forgets
        self._held = _Held(panes, whole.tally.known, len(panes))
        self._lock = threads.lock()

    def update(
        self, y_true: Any, y_pred: Any = None, weights: Any = None, *, where: Any = None
    ) -> Rolling:
        """Add a batch, forget the oldest one, and return the window.

        An update that raises changes nothing.

        Parameters
        ----------
        y_true, y_pred, weights, where
            As for `evaluate`; dask arrays are computed here, and what is on a GPU is waited for.

        Raises
        ------
        TypeError, ValueError
            As `evaluate`, and if the axes kept have other sizes than before.
        """
        with self._lock:
            tally = self._batch.tally
            tally.reset(tally.query)
            self._batch.update(y_true, y_pred, weights, where=where)
            (panes, total, updates), known = self._held, tally.known
            pane = tally.nothing() if known is None else known
            tally.merge(total)
            if updates >= self._size:
                tally.merge(panes[(updates - self._size) % (self._size + 1)], -1)
            place = updates % (self._size + 1)
            panes[place : place + 1] = [pane]
            self._held = _Held(panes, tally.known, updates + 1)
        return self

    def result(self, reduction: str = Reduction.MEAN) -> Any:
        """Return the correctly rounded result of the last updates, for any reduction but none.

        Returns
        -------
        float, float64 array or dict
            As `evaluate`. Without any update, that of an empty array.

        Raises
        ------
        ValueError
            If the reduction is unknown, is "none", or does not fit a loss.
        """
        return self._whole().result(reduction)

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The losses as values."""
        return self._batch.losses

    @property
    def size(self) -> int:
        """How many updates count at most."""
        return self._size

    @property
    def counts(self) -> dict[str, Any]:
        """What the last updates have seen, as `Accumulator.counts`."""
        return self._whole().counts

    def __len__(self) -> int:
        """Return how many updates count, which are no more than have been."""
        return min(self._held.updates, self._size)

    def reset(self) -> Rolling:
        """Forget every update, and return the window."""
        with self._lock:
            self._held = _Held([], None, 0)
            self._batch.reset()
        return self

    def copy(self) -> Rolling:
        """Return a window of the same updates that shares nothing with this one."""
        return _restored(*self._parts())

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, self._parts()

    def __eq__(self, other: object) -> bool:
        """Return whether losses, settings, size and the sums and counts of each pane are equal."""
        if not isinstance(other, Rolling):
            return NotImplemented
        return self._parts() == other._parts()

    __hash__ = None  # type: ignore[assignment]

    def _parts(self) -> tuple[Accumulator, int, list[State]]:
        """Return what makes another one: what `_begin` takes."""
        with self._lock:
            panes, _, updates = self._held
            places = range(updates - len(self), updates)
            return self._whole(), self._size, [panes[k % (self._size + 1)] for k in places]

    def __repr__(self) -> str:
        return f"Rolling(size={self._size}, {len(self)} held: {self._whole()!r})"

    def _whole(self) -> Accumulator:
        """Return the accumulator of the updates that count."""
        with self._lock:
            batch, total = self._batch, self._held.total
            names = batch._named, batch._asked_axis
            return build(batch._specs, batch.tally.query, total, *names)


def _restored(whole: Accumulator, size: int, panes: list[State]) -> Rolling:
    """Return a window that was copied or pickled."""
    out = Rolling.__new__(Rolling)
    out._begin(whole, size, panes)
    return out
