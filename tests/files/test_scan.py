"""Data sets in Python: what `scan` takes, and that files give what arrays and commands give."""

import gzip
import json
import os
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

import streamloss as sl
from streamloss.cli import main
from tests.files.rows import M, N, P, W, Y, table

RNG = np.random.default_rng(8)
LABELS = RNG.integers(0, 4, N)
SCORES = RNG.standard_normal((N, 4))


def whole() -> pa.Table:
    """Rows with labels and scores of classes, in columns of their own and in lists."""
    columns = table().append_column("label", pa.array(LABELS))
    for k in range(4):
        columns = columns.append_column(f"s{k}", pa.array(SCORES[:, k]))
    return columns.append_column("scores", pa.array(list(SCORES)))


def as_parquet(path: Path) -> str:
    pq.write_table(whole(), path / "a.parquet", row_group_size=170)
    return str(path / "a.parquet")


def as_arrow(path: Path) -> str:
    pyarrow.feather.write_feather(whole(), path / "a.feather", chunksize=170)
    return str(path / "a.feather")


def as_npz(path: Path) -> str:
    arrays = {name: column.to_numpy() for name, column in zip(*parts(), strict=True)}
    np.savez(path / "a.npz", scores=SCORES, **arrays)
    return str(path / "a.npz")


def as_csv(path: Path) -> str:
    pyarrow.csv.write_csv(whole().drop_columns(["scores"]), path / "a.csv")
    (path / "a.csv.gz").write_bytes(gzip.compress((path / "a.csv").read_bytes()))
    return str(path / "a.csv.gz")


def parts() -> tuple[list[str], list[pa.ChunkedArray]]:
    flat = whole().drop_columns(["scores"])
    return flat.column_names, flat.columns


FORMATS: dict[str, Callable[[Path], str]] = {
    "parquet": as_parquet,
    "arrow": as_arrow,
    "npz": as_npz,
    "csv": as_csv,
}
NAMES = {"y_true": "y", "y_pred": "p", "weights": "w", "where": "m"}


def exact_mean() -> float:
    terms = abs(P - Y)[M] * W[M]
    return float(sum(map(Fraction, terms.tolist())) / sum(map(Fraction, W[M].tolist())))


