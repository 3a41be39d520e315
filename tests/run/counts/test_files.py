"""Labels in files of all formats, by slices and with checkpoints."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import streamloss as sl

from .metrics import Decisions, Hits, Largest, OneVsRest, Pairs, Rows, Truths, pairs, same

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

RNG = np.random.default_rng(31)
N = 500
Y, P, KEY = RNG.integers(0, 4, (3, N))
W, WHERE = RNG.integers(-1, 5, N) / 8, RNG.random(N) < 0.8
TEXT = np.array(["a", "b c", "über", '"quoted", yes'], object)
VALUES: dict[str, Any] = {
    "int": np.array([0, 1, -7, 2]),
    "large": np.array([2**53 + 1, 2**53, -(2**62), 2**63 - 1]),
    "bool": np.array([True, False, True, False]),
    "text": TEXT,
    "float": np.array([0.0, 1.0, -7.0, 2.0**20], np.float32),
}


def write(path: Path, columns: dict[str, Any]) -> Any:
    """Columns as a file, in the format of its ending."""
    table = pa.table({name: pa.array(column) for name, column in columns.items()})
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=120)
    elif path.suffix == ".arrow":
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table, max_chunksize=120)
    elif path.suffix == ".arrows":
        with pa.ipc.new_stream(path, table.schema) as file:
            file.write_table(table, max_chunksize=120)
    elif path.suffix == ".npz":
        np.savez(path, **{k: np.array(v.tolist()) for k, v in columns.items()})
    else:
        pytest.importorskip("pyarrow.csv").write_csv(table, path)
    return sl.scan(str(path))


HOW: dict[str, Any] = {"y_true": "y", "y_pred": "p", "weights": "w", "where": "m"}


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv", "npz"])
@pytest.mark.parametrize("by", [None, "k"])
def test_all_formats(ending: str, kind: str, by: str | None, tmp_path: Path) -> None:
    y, p = VALUES[kind][Y], VALUES[kind][P]
    if ending == "npz" and kind == "text":
        pytest.skip("which has no text")
    data = write(tmp_path / f"data.{ending}", {"y": y, "p": p, "w": W, "m": WHERE, "k": KEY})
    acc = sl.accumulate([Pairs(), Hits()], data=data, by=by, **HOW)
    keys = None if by is None else {"k": KEY}
    assert acc == sl.accumulate([Pairs(), Hits()], y, p, W, where=WHERE, by=keys)
    if by is None:
        assert acc.result()[Pairs()] == pairs(y.tolist(), p.tolist(), W, WHERE)


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
def test_nulls_in_files(ending: str, tmp_path: Path) -> None:
    y: list[Any] = Y.tolist()
    for k in (3, 77, 400):
        y[k] = None
    for values in (y, [None if k is None else TEXT[k] for k in y]):
        p = [P[k] if values is y else TEXT[P[k]] for k in range(N)]
        data = write(tmp_path / f"data.{ending}", {"y": values, "p": p})
        for nan in ("propagate", "omit"):
            found = sl.evaluate(Pairs(), data=data, y_true="y", y_pred="p", nan=nan)
            assert same(found, pairs(values, p, omit=nan == "omit"))
        with pytest.raises(ValueError, match="nan='raise'"):
            sl.evaluate(Pairs(), data=data, y_true="y", y_pred="p", nan="raise")


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv", "npz"])
@pytest.mark.parametrize("by", [None, "k"])
def test_metrics_that_read_numbers(ending: str, by: str | None, tmp_path: Path) -> None:
    y, p = Y.astype(float), RNG.integers(0, 9, N) / 8
    data = write(tmp_path / f"data.{ending}", {"y": y, "p": p, "w": W, "m": WHERE, "k": KEY})
    losses = [Decisions(), Truths(), "mae", Largest()]
    keys = None if by is None else {"k": KEY}
    acc = sl.accumulate(losses, data=data, by=by, **HOW)
    assert acc == sl.accumulate(losses, y, p, W, where=WHERE, by=keys)


def test_rows_of_scores(tmp_path: Path) -> None:
    scores = RNG.integers(0, 9, (N, 3)) / 8
    columns = {"y": Y % 3, **{f"s{c}": scores[:, c] for c in range(3)}, "k": KEY}
    names = ["s0", "s1", "s2"]
    for by in (None, "k"):
        data = write(tmp_path / "data.parquet", columns)
        acc = sl.accumulate([Rows(), OneVsRest()], data=data, y_true="y", y_pred=names, by=by)
        keys = None if by is None else {"k": KEY}
        assert acc == sl.accumulate([Rows(), OneVsRest()], Y % 3, scores, by=keys)


def test_files_whose_labels_have_several_kinds(tmp_path: Path) -> None:
    for k, values in enumerate((VALUES["int"], VALUES["float"], VALUES["bool"])):
        write(tmp_path / f"{k}.parquet", {"y": values[Y], "p": values[P]})
    found = sl.evaluate(Pairs(), data=sl.scan(f"{tmp_path}/*.parquet"), y_true="y", y_pred="p")
    parts = [[int(x) for k in ("int", "float", "bool") for x in VALUES[k][a]] for a in (Y, P)]
    assert found == pairs(*parts)
    write(tmp_path / "9.parquet", {"y": TEXT[Y], "p": TEXT[P]})
    with pytest.raises((TypeError, ValueError), match="one kind"):
        sl.evaluate(Pairs(), data=sl.scan(f"{tmp_path}/*.parquet"), y_true="y", y_pred="p")


class Stopped(Exception):
    """What ends a run in the middle."""


@pytest.mark.parametrize("by", [None, "k"])
@pytest.mark.parametrize("kind", ["int", "text"])
def test_a_checkpoint_is_resumed(by: str | None, kind: str, tmp_path: Path) -> None:
    y, p = VALUES[kind][Y], VALUES[kind][P]
    columns = {"y": y, "p": p, "w": W, "m": WHERE, "k": KEY}
    for part in range(6):
        rows = slice(part * 90, part * 90 + 90)
        write(tmp_path / f"{part}.parquet", {n: c[rows] for n, c in columns.items()})
    losses: list[Any] = [Pairs(), Hits(), *(["mae"] if kind == "int" else [])]
    given = {"by": by, "checkpoint": tmp_path / "saved", "checkpoint_every": 0.0, **HOW}
    data, done = sl.scan(f"{tmp_path}/*.parquet"), []

    def stop(rows: int, total: int | None) -> None:
        done.append(rows)
        if rows > 200:
            raise Stopped

    with pytest.raises(Stopped):
        sl.accumulate(losses, data=data, progress=stop, **given)
    keys = None if by is None else {"k": KEY}
    want = sl.accumulate(losses, y, p, W, where=WHERE, by=keys)
    seen: list[int] = []
    found = sl.accumulate(losses, data=data, progress=lambda n, _: seen.append(n), **given)
    assert found == want
    assert found.to_bytes() == want.to_bytes()
    assert min(seen) > 0
    assert math.isfinite(max(done))


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv", "npz"])
def test_a_column_of_labels_that_is_wrong_is_named_by_its_argument(
    ending: str, tmp_path: Path
) -> None:
    data = write(tmp_path / f"data.{ending}", {"y": Y, "p": P, "k": KEY})
    wrong = {"y_true": ("z", "p", None), "y_pred": ("y", "z", None), "by": ("y", "p", "z")}
    for role, (y_true, y_pred, by) in wrong.items():
        with pytest.raises(ValueError, match=rf"^{role}: .*\bz\b.*: it has y, p"):
            sl.evaluate("accuracy", y_true, y_pred, data=data, by=by)


def test_a_column_of_lists_holds_no_labels(tmp_path: Path) -> None:
    data = write(tmp_path / "data.parquet", {"y": Y, "p": [[1.0, 2.0]] * N})
    with pytest.raises(
        ValueError, match=r"^y_pred: column 'p' of .* must be of booleans, integers"
    ):
        sl.evaluate("accuracy", "y", "p", data=data)


def test_labels_and_keys_in_the_names_of_folders(tmp_path: Path) -> None:
    for t in ("0", "1"):
        for k in ("a", "b"):
            folder = tmp_path / f"t={t}" / f"k={k}"
            folder.mkdir(parents=True)
            write(
                folder / "rows.parquet", {"p": np.array([0, 1, 1]), "w": np.array([1.0, 2.0, 4.0])}
            )
    data = sl.scan(str(tmp_path))
    assert sl.evaluate("accuracy", "t", "p", data=data) == 0.5
    found = sl.evaluate(["accuracy", "mae"], "t", "p", "w", data=data, by="k")
    assert found.loc["a"] == {"accuracy": 0.5, "mae": 0.5}
    matrix = sl.evaluate("confusion_matrix", "k", "k", data=data)
    assert np.asarray(matrix).tolist() == [[6, 0], [0, 6]]


@pytest.mark.parametrize(
    ("text", "label"),
    [("7", 7), ("cat", "cat"), ("2024-05-06", np.datetime64("2024-05-06"))],
)
def test_labels_of_any_kind_in_the_names_of_folders(text: str, label: Any, tmp_path: Path) -> None:
    folder = tmp_path / f"t={text}"
    folder.mkdir()
    write(folder / "rows.parquet", {"p": np.array([label, label])})
    assert sl.evaluate("accuracy", "t", "p", data=sl.scan(str(tmp_path))) == 1.0


def test_a_folder_without_a_label(tmp_path: Path) -> None:
    for text in ("cat", "__HIVE_DEFAULT_PARTITION__"):
        (tmp_path / f"t={text}").mkdir()
        write(tmp_path / f"t={text}" / "rows.parquet", {"p": np.array(["cat", "dog"])})
    data = sl.scan(str(tmp_path))
    assert np.isnan(sl.evaluate("accuracy", "t", "p", data=data))
    assert sl.evaluate("accuracy", "t", "p", data=data, nan="omit") == 0.5


@pytest.mark.parametrize("loss", ["accuracy", "mae"])
def test_arrays_of_weights_and_of_a_mask_may_have_one_row(loss: str, tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, y=Y, p=P, w=np.array([0.5]), m=np.array([True]))
    found = sl.evaluate(loss, data=sl.scan(str(path)), **HOW)
    assert found == sl.evaluate(loss, Y, P, [0.5], where=[True])
