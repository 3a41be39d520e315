"""The streaming interface: an accumulator takes batches and gives any reduction at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .arrays.batch import check_axis, has_names
from .arrays.named import Named, find_names
from .arrays.types import AxisLike
from .exact.ledger import NO_IDS, RAISE, Ledger, check_policy
from .exact.limits import MOST_SLICES
from .exact.reductions import Reduction, check
from .exact.seen import counts_of
from .exact.state import State
from .losses.base import Loss, parts_of, rows_of
from .losses.groups import spelled_out
from .losses.names import respelled
from .repeats import update_once
from .run.query import Query, Tally
from .support.brief import brief
from .support.maker import UNKNOWN, Maker, check_maker
from .support.once import once

if TYPE_CHECKING:
    from .arrays.batch import Arguments
    from .exact.inner import CountedTable
    from .exact.slicing import Slicing
    from .exact.table import Table
    from .run.slices.by import By

COMPARED = "losses", "axis", "nan", "by", "missing"
"""What must be the same of accumulators that are merged."""


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
    by : str, tuple of str, dict, or grouping sets, optional
        The names of keys, which each `update` gives: results are `Slices` then, one for each
        combination of keys that is there. A dict gives the kinds that keys must have ("int",
        "float", "text", "bytes", "bool", "time", "duration"), None for those that come as they are:
        a declared "int" takes floats that are whole numbers, as pandas has integers with nulls.
        `grouping_sets` of names give subtotals: sums are of the combinations all the same, so that
        accumulators of other sets of these keys are equal and merge, and bytes keep no sets.
    missing : {"keep", "drop", "raise"}
        What becomes of rows with a missing key: a slice of their own, nothing but a count, or an
        error.
    max_slices : int
        How many slices there may be.
    on_repeat : {"raise", "ignore"}
        What becomes of a batch whose `batch_id` was there before: an error, or nothing at all.

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
    >>> acc = sl.Accumulator("mae", by="carrier")
    >>> acc = acc.update([1.0, 2.0], [1.5, 2.5], by=["AA", "UA"]).update([4.0], [2.0], by=["AA"])
    >>> acc.result().loc["AA"]
    {'mae': 1.25}
    """

    tally: Tally

    __slots__ = ("__weakref__", "_asked_axis", "_maker", "_named", "_specs", "tally")

    def __init__(
        self,
        losses: Any,
        axis: AxisLike = None,
        nan: str = "propagate",
        *,
        by: Any = None,
        missing: str = "keep",
        max_slices: int = MOST_SLICES,
        on_repeat: str = RAISE,
    ) -> None:
        specs = spelled_out(losses)
        query, ledger = Query.spelled(specs, axis, nan), Ledger(on_repeat=check_policy(on_repeat))
        self._begin(specs, _tally(query, keys_of(by, missing, max_slices)), ledger)

    def _begin(self, specs: Any, tally: Tally, ledger: Ledger) -> None:
        """Start with a tally: how the losses were spelled, and which batches it has."""
        self._specs, self._asked_axis, self.tally = specs, tally.query.axis, tally
        self.tally.ledger = ledger
        self._named: Named | None = None
        self._maker: Maker | None = None

    @classmethod
    def _of(
        cls,
        specs: Any,
        query: Query,
        state: State | Table | None,
        named: Named | None = None,
        asked: AxisLike = None,
        by: By | None = None,
        ledger: Ledger = NO_IDS,
    ) -> Accumulator:
        """Return the accumulator of a state: the losses are the query's, whatever texts mean now.

        `named` are the names of the axes of its arrays, if those had any, `asked` is what the
        axes of the query were called, and `ledger` has the ids of the batches in the state.
        """
        out = cls.__new__(cls)
        out._begin(specs, _tally(query, by).merge(state), ledger)
        out._named = named
        if asked is not None:
            out._asked_axis = check_axis(asked)
        return out

    def update(
        self,
        y_true: Any,
        y_pred: Any = None,
        weights: Any = None,
        *,
        where: Any = None,
        data: Any = None,
        by: Any = None,
        batch_id: str | bytes | int | None = None,
    ) -> Accumulator:
        """Add a batch and return the accumulator; an update that raises changes nothing.

        Parameters
        ----------
        y_true, y_pred, weights, where
            As for `evaluate`; dask arrays are computed here. What arrays on a GPU add stays there,
            and is not waited for, until somebody asks.
        data : frame or DataSet, optional
            A frame or files, as for `evaluate`, all of whose rows are the batch.
        by : array_like, tuple or dict of them
            The keys of the rows, where the accumulator has some: as for `evaluate`, named as there
            or in the order of their names. Of data they are its columns, by default those of the
            names that keys have.
        batch_id : str, bytes or int, optional
            What tells the batch from all others: one that was there before is refused or ignored,
            as `on_repeat` says. 1, "1" and b"1" are three ids. What is on a GPU is waited for.

        Raises
        ------
        OSError, TypeError, ValueError
            As `evaluate`, and if the axes kept have other sizes than before; if `batch_id` is
            empty, or was there before and that is not ignored.
        """
        if batch_id is not None:
            update_once(self, batch_id, (y_true, y_pred, weights, where), data, by)
            return self
        if by is None and self.tally.add_direct(y_true, y_pred, weights, where):
            return self
        given, before = (y_true, y_pred, weights, where), self._named
        if self.by is not None or by is not None:
            sliced().check_keys(self.by, by, data)
        if data is not None:
            from .run.data import How, take  # with archives and threads, on first use

            taken = take(self.tally.query, self.by, data, given, by, How(), True)
            if taken.arrays is None:
                self.tally.merge(taken.sums)
                return self
            given, by = taken.arrays, taken.keys
        order, axis = None if before is None else before.axes, self.axis
        if by is not None:
            order, axis = sliced().order_with(self.losses[0], given, by, order, axis)
        named = find_names(self.losses[0], *given, order)
        if named is None:
            self._add(given, None, by)
            return self
        axis = named.kept(axis, before)
        if by is None:
            self._add(named.arguments, axis, None)
        else:
            self._add(*sliced().as_rows(named, by, axis))
        with self.tally.lock:
            if self._named is None:
                self._named = named.in_memory()
                self.tally.query = self.tally.query.over(axis)
        return self

    def _add(self, given: Arguments, axis: AxisLike, by: Any) -> None:
        """Add arrays without names, with their keys if there are any."""
        if by is None and not self.tally.query.countings:
            self.tally.add_other(given, axis)
        else:
            sliced().add(self.tally, given, by, axis)

    def result(self, reduction: str = Reduction.MEAN) -> Any:
        """Return the correctly rounded result of all updates, for any reduction but none.

        Returns
        -------
        float, float64 array, dict or Slices
            As `evaluate`. Without any update, that of an empty array.

        Raises
        ------
        ValueError
            If the reduction is unknown, is "none", or does not fit a loss; if subtraction left
            a negative count.
        """
        found = check(reduction, self.losses)
        if found is Reduction.NONE:
            raise ValueError("an Accumulator keeps sums, not losses: use evaluate for 'none'")
        if self.by is not None:
            return sliced().slices_of(self.tally, self._specs, found)
        values = self._results(found)
        if self._named is not None and self.shape:
            values = [self._named.wrap(v, self._named.reduced(self.axis)) for v in values]
        if not isinstance(self._specs, list):
            return values[0]
        return dict(zip(self._specs, values, strict=True))

    def _results(self, reduction: Reduction) -> list[Any]:
        """Return the results of all losses without keys, in their order."""
        if not self.tally.query.countings:
            return self.tally.state.results(self.losses, reduction)
        return self._cells().overall_results(self.losses, reduction)

    def _cells(self) -> CountedTable:
        """Return the table of metrics of counts."""
        tally: Any = self.tally
        found: CountedTable | None = tally.known
        return tally.nothing() if found is None else found

    def bracket(self, loss: Any = None) -> Any:
        """Return bounds that the exact result of a metric provably lies between.

        A metric that no sums give exactly, such as the area under a curve, has some that `result`
        is in the middle of; of all others both are the result.

        Parameters
        ----------
        loss : str or loss, optional
            One of the losses, as it was spelled. It must be named if there are several.

        Returns
        -------
        tuple of float, or of float64 arrays
            The lower and the upper bound, in the unit of the result; arrays of the axes kept, if
            there are any. With keys one of each for each slice: `Slices.bracket`.

        Raises
        ------
        KeyError
            If there is no such loss.
        ValueError
            If no loss is named of several, or results are no numbers.
        """
        if self.by is not None:
            return self.result().bracket(loss)
        place = place_of(self._specs, loss)
        if not self.tally.query.countings:
            found = self._results(Reduction.MEAN)[place]
            return found, found
        return self._cells().alone().bracket(self.losses, place)

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The losses as values."""
        return self.tally.query.losses

    @property
    def axis(self) -> AxisLike:
        """The reduced axes, several of them sorted."""
        return self.tally.query.axis

    @property
    def nan(self) -> str:
        """The NaN policy."""
        return self.tally.query.nan

    @property
    def by(self) -> By | None:
        """How slices are made, with the names of keys; None if there are none."""
        by: By | None = getattr(self.tally, "by", None)
        return by

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of the results; None before the first update where an axis was given."""
        return self.tally.shape

    @property
    def on_repeat(self) -> str:
        """What becomes of a batch that was there before."""
        return self.tally.ledger.on_repeat

    @property
    def batches(self) -> int:
        """How many batches with an id are in the sums."""
        return len(self.tally.ledger)

    @property
    def counts(self) -> dict[str, Any]:
        """What was seen, over all cells.

        ``elements`` (N, without masked and omitted ones), ``nonzero_weights`` (K), ``nan``
        (elements omitted for a NaN, and terms that are NaN), ``infinite`` (terms), ``masked``, and
        ``rows`` (the sizes of axis 0). An element is counted once: masked before NaN before zero
        weight. Of several losses ``nan`` counts elements alone, and ``nan_terms`` and
        ``infinite_terms`` the terms of each loss: of a metric of counts elements with a weight and
        without a cell, such as those whose label is no class. With keys there are
        ``missing_keys``, rows.
        """
        parts = [rows_of(parts_of([loss])) for loss in self.losses]
        specs = self._specs if isinstance(self._specs, list) else [self._specs]
        counts = counts_of(self.tally.state, specs, parts, self.axis)
        if self.tally.query.countings:
            lost = self._cells().lost(self.losses)
            if len(specs) > 1:
                terms = counts["nan_terms"]
                counts["nan_terms"] = {s: terms[s] + n for s, n in zip(specs, lost, strict=True)}
            else:
                counts["nan"] += lost[0]
        return counts if self.by is None else counts | sliced().totals_of(self.tally)

    def merge(self, other: Accumulator) -> Accumulator:
        """Add all that another accumulator has seen, and return this one.

        With ids of batches no batch is added twice. Where both have some in common, and this one's
        `on_repeat` is "ignore", it is all that the one with more of them has seen, if the other
        has seen nothing else, nor anything without an id; in all other cases that is an error.

        Raises
        ------
        TypeError
            If the other is no Accumulator.
        ValueError
            If losses, axis, NaN policy, keys or the sizes of the axes kept differ; if some batches
            are in both, and not ignored.
        """
        return self._merge(other, 1)

    def _merge(self, other: Accumulator, sign: int) -> Accumulator:
        self._check_like(other)
        (*_, part, _), ledger, named = *other._what(), other._named
        with self.tally.lock:
            if named is not None and self._named is not None:
                named.check_kept(other.axis, self._named, self.axis)
            self.tally.merge(part, sign, ledger)
            if self._named is None:  # names may have got their numbers there
                self._named = named
                if has_names(self.axis):
                    self.tally.query = self.tally.query.over(other.axis)
        return self

    def _check_like(self, other: Any) -> None:
        """Refuse an accumulator that measures something else."""
        if not isinstance(other, Accumulator):
            raise TypeError(f"only Accumulators can be merged: got {type(other).__name__}")
        query, other_query = self.tally.query, other.tally.query
        if query is other_query and self.by is other.by:  # a copy, or a part of one job
            return
        axis = query.axis if self._asked_axis == other._asked_axis else other_query.axis
        keys: Any = ((), ())
        if self.by is not None or other.by is not None:
            keys = sliced().compared(self.by, other.by)
        mine = query.losses, query.axis, query.nan, *keys[0]
        theirs = other_query.losses, axis, other_query.nan, *keys[1]
        if mine != theirs:
            name, a, b = next(
                each for each in zip(COMPARED, theirs, mine, strict=False) if each[1] != each[2]
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
        """Take out all that the other has seen, ids as well: ``(a + b) - b == a``."""
        if not isinstance(other, Accumulator):
            return NotImplemented
        return self.copy()._merge(other, -1)

    def __eq__(self, other: object) -> bool:
        """Return whether losses, settings and every exact sum and count are equal, if not ids."""
        if not isinstance(other, Accumulator):
            return NotImplemented
        return self._what()[0] == other._what()[0]

    def _what(self) -> tuple[tuple[tuple[Loss, ...], AxisLike, str, Any, Slicing | None], Ledger]:
        """Return what is asked, the state of what was seen, and the ids of just that state.

        The state is None if its shape is not known.
        """
        with self.tally.lock:
            state, ledger, by = self.tally.known, self.tally.ledger, self.by and self.by.of_sums
        return (self.losses, self.axis, self.nan, state, by), ledger

    __hash__ = None  # type: ignore[assignment]

    def _part(self) -> Accumulator:
        """Return an accumulator for some batches, which has seen nothing and shares the lock."""
        out = type(self).__new__(type(self))
        out._begin(self._specs, self.tally.part(), NO_IDS)
        out._named, out._asked_axis = self._named, self._asked_axis
        return out

    def copy(self) -> Accumulator:
        """Return an accumulator of the same sums that shares nothing with this one."""
        query, ((*_, state, _), ledger) = self.tally.query, self._what()
        named, axis = self._named, self._asked_axis
        return Accumulator._of(self._specs, query, state, named, axis, self.by, ledger)

    def reset(self) -> Accumulator:
        """Forget every update, and return the accumulator."""
        with self.tally.lock:
            self._named = None
            self.tally.reset(self.tally.query.over(self._asked_axis))
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
        (losses, *rest), ledger = self._what()
        data: bytes = _format().dump(losses, self._specs, *rest, ledger)
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
        ((losses, specs, axis, nan, _), slicing, state), ledger = _format().load_all(data)
        by = None if slicing is None else sliced().by_of(slicing)
        return cls._of(specs, Query.of(losses, axis, nan), state, by=by, ledger=ledger)

    def __reduce__(self) -> tuple[Any, ...]:
        named, ((*what, _), ledger) = self._named and self._named.in_memory(), self._what()
        rest = (ledger,) if ledger.sets or ledger.on_repeat != RAISE else ()
        keys = (None, self.by) if self.by is not None or rest else ()
        return _unpickled, (self._specs, *what, named, *keys, *rest)

    def __repr__(self) -> str:
        return str(_shown().text(self))

    def _repr_html_(self) -> str:
        """Return the means and counts as a table, for notebooks; with keys, all slices."""
        return str(_shown().html(self))


def _tally(query: Query, by: By | None) -> Any:
    """Return a tally that has seen nothing, of slices if there are keys, of cells if of counts."""
    if query.countings:
        return _counts().CountTally(query, by)
    return Tally(query) if by is None else sliced().SliceTally(query, by)


def keys_of(by: Any, missing: str, max_slices: int, named: bool = True) -> By | None:
    """Return how slices are made: of keys that are named, or of those that come; None of none.

    Raises
    ------
    TypeError, ValueError
        If there are no such names or settings, or there is something to set without keys.
    """
    if by is None and (missing, max_slices) == ("keep", MOST_SLICES):
        return None
    found: By = sliced().keys_of(by, missing, max_slices, named)
    return found


@once
def sliced() -> Any:
    """Return what slices need, imported on first use."""
    from . import sliced as module

    return module


@once
def _counts() -> Any:
    """Return what metrics of counts need, imported on first use."""
    from .run.counts import tally as module

    return module


@once
def _shown() -> Any:
    """Return the module of what is shown, imported on first use."""
    from . import shown as module

    return module


@once
def _format() -> Any:
    """Return the module of bytes, imported with json on first use."""
    from .exact import bytes as module

    return module


def place_of(specs: Any, loss: Any) -> int:
    """Return which of the losses one is, which need not be named if it is the only one.

    Raises
    ------
    KeyError
        If there is no such loss.
    ValueError
        If none is named of several.
    """
    known = specs if isinstance(specs, list) else [specs]
    if loss is None and len(known) > 1:
        raise ValueError(f"loss must name one of {', '.join(map(brief, known))}: got None")
    if loss is not None and loss not in known:
        raise KeyError(f"no results of {brief(loss)}: there are those of {brief(known)}")
    return 0 if loss is None else known.index(loss)


build = Accumulator._of
"""The accumulator of a state, for other modules of the package."""


def _unpickled(
    specs: Any, losses: tuple[Loss, ...], axis: Any, nan: str, state: Any, *named: Any
) -> Accumulator:
    """Return a pickled accumulator; its losses are called as they were if that is what they are."""
    some = isinstance(specs, list)
    found = respelled(specs if some else [specs], losses)
    spelled = found if some else found[0]
    out = build(spelled, Query.of(losses, axis, nan), state, *named)
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