@pytest.fixture(params=FORMATS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return FORMATS[request.param](tmp_path)


def test_a_data_set_gives_what_arrays_and_the_command_line_give(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = sl.scan(path)
    assert data.columns[:2] in (("y", "x"), ("scores", "y"))
    assert sl.evaluate("mae", data=data, **NAMES) == sl.evaluate("mae", Y, P, W, where=M)
    assert sl.evaluate("mae", data=data, **NAMES) == exact_mean()
    several = ["rmse", sl.Quantile(0.9), "r2"]
    got = sl.evaluate(several, data=data, y_true="y", y_pred="p")
    assert got == sl.evaluate(several, Y, P)
    part = sl.accumulate("mae", data=data, **NAMES)
    assert part == sl.accumulate("mae", Y, P, W, where=M)
    args = ("--true", "y", "--pred", "p", "--weights", "w", "--where", "m", "--json")
    assert main(["evaluate", path, *args]) == 0
    assert json.loads(capsys.readouterr().out)["results"]["mae"] == exact_mean()


def test_classes_come_from_several_columns(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    data, names = sl.scan(path, batch_rows=37), [f"s{k}" for k in range(4)]
    assert sl.evaluate("cross_entropy", LABELS, SCORES) == sl.evaluate(
        "cross_entropy", data=data, y_true="label", y_pred=names
    )
    preds = [arg for name in names for arg in ("--pred", name)]
    args = ("--true", "label", *preds, "--loss", "cross_entropy", "--json")
    assert main(["evaluate", path, *args]) == 0
    found = json.loads(capsys.readouterr().out)["results"]["cross_entropy"]
    assert found == sl.evaluate("cross_entropy", LABELS, SCORES)


@pytest.mark.parametrize("kind", ["parquet", "arrow", "npz"])
def test_classes_come_from_a_column_of_lists(tmp_path: Path, kind: str) -> None:
    data = sl.scan(FORMATS[kind](tmp_path), batch_rows=101)
    got = sl.evaluate("cross_entropy", data=data, y_true="label", y_pred="scores")
    assert got == sl.evaluate("cross_entropy", LABELS, SCORES)


def test_outputs_are_kept_by_an_axis(path: str) -> None:
    data = sl.scan(path, batch_rows=64)
    names = {"y_true": ["s0", "s1"], "y_pred": ["s2", "s3"], "weights": "w"}
    got = sl.evaluate("mse", data=data, axis=0, **names)
    np.testing.assert_array_equal(got, sl.evaluate("mse", SCORES[:, :2], SCORES[:, 2:], W, axis=0))
    for axis in (1, -1, "rows"):
        with pytest.raises((ValueError, TypeError), match="axis"):
            sl.evaluate("mse", data=data, axis=axis, **names)


@sl.loss
class Between(NamedTuple):
    """How far a label is outside two predictions."""

    def point(self, y_true: float, low: float, high: float) -> float:
        return abs(y_true - low) + abs(y_true - high) - abs(high - low)


def test_a_loss_of_several_inputs_takes_a_tuple(path: str) -> None:
    data = sl.scan(path)
    got = sl.evaluate(Between(), data=data, y_true="y", y_pred=("p", "w"))
    assert got == sl.evaluate(Between(), Y, (P, W))
    with pytest.raises(ValueError, match="y_pred must name 2 inputs, in a tuple: got 'p'"):
        sl.evaluate(Between(), data=data, y_true="y", y_pred="p")


def test_an_accumulator_takes_files_as_a_batch(path: str) -> None:
    acc = sl.Accumulator("mae").update([1.0], [3.0])
    acc.update(data=sl.scan(path), **NAMES)
    assert acc == sl.Accumulator("mae").update([1.0], [3.0]).update(Y, P, W, where=M)
    before = acc.copy()
    with pytest.raises(ValueError, match=r"no column 'q'|name an array of it"):
        acc.update("y", "q", data=sl.scan(path))
    assert acc == before


def test_arrays_in_files_of_their_own_are_a_mapping(tmp_path: Path) -> None:
    np.save(tmp_path / "y.npy", Y)
    np.savez(tmp_path / "b.npz", p=P, q=W)
    data = sl.scan({"y": tmp_path / "y.npy", "p": f"{tmp_path}/b.npz:p"})
    assert data.columns == ("y", "p")
    assert sl.evaluate("mae", data=data, y_true="y", y_pred="p") == sl.evaluate("mae", Y, P)
    places = {"y": f"{tmp_path}/y.npy", "p": f"{tmp_path}/b.npz:p"}
    both = sl.scan([places, {"y": places["p"], "p": f"{tmp_path}/b.npz:q"}])
    assert sl.evaluate("mae", "y", "p", data=both) == sl.evaluate("mae", [Y, P], [P, W])
    with pytest.raises(ValueError, match=r"files must name a file once: .*y.npy came twice"):
        sl.scan([places, places])
    with pytest.raises(ValueError, match="y_pred: no array is called 'z': there are y, p"):
        sl.evaluate("mae", data=data, y_true="y", y_pred="z")


def test_progress_and_a_checkpoint(tmp_path: Path) -> None:
    path, kept = as_parquet(tmp_path), tmp_path / "kept"
    seen: list[tuple[int, int | None]] = []

    def stop(done: int, rows: int | None) -> None:
        seen.append((done, rows))
        if done >= 340:
            raise InterruptedError

    names: dict[str, Any] = NAMES | {"checkpoint": kept}
    with pytest.raises(InterruptedError):
        sl.evaluate("mae", data=sl.scan(path), progress=stop, checkpoint_every=0, **names)
    assert seen == [(170, N), (340, N)]
    seen.clear()
    again: list[int] = []
    got = sl.evaluate("mae", data=sl.scan(path), progress=lambda n, _: again.append(n), **names)
    assert got == exact_mean()
    assert again[0] == 340  # of which the second step was not saved
    assert again[-1] == N
    with pytest.raises(ValueError, match="belongs to another job, whose losses differ"):
        sl.evaluate("mse", data=sl.scan(path), **names)
    assert main(["evaluate", path, *COMMAND, "--checkpoint", str(kept)]) == 0


COMMAND = ("--true", "y", "--pred", "p", "--weights", "w", "--where", "m")


def test_a_checkpoint_knows_the_code_of_a_users_loss(tmp_path: Path) -> None:
    @sl.loss
    class Mine(NamedTuple):
        def point(self, y_true: float, y_pred: float) -> float:
            return abs(y_true - y_pred)

    first = Mine()

    @sl.loss  # type: ignore[no-redef]
    class Mine(NamedTuple):
        def point(self, y_true: float, y_pred: float) -> float:
            return abs(y_true - y_pred) * 2.0

    path, kept = as_parquet(tmp_path), str(tmp_path / "kept")
    sl.evaluate(first, "y", "p", data=sl.scan(path), checkpoint=kept)
    with pytest.raises(ValueError, match="whose codes of losses differ"):
        sl.evaluate(Mine(), "y", "p", data=sl.scan(path), checkpoint=kept)


def test_a_checkpoint_knows_where_columns_come_from(tmp_path: Path) -> None:
    file, kept = as_npz(tmp_path), str(tmp_path / "kept")
    names: dict[str, Any] = {"y_true": "a", "y_pred": "b", "checkpoint": kept}
    data = sl.scan({"a": f"{file}:y", "b": f"{file}:p"})
    for _ in range(2):
        assert sl.evaluate("quantile", data=data, **names) == sl.evaluate("quantile", Y, P)
    other = sl.scan({"a": f"{file}:p", "b": f"{file}:y"})
    with pytest.raises(ValueError, match=r"places of columns differ: a .*a.npz:y there, a .*:p"):
        sl.evaluate("quantile", data=other, **names)
    os.unlink(kept)
    folder = tmp_path / "a=3"
    folder.mkdir()
    pq.write_table(pa.table({"b": [1.0]}), folder / "x.parquet")
    (tmp_path / "a=4").symlink_to(folder)
    assert sl.evaluate("mae", data=sl.scan(folder), **names) == 2.0
    with pytest.raises(ValueError, match="places of columns differ: a 3 there, a 4 here"):
        sl.evaluate("mae", data=sl.scan(tmp_path / "a=4"), **names)


class Opaque:
    """What code may use and nobody can digest."""

    factor = 2.0


OPAQUE = Opaque()


def test_a_loss_whose_code_cannot_be_told_has_no_checkpoint(tmp_path: Path) -> None:
    @sl.loss
    class Scaled(NamedTuple):
        def point(self, y_true: float, y_pred: float) -> float:
            return abs(y_true - y_pred) * OPAQUE.factor

    data, kept = sl.scan(as_parquet(tmp_path)), tmp_path / "kept"
    with pytest.raises(ValueError, match="checkpoint must be of losses whose code can be told"):
        sl.evaluate(Scaled(), "y", "p", data=data, checkpoint=kept)
    assert not kept.exists()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda d: sl.evaluate("mae", "y", "p"), TypeError, "y_true is a name, for which data"),
        (lambda d: sl.evaluate("mae", Y, "p", data=d), TypeError, "y_true must be the name of .*"),
        (lambda d: sl.evaluate("mae", "y", data=d), ValueError, "y_pred is needed: got None"),
        (lambda d: sl.evaluate("mae", "y", [], data=d), TypeError, "y_pred must be the name"),
        (lambda d: sl.evaluate("value", "y", "p", data=d), ValueError, "y_pred is not for a loss"),
        (lambda d: sl.evaluate("mae", "y", "p", data="a"), TypeError, "data must be a frame"),
        (lambda d: sl.evaluate("mae", "y", "pp", data=d), ValueError, "y_pred: no column 'pp' in"),
        (lambda d: sl.evaluate("mae", "y", "p", where="w", data=d), ValueError, "where: .*boolean"),
        (lambda d: sl.evaluate("mae", "y", "scores", data=d), ValueError, "must have the shape of"),
        (
            lambda d: sl.evaluate("mae", "y", "p", data=d, reduction="none"),
            ValueError,
            "'none' keeps every element",
        ),
        (lambda d: sl.evaluate("mae", Y, P, progress=print), ValueError, "progress is for data"),
        (lambda d: sl.evaluate("mae", Y, P, checkpoint="c"), ValueError, "checkpoint is for data"),
        (
            lambda d: sl.evaluate("mae", "y", "p", data=d, checkpoint="/nowhere/c"),
            ValueError,
            "checkpoint: cannot use /nowhere/c: there is no folder",
        ),
        (
            lambda d: sl.evaluate("mae", "y", "p", data=d, checkpoint=""),
            TypeError,
            "checkpoint must be the name of a file: got ''",
        ),
        (
            lambda d: sl.evaluate("mae", "y", "p", data=d, checkpoint_every="5"),
            ValueError,
            "checkpoint_every must be a number of seconds, at least 0: got '5'",
        ),
        (
            lambda d: sl.evaluate("mae", "y", "p", data=d, checkpoint_every=float("nan")),
            ValueError,
            "checkpoint_every must be a number of seconds",
        ),
        (
            lambda d: sl.evaluate("mae", "y", "p", data=d, progress=5),
            TypeError,
            "progress must be callable: got 5",
        ),
        (lambda d: sl.evaluate("mae", "y", ("p",), data=d), ValueError, "y_pred must name one"),
        (lambda d: sl.scan(None), TypeError, "files must be names of files: got None"),
        (lambda d: sl.scan(b"a.csv"), TypeError, "files must be names of files: got b'a.csv'"),
        (lambda d: sl.scan("/nowhere/*.parquet"), FileNotFoundError, "no file matches"),
        (lambda d: sl.scan([]), ValueError, "files must name at least one file"),
        (lambda d: sl.scan([3]), TypeError, "files must be names of files: got 3"),
        (lambda d: sl.scan({"y": 3}), TypeError, "files must map names of columns to files"),
        (lambda d: sl.scan(d.paths[0], format="orc"), ValueError, "format must be one of parquet"),
        (lambda d: sl.scan(d.paths[0], batch_rows=0), ValueError, "batch_rows must be an integer"),
        (lambda d: sl.scan(d.paths[0], types={"y": "int8"}), ValueError, "types is for files"),
        (lambda d: sl.scan("a.csv", types=["y"]), TypeError, "types must map names of columns"),
        (lambda d: sl.scan("a.csv", types={"y": 5}), TypeError, "types must map .*: got {'y': 5}"),
        (lambda d: sl.scan({"y": "y.npy"}, types={"y": "int8"}), ValueError, "types is for files"),
        (lambda d: sl.scan({"y": "y.npy"}, format="csv"), ValueError, "format is for files of"),
        (lambda d: sl.scan(d.paths[0], format=["csv"]), ValueError, "format must be one of"),
        (lambda d: sl.scan(d.paths[0], batch_rows=True), ValueError, "batch_rows must be an int"),
        (lambda d: sl.scan(d.paths[0], scheduler=5), TypeError, "scheduler must be an address"),
        (
            lambda d: sl.scan(d.paths[0], scheduler="tcp://a:1", timeout="5"),
            ValueError,
            "timeout must be more than 0 seconds: got '5'",
        ),
        (lambda d: sl.scan(d.paths[0], timeout=3.0), ValueError, "timeout is for a scheduler"),
        (lambda d: sl.scan([*d.paths, *d.paths]), ValueError, "files must name a file once"),
    ],
)
def test_what_is_refused_is_one_line(
    tmp_path: Path, call: Callable[[sl.DataSet], Any], error: type[Exception], message: str
) -> None:
    data = sl.scan(as_parquet(tmp_path))
    with pytest.raises(error, match=message) as raised:
        call(data)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300 + len(str(tmp_path))


