"""The commands of the command line and their options."""

from __future__ import annotations

import time
from contextlib import closing, nullcontext
from typing import Any

import click

from streamloss import __version__
from streamloss.accumulator import Accumulator
from streamloss.arrays.batch import POLICIES
from streamloss.exact.limits import MOST_SLICES
from streamloss.exact.slicing import POLICIES as POLICIES_OF_KEYS
from streamloss.files.dataset import LARGEST_COUNT
from streamloss.files.formats import FORMATS
from streamloss.losses.groups import GROUPS, spelled_out
from streamloss.losses.names import LOSSES
from streamloss.run.evaluation import Evaluation
from streamloss.run.threads import get_num_threads
from streamloss.support.text import shown

from . import report
from .interrupts import INTERRUPTED
from .job import Job


class Seconds(click.FloatRange):
    """A number of seconds in a range; NaN is refused, which click finds in every range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number if it is in the range."""
        number = float(super().convert(value, param, ctx))
        if number != number:
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return number


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def streamloss() -> None:
    """Exact weighted losses over data of any size: the same bits however the data was cut."""


debug = click.option(
    "--debug", is_flag=True, expose_value=False, help="Show tracebacks with errors."
)
"""An option of every command, which has no effect there: `main` looks for it itself."""


@streamloss.command()
@debug
def losses() -> None:
    """List all losses with their other names, parameters and formulas."""
    with report.to_stdout():
        report.show_losses(LOSSES)


@streamloss.command()
@debug
def metrics() -> None:
    """List all metrics, with what is kept for them and whether they are exact, and all groups.

    Metrics are losses that are no means: of several sums, or of the weights of cells. These are
    exact, and so is what is made of them, but for the rounding of functions such as logarithms;
    where they do not suffice the result lies in a bracket.
    """
    with report.to_stdout():
        report.show_metrics(LOSSES)
        report.show_groups(GROUPS)


def _spelled_out(_: click.Context, __: click.Parameter, losses: tuple[str, ...]) -> tuple[str, ...]:
    """Return losses with the members of groups in place of these."""
    return tuple(spelled_out(list(losses)))


@streamloss.command()
@click.option(
    "--loss",
    "losses",
    multiple=True,
    callback=_spelled_out,
    help="A loss, such as rmse; give it again for several. The commonest ones by default.",
)
@click.option("--all", "every", is_flag=True, help="All losses that have a name: minutes.")
@click.option(
    "--together",
    is_flag=True,
    help="Compile the losses given for one pass, as evaluate with the same options needs them.",
)
@click.option(
    "--nan",
    type=click.Choice(POLICIES),
    default="propagate",
    show_default=True,
    help="The policy for NaN that they will be used with.",
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, LARGEST_COUNT),
    default=get_num_threads,
    show_default="the cores there are",
    help="Processes that compile at once, with 300 MB each.",
)
@click.option("--quiet", is_flag=True, help="Show errors alone.")
@debug
@click.pass_obj
def warmup(
    begun: float,
    /,
    losses: tuple[str, ...],
    every: bool,
    together: bool,
    nan: str,
    jobs: int,
    quiet: bool,
) -> None:
    """Compile kernels now, so that later processes start at once: for images and workers.

    Each loss is compiled for float32, float64 and whatever else is read, unweighted and weighted,
    and those of rows for 2, 10 and many classes. The kernels lie in the folder
    STREAMLOSS_CACHE_DIR, else in ~/.cache/streamloss, and serve this version and this kind of
    processor.
    """
    if every and losses:
        raise click.UsageError("--all and --loss exclude each other")
    from streamloss.kernels.cache import Counted

    from . import warmup as warming

    todo = warming.compilations(losses or (LOSSES if every else warming.COMMON), together, nan)
    total = Counted({}, {})
    for count, (compilation, seconds) in enumerate(warming.compile_all(todo, jobs, total), 1):
        if not quiet:
            click.echo(f"{count:3}/{len(todo)}  {seconds:5.1f} s  {shown(compilation)}")
    if not quiet:
        click.echo(f"{total} in {time.perf_counter() - begun:.1f} s")
        click.echo(shown(warming.describe_cache()))


