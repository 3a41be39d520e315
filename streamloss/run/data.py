"""What `data` may be, and what becomes of it: arrays of a frame in memory, or sums of the rest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from streamloss.arrays.batch import Arguments
from streamloss.arrays.tables import Frame, frame_of, is_stream
from streamloss.exact.state import State
from streamloss.files.columns import Columns, Named
from streamloss.files.table import check_name
from streamloss.support.brief import brief

from .evaluation import Evaluation, Progress, check_columns, check_inputs, keeps_rows
from .query import Query
from .question import Question
from .stretches import Shared
from .threads import get_num_threads

if TYPE_CHECKING:
    import os

    from streamloss.exact.table import Table

    from .slices.by import By


class Taken(NamedTuple):
    """What becomes of data: arrays with their keys, or the sums of all rows.

    Attributes
    ----------
    arrays : Arguments or None
        y_true, y_pred, weights and where of a frame in memory.
    sums : State, Table or None
        The sums of files or a stream; None also of a stream without rows.
    by : By or None
        How slices are made, with the names of the keys; None without slices.
    keys : tuple
        The keys of the arrays.
    """

    arrays: Arguments | None
    sums: Any
    by: By | None
    keys: tuple[Any, ...] | None


class How(NamedTuple):
    """How files are read: what `evaluate` is told of progress and checkpoints."""

    progress: Progress | None = None
    checkpoint: str | os.PathLike[str] | None = None
    every: float = 5.0


def take(
    query: Query,
    by: By | None,
    data: Any,
    names: Arguments,
    keys: Any,
    how: How,
    one_pass: bool,
) -> Taken:
    """Return what becomes of data of which a call has named columns.

    Parameters
    ----------
    query : Query
        What is asked.
    by : By, optional
        How slices are made.
    data : frame or DataSet
        The data.
    names : Arguments
        The names of columns.
    keys : name, Cut, or several of them
        The columns of the keys.
    how : How
        How files are read.
    one_pass : bool
        Whether sums are enough. If not, only frames in memory are taken.

    Raises
    ------
    OSError, TypeError, ValueError
        As `evaluate`.
    """
    asked = Question(query, None if by is None else _key_columns(by, keys))
    if how.progress is not None and not callable(how.progress):
        raise TypeError(f"progress must be callable: got {brief(how.progress)}")
    columns = Columns.of(*names, by=asked.columns)
    frame = frame_of(data, columns.names(), not one_pass or keeps_rows(query))
    if frame is not None:
        _refuse_how(how)
        check_inputs(query, columns)
        names_there = [name for name in frame.names if isinstance(name, str)]
        for role, name in columns.named():
            check_name("data", role, name, names_there)
        found = None
        if asked.keys is not None:
            found = asked.keys.read(tuple([frame.column(name) for name in columns.by]))
        return Taken(_arrays(frame, columns), None, asked.by, found)
    if not one_pass:
        raise ValueError("reduction 'none' keeps every element: it takes arrays and frames")
    if query.reads_labels:
        columns = columns.as_labels()
    return Taken(None, _summed(asked, data, columns, how), asked.by, None)


def _key_columns(by: By, keys: Any) -> Any:
    """Return of which columns the keys are, with what reads them imported on first use."""
    from .slices.columns import KeyColumns

    return KeyColumns.of(by, keys)


def _refuse_how(how: How) -> None:
    """Refuse options of files where there are none."""
    for name in ("progress", "checkpoint"):
        if getattr(how, name) is not None:
            raise ValueError(f"{name} is for files that streamloss.scan gives: got a frame")


def _summed(asked: Question, data: Any, columns: Columns, how: How) -> State | Table | None:
    """Return the sums of files, or of a frame that gives batches; None of no rows."""
    from streamloss.files import DataSet

    if isinstance(data, DataSet):
        with closing(Evaluation(asked, data, columns, how.checkpoint, how.every)) as evaluation:
            return evaluation.complete(how.progress)
    if not is_stream(data):
        rule = "data must be a frame, or a data set as streamloss.scan gives"
        raise TypeError(f"{rule}: got {brief(data)}")
    _refuse_how(how)
    check_columns(asked.query, columns)
    return _of_batches(asked, _batches(data, columns))


def _batches(data: Any, columns: Columns) -> Any:
    """Return the batches of a frame, with pyarrow imported on first use."""
    try:
        from streamloss.files.frames import Frames
    except ModuleNotFoundError as error:
        rule = f'{error.name} is not installed: pip install "streamloss[files]"'
        raise ModuleNotFoundError(rule, name=error.name) from error
    return Frames(data, columns).batches()


def _of_batches(asked: Question, batches: Any) -> State | Table | None:
    """Return the sums of batches, which threads share; None of no rows."""
    threads, shared = get_num_threads(), Shared(asked)
    with ThreadPoolExecutor(threads, thread_name_prefix="streamloss-fold") as pool:
        try:
            parts = shared.summed(lambda batch: [batch], batches, lambda: False, pool, 2 * threads)
            sums = [part.sums for part in parts if part.sums is not None]
        finally:
            pool.shutdown(cancel_futures=True)
    return sums[0] if sums else None


def _arrays(frame: Frame, columns: Columns) -> Arguments:
    """Return the columns of a frame as the arguments of `evaluate`."""

    def gathered(part: Named | None) -> Any:
        if part is None:
            return None
        return frame.column(part) if isinstance(part, str) else frame.beside(part)

    y_true, y_pred, weights, where, _ = columns
    pred = tuple(map(gathered, y_pred)) if isinstance(y_pred, tuple) else gathered(y_pred)
    return gathered(y_true), pred, gathered(weights), gathered(where)
