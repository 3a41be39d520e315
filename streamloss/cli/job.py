"""What `streamloss evaluate` was asked, and its evaluation, which can go on from a checkpoint."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, NamedTuple

from streamloss import __version__
from streamloss.accumulator import Accumulator
from streamloss.exact.reductions import Reduction
from streamloss.files import Columns, DataSet, open_arrays, open_parquet
from streamloss.files.checkpoint import Checkpoint, Saved
from streamloss.losses.names import resolve
from streamloss.run import cluster, stretches
from streamloss.run.threads import set_num_threads

from .report import say


class Job(NamedTuple):
    """What was asked, under the names of the options of `streamloss evaluate`."""

    files: tuple[str, ...]
    columns: Columns
    losses: tuple[str, ...]
    reduction: str
    nan: str
    checkpoint: str | None
    checkpoint_every: float
    batch_rows: int | None
    threads: int | None
    scheduler: str | None
    timeout: float | None

    def open(self) -> DataSet:
        """Open the files, or the arrays if there are no files."""
        if self.files:
            return open_parquet(self.files, self.columns, self.threads)
        return open_arrays(self.columns)

    def identity(self, data: DataSet) -> dict[str, object]:
        """Return all that the sums depend on, which a checkpoint must agree with.

        They do not depend on the reduction, which is applied to them at the end.
        """
        return {
            "versions of streamloss": __version__,
            "files": [[os.path.realpath(path), *stamp[1:]] for path, stamp in data.stamps()],
            "columns": list(self.columns),
            "losses": [repr(resolve(loss)) for loss in self.losses],
            "policies for NaN": self.nan,
        }


class Evaluation:
    """The evaluation of a job, which goes on from the job's checkpoint if there is one.

    Attributes
    ----------
    data : DataSet
        The rows.
    rows : int
        How many of the rows are done.
    seconds : float
        How long they took, in earlier processes with the same job too.

    Raises
    ------
    OSError
        If a file is missing or the checkpoint cannot be written.
    TypeError, ValueError
        If an option is wrong, a file cannot be read, a column is missing or has no numbers,
        or the checkpoint is damaged or that of another job. No data have been read by then.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._accumulator = Accumulator(list(job.losses), nan=job.nan)
        self._tally = self._accumulator.tally
        self.rows, self.seconds = 0, 0.0
        self._check()
        self.data = job.open()
        self._checkpoint: Checkpoint | None = None
        if job.checkpoint is not None:
            identity = job.identity(self.data)
            self._checkpoint = Checkpoint(job.checkpoint, identity, job.checkpoint_every)
            try:
                self._resume(self._checkpoint)
            except BaseException:
                self.close()
                raise

    def _check(self) -> None:
        """Refuse a job that cannot give a result, before any data are read."""
        if Reduction(self._job.reduction) is Reduction.NONE:
            raise ValueError("--reduction must give one number: got 'none'")
        self.results()
        loss, named = self._accumulator.losses[0], self._job.columns.pred is not None
        inputs = loss.inputs
        if inputs > 2:
            raise ValueError(f"--loss must take labels and predictions alone: got {loss!r}")
        if (inputs > 1) != named:
            rule = "is needed" if inputs > 1 else "is not for a loss of one input"
            raise ValueError(f"--pred {rule}: got --loss {self._job.losses[0]}")
        if self._job.timeout is not None and self._job.scheduler is None:
            raise ValueError("--timeout is for --scheduler: a run here waits for nobody")
        if self._job.threads is not None:
            set_num_threads(self._job.threads)

    def _resume(self, checkpoint: Checkpoint) -> None:
        """Go on from the checkpoint; if there is none, write one now to see that it can be."""
        if checkpoint.load(self._take_up) is None:
            checkpoint.save(self._saved())

    def _take_up(self, saved: Saved) -> Saved:
        """Go on from what was saved, refused if the sums are of other rows than the note says."""
        found = self._accumulator + Accumulator.from_bytes(saved.sums)
        rows = found.counts["rows"]
        if not 0 <= saved.rows <= self.data.rows or rows != saved.rows:
            raise ValueError(f"{saved.rows} rows of {self.data.rows}, and sums of {rows}")
        self._accumulator, self._tally = found, found.tally
        self.rows, self.seconds = saved.rows, saved.seconds
        return saved

    def _saved(self) -> Saved:
        """Return what another process needs to go on from here."""
        return Saved(self.rows, self.seconds, self._accumulator.to_bytes())

    def close(self) -> None:
        """Leave the checkpoint to other processes."""
        if self._checkpoint is not None:
            self._checkpoint.close()

    def complete(self, advance: Callable[[int], object]) -> None:
        """Add all rows that are not done, and tell `advance` how many were added each time.

        An interrupt leaves the last checkpoint as it is. None is written then, since it is unknown
        whether the batch that was interrupted has been added.

        Raises
        ------
        ValueError
            If a file cannot be read, or the NaN policy is "raise" and a NaN comes.
        """
        begun = time.perf_counter() - self.seconds
        with closing(self._add_rest()) as steps:
            for rows in steps:
                self.rows += rows
                self.seconds = time.perf_counter() - begun
                advance(rows)
                if self._checkpoint and (self._checkpoint.due() or self.rows == self.data.rows):
                    self._checkpoint.save(self._saved())

    def _add_rest(self) -> Generator[int, None, None]:
        """Add the rows that are not done, here or on a cluster, and yield how many each time."""
        job = self._job
        rest = self._tally.query, self.data, self.rows, job.batch_rows
        if job.scheduler is None:
            states = stretches.sum_files(*rest)
        else:
            states = cluster.sum_on_cluster(*rest, job.scheduler, job.timeout, say)
        with closing(states):
            for rows, state in states:
                self._tally.merge(state)
                yield rows

    def results(self) -> dict[str, float]:
        """Return the result of each loss, by its spelling."""
        return dict(self._accumulator.result(self._job.reduction))

    def counts(self) -> dict[str, Any]:
        """Return the counts of the accumulator: numbers, or of several losses one for each."""
        return self._accumulator.counts
