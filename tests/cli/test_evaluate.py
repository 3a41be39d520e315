"""`streamloss evaluate` on real files: exact results, and how they are shown."""

import math
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamloss as sl
from streamloss.cli import main
from tests.cli.rows import GIVEN, HOLES, M, N, P, W, Y, exact


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


def test_a_format_and_types_of_columns_may_be_given(
    tmp_path: Path, run: Callable[..., Any], refusal: Callable[..., str]
) -> None:
    lines = "\n".join(f"{y!r},{p!r}" for y, p in zip(Y.tolist(), P.tolist(), strict=True))
    (tmp_path / "rows.txt").write_text(f"y,p\n{lines}\n")
    rows = (str(tmp_path / "rows.txt"), *GIVEN)
    assert "it is text, such as CSV" in refusal("evaluate", *rows)
    assert run(*rows, "--format", "csv")["results"]["mae"] == sl.evaluate("mae", Y, P)
    single = run(*rows, "--format", "csv", "--type", "y=float32", "--type", "p=float32")
    assert single["results"]["mae"] == sl.evaluate("mae", Y.astype("f4"), P.astype("f4"))
    given = (*rows, "--format", "csv")
    assert refusal("evaluate", *given, "--type", "y").startswith("--type must be COLUMN=TYPE")
    assert refusal("evaluate", *given, "--type", "z=int8").startswith("--type: no column 'z'")
    assert "'--format': 'xls' is not one of" in refusal("evaluate", *rows, "--format", "xls")


def test_predictions_may_be_several_columns(
    path: str, run: Callable[..., Any], refusal: Callable[..., str]
) -> None:
    several = run(path, "--true", "y", "--true", "w", "--pred", "p", "--pred", "y")["results"]
    assert several["mae"] == sl.evaluate("mae", np.stack([Y, W], 1), np.stack([P, Y], 1))
    spread = run(path, *GIVEN, "--pred", "m", "--loss", "gaussian_nll")["results"]
    assert spread["gaussian_nll"] == sl.evaluate("gaussian_nll", Y, (P, M))
    once = refusal("evaluate", path, *GIVEN, "--loss", "gaussian_nll")
    assert once.startswith("--pred must be given 2 times for GaussianNLL(")


def test_medians_are_exact_where_that_is_asked_for(path: str, run: Callable[..., Any]) -> None:
    losses = [each for name in ("median_absolute_error", "mae") for each in ("--loss", name)]
    once, got = (run(path, *GIVEN, *losses, *more)["results"] for more in ([], ["--exact"]))
    errors = sorted(abs(P.astype(float) - Y.astype(float)).tolist())
    middle = [Fraction(errors[k]) for k in ((N - 1) // 2, N // 2)]
    assert got == {"median_absolute_error": float(sum(middle) / 2), "mae": once["mae"]}
    assert got != once
