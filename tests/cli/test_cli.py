"""The command line, on real files: exact results, what it prints, what it refuses, and resuming."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamloss as sl
from streamloss import files
from streamloss.cli import job as job_module
from streamloss.cli import main
from streamloss.files.checkpoint import MAGIC

N = 2000
RNG = np.random.default_rng(11)
Y = RNG.standard_normal(N) * 10.0 ** RNG.integers(-8, 9, N)
P = Y + RNG.standard_normal(N)
W = RNG.integers(0, 4, N) * RNG.random(N)
M = RNG.random(N) < 0.6
HOLES = np.where(RNG.random(N) < 0.1, np.nan, P)


@pytest.fixture
def path(tmp_path: Path) -> str:
    columns = {"y": Y, "p": P, "w": W, "m": M, "holes": pa.array(HOLES, from_pandas=True)}
    table = pa.table({**columns, "name": ["a"] * N})
    pq.write_table(table, tmp_path / "d.parquet", row_group_size=300)
    return str(tmp_path / "d.parquet")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run the command line in this process and return the object it prints."""

    def evaluate(*args: str) -> Any:
        assert main(["evaluate", *args, "--json"]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return json.loads(out)

    return evaluate


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command line in this process and return the one line in which it refuses."""

    def evaluate(*args: str) -> str:
        assert main(args) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("streamloss: ")
        assert err.count("\n") == 1
        return err.removeprefix("streamloss: ").strip()

    return evaluate


def spawn(*args: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "streamloss", *args]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, **{**pipes, **options})


def exact(terms: np.ndarray, by: Any) -> float:
    """The correctly rounded sum of the terms divided by a number or by a sum of numbers."""
    divisor = sum(map(Fraction, by.tolist())) if isinstance(by, np.ndarray) else by
    return float(sum(map(Fraction, terms.tolist())) / divisor)


def test_the_mean_is_correctly_rounded(path: str, run: Callable[..., Any]) -> None:
    got = run(path, "--true", "y", "--pred", "p")
    seconds = got.pop("seconds")
    assert got == {
        "results": {"mae": exact(abs(P - Y), N)},
        "rows": N,
        "nonzero_weights": N,
        "nan": 0,
        "masked": 0,
    }
    assert 0 < seconds < 600


@pytest.mark.parametrize(
    ("reduction", "by"),
    [
        ("mean", W),
        ("sum", 1),
        ("sum_over_batch_size", N),
        ("sum_by_nonzero_weights", int((W != 0).sum())),
        ("sum_over_nonzero_weights", int((W != 0).sum())),
        ("weighted_sum_by_nonzero_weights", int((W != 0).sum())),
    ],
)
def test_reductions_with_weights(
    path: str, run: Callable[..., Any], reduction: str, by: Any
) -> None:
    got = run(path, "--true", "y", "--pred", "p", "--weights", "w", "--reduction", reduction)
    assert got["results"] == {"mae": exact(W * abs(P - Y), by)}
    assert got["nonzero_weights"] == (W != 0).sum()


def test_several_losses_keep_their_spelling(path: str, run: Callable[..., Any]) -> None:
    losses = ["--loss", "L1", "--loss", "huber:delta=0.5", "--weights", "w"]
    got = run(path, "--true", "y", "--pred", "p", *losses)["results"]
    error = abs(P - Y)
    huber = np.where(error <= 0.5, 0.5 * error * error, 0.5 * (error - 0.25))
    assert got == {"L1": exact(W * error, W), "huber:delta=0.5": exact(W * huber, W)}


def test_a_loss_of_one_input_needs_no_predictions(path: str, run: Callable[..., Any]) -> None:
    got = run(path, "--true", "y", "--weights", "w", "--loss", "value")
    assert got["results"] == {"value": exact(W * Y, W)}


def test_masked_rows_do_not_count(path: str, run: Callable[..., Any]) -> None:
    got = run(path, "--true", "y", "--pred", "p", "--where", "m")
    assert got["results"] == {"mae": exact(abs(P - Y)[M], int(M.sum()))}
    assert (got["rows"], got["masked"]) == (N, (~M).sum())


def test_nan_policies(path: str, run: Callable[..., Any], refusal: Callable[..., str]) -> None:
    args = (path, "--true", "y", "--pred", "holes", "--batch-rows", "250")
    there = ~np.isnan(HOLES)
    omitted = run(*args, "--nan", "omit")
    assert omitted["results"] == {"mae": exact(abs(P - Y)[there], int(there.sum()))}
    propagated = run(*args)
    assert propagated["results"] == {"mae": "NaN"}
    assert omitted["nan"] == propagated["nan"] == (~there).sum()
    line = refusal("evaluate", *args, "--nan", "raise")
    assert line.startswith(f"{path}, rows 0 to 249: nan='raise'")


def test_infinities_are_strings_in_json(tmp_path: Path, run: Callable[..., Any]) -> None:
    path = str(tmp_path / "i.parquet")
    pq.write_table(pa.table({"y": [1.0, 2.0], "p": [1.0, math.inf]}), path)
    assert run(path, "--true", "y", "--pred", "p")["results"] == {"mae": "Infinity"}
    assert run(path, "--true", "p", "--loss", "value")["results"] == {"value": "Infinity"}
    assert float("-Infinity") == -math.inf


def test_cuts_and_threads_do_not_change_a_bit(path: str, run: Callable[..., Any]) -> None:
    args = (path, "--true", "y", "--pred", "p", "--weights", "w")
    whole = run(*args)["results"]
    for more in (("--batch-rows", "1"), ("--batch-rows", "777"), ("--threads", "1")):
        assert run(*args, *more)["results"] == whole
    sl.set_num_threads(None)


def test_many_files(tmp_path: Path, run: Callable[..., Any]) -> None:
    for k in range(4):
        rows = slice(k * N // 4, (k + 1) * N // 4)
        (tmp_path / "set" / f"part={k}").mkdir(parents=True)
        name = tmp_path / "set" / f"part={k}" / "0.parquet"
        pq.write_table(pa.table({"y": Y[rows], "p": P[rows].astype(np.float64)}), name)
    want = exact(abs(P - Y), N)
    for names in (["set"], ["set/part=3", "set/part=[0-2]"], ["set/**/*.parquet"]):
        got = run(*(str(tmp_path / name) for name in names), "--true", "y", "--pred", "p")
        assert (got["results"], got["rows"]) == ({"mae": want}, N)


def test_arrays(tmp_path: Path, run: Callable[..., Any]) -> None:
    np.save(tmp_path / "y.npy", Y.reshape(-1, 4))
    np.savez(tmp_path / "d.npz", p=P.reshape(-1, 4), w=W[: N // 4])
    np.save(tmp_path / "m.npy", M.reshape(-1, 4))
    names = {"true": "y.npy", "pred": "d.npz:p", "weights": "d.npz:w", "where": "m.npy"}
    options = [item for k, v in names.items() for item in (f"--{k}", str(tmp_path / v))]
    weights = np.repeat(W[: N // 4], 4)
    got = run(*options, "--batch-rows", "100")
    assert got["results"] == {"mae": exact((weights * abs(P - Y))[M], weights[M])}
    assert (got["rows"], got["masked"]) == (N // 4, (~M).sum())


def test_the_table_shows_exact_numbers(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", path, "--true", "y", "--pred", "p", "--loss", "mae"]) == 0
    out, err = capsys.readouterr()
    assert ["mae", repr(exact(abs(P - Y), N))] in [line.split() for line in out.splitlines()]
    assert "rows" in out
    assert "2,000" in out
    assert err == ""


def test_the_list_of_losses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["losses"]) == 0
    out = capsys.readouterr().out
    for text in ("absolute_error", "mae, ", "|y_pred - y_true|", "delta=1", "q=0.5"):
        assert text in out
    assert not [line for line in out.splitlines() if line != line.rstrip()]


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"streamloss, version {sl.__version__}\n"
    assert main(["evaluate", "--help"]) == 0
    assert "--checkpoint FILE" in capsys.readouterr().out


GIVEN = ("--true", "y", "--pred", "p")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--true", "z", "--pred", "p"), "no column 'z' in {path}: it has y, p, w, m, holes, name"),
        (("--true", "name", "--pred", "p"), "column 'name' of {path} must be numeric"),
        (("--true", "y"), "--pred is needed: got --loss mae"),
        ((*GIVEN, "--loss", "value"), "--pred is not for a loss of one input: got --loss value"),
        (
            (*GIVEN, "--loss", "huberr"),
            "unknown loss 'huberr' (did you mean 'huber' or 'huber_loss'?): `streamloss losses`",
        ),
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
    assert "without FILES it must name a .npy file" in refusal("evaluate", *GIVEN)
    assert refusal("lose").startswith("No such command 'lose'")


@pytest.mark.parametrize("name", ["click", "rich", "pyarrow"])
def test_what_is_not_installed_is_named(
    path: str, refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for module in [m for m in sys.modules if m.partition(".")[0] == name]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "streamloss.files.formats.parquet", raising=False)
    line = refusal("evaluate", path, *GIVEN)
    assert line == f'{name} is not installed: pip install "streamloss[cli]"'


def test_importing_streamloss_imports_nothing_that_only_files_need() -> None:
    code = (
        "import sys, streamloss; print({'click', 'rich', 'pyarrow', 'pandas'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


def test_evaluating_does_not_import_pandas(path: str) -> None:
    code = (
        "import sys; from streamloss.cli import main; main(sys.argv[1:]);"
        " assert not {'pandas', 'pyarrow.dataset', 'pyarrow.compute'} & set(sys.modules)"
    )
    args = ("evaluate", path, "--true", "y", "--pred", "holes", "--where", "m")
    subprocess.check_output([sys.executable, "-c", code, *args])


def test_it_is_silent_in_pipes_and_shows_progress_on_a_terminal(path: str) -> None:
    pty = pytest.importorskip("pty")
    out, err = spawn("evaluate", path, *GIVEN).communicate()
    assert repr(exact(abs(P - Y), N)) in out
    assert "\x1b" not in out
    assert err == ""
    terminal, end = pty.openpty()
    with spawn("evaluate", path, *GIVEN, stderr=end, env={**os.environ, "TERM": "xterm"}) as shown:
        os.close(end)
        text = drain(terminal)
        assert shown.communicate()[0].splitlines()[1:4] == out.splitlines()[1:4]
    assert "rows/s" in text
    assert "left" in text


def drain(terminal: int) -> str:
    """Read a pseudo-terminal until the other end is closed, which is an error on Linux."""
    text = b""
    try:
        while piece := os.read(terminal, 4096):
            text += piece
    except OSError:
        pass
    os.close(terminal)
    return text.decode()


def test_a_closed_pipe_is_no_error() -> None:
    with spawn("losses") as listing:
        assert listing.stdout is not None
        listing.stdout.close()
        assert listing.stderr is not None
        assert listing.stderr.read() == ""


@pytest.mark.parametrize("redirect", [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"])
@pytest.mark.parametrize("file", ["d.parquet", "missing"])
def test_closed_and_full_streams(path: str, redirect: str, file: str) -> None:
    command = f"{sys.executable} -m streamloss evaluate {file} --true y --pred p {redirect}"
    ended = subprocess.run(
        command, shell=True, cwd=Path(path).parent, capture_output=True, text=True
    )
    fails = file == "missing" or not redirect.startswith("2")
    assert ended.returncode == (2 if fails else 0)
    assert ended.stderr.count("\n") == (fails and redirect.startswith(">"))
    assert bool(ended.stdout) == (not fails)


def test_what_should_not_happen_is_one_line_and_says_where_to_report_it(
    path: str,
    refusal: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(job_module.Run, "results", fail)
    line = refusal("evaluate", path, *GIVEN)
    assert line.startswith("this should not happen: KeyError: 'x'; please report it")
    assert main(["evaluate", path, *GIVEN, "--debug"]) == 2
    shown = capsys.readouterr().err.splitlines()
    assert shown[0].startswith("Traceback")
    assert shown[-1] == f"streamloss: {line}"


BIG = 150_000


@pytest.fixture(params=["parquet", "npy"])
def job(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """A job long enough to be killed in the middle, since it saves after each small batch."""
    columns = dict(zip("ypw", np.random.default_rng(7).standard_normal((3, BIG)), strict=True))
    columns["w"] = abs(columns["w"])
    losses = ["--loss", "mae", "--loss", "huber:delta=0.5", "--checkpoint", str(tmp_path / "state")]
    if request.param == "npy":
        for name, column in columns.items():
            np.save(tmp_path / f"{name}.npy", column)
        names = [str(tmp_path / f"{name}.npy") for name in "ypw"]
    else:
        for k in range(3):
            part = {name: column[k::3] for name, column in columns.items()}
            pq.write_table(pa.table(part), tmp_path / f"{k}.parquet", row_group_size=20_000)
        names = [*"ypw", str(tmp_path)]
    options = ["--true", "--pred", "--weights"]
    given = [item for pair in zip(options, names[:3], strict=True) for item in pair]
    return [*names[3:], *given, *losses]


def interrupt(job: list[str], after: int, number: int) -> subprocess.Popen[str]:
    """Start the job and send it a signal once its checkpoint holds more than so many rows."""
    state = Path(job[-1])
    process = spawn("evaluate", *job, "--batch-rows", "50", "--checkpoint-every", "0")
    while process.poll() is None and (not state.exists() or rows_in(state) <= after):
        time.sleep(0.002)
    process.send_signal(number)
    return process


def rows_in(state: Path) -> int:
    line = state.read_bytes()[len(MAGIC) + 32 :].partition(b"\n")[0]
    return int(json.loads(line)["rows"])


def test_a_killed_run_resumes_to_the_same_bits(
    job: list[str], run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(*job[:-2])
    begun: list[int] = []
    for _ in range(2):
        process = interrupt(job, begun[-1] if begun else 1000, signal.SIGKILL)
        assert process.communicate() == ("", "")
        assert process.returncode == -signal.SIGKILL
        begun.append(rows_in(Path(job[-1])))
    assert 1000 < begun[0] < begun[1] < BIG
    plan = files.DataSet.side_by_side

    def note(data: files.DataSet, start: int, threads: int) -> Any:
        begun.append(start)
        return plan(data, start, threads)

    monkeypatch.setattr(files.DataSet, "side_by_side", note)
    resumed = run(*job)
    again = run(*job)
    assert begun[2:] == [begun[1], BIG]
    assert again == resumed
    for got in (whole, resumed):
        got.pop("seconds")
    assert {k: v.hex() for k, v in resumed.pop("results").items()} == {
        k: v.hex() for k, v in whole.pop("results").items()
    }
    assert resumed == whole


def test_ctrl_c_keeps_the_checkpoint(job: list[str]) -> None:
    process = interrupt(job, 500, signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert out == ""
    assert err == f"streamloss: interrupted; the same command goes on from {job[-1]}\n"
    assert 500 < rows_in(Path(job[-1])) < BIG


def test_a_checkpoint_of_another_job_is_refused(
    path: str, run: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    state = ("--checkpoint", str(tmp_path / "state"))
    run(path, *GIVEN, *state)
    kept = (tmp_path / "state").read_bytes()
    mean = run(path, *GIVEN, *state, "--loss", "l1", "--reduction", "sum")["results"]
    assert mean == {"l1": exact(abs(P - Y), 1)}
    for more, line in [
        (("--weights", "w"), "columns differ: none there, w here"),
        (("--true", "p"), "columns differ: y there, p here"),
        (("--loss", "mse"), "losses differ: AbsoluteError() there, SquaredError() here"),
        (("--loss", "mae", "--loss", "mse"), "losses differ: none there, SquaredError() here"),
        (("--nan", "omit"), "policies for NaN differ: propagate there, omit here"),
    ]:
        got = refusal("evaluate", path, *GIVEN, *state, *more)
        assert got.endswith(f"belongs to another job, whose {line}; delete it to start over")
    os.utime(path)
    assert "whose files differ" in refusal("evaluate", path, *GIVEN, *state)
    assert (tmp_path / "state").read_bytes() == kept


def test_a_damaged_checkpoint_is_refused(
    path: str, run: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    args = (path, *GIVEN, "--checkpoint", str(state))
    run(*args)
    whole = state.read_bytes()
    for cut in (0, 5, len(MAGIC), len(MAGIC) + 40, len(whole) - 1):
        state.write_bytes(whole[:cut])
        assert "--checkpoint" in refusal("evaluate", *args)
    for at in (0, len(MAGIC), len(MAGIC) + 60, len(whole) - 3):
        damaged = bytearray(whole)
        damaged[at] ^= 1
        state.write_bytes(damaged)
        assert "--checkpoint" in refusal("evaluate", *args)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("kind", ["parquet", "npy", "npz"])
def test_memory_is_bounded(tmp_path: Path, kind: str) -> None:
    """One row group of 128 MB; a pair of maps of 512 MB; thrice an array of 64 MB in an archive."""
    if kind == "parquet":
        columns = dict(zip("yp", np.random.default_rng(3).random((2, 1 << 23)), strict=True))
        name = str(tmp_path / "d.parquet")
        pq.write_table(
            pa.table(columns),
            name,
            row_group_size=1 << 23,
            compression="none",
            use_dictionary=False,
        )
        args = [name, *GIVEN]
    elif kind == "npy":
        for name in "yp":
            np.lib.format.open_memmap(tmp_path / f"{name}.npy", "w+", "f8", (1 << 25,))
        args = ["--true", f"{tmp_path}/y.npy", "--pred", f"{tmp_path}/p.npy"]
    else:
        np.savez(tmp_path / "d.npz", y=np.zeros(1 << 23))
        options = ("--true", "--pred", "--weights")
        args = [item for option in options for item in (option, f"{tmp_path}/d.npz:y")]
    anonymous, resident = peak_memory(*args, "--batch-rows", "65536")
    assert anonymous < 180
    assert resident < 400


def peak_memory(*args: str) -> tuple[int, int]:
    """The most MiB of memory of its own, and of all resident memory, that a run had."""
    process = spawn("evaluate", *args)
    anonymous = resident = 0
    while process.poll() is None:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        anonymous = max(anonymous, int(status.get("RssAnon", "0 kB").split()[0]) >> 10)
        resident = max(resident, int(status.get("VmHWM", "0 kB").split()[0]) >> 10)
        time.sleep(0.005)
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    return anonymous, resident


ODD = ["\x1b]0;title\x07", "a\x9b2Jb", "\u202eturned", "two\nlines", "\x7f"]


@pytest.mark.parametrize("name", ODD)
def test_names_in_files_do_not_steer_a_terminal(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table({name: [1.0], "p": [1.0]}), path)
    assert main(["evaluate", str(path), "--true", "nope", "--pred", "p"]) == 2
    assert main(["evaluate", str(path), "--true", name, "--pred", "p", "--loss", f"mae{name}"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert all(line.isprintable() for line in err.splitlines())
    assert err.count("\n") == 2


def test_losses_in_tables_do_not_steer_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "y.npy", np.ones(3))
    y = str(tmp_path / "y.npy")
    assert main(["evaluate", "--true", y, "--pred", y, "--loss", "huber:delta=1\x1c"]) == 0
    assert "huber:delta=1\\x1c" in capsys.readouterr().out