def test_a_folder_of_several_formats_is_refused_unless_one_is_named(tmp_path: Path) -> None:
    as_parquet(tmp_path)
    as_csv(tmp_path)
    (tmp_path / "a.csv.gz").unlink()
    with pytest.raises(ValueError, match="files of several formats, csv, parquet: name one"):
        sl.scan(tmp_path)
    for name in ("csv", "parquet"):
        data = sl.scan(tmp_path, format=name)
        assert sl.evaluate("mae", data=data, **NAMES) == exact_mean()
    both = sl.scan([tmp_path / "a.csv", tmp_path / "a.parquet"])
    assert sl.evaluate("mae", data=both, **NAMES, reduction="sum") == sl.evaluate(
        "mae", *(np.tile(x, 2) for x in (Y, P, W)), where=np.tile(M, 2), reduction="sum"
    )


def test_a_format_is_told_by_bytes_where_the_name_tells_none(tmp_path: Path) -> None:
    for make, name in ((as_parquet, "part-0"), (as_arrow, "part-1"), (as_npz, "part.2")):
        os.rename(make(tmp_path), tmp_path / name)
        data = sl.scan(tmp_path / name)
        assert sl.evaluate("mae", data=data, **NAMES) == exact_mean()
    (tmp_path / "part-3").write_text("y,p\n1,2\n")
    with pytest.raises(ValueError, match="it is text, such as CSV: give csv as its format"):
        sl.scan(tmp_path / "part-3")
    data = sl.scan(tmp_path / "part-3", format="csv")
    assert sl.evaluate("mae", data=data, y_true="y", y_pred="p") == 1.0
    assert repr(data) == f"DataSet('{tmp_path}/part-3')"


def test_a_library_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = as_parquet(tmp_path)
    for module in [m for m in sys.modules if m.partition(".")[0] == "pyarrow"]:
        monkeypatch.setitem(sys.modules, module, None)
    for module in ("columnar", "parquet"):
        monkeypatch.delitem(sys.modules, f"streamloss.files.formats.{module}", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r'pyarrow.* pip install "streamloss\[files\]"'):
        sl.evaluate("mae", "y", "p", data=sl.scan(path))
