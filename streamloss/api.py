"""The one-call interface: arrays or columns of files in, results or accumulators out."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import passes
from .accumulator import Accumulator, build, check_sent, keys_of, sliced
from .arrays.batch import Arguments, is_lazy
from .arrays.named import Named, find_names
from .arrays.types import AxisLike
from .exact.ledger import NO_IDS, Ledger
from .exact.limits import MOST_SLICES
from .exact.reductions import Reduction, check
from .exact.state import State
from .losses.groups import spelled_out
from .run.query import Query, later, sums, values
from .support.brief import brief

if TYPE_CHECKING:
    from .exact.table import Table
    from .run.data import Taken
    from .run.evaluation import Progress
    from .run.slices.by import By


def evaluate(
    losses: Any,
    y_true: Any,
    y_pred: Any = None,
    weights: Any = None,
    *,
    axis: AxisLike = None,
    where: Any = None,
    nan: str = "propagate",
    by: Any = None,
    missing: str = "keep",
    max_slices: int = MOST_SLICES,
    reduction: str = Reduction.MEAN,
    data: Any = None,
    progress: Progress | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = 5.0,
    exact: bool = False,
) -> Any:
    """Return the weighted loss of predictions, every sum exact and the result correctly rounded.

    Parameters
    ----------
    losses : str, loss, or list of them
        A name (``"mae"``, ``"huber:delta=0.5"``) or a loss (`Huber(0.5)`). A list takes one pass,
        and so does a group: "regression", "binary" and "multiclass" stand for the usual losses.
    y_true, y_pred : array_like
        Labels and predictions, of the same shape and any rank: booleans, integers, floats up to
        64 bits, or complex numbers where the loss allows. They become float64: integers beyond
        2**53 are rounded. Labels of metrics of counts stay as they are, text as well. Arrays in the
        memory of a CUDA GPU are read there, by the GPU. A loss of
        more than two inputs takes the others in a tuple `y_pred`; one of a single input takes none.
    weights : array_like, optional
        Real numbers, aligned with the leading axes: each dimension equal to that of the losses
        or 1. An element of weight zero adds nothing, whatever its value, but is counted in N.
    axis : int, str, or tuple of them, optional
        The axes to reduce, as in numpy; all by default. Named axes may be given by name.
    where : array_like of bool, optional
        Which elements take part, aligned like the weights.
    nan : {"propagate", "omit", "raise"}
        What a NaN in an input or weight does: makes the result NaN, takes its element out of
        every sum and count, or raises.
    by : array_like, tuple or dict of them, or grouping sets, optional
        A key for each row, that is each index of axis 0, which the losses then have to be reduced
        over: booleans, integers, text, bytes, times, categories, floats, `bins` or a `period`.
        Several keys are crossed; a dict names them, as do columns with a name. `grouping_sets`
        give subtotals by some of the keys. Of data keys are names of columns, or `bins` or a
        `period` of one: a list of them is several keys.
    missing : {"keep", "drop", "raise"}
        What becomes of rows with a missing key (None, NaN, a null): a slice of their own, nothing
        but a count, or an error.
    max_slices : int
        How many slices there may be.
    reduction : Reduction or str
        By default the mean, S / W. With "none" every weighted loss is returned.
    data : frame or DataSet, optional
        A frame of pandas, polars, pyarrow, dask or xarray, a mapping of names to arrays, anything
        that has a stream of Arrow, or files, as `scan` gives them. Then `y_true`, `y_pred`,
        `weights`, `where` and `by` are names of columns; those of inputs may be lists of names:
        the values of a row side by side, such as the scores of classes, which a column of lists
        holds as well. Streams and files are evaluated in bounded memory: an axis must have 0 in
        it, and the reduction may not be "none".
    progress : callable, optional
        Of files: is called now and then, in this thread, with how many rows are done and how
        many there are (None where files do not announce it).
    checkpoint : str or path, optional
        Of files: where to save how far it came. The same call goes on from there.
    checkpoint_every : float
        Seconds from one save to the next.
    exact : bool
        Whether to make exact by further passes over the data what lies in a bracket after one. A
        quantile of errors takes 2 passes, of very many elements 3; a ranking such as "roc_auc" one
        for each million different scores, about, and up to two before. All losses share them. It is
        for one result of each loss, without `by`, axes kept and a checkpoint. Files are read again,
        and dask arrays are computed now.

    Returns
    -------
    float, float64 array, dict or Slices
        With keys a table, `Slices`, and of dask arrays, or of keys that are dask's, a
        `dask.delayed.Delayed` one; so are results of metrics of counts of dask arrays. Some of
        these are no numbers but a matrix, a value for each class, a curve or a table. Else in the
        unit of the loss: an array of the axes kept, if `axis` leaves some; of the shape of the
        losses with "none", zero where an element counts for nothing. For a list of losses or a
        group a dict, with keys as they are spelled. With "none" it is on the GPU if an argument is.
        Of xarray's DataArrays, which are aligned by the names of their axes and must have equal
        coordinates, an array of axes kept is a DataArray too.

    Raises
    ------
    TypeError
        If an input holds no numbers that float64 can hold or is missing; if a loss is unknown.
    ValueError
        If shapes, alignment, axis, a name or a parameter are wrong; if nan="raise" meets a NaN;
        if the reduction does not fit a loss, or "none" comes with an axis or files; if a file
        cannot be read or lacks a column, or a checkpoint is of another call; if `exact` comes with
        what it is not for, or data are others in a further pass.
    OSError
        If a file is not there.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.evaluate("mae", [1.0, 2.0, 4.0], [1.5, 2.0, 2.0])
    0.8333333333333334
    >>> sl.evaluate(["mse", sl.Huber(0.5)], [1.0, 2.0], [1.0, 4.0], weights=[1.0, 3.0])
    {'mse': 3.0, Huber(delta=0.5): 0.65625}
    >>> sl.evaluate("mae", [[1.0, 2.0], [3.0, 5.0]], [[1.0, 1.0], [1.0, 1.0]], axis=0)
    array([1. , 2.5])
    >>> sl.evaluate("mae", [1.0, 2.0, 4.0], [1.5, 2.0, 2.0], by=["AA", "UA", "AA"]).loc["AA"]
    {'mae': 1.25}
    >>> errors = [0.1, 0.2, 0.7]
    >>> sl.evaluate("median_absolute_error", [0.0] * 3, errors, exact=True)
    0.2
    """
    specs = spelled_out(losses)
    query = Query.spelled(specs, axis, nan)
    found = check(reduction, query.losses)
    if exact and passes.are_needed(query.losses, by, checkpoint):
        rest = {"axis": axis, "where": where, "nan": nan, "data": data, "progress": progress}
        again = functools.partial(_pass, y_true, y_pred, weights, rest)
        first = again(specs if isinstance(specs, list) else [specs])
        return passes.results(specs, found, first, again)
    keeps = found is Reduction.NONE
    if keeps and axis is not None:
        raise ValueError(f"reduction 'none' keeps every element: got axis={brief(axis)}")
    if keeps and by is not None:
        raise ValueError("reduction 'none' keeps every element: it takes no by")
    given = y_true, y_pred, weights, where
    keys = keys_of(by, missing, max_slices, named=False)
    if data is not None:
        how = progress, checkpoint, checkpoint_every
        taken = _taken(query, keys, data, given, by, how, not keeps)
        if taken.arrays is None:
            return _built(specs, query, taken).result(found)
        given, keys, by = taken.arrays, taken.by, taken.keys
    else:
        _check_arrays(y_true, progress, checkpoint)
    if keys is not None or query.countings:
        return _sliced(specs, query, keys, given, by, found)
    named = find_names(query.losses[0], *given)
    if named is not None:
        given, query = named.arguments, query.over(named.numbers(axis))
    if found is Reduction.NONE:
        results = values(query, given)
    else:
        results = sums(query, given).results(query.losses, found)
    if named is not None:
        reduced = () if found is Reduction.NONE else named.reduced(query.axis)
        results = [named.wrap(each, reduced) for each in results]
    return _keyed(specs, results)


def _pass(y_true: Any, y_pred: Any, weights: Any, rest: dict[str, Any], losses: list[Any]) -> Any:
    """Return the accumulator of a pass over the data of a call."""
    return accumulate(losses, y_true, y_pred, weights, **rest)


def _sliced(
    specs: Any,
    query: Query,
    keys: By | None,
    given: Arguments,
    by: Any,
    reduction: Reduction | None = None,
    batch_id: Any = None,
) -> Any:
    """Return the accumulator of arrays with keys, or its results; of dask arrays Delayed.

    So it is of metrics of counts without keys as well, whose cells have some.
    """
    order, axis = None, query.axis
    if by is not None:
        order, axis = sliced().order_with(query.losses[0], given, by, None, axis)
    named = find_names(query.losses[0], *given, order)
    if sliced().are_lazy(given if named is None else named.arguments, by):
        query = query.over(axis)
        return _sliced_later(specs, query, keys, given, named, by, reduction, batch_id)
    y_true, y_pred, weights, where = given
    acc = build(specs, query, None, by=keys)
    acc.update(y_true, y_pred, weights, where=where, by=by, batch_id=batch_id)
    return _asked(acc, reduction)


def _sliced_later(
    specs: Any,
    query: Query,
    keys: By | None,
    given: Arguments,
    named: Named | None,
    by: Any,
    reduction: Reduction | None,
    batch_id: Any,
) -> Any:
    """Return the Delayed accumulator of dask arrays with keys, or its Delayed results."""
    axis, names = query.axis, None
    if named is not None:
        given, numbers = named.arguments, named.numbers(axis)
        if by is not None:
            given, numbers, by = sliced().as_rows(named, by, numbers)
        query, names = query.over(numbers), named.in_memory()
    table, asked = sliced().lazy_table(query, keys, given, by)
    ledger = NO_IDS if batch_id is None else Ledger.of([batch_id])
    how = {"named": names, "asked": axis, "by": asked, "ledger": ledger}
    make = functools.partial(build, specs, query, **how)
    texts = [str(each) for each in specs] if isinstance(specs, list) else str(specs)
    build_one = functools.partial(_of_table, make, reduction)
    return table.delayed(build_one, query.losses, texts, names, axis, reduction, batch_id)


def _of_table(make: Any, reduction: Reduction | None, table: Table) -> Any:
    """Return the accumulator of a table, or its results."""
    return _asked(make(table), reduction)


def _asked(acc: Accumulator, reduction: Reduction | None) -> Any:
    """Return an accumulator, or its results if a reduction is asked for."""
    return acc if reduction is None else acc.result(reduction)


def _built(specs: Any, query: Query, taken: Taken, ledger: Ledger = NO_IDS) -> Accumulator:
    """Return the accumulator of sums of data."""
    return build(specs, query, taken.sums, by=taken.by, ledger=ledger)


def _keyed(specs: Any, results: list[Any]) -> Any:
    """Return the results of a list of losses by these, that of one loss as it is."""
    return dict(zip(specs, results, strict=True)) if isinstance(specs, list) else results[0]


def _taken(
    query: Query,
    keys: By | None,
    data: Any,
    names: Arguments,
    by: Any,
    how: tuple[Any, Any, Any],
    one_pass: bool = True,
) -> Taken:
    """Return what becomes of data, with what reads them imported on first use."""
    from .run.data import How, take

    return take(query, keys, data, names, by, How(*how), one_pass)


def _check_arrays(y_true: Any, progress: Any, checkpoint: Any) -> None:
    """Refuse names of columns, and options of files, where there are no files."""
    if isinstance(y_true, str):
        raise TypeError(f"y_true is a name, for which data must be given: got {brief(y_true)}")
    for name, given in (("progress", progress), ("checkpoint", checkpoint)):
        if given is not None:
            raise ValueError(f"{name} is for data, files that streamloss.scan gives: got arrays")


def accumulate(
    losses: Any,
    y_true: Any,
    y_pred: Any = None,
    weights: Any = None,
    *,
    axis: AxisLike = None,
    where: Any = None,
    nan: str = "propagate",
    by: Any = None,
    missing: str = "keep",
    max_slices: int = MOST_SLICES,
    data: Any = None,
    progress: Progress | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = 5.0,
    batch_id: str | bytes | int | None = None,
) -> Any:
    """Return an `Accumulator` of arrays or files; the arguments are those of `evaluate`.

    Of dask arrays it is a `dask.delayed.Delayed` Accumulator. A `batch_id` is that of
    `Accumulator.update`: parts with the same one are not merged with each other.

    Raises
    ------
    OSError, TypeError, ValueError
        As `evaluate`; if `batch_id` cannot be an id.

    Examples
    --------
    >>> import streamloss as sl
    >>> part = sl.accumulate("mae", [1.0, 2.0], [2.0, 4.0])
    >>> part.result("sum"), part.result("mean")
    (3.0, 1.5)
    """
    specs = spelled_out(losses)
    query, given = Query.spelled(specs, axis, nan), (y_true, y_pred, weights, where)
    keys = keys_of(by, missing, max_slices, named=False)
    ledger = NO_IDS if batch_id is None else Ledger.of([batch_id])
    if data is not None:
        how = progress, checkpoint, checkpoint_every
        taken = _taken(query, keys, data, given, by, how)
        if taken.arrays is None:
            return _built(specs, query, taken, ledger)
        given, keys, by = taken.arrays, taken.by, taken.keys
    else:
        _check_arrays(y_true, progress, checkpoint)
    if keys is not None or query.countings:
        return _sliced(specs, query, keys, given, by, batch_id=batch_id)
    named, names = find_names(query.losses[0], *given), None
    if named is not None:
        given, query, names = named.arguments, query.over(named.numbers(axis)), named.in_memory()
    make = functools.partial(build, specs, query, named=names, asked=axis, ledger=ledger)
    found = sums(query, given)
    return make(found) if isinstance(found, State) else found.delayed(make)


def reduce(
    losses: Any,
    weights: Any = None,
    *,
    axis: AxisLike = None,
    where: Any = None,
    nan: str = "propagate",
    reduction: str = Reduction.MEAN,
) -> Any:
    """Return the reduction of losses that are already computed.

    Parameters
    ----------
    losses : array_like
        The losses, real numbers of any shape.
    weights, axis, where, nan, reduction
        As for `evaluate`.

    Returns
    -------
    float or float64 array
        In the unit of the losses.

    Raises
    ------
    TypeError, ValueError
        As `evaluate`.

    Examples
    --------
    >>> import streamloss as sl
    >>> sl.reduce([0.5, 1.5, 9.0], [1.0, 1.0, 0.0], reduction="sum_by_nonzero_weights")
    1.0
    """
    return evaluate(
        "value", losses, None, weights, axis=axis, where=where, nan=nan, reduction=reduction
    )


def merge(parts: Iterable[Any]) -> Any:
    """Return the accumulator of all that the parts have seen; their order changes nothing.

    Parameters
    ----------
    parts : iterable of Accumulator
        Futures of them, as `concurrent.futures` and `distributed` have, are waited for. If one is
        a `dask.delayed.Delayed`, so is what is returned.

    Raises
    ------
    ValueError
        If there is no part, or parts differ in losses, axis, NaN policy or shape; if batches come
        twice, which the first part does not ignore; if a future was computed by another version of
        streamloss.
    TypeError
        If a part is no Accumulator.

    Examples
    --------
    >>> import streamloss as sl
    >>> a, b = sl.accumulate("mae", [1.0], [2.0]), sl.accumulate("mae", [1.0], [4.0])
    >>> sl.merge([a, b]).result(), sl.merge([b, a]) == a + b
    (2.0, True)
    """
    parts = list(parts)
    if any([is_lazy(part) for part in parts]):
        return later(_merge_sent, parts)
    total: Accumulator | None = None
    for part in parts:
        if not isinstance(part, Accumulator) and hasattr(part, "add_done_callback"):
            part = _sent(part.result())
        if not isinstance(part, Accumulator):
            raise TypeError(f"parts must be Accumulators: got {brief(part)}")
        total = part.copy() if total is None else total.merge(part)
    if total is None:
        raise ValueError("parts must hold at least one Accumulator: got none")
    return total


def _merge_sent(parts: list[Any]) -> Any:
    """Return the accumulator of parts that other tasks of a cluster have computed."""
    return merge([_sent(part) for part in parts])


def _sent(part: Any) -> Any:
    """Return what another process computed, refused if that has another streamloss."""
    return check_sent(part) if isinstance(part, Accumulator) else part