@streamloss.command()
@click.argument("files", nargs=-1)
@click.option(
    "--true",
    required=True,
    multiple=True,
    help="Column of the labels; give it again for several in a row.",
)
@click.option(
    "--pred",
    multiple=True,
    help="Column of the predictions; give it again for several: the classes of a loss such as"
    " cross_entropy, the outputs of any other, or the inputs of a loss of several.",
)
@click.option("--weights", help="Column of the weights.")
@click.option("--where", help="Boolean column: the rows to take. A null leaves its row out.")
@click.option(
    "--loss",
    "losses",
    multiple=True,
    default=["mae"],
    show_default=True,
    callback=_spelled_out,
    help="A loss, such as rmse or huber:delta=0.5, or a group: regression, binary or multiclass;"
    " give it again for several. All of them: streamloss losses, streamloss metrics.",
)
@click.option(
    "--reduction",
    default="mean",
    show_default=True,
    help="mean, sum, sum_over_batch_size or sum_by_nonzero_weights.",
)
@click.option(
    "--nan",
    type=click.Choice(POLICIES),
    default="propagate",
    show_default=True,
    help="What to do with a NaN or null in labels, predictions or weights.",
)
@click.option(
    "--by",
    metavar="KEY",
    multiple=True,
    help="Column whose values tell slices apart: carrier, distance:0,500,1000 (bins) or time:month"
    " (year, quarter, month, week, day, hour, minute); give it again to cross several.",
)
@click.option(
    "--grouping-sets",
    metavar="SETS",
    help="Subtotals: keys with commas between them, sets with semicolons, as in"
    " 'carrier;carrier,origin;', of which the last is the whole.",
)
@click.option(
    "--missing",
    type=click.Choice(POLICIES_OF_KEYS),
    default="keep",
    show_default=True,
    help="What to do with rows that have no key.",
)
@click.option(
    "--max-slices",
    metavar="N",
    type=click.IntRange(1, LARGEST_COUNT),
    default=MOST_SLICES,
    show_default=True,
    help="How many slices there may be.",
)
@click.option("--worst", metavar="LOSS", help="Show the slices with the worst results of a loss.")
@click.option(
    "--top",
    metavar="N",
    type=click.IntRange(1, LARGEST_COUNT),
    show_default="10",
    help="How many of the worst slices.",
)
@click.option(
    "--min-rows",
    metavar="N",
    type=click.IntRange(0, LARGEST_COUNT),
    help="How many rows that count a slice must have to be one of the worst.",
)
@click.option(
    "--out",
    metavar="FILE",
    help="Write the slices here too: .parquet, .csv, .json or .arrow.",
)
@click.option(
    "--format",
    type=click.Choice(list(FORMATS)),
    help="The format of all files; by default as the ending of each says, else its first bytes.",
)
@click.option(
    "--type",
    "types",
    metavar="COLUMN=TYPE",
    multiple=True,
    help="The type of a column of CSV, such as y=float32; by default as in the first block.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object, in which the strings NaN, Infinity and -Infinity stand for what"
    " JSON has no numbers for.",
)
@click.option(
    "--exact",
    is_flag=True,
    help="Read the files again, once or twice, for metrics whose result lies in a bracket, such as"
    " a median of errors.",
)
@click.option(
    "--checkpoint",
    metavar="FILE",
    help="Save here how far it came. After a crash the same command goes on from there, and once"
    " finished it gives the result at once.",
)
@click.option(
    "--checkpoint-every",
    metavar="SECONDS",
    type=Seconds(min=0),
    default=5.0,
    show_default=True,
    help="Time between two saves.",
)
@click.option(
    "--batch-rows",
    metavar="N",
    type=click.IntRange(1, LARGEST_COUNT),
    help="Rows of a batch, of which each thread has one in memory; by default what is fastest for"
    " the files. The result does not depend on it.",
)
@click.option(
    "--threads",
    metavar="N",
    type=click.IntRange(1, LARGEST_COUNT),
    help="Threads that decode and that compute; all cores by default.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Run on the workers of this dask cluster, such as tcp://host:8786, which must see the"
    " files under the same paths.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=Seconds(min=0, min_open=True),
    help="End if nothing comes from the cluster for so long; by default it waits for workers.",
)
@click.option("--quiet", is_flag=True, help="Show no progress on a terminal.")
@debug
@click.pass_obj
def evaluate(begun: float, /, as_json: bool, quiet: bool, **options: Any) -> None:
    """Evaluate predictions in FILES: tables, folders of them, or globs.

    Without FILES the columns are arrays: --true y.npy --pred p.npy, or --true data.npz:y.
    """
    job = Job(**options)
    evaluation = _completed(job, begun, quiet)
    found = job.outcome(evaluation)
    if found.by is not None:
        slices = job.slices(found)
        _report_slices(slices, found.counts, evaluation, as_json)
        if job.out is not None:  # afterwards: it may be refused, and what was asked for is shown
            slices.save(job.out)
        return

    def again(job: Job) -> Accumulator:
        return job.outcome(_completed(job, begun, quiet))

    outcome = job.results(found, again), found.counts
    with report.to_stdout():
        if as_json:
            click.echo(report.as_json(*outcome, evaluation.waited()))
        else:
            report.show(*outcome, evaluation.waited, job.reduction)


def _completed(job: Job, begun: float, quiet: bool) -> Evaluation:
    """Return what a job asks for, when all rows are done."""
    with report.quiet_libraries() if job.scheduler else nullcontext():
        evaluation = job.evaluation(begun)
        total, done = evaluation.scanner.rows, evaluation.rows
        try:
            with closing(evaluation), report.progress(total, done, quiet) as progress:
                evaluation.complete(progress)
        except KeyboardInterrupt:
            kept = f"; the same command goes on from {shown(job.checkpoint)}"
            click.echo(f"streamloss: interrupted{kept if job.checkpoint else ''}", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
    return evaluation


def _report_slices(slices: Any, counts: Any, evaluation: Any, as_json: bool) -> None:
    """Print slices."""
    from . import slices as printed  # with numba, which they need

    with report.to_stdout():
        if as_json:
            printed.print_json(slices, counts, evaluation.waited())
        else:
            printed.show(slices, counts, evaluation.waited)
