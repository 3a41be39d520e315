"""What `streamloss evaluate` was asked, in the words of the library."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from streamloss import passes
from streamloss.accumulator import Accumulator, build, keys_of
from streamloss.exact.limits import MOST_SLICES
from streamloss.exact.reductions import Reduction
from streamloss.files import Columns, DataSet, scan
from streamloss.files.columns import Named
from streamloss.run.evaluation import Evaluation
from streamloss.run.query import Query
from streamloss.run.question import Question
from streamloss.run.threads import set_num_threads
from streamloss.support.brief import brief

from .keys import by_of
from .report import say

if TYPE_CHECKING:
    from streamloss.run.slices.columns import KeyColumns
    from streamloss.slices import Slices

TOP = 10
"""How many of the worst slices there are if nobody says it."""


class Job(NamedTuple):
    """What was asked, under the names of the options of `streamloss evaluate`."""

    files: tuple[str, ...]
    true: tuple[str, ...]
    pred: tuple[str, ...]
    weights: str | None
    where: str | None
    losses: tuple[str, ...]
    reduction: str
    nan: str
    format: str | None
    types: tuple[str, ...]
    checkpoint: str | None
    checkpoint_every: float
    batch_rows: int | None
    threads: int | None
    scheduler: str | None
    timeout: float | None
    by: tuple[str, ...]
    grouping_sets: str | None
    missing: str
    max_slices: int
    worst: str | None
    top: int | None
    min_rows: int | None
    out: str | None
    exact: bool

    def evaluation(self, begun: float) -> Evaluation:
        """Return the evaluation, of files that are opened now; no data have been read then.

        Parameters
        ----------
        begun : float
            When the user began to wait, on the clock of `time.perf_counter`.

        Raises
        ------
        OSError, TypeError, ValueError
            If an option is wrong or a file cannot be opened.
        """
        if Reduction(self.reduction) is Reduction.NONE:
            raise ValueError("--reduction must give one number: got 'none'")
        query = Query.spelled(list(self.losses), None, self.nan)
        build(list(self.losses), query, None).result(self.reduction)  # refuses what suits no loss
        if self.exact:
            passes.are_needed(query.losses, self.by or self.grouping_sets, self.checkpoint)
        asked = Question(query, self._keys())
        self._check_slices(asked)
        columns = self._columns(query)._replace(by=asked.columns)
        if query.reads_labels:
            columns = columns.as_labels()
        if self.threads is not None:
            set_num_threads(self.threads)
        data, every = self._scan(columns), self.checkpoint_every
        self._check_out(data)
        return Evaluation(asked, data, columns, self.checkpoint, every, say, begun)

    def _keys(self) -> KeyColumns | None:
        """Return of which columns the keys of slices are, None if there are to be none."""
        given = by_of(self.by, self.grouping_sets)
        if given is None:
            return None
        from streamloss.run.slices.columns import KeyColumns  # with numba, which slices need

        by = keys_of(given, self.missing, self.max_slices, named=False)
        assert by is not None
        return KeyColumns.of(by, given)

    def _check_slices(self, asked: Question) -> None:
        """Refuse options of slices where there are none, and a loss that is not asked for."""
        if asked.keys is None:
            for name in ("worst", "top", "min_rows", "out"):
                if getattr(self, name) is not None:
                    raise ValueError(f"--{name.replace('_', '-')} is for slices: got no --by")
            if (self.missing, self.max_slices) != ("keep", MOST_SLICES):
                raise ValueError("--missing and --max-slices are for slices: got no --by")
            return
        if self.worst is None and (self.top, self.min_rows) != (None, None):
            raise ValueError("--top and --min-rows are for --worst: got no loss")
        if self.worst is not None and self.worst not in self.losses:
            rule = f"--worst must be one of the losses {', '.join(self.losses)}"
            raise ValueError(f"{rule}: got {brief(self.worst)}")

    def _check_out(self, data: DataSet) -> None:
        """Refuse a file of slices that cannot be, or that is read: before the work is done."""
        if self.out is None:
            return
        from streamloss.slices.files import format_of

        format_of(self.out)
        out = os.path.realpath(self.out)
        if not os.path.isdir(os.path.dirname(out)):
            raise ValueError(f"--out: there is no folder {os.path.dirname(self.out)!r}")
        if self.checkpoint is not None and out == os.path.realpath(self.checkpoint):
            raise ValueError(f"--out must be another file than --checkpoint: got {self.out}")
        inside = [os.path.join(os.path.realpath(name), "") for name in self.files]
        if out in map(os.path.realpath, data.paths) or out.startswith(tuple(inside)):
            raise ValueError(f"--out must not be among the files that are read: got {self.out}")

    def _columns(self, query: Query) -> Columns:
        """Return the columns: several predictions are the inputs of a loss, else of a row."""
        loss = query.losses[0]
        several = loss.inputs > 2
        if several and len(self.pred) != loss.inputs - 1:
            rule = f"--pred must be given {loss.inputs - 1} times"
            raise ValueError(f"{rule} for {brief(loss)}: got it {len(self.pred)} times")
        pred = self.pred if several else _named(self.pred)
        return Columns(_named(self.true) or "", pred, self.weights, self.where)

    def _scan(self, columns: Columns) -> DataSet:
        """Return the files, or the arrays if there are no files."""
        files = self.files or {name: name for name in columns.names()}
        types = dict(self._type(text) for text in self.types)
        return scan(
            files,
            format=self.format,
            types=types,
            batch_rows=self.batch_rows,
            scheduler=self.scheduler,
            timeout=self.timeout,
        )

    @staticmethod
    def _type(text: str) -> tuple[str, str]:
        """Return the name and the type of a column that ``name=type`` tells."""
        name, is_pair, kind = text.rpartition("=")
        if not is_pair:
            raise ValueError(f"--type must be COLUMN=TYPE, as in y=float32: got {text!r}")
        return name, kind

    def outcome(self, evaluation: Evaluation) -> Accumulator:
        """Return the accumulator of what was evaluated."""
        asked = evaluation.asked
        return build(list(self.losses), asked.query, evaluation.sums, by=asked.by)

    def results(self, found: Accumulator, again: Callable[[Job], Accumulator]) -> Any:
        """Return the results of what was evaluated, of as many passes as they need to be exact.

        `again` evaluates another job, of the same data.
        """
        if not self.exact:
            return found.result(self.reduction)

        def of(losses: list[Any]) -> Accumulator:
            return again(self._replace(losses=tuple(losses)))

        return passes.results(list(self.losses), self.reduction, found, of)

    def slices(self, found: Accumulator) -> Slices:
        """Return the slices that are asked for."""
        slices: Slices = found.result(self.reduction)
        if self.worst is not None:
            top = TOP if self.top is None else self.top
            slices = slices.worst(top, self.worst, min_elements=self.min_rows or 0)
        return slices


def _named(names: tuple[str, ...]) -> Named | None:
    """Return a name, several in a list, or None."""
    return list(names) if len(names) > 1 else names[0] if names else None
