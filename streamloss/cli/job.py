"""What `streamloss evaluate` was asked, in the words of the library."""

from __future__ import annotations

from typing import NamedTuple

from streamloss.accumulator import Accumulator, build
from streamloss.exact.reductions import Reduction
from streamloss.files import Columns, DataSet, scan
from streamloss.files.columns import Named
from streamloss.run.evaluation import Evaluation
from streamloss.run.query import Query
from streamloss.run.question import Question
from streamloss.run.threads import set_num_threads
from streamloss.support.brief import brief

from .report import say


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
        columns = self._columns(query)
        if self.threads is not None:
            set_num_threads(self.threads)
        data, every = self._scan(columns), self.checkpoint_every
        return Evaluation(Question(query), data, columns, self.checkpoint, every, say, begun)

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
        return build(list(self.losses), evaluation.asked.query, evaluation.sums)


def _named(names: tuple[str, ...]) -> Named | None:
    """Return a name, several in a list, or None."""
    return list(names) if len(names) > 1 else names[0] if names else None
