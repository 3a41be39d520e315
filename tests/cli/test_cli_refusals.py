"""What the command line refuses, and in which words."""

import sys
from collections.abc import Callable

import pytest

from streamloss.cli import job as job_module
from streamloss.cli import main
from tests.cli.rows import GIVEN


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--true", "z", "--pred", "p"), "no column 'z' in {path}: it has y, p, w, m, holes, name"),
        (("--true", "name", "--pred", "p"), "column 'name' of {path} must be numeric"),
        (("--true", "y"), "--pred is needed: got None for AbsoluteError()"),
        ((*GIVEN, "--loss", "value"), "--pred is not for a loss of one input: got 'p' for Value()"),
        (
            (*GIVEN, "--loss", "huberr"),
            "unknown loss 'huberr' (did you mean 'huber' or 'huber_loss'?): `streamloss losses`",
        ),
        ((*GIVEN, "--loss", "spearman"), "ranks need all data at once, no sums of parts give them"),
        ((*GIVEN, "--loss", "huber:d=1"), "the parameters are delta"),
        ((*GIVEN, "--loss", "huber:delta=x"), "not a number"),
        ((*GIVEN, "--loss", "huber:delta=-1"), "must be greater than 0 and finite: got -1.0"),
        ((*GIVEN, "--reduction", "median"), "reduction must be one of"),
        ((*GIVEN, "--reduction", "none"), "--reduction must give one number: got 'none'"),
        ((*GIVEN, "--loss", "rmse", "--reduction", "sum"), "needs a mean"),
        ((*GIVEN, "--loss", "mae", "--loss", "value"), "inputs"),
        ((*GIVEN, "--timeout", "nan"), "'--timeout': 'nan' is not a number of seconds"),
        ((*GIVEN, "--checkpoint-every", "nan"), "'nan' is not a number of seconds"),
        ((*GIVEN, "--threads", "9" * 20), "'--threads': 99999999999999999999 is not in the range"),
        ((*GIVEN, "--nan", "drop"), "'drop' is not one of 'propagate', 'omit', 'raise'"),
        ((*GIVEN, "--batch-rows", "0"), "0 is not in the range 1<=x<="),
        ((*GIVEN, "--where", "w"), "must be boolean: it is double"),
        (("--pred", "p"), "Missing option '--true'"),
        ((*GIVEN, "--lost", "mae"), "No such option"),
        ((*GIVEN, "--checkpoint", "/nowhere/c"), "/nowhere/c"),
        (
            (*GIVEN, "--loss", "error_quantile", "--exact", "--checkpoint", "c"),
            "exact=True takes no checkpoint: it needs several passes",
        ),
        ((*GIVEN, "--loss", "error_quantile", "--exact", "--by", "m"), "exact=True takes no by"),
        ((*GIVEN, "--checkpoint", "{path}"), "{path} is no checkpoint"),
    ],
)
def test_what_is_refused(
    path: str, refusal: Callable[..., str], options: tuple[str, ...], line: str
) -> None:
    given = (option.format(path=path) for option in options)
    assert line.format(path=path) in refusal("evaluate", path, *given)


def test_missing_files_are_refused(path: str, refusal: Callable[..., str]) -> None:
    assert "the folder has d.parquet" in refusal("evaluate", path + "x", *GIVEN)
    assert "no file matches" in refusal("evaluate", path + "*x", *GIVEN)
    assert "where no files hold columns it must be a .npy file" in refusal("evaluate", *GIVEN)
    arrays = ("--true", "y.npy", "--pred", "p.npy", "--format", "csv")
    assert refusal("evaluate", *arrays).startswith("--format is for files of several columns")
    assert refusal("lose").startswith("No such command 'lose'")


@pytest.mark.parametrize("name", ["click", "rich", "pyarrow"])
def test_what_is_not_installed_is_named(
    path: str, refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for module in [m for m in sys.modules if m.partition(".")[0] == name]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, name, None)
    for module in ("columnar", "parquet"):
        monkeypatch.delitem(sys.modules, f"streamloss.files.formats.{module}", raising=False)
    line = refusal("evaluate", path, *GIVEN)
    assert line == f'{name} is not installed: pip install "streamloss[cli]"'


def test_what_should_not_happen_is_one_line_and_says_where_to_report_it(
    path: str,
    refusal: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(job_module.Job, "outcome", fail)
    line = refusal("evaluate", path, *GIVEN)
    assert line.startswith("this should not happen: KeyError: 'x'; please report it")
    assert main(["evaluate", path, *GIVEN, "--debug"]) == 2
    shown = capsys.readouterr().err.splitlines()
    assert shown[0].startswith("Traceback")
    assert shown[-1] == f"streamloss: {line}"
