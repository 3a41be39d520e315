"""The exact sums of a data set of files, which can go on from a checkpoint.

What `evaluate`, the accumulator and the command line do with files is this.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from contextlib import closing
from numbers import Real
from typing import TYPE_CHECKING, Any

from streamloss.exact.state import State
from streamloss.files import Columns, DataSet, Scanner, Source
from streamloss.files.scanner import START, Place
from streamloss.losses.base import Loss
from streamloss.support.brief import brief
from streamloss.support.maker import version

from . import stretches
from .query import Query
from .question import Question

if TYPE_CHECKING:
    from streamloss.exact.ledger import Ledger
    from streamloss.exact.table import Table
    from streamloss.files.checkpoint import Checkpoint, Saved

Progress = Callable[[int, int | None], object]
"""Is told how many rows are done, and how many there are: None where files do not announce it."""


class Evaluation:
    """The sums of the rows of a data set, which go on from a checkpoint if there is one.

    Parameters
    ----------
    asked : Question
        What is asked.
    data : DataSet
        The files.
    columns : Columns
        The names of their columns.
    checkpoint : str or path, optional
        The file of the checkpoint.
    every : float
        Seconds from one write of the checkpoint to the next.
    say : callable, optional
        Is told, in one line, what a cluster is waited for; by default the log of streamloss is.
    begun : float, optional
        When the user began to wait, on the clock of `time.perf_counter`; by default now.

    Attributes
    ----------
    scanner : Scanner
        The opened files.
    rows : int
        How many rows are done.

    Raises
    ------
    OSError
        If a file is missing or the checkpoint cannot be written.
    TypeError, ValueError
        If columns do not suit the losses, a file cannot be read, a column is missing or has no
        numbers, or the checkpoint is damaged or that of another job. No data have been read then.
    """

    def __init__(
        self,
        asked: Question,
        data: DataSet,
        columns: Columns,
        checkpoint: str | os.PathLike[str] | None = None,
        every: float = 5.0,
        say: Callable[[str], object] | None = None,
        begun: float | None = None,
    ) -> None:
        check_columns(asked.query, columns)
        _check_checkpoint(checkpoint, every)
        self.asked, self._data, self._say = asked, data, say or _log
        self._tally = asked.tally()
        self.rows, self._done = 0, START
        self._ledger: Ledger | None = None
        self._begun = time.perf_counter() if begun is None else begun
        self._took: float | None = None
        self.scanner = data.opened(columns)
        self._checkpoint: Checkpoint | None = None
        if checkpoint is not None:
            from streamloss.files.checkpoint import Checkpoint

            job = _identity(asked, data, self.scanner)
            self._checkpoint = Checkpoint(os.fspath(checkpoint), job, every)
            try:
                self._resume(self._checkpoint)
            except BaseException:
                self.close()
                raise

    @property
    def sums(self) -> State | Table:
        """The sums of the rows that are done."""
        known: State | Table | None = self._tally.known
        found: State | Table = self._tally.nothing() if known is None else known
        return found

    def waited(self) -> float:
        """Return how many seconds the user has waited, in earlier processes of this job too.

        Of a checkpoint that has all rows it is the time that it tells: it always shows the same.
        """
        return time.perf_counter() - self._begun if self._took is None else self._took

    def _resume(self, checkpoint: Checkpoint) -> None:
        """Go on from the checkpoint; if there is none, write one now to see that it can be."""
        if checkpoint.load(self._take_up) is None:
            self._save(checkpoint)

    def _take_up(self, saved: Saved) -> Saved:
        """Go on from what was saved, refused if the sums are of other rows than the note says."""
        from streamloss.exact.bytes import load_all

        ((losses, _, axis, nan, _), slicing, sums), ledger = load_all(saved.sums)
        query, by, scanner = self.asked.query, self.asked.by, self.scanner
        known = by and by.of_sums
        if (losses, axis, nan) != (query.losses, query.axis, query.nan) or slicing != known:
            raise ValueError("its sums are of other losses or keys")
        rows = self.asked.count(sums)
        if rows != saved.rows:
            raise ValueError(f"{saved.rows} rows of {scanner.rows}, and sums of {rows}")
        # where all files announce their rows, their number alone tells how far it came
        place = saved.place if scanner.rows is None else scanner.place(rows)
        if place is None or place > scanner.end:
            raise ValueError("its note does not tell where its rows end")
        if ledger != self._ledger_to(place):
            raise ValueError("its sums are of other files than its note says")
        self._tally.merge(sums)
        self.rows, self._done = saved.rows, place
        self._begun -= saved.seconds
        self._took = saved.seconds if place == scanner.end else None
        return saved

    def _save(self, checkpoint: Checkpoint) -> None:
        """Save what another process needs to go on from here."""
        from streamloss.exact.bytes import dump
        from streamloss.files.checkpoint import Saved

        (losses, _, axis, nan, *_), by = self.asked.query, self.asked.by
        ledger = self._ledger_to(self._done)
        sums = dump(losses, list(losses), axis, nan, self._tally.known, by, ledger)
        seconds = self.waited()
        checkpoint.save(Saved(self.rows, seconds, sums, self._done))
        if self._done == self.scanner.end:
            self._took = seconds

    def _ledger_to(self, place: Place) -> Ledger:
        """Return the ids of the sources that are whole before a place: their numbers and files."""
        from streamloss.exact.ledger import Ledger

        known = len(self._ledger or ())
        new = enumerate(self.scanner.sources[known : place.source], known)
        ids = [f"{number} {_files_of(source)}" for number, source in new]
        self._ledger = (self._ledger or Ledger()) | Ledger.of(ids)
        return self._ledger

    def close(self) -> None:
        """Leave the checkpoint to other processes."""
        if self._checkpoint is not None:
            self._checkpoint.close()

    def complete(self, progress: Progress | None = None) -> State | Table:
        """Add all rows that are not done, and tell how many are each time; return their sums.

        An interrupt leaves the last checkpoint as it is. None is written then, since it is unknown
        whether the batch that was interrupted has been added.

        Raises
        ------
        ValueError
            If a file cannot be read, there are no rows, or the NaN policy is "raise" and a NaN
            comes.
        """
        checkpoint, end = self._checkpoint, self.scanner.end
        with closing(self._rest()) as parts:
            for sums, rows, done in parts:
                self._tally.merge(sums)
                self.rows, self._done = self.rows + rows, done
                if rows and progress is not None:
                    progress(self.rows, self.scanner.rows)
                if checkpoint and sums is not None and (checkpoint.due() or done == end):
                    self._save(checkpoint)
        if not self.rows:
            raise self.scanner.nothing()
        if checkpoint and self._done != end:  # the end was not announced
            self._done = end
            self._save(checkpoint)
        return self.sums

    def _rest(self) -> Generator[stretches.Summed, None, None]:
        """Return the sums of the rows that are not done, made here or on a cluster."""
        data = self._data
        rest = self.asked, self.scanner, self._done, data.batch_rows
        if data.scheduler is None:
            return stretches.sum_files(*rest, self._is_due)
        from . import cluster

        return cluster.sum_on_cluster(*rest, data.scheduler, data.timeout, self._say)

    def _is_due(self) -> bool:
        """Return whether the sums of all rows that are done are to be saved."""
        return self._checkpoint is not None and self._checkpoint.due()


def _check_checkpoint(path: Any, every: Any) -> None:
    """Refuse a checkpoint that is no name of a file, and seconds that are none."""
    if path is not None and (not isinstance(path, str | os.PathLike) or not os.fspath(path)):
        raise TypeError(f"checkpoint must be the name of a file: got {brief(path)}")
    if not (isinstance(every, Real) and float(every) >= 0):
        rule = "checkpoint_every must be a number of seconds, at least 0"
        raise ValueError(f"{rule}: got {brief(every)}")


def check_inputs(query: Query, columns: Columns) -> None:
    """Refuse columns that do not suit the losses.

    Raises
    ------
    ValueError
        If the losses take fewer or more inputs.
    """
    loss, given = query.losses[0], columns.y_pred
    if loss.inputs != columns.inputs or (loss.inputs == 2 and isinstance(given, tuple)):
        rules = {1: "is not for a loss of one input", 2: "must name one input"}
        rule = rules.get(loss.inputs, f"must name {loss.inputs - 1} inputs, in a tuple")
        rule = "is needed" if given is None and loss.inputs == 2 else rule
        raise ValueError(f"y_pred {rule}: got {brief(given)} for {brief(loss)}")


def keeps_rows(query: Query) -> bool:
    """Return whether axis 0, the rows of data, is to be kept."""
    axes = query.axis if isinstance(query.axis, tuple) else (query.axis,)
    return query.axis is not None and 0 not in axes


def check_columns(query: Query, columns: Columns) -> None:
    """Refuse columns that do not suit the losses, and axes that keep the rows of files.

    Raises
    ------
    ValueError
        If the losses take fewer or more inputs, or an axis is given without axis 0.
    """
    check_inputs(query, columns)
    if keeps_rows(query):
        rule = "axis must have 0 in it, the rows, where data is given"
        raise ValueError(f"{rule}: got {brief(query.axis)}")


def _identity(asked: Question, data: DataSet, scanner: Scanner) -> dict[str, object]:
    """Return all that the sums depend on, which a checkpoint must agree with.

    They do not depend on the reduction, which is applied to them at the end.
    """
    query = asked.query
    job: dict[str, object] = {
        "versions of streamloss": version(),
        "files": [file for source in scanner.sources for file in _files_of(source)],
        "columns": list(scanner.columns[:4]),
        "losses": [repr(loss) for loss in query.losses],
        "policies for NaN": query.nan,
    }
    if query.axis is not None:
        job["axes"] = query.axis
    if query.reads_labels:
        job["labels"] = list(scanner.columns.by[-2:])
    if asked.keys is not None:
        by, keys = asked.keys.by, asked.keys.keys
        job["keys"] = [f"{n}: {key}" for n, key in zip(by.names, keys, strict=True)]
        job["policies for missing keys"], job["numbers of slices"] = by.missing, by.max_slices
    if codes := [_code(loss) for loss in query.parts if not _is_ours(loss)]:
        job["codes of losses"] = codes
    if outside := data.outside(scanner.columns):
        job["places of columns"] = outside
    if data.types:
        job["types of columns"] = data.types
    return job


def _files_of(source: Source) -> list[list[object]]:
    """Return what tells files, by whichever path; their device may have another number later."""
    pairs = zip(source.paths, source.stamps, strict=True)
    return [[os.path.realpath(path), *stamp[1:]] for path, stamp in pairs]


def _is_ours(loss: Loss) -> bool:
    """Return whether a loss is one of streamloss, whose version tells its code."""
    return type(loss).__module__.startswith("streamloss.")


def _code(loss: Loss) -> str:
    """Return a digest of the code of a user's loss.

    Raises
    ------
    ValueError
        If the code uses what cannot be digested: other code could go on from its sums.
    """
    from streamloss.kernels.digests import Uncacheable, loss_digest

    try:
        return loss_digest(type(loss)).hex()[:16]
    except Uncacheable as error:
        rule = "checkpoint must be of losses whose code can be told from other code"
        raise ValueError(f"{rule}: {brief(loss)} uses {str(error)[:80]}") from error


def _log(text: str) -> None:
    """Write to the log of streamloss what a cluster is waited for."""
    import logging

    logging.getLogger("streamloss").warning(text)
