"""Slices: the results of a loss for each value of some keys, and what is made of their sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamloss.arrays.sets import sets_among
from streamloss.arrays.types import Array
from streamloss.exact.reductions import Reduction, check
from streamloss.exact.table import Table
from streamloss.losses.base import Loss
from streamloss.support.brief import brief
from streamloss.support.integers import integer, positive

from . import compared, windows
from .chosen import Chosen
from .sets import stacked
from .whole import Origin, Whole, taken


class Slices(Chosen):
    """The results of losses for each slice of the data: for each value of its keys.

    What `evaluate` and `Accumulator.result` return with ``by=``. Slices are sorted by key, always:
    numbers by value, text by code point, times by time, a missing key last; after `worst` they
    are in the order of that. Each result has the bits that `evaluate` gives for the rows of the
    slice alone. A table never changes, and its arrays cannot be written to. It can be iterated:
    pairs of a key (of several keys a tuple, None where one is missing) and a dict of results.

    Examples
    --------
    >>> import streamloss as sl
    >>> y, p = [1.0, 2.0, 4.0, 8.0, 3.0], [1.5, 2.0, 2.0, 8.0, 4.0]
    >>> carrier, origin = ["AA", "UA", "AA", "DL", "UA"], ["JFK", "JFK", "LAX", "LAX", "LAX"]
    >>> res = sl.evaluate(["mae", "mse"], y, p, by={"carrier": carrier, "origin": origin})
    >>> res
    5 slices by carrier, origin: mean
    <BLANKLINE>
    carrier  origin  mae   mse  elements
    ------------------------------------
    AA       JFK     0.5  0.25         1
    AA       LAX       2     4         1
    DL       LAX       0     0         1
    UA       JFK       0     0         1
    UA       LAX       1     1         1
    ------------------------------------
    overall          0.7  1.05         5
    >>> res["mae"], res.by["carrier"].tolist(), len(res)
    (array([0.5, 2. , 0. , 0. , 1. ]), ['AA', 'AA', 'DL', 'UA', 'UA'], 5)
    >>> res.loc["AA", "LAX"], res.overall
    ({'mae': 2.0, 'mse': 4.0}, {'mae': 0.7, 'mse': 1.05})
    >>> for carrier, results in res.rollup("carrier"):
    ...     print(carrier, results["mae"])
    AA 1.25
    DL 0.0
    UA 0.5
    >>> res.worst(2, "mae").by["origin"].tolist(), res.rest("mae")
    (['LAX', 'LAX'], array([0.75 , 0.375, 0.875, 0.875, 0.625]))
    """

    def __init__(
        self,
        table: Table,
        losses: tuple[Loss, ...],
        specs: Any,
        reduction: Any,
        counts: dict[str, int] | None = None,
        rows: Array | None = None,
        origin: Origin | None = None,
    ) -> None:
        """Make it of exact sums; users get it of `evaluate`.

        Parameters
        ----------
        table : Table
            The sums of all slices.
        losses : tuple of Loss
            Whose sums these are.
        specs : list, str or loss
            The losses as they were spelled, a list if a list was given.
        reduction : Reduction or str
            What becomes of the sums, not "none".
        counts : dict of int, optional
            What was counted beside the slices, such as rows that were left out.
        rows : int array, optional
            Which slices of the table there are, in which order; all, as they come, by default.
        origin : Origin, optional
            What they are made of, where they do not add up to all rows.
        """
        names = tuple(specs) if isinstance(specs, list) else (specs,)
        found = check(reduction, losses)
        if found is Reduction.NONE:
            raise ValueError("reduction 'none' keeps every element: slices keep sums")
        self._whole = Whole(table, tuple(losses), names, found, origin)
        self._totals, self._rows = dict(counts or {}), rows

    def result(self, reduction: str) -> Slices:
        """Return the same slices with another reduction.

        Raises
        ------
        ValueError
            If the reduction is unknown, is "none", or does not fit a loss.

        Examples
        --------
        >>> import streamloss as sl
        >>> res = sl.evaluate("mae", [1.0, 2.0, 4.0], [2.0, 2.0, 1.0], by=["a", "b", "a"])
        >>> res.values, res.result("sum").values
        (array([2., 0.]), array([4., 0.]))
        """
        whole = self._whole
        names = list(whole.names)
        how = self._totals, self._rows, whole.origin
        return Slices(whole.table, whole.losses, names, reduction, *how)

    def rollup(self, *names: str) -> Slices:
        """Return the slices by fewer keys, in the order given: exact sums are added up.

        They equal what `evaluate` gives by these keys.

        Raises
        ------
        ValueError
            If a name is no key or comes twice, or there is none; of what `worst` returns.
        """
        whole = self._complete("rollup")
        known = whole.table.names
        are_names = all([isinstance(name, str) for name in names])
        if not are_names or not 0 < len(names) == len({*names} & {*known}):
            rule = f"rollup takes one or more of the keys {', '.join(map(brief, known))}"
            raise ValueError(f"{rule}: got {brief(names)}")
        table, totals = whole.table.rollup(names), dict(self._totals)
        out = Slices(table, whole.losses, list(whole.names), whole.reduction, totals)
        if "missing_keys" in totals:
            out._totals["missing_keys"] += table.keyless_rows() - whole.table.keyless_rows()
        return out

    def grouping_sets(self, *sets: Any) -> Slices:
        """Return the slices by several choices of their keys in one table: subtotals.

        They are what `rollup` gives by the keys of each set, and the set of no keys is the whole.
        Where a set lacks a key, that is `streamloss.ALL`: neither a value nor a missing key (None).
        Slices of different sets are of the same rows, so they do not add up to the whole.

        Parameters
        ----------
        *sets : list of str, or str
            The keys of each set, or its only one.

        Returns
        -------
        Slices
            Set after set, the slices of each in the order of their keys. As frames they have a
            column ``grouping`` of the keys of the set, where a key is null that the set lacks.
            ``overall``, ``rest`` and ``missing_keys`` are those of all rows, each counted once.

        Raises
        ------
        TypeError
            If a set is no list of names.
        ValueError
            If a name is no key, or comes twice in a set; if a set comes twice, or there is none; of
            what `worst` and `rolling` return.

        Examples
        --------
        >>> import streamloss as sl
        >>> by = {"carrier": ["AA", "AA", None], "origin": ["JFK", "LAX", "JFK"]}
        >>> res = sl.evaluate("mae", [1.0, 2.0, 4.0], [2.0, 2.5, 2.0], by=by)
        >>> subtotals = res.grouping_sets(["carrier"], [])
        >>> for (carrier, origin), results in subtotals:
        ...     print(carrier, origin, results["mae"])
        AA ALL 0.75
        None ALL 2.0
        ALL ALL 1.1666666666666667
        >>> subtotals.loc["AA", sl.ALL]
        {'mae': 0.75}
        """
        table = self._complete("grouping_sets").table
        found = sets_among(table.names, sets)
        return self._made(stacked(table, found), Origin(table, "grouping sets", found))

    def rolling(self, n: int, over: str) -> Slices:
        """Return the results of windows of n successive periods, one that ends with each period.

        They are those of `evaluate` for the rows of these periods: each window is a difference of
        exact sums, so that nothing of a row stays behind when it has left.

        Parameters
        ----------
        n : int
            How many periods of the calendar a window has: one without rows counts as well. The
            first windows have those that there are.
        over : str
            A key that `period` makes. With other keys each of their slices has windows of its own.

        Returns
        -------
        Slices
            By the same keys: a slice for each period from the first one that the slice of the other
            keys has to the last one of all, if its window has rows. What has no period is in no
            window. `overall` and `rest` are of all rows, which windows do not add up to.

        Raises
        ------
        TypeError, ValueError
            If n is no positive integer, `over` no key of periods, or there would be more than ten
            million windows; of what `worst` and `rolling` return.

        Examples
        --------
        >>> import numpy as np
        >>> import streamloss as sl
        >>> months = np.array(["2024-01", "2024-02", "2024-04"], "M8[M]")
        >>> res = sl.evaluate(
        ...     "mae", [1.0, 2.0, 4.0], [2.0, 4.0, 9.0], by=sl.period(months, "month")
        ... )
        >>> for month, results in res.rolling(2, "key"):
        ...     print(month, results["mae"])
        2024-01 1.0
        2024-02 1.5
        2024-03 2.0
        2024-04 5.0
        """
        n, whole = positive("n", n), self._complete("rolling")
        return self._made(*windows.rolling(whole.table, n, over))

    def cumulative(self, over: str) -> Slices:
        """Return the results of all periods up to each one, as `rolling` those of the last n.

        Raises
        ------
        ValueError
            As `rolling`.

        Examples
        --------
        >>> import numpy as np
        >>> import streamloss as sl
        >>> days = sl.period(np.array(["2024-02-28", "2024-03-01"], "M8[D]"), "day")
        >>> sl.evaluate("mae", [1.0, 2.0], [2.0, 4.0], by=days).cumulative("key").values
        array([1. , 1. , 1.5])
        """
        return self._made(*windows.cumulative(self._complete("cumulative").table, over))

    def rest(self, loss: Any = None) -> Any:
        """Return the results of all other rows, for each slice: exact sums less those of it.

        Parameters
        ----------
        loss : str or loss, optional
            One of the losses, as it was spelled.

        Returns
        -------
        float64 array or dict
            As the results; a dict of those of all losses if none is named.
        """
        if loss is None:
            return {name: self.rest(name) for name in self.names}
        return taken(self._whole.others(self._whole.place(loss)), self._rows)

    def bracket(self, loss: Any = None) -> tuple[Array, Array]:
        """Return bounds that the exact results of a metric provably lie between, slice by slice.

        Parameters
        ----------
        loss : str or loss, optional
            One of the losses, as it was spelled. It must be named if there are several.

        Returns
        -------
        tuple of float64 array
            The lower and the upper bounds, as the results; of what is exact both are the results.

        Raises
        ------
        KeyError
            If there are no results of that loss.
        ValueError
            If no loss is named of several, or results are no numbers.
        """
        whole = self._whole
        low, high = whole.table.bracket(whole.losses, whole.place(self._only(loss)))
        return taken(low, self._rows), taken(high, self._rows)

    def worst(self, n: int, loss: Any = None, *, min_elements: int = 0) -> Slices:
        """Return the n slices with the worst results of a loss, from the worst on.

        The larger a loss is the worse, and of metrics the further from what is perfect: the
        smaller R2 is, the further the bias is from 0, the slope from 1. Equal ones are in the order
        of their keys, and those that are NaN come last.

        Parameters
        ----------
        n : int
            How many slices at most.
        loss : str or loss, optional
            One of the losses, as it was spelled. It must be named if there are several.
        min_elements : int
            How many elements a slice must have to be looked at.

        Raises
        ------
        ValueError
            If n is negative, axes were kept, or no loss is named of several.
        KeyError
            If there are no results of that loss.
        """
        name, n, whole = self._only(loss), integer("n", n), self._whole
        min_elements = integer("min_elements", min_elements)
        if n < 0:
            raise ValueError(f"n must not be negative: got {n}")
        if whole.table.shape:
            raise ValueError(f"worst needs one result a slice: got axes kept {whole.table.shape}")
        rows = np.arange(len(self)) if self._rows is None else self._rows
        rows = rows[self.counts["elements"] >= min_elements]
        k = whole.place(name)
        order = compared.worst_first(whole.losses[k], whole.numbers(k)[rows])
        out = Slices.__new__(Slices)
        out._whole, out._totals, out._rows = whole, self._totals, rows[order[:n]]
        return out

    def difference(self, loss: Any = None, *, to: str = "slices") -> Any:
        """Return how far the results of slices are apart, as fairlearn's `MetricFrame` has it.

        Parameters
        ----------
        loss : str or loss, optional
            One of the losses, as it was spelled.
        to : {"slices", "overall"}
            What slices are compared with: each other, which is the largest result minus the
            smallest one (fairlearn's between_groups), or the whole, which is the largest absolute
            difference of a slice's result and that of all rows (to_overall).

        Returns
        -------
        float, float64 array, or dict
            An array of the axes kept, if there are any; a dict of all losses if none is named.
            Differences are of rounded results. Those that are NaN are left out, and it is NaN if
            none is left.

        Raises
        ------
        ValueError
            If `to` is something else, or results are no numbers.
        KeyError
            If there are no results of that loss.

        Examples
        --------
        >>> import streamloss as sl
        >>> res = sl.evaluate("mae", [1.0, 2.0, 4.0], [2.0, 2.5, 2.0], by=["a", "b", "c"])
        >>> res.difference("mae"), res.ratio("mae")
        (1.5, 0.25)
        """
        return self._compared(compared.difference, loss, to)

    def ratio(self, loss: Any = None, *, to: str = "slices") -> Any:
        """Return the smallest ratio of results, as fairlearn's `MetricFrame` has it.

        Parameters
        ----------
        loss, to
            As `difference`. Compared with each other it is the smallest result over the largest one
            (fairlearn's between_groups), with the whole the smallest of the results over that of
            all rows, inverted where they are above 1 (to_overall).

        Returns
        -------
        float, float64 array, or dict
            As `difference`. At most 1, of results that are not negative.

        Raises
        ------
        KeyError, ValueError
            As `difference`.
        """
        return self._compared(compared.ratio, loss, to)

    def __eq__(self, other: object) -> bool:
        """Return whether losses, reduction, keys and every exact sum and count are equal."""
        if not isinstance(other, Slices):
            return NotImplemented
        mine, theirs = self._whole, other._whole
        return (
            (mine.losses, mine.reduction) == (theirs.losses, theirs.reduction)
            and _are_same(self._rows, other._rows)
            and bool(mine.table == theirs.table)
            and mine.origin == theirs.origin
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        whole = self._whole
        how = self._totals, self._rows, whole.origin
        return Slices, (whole.table, whole.losses, list(whole.names), whole.reduction, *how)

    def _complete(self, what: str) -> Whole:
        """Return all slices, refused unless they are all, and add up to all rows."""
        if self._rows is not None:
            raise ValueError(f"{what} is of all slices: ask for it before worst")
        origin = self._whole.origin
        if origin is not None:
            rule = f"{what} is of slices that add up to all rows: ask for it before"
            raise ValueError(f"{rule} they are {origin.told}")
        return self._whole

    def _made(self, table: Table, origin: Origin) -> Slices:
        """Return slices that are made of these, with the same results."""
        whole = self._whole
        how = self._totals, None, origin
        return Slices(table, whole.losses, list(whole.names), whole.reduction, *how)

    def _compared(self, measure: Any, loss: Any, to: str) -> Any:
        """Return a measure of the results of a loss, or of all."""
        if loss is None:
            return {name: self._compared(measure, name, to) for name in self.names}
        self._whole.numbers(self._whole.place(loss))
        found = measure(
            self[loss],
            self._whole.overall(self._whole.place(loss)) if to == "overall" else np.nan,
            to,
        )
        return found if self._whole.table.shape else float(found)


def _are_same(mine: Array | None, theirs: Array | None) -> bool:
    """Return whether the same slices of a table are chosen."""
    if mine is None or theirs is None:
        return mine is theirs
    return np.array_equal(mine, theirs)
