"""Slices on the command line."""

from __future__ import annotations

import csv
import hashlib
import json
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
from streamloss.cli import main

N = 4000
RNG = np.random.default_rng(5)
Y, P, W = RNG.normal(size=N), RNG.normal(size=N), RNG.random(N)
CARRIER = np.array(["AA", "UA", None, "\x1b[31mred\n", "<b>"], object)[RNG.integers(0, 5, N)]
ORIGIN = RNG.integers(0, 7, N)
TIME = np.datetime64("2023-11-15", "ms") + RNG.integers(0, 100 * 86_400_000, N).astype("m8[ms]")
GIVEN = ["--true", "y", "--pred", "p", "--weights", "w"]


@pytest.fixture
def path(tmp_path: Path) -> str:
    columns = {"y": Y, "p": P, "w": W, "carrier": CARRIER, "origin": ORIGIN, "time": TIME}
    pq.write_table(pa.table(columns), tmp_path / "d.parquet", row_group_size=300)
    return str(tmp_path / "d.parquet")


def means(*keys: Any) -> dict[Any, float]:
    """Return the weighted mean absolute error of each slice, by fractions."""
    sums: dict[Any, list[Fraction]] = {}
    for y, p, w, *key in zip(Y.tolist(), P.tolist(), W.tolist(), *keys, strict=True):
        found = sums.setdefault(tuple(key), [Fraction(), Fraction()])
        found[0] += Fraction(w * abs(p - y))
        found[1] += Fraction(w)
    return {key: float(s / w) for key, (s, w) in sums.items()}


def test_slices_by_two_keys(path: str, run: Callable[..., Any]) -> None:
    found = run(path, *GIVEN, "--by", "carrier", "--by", "origin")
    records = {(r["carrier"], r["origin"]): r["mae"] for r in found["slices"]}
    assert records == means(CARRIER.tolist(), ORIGIN.tolist())
    assert found["overall"] == {"mae": means()[()]}
    assert (found["rows"], found["missing_keys"]) == (N, int(sum(c is None for c in CARRIER)))
    assert sum(record["rows"] for record in found["slices"]) == N
    assert found["most_memory_bytes"] > 1 << 20
    order = [(r["carrier"] is None, r["carrier"] or "", r["origin"]) for r in found["slices"]]
    assert order == sorted(order)


def test_bins_and_periods(path: str, run: Callable[..., Any]) -> None:
    found = run(path, *GIVEN, "--by", "y:-1,0,1.5", "--by", "time:month")
    names = np.array(["(-inf, -1)", "[-1, 0)", "[0, 1.5]", "(1.5, inf)"])
    months = TIME.astype("M8[M]").astype(str).tolist()
    of_bin = names[np.searchsorted([-1, 0, 1.5], Y, "right")].tolist()
    assert {(r["y"], r["time"]): r["mae"] for r in found["slices"]} == means(of_bin, months)


def test_subtotals(path: str, run: Callable[..., Any]) -> None:
    found = run(path, *GIVEN, "--grouping-sets", "origin; carrier,origin;")
    by_set: dict[str, list[Any]] = {}
    for record in found["slices"]:
        by_set.setdefault(record["grouping"], []).append(record)
    assert list(by_set) == ["origin", "origin, carrier", ""]
    assert {(r["origin"],): r["mae"] for r in by_set["origin"]} == means(ORIGIN.tolist())
    assert [r["mae"] for r in by_set[""]] == [means()[()]]
    only = run(path, *GIVEN, "--by", "y:0,9", "--by", "origin", "--grouping-sets", "origin;y")
    assert {r["grouping"] for r in only["slices"]} == {"origin", "y"}


def test_the_worst(path: str, run: Callable[..., Any]) -> None:
    by = ["--by", "carrier", "--by", "origin", "--loss", "mse", "--loss", "mae"]
    few = ["--worst", "mae", "--top", "3", "--min-rows", "120"]
    found = run(path, *GIVEN, *by, *few)
    counts: dict[Any, int] = {}
    for key in zip(CARRIER.tolist(), ORIGIN.tolist(), strict=True):
        counts[key] = counts.get(key, 0) + 1
    values = means(CARRIER.tolist(), ORIGIN.tolist())
    expected = sorted((-mean, key) for key, mean in values.items() if counts[key] >= 120)
    assert [-r["mae"] for r in found["slices"]] == [mean for mean, _ in expected[:3]]
    assert found["overall"]["mae"] == means()[()]


@pytest.mark.parametrize("ending", ["csv", "json", "parquet", "arrow"])
def test_slices_are_written_to_files(path: str, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"o.{ending}"
    assert main(["evaluate", path, *GIVEN, "--by", "origin", "--out", str(out)]) == 0
    if ending == "csv":
        with open(out, newline="") as file:
            records: Any = list(csv.DictReader(file))
    elif ending == "json":
        records = json.loads(out.read_text())
    elif ending == "parquet":
        records = pq.read_table(out).to_pylist()
    else:
        records = pa.ipc.open_file(out).read_all().to_pylist()
    found = {(int(r["origin"]),): float(r["mae"]) for r in records}
    assert found == means(ORIGIN.tolist())


def test_the_table_has_no_control_characters(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", path, *GIVEN, "--by", "carrier"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b" not in out
    assert "\\x1b[31mred\\n" in out
    assert "5 slices by carrier: mean" in out
    assert "most memory" in out
    lines = out.splitlines()
    keys = ["\\x1b[31mred\\n", "<b>", "AA", "UA", "missing"]
    assert [line.split()[0] for line in lines[4:9]] == keys


def test_a_table_fits_its_terminal(path: str) -> None:
    pty = pytest.importorskip("pty")
    terminal, end = pty.openpty()
    losses = [text for k in range(1, 9) for text in ("--loss", f"huber:delta={k}")]
    command = [sys.executable, "-m", "streamloss", "evaluate", path, *GIVEN, "--by", "carrier"]
    env = {**os.environ, "COLUMNS": "70", "TERM": "xterm"}
    with subprocess.Popen([*command, *losses, "--quiet"], stdout=end, env=env) as process:
        os.close(end)
        text = b""
        try:
            while piece := os.read(terminal, 4096):
                text += piece
        except OSError:  # the other end is closed
            pass
        os.close(terminal)
    assert process.returncode == 0
    assert max(map(len, text.decode().splitlines())) <= 70
    assert "more columns" in text.decode()


def test_cuts_threads_and_files_change_no_bit(
    path: str, tmp_path: Path, run: Callable[..., Any]
) -> None:
    by = [*GIVEN, "--by", "carrier", "--by", "time:week", "--loss", "r2"]
    table = pq.read_table(path)
    for k in range(3):
        part = table.slice(k * 1500, 1500)
        pq.write_table(part, tmp_path / f"part{k}.parquet", use_dictionary=k != 1)
    expected = run(path, *by)["slices"]
    for more in (["--threads", "1"], ["--batch-rows", "13"], ["--threads", "3"]):
        assert run(path, *by, *more)["slices"] == expected
    assert run(str(tmp_path / "part*.parquet"), *by)["slices"] == expected


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--by", "carriers"], "--by: no column 'carriers' in .*: it has carrier"),
        (["--by", "carrier", "--by", "carrier"], "--by must name a column once"),
        (["--by", "y:3,1"], "edges must be two numbers or more that increase"),
        (["--by", "carrier:month"], "must hold times to have periods: got text"),
        (["--by", "origin", "--worst", "rmse"], "--worst must be one of the losses mae"),
        (["--by", "origin", "--top", "3"], "--top and --min-rows are for --worst"),
        (["--out", "x.csv"], "--out is for slices: got no --by"),
        (["--by", "origin", "--out", "x.txt"], "--out must end in .parquet"),
        (["--by", "origin", "--grouping-sets", "carrier"], "--grouping-sets must be of the keys"),
        (["--missing", "drop"], "--missing and --max-slices are for slices: got no --by"),
        (["--by", "origin", "--missing", "none"], "Invalid value for '--missing'"),
        (["--by", "y", "--max-slices", "100"], "by 'y' must have at most max_slices=100"),
        (["--by", "carrier", "--missing", "raise"], "by 'carrier' must have no missing key"),
    ],
)
def test_refusals(path: str, refusal: Callable[..., str], args: list[str], message: str) -> None:
    import re

    assert re.search(message, refusal("evaluate", path, *GIVEN, *args))


def test_missing_keys_may_be_dropped(path: str, run: Callable[..., Any]) -> None:
    found = run(path, *GIVEN, "--by", "carrier", "--missing", "drop")
    assert None not in {record["carrier"] for record in found["slices"]}
    assert found["missing_keys"] == int(sum(c is None for c in CARRIER))


def test_a_killed_run_goes_on(path: str, tmp_path: Path, run: Callable[..., Any]) -> None:
    table = pa.concat_tables([pq.read_table(path)] * 50)
    large = str(tmp_path / "large.parquet")
    pq.write_table(table, large, row_group_size=500)
    kept = str(tmp_path / "kept")
    by = ["--by", "carrier", "--by", "origin", "--batch-rows", "50"]
    command = [sys.executable, "-m", "streamloss", "evaluate", large, *GIVEN, *by]
    more = ["--checkpoint", kept, "--checkpoint-every", "0"]
    begun = b""
    with subprocess.Popen([*command, *more], stdout=subprocess.PIPE) as process:
        while process.poll() is None and len(begun) < 3:
            time.sleep(0.05)
            with open(kept, "rb") if os.path.exists(kept) else open(os.devnull, "rb") as file:
                begun += b"x" * (len(file.read()) > 2000)
        process.send_signal(signal.SIGKILL)
    found = run(large, *GIVEN, *by, *more)
    assert {(r["carrier"], r["origin"]): r["mae"] for r in found["slices"]} == means(
        CARRIER.tolist(), ORIGIN.tolist()
    )
    assert found["rows"] == 50 * N
    again = run(large, *GIVEN, *by, *more)
    assert again["slices"] == found["slices"]


def test_a_checkpoint_of_other_keys_is_refused(
    path: str, tmp_path: Path, run: Callable[..., Any], refusal: Callable[..., str]
) -> None:
    kept = ["--checkpoint", str(tmp_path / "kept")]
    run(path, *GIVEN, "--by", "carrier", *kept)
    assert "keys differ" in refusal("evaluate", path, *GIVEN, "--by", "origin", *kept)
    assert "keys differ" in refusal("evaluate", path, *GIVEN, *kept)
    found = run(path, *GIVEN, "--by", "carrier", *kept, "--reduction", "sum")
    assert len(found["slices"]) == 5


def test_a_checkpoint_gives_the_slices_of_the_library(path: str, tmp_path: Path) -> None:
    kept = str(tmp_path / "kept")
    by = ["carrier", sl.period("time", "quarter")]
    call: dict[str, Any] = {"y_true": "y", "y_pred": "p", "data": sl.scan(path), "by": by}
    first = sl.accumulate("mae", **call, checkpoint=kept, checkpoint_every=0)
    assert sl.accumulate("mae", **call, checkpoint=kept) == first == sl.accumulate("mae", **call)


def test_sums_of_other_files_than_a_checkpoint_says_are_refused(
    path: str, tmp_path: Path, run: Callable[..., Any], refusal: Callable[..., str]
) -> None:
    from streamloss.exact.bytes import dump, load_all
    from streamloss.exact.ledger import Ledger
    from streamloss.files.checkpoint import MAGIC

    kept = tmp_path / "kept"
    args = [path, *GIVEN, "--by", "carrier", "--checkpoint", str(kept)]
    run(*args)
    line, _, sums = kept.read_bytes()[len(MAGIC) + 32 :].partition(b"\n")
    (header, slicing, table), ledger = load_all(sums)
    assert len(ledger) == 1
    losses, specs, axis, nan, _ = header
    for others in (Ledger(), Ledger.of(["another file"]), ledger | Ledger.of(["one more"])):
        changed = dump(losses, specs, axis, nan, table, slicing, others)
        body = line + b"\n" + changed
        kept.write_bytes(MAGIC + hashlib.sha256(body).digest() + body)
        assert "its sums are of other files than its note says" in refusal("evaluate", *args)


def test_a_checkpoint_goes_on_from_another_folder(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    kept = ["--by", "carrier", "--checkpoint", str(tmp_path / "kept")]
    found = run(path, *GIVEN, *kept)
    monkeypatch.chdir(tmp_path)
    for name in ("d.parquet", "./d.parquet", f"../{tmp_path.name}/d.parquet"):
        assert run(name, *GIVEN, *kept)["slices"] == found["slices"]


def test_a_file_of_slices_is_none_that_is_read(
    path: str, tmp_path: Path, refusal: Callable[..., str]
) -> None:
    before = Path(path).read_bytes()
    (tmp_path / "link.parquet").symlink_to(path)
    by = ["evaluate", path, *GIVEN, "--by", "carrier"]
    for out in (path, str(tmp_path / "link.parquet")):
        assert "--out must not be among the files that are read" in refusal(*by, "--out", out)
    (tmp_path / "link.parquet").unlink()
    inside = str(tmp_path / "new.parquet")
    folder = ["evaluate", str(tmp_path), *by[2:]]
    assert "--out must not be among the files" in refusal(*folder, "--out", inside)
    assert "--out: there is no folder" in refusal(*by, "--out", str(tmp_path / "no" / "x.csv"))
    kept = str(tmp_path / "x.csv")
    assert "another file than --checkpoint" in refusal(*by, "--out", kept, "--checkpoint", kept)
    assert Path(path).read_bytes() == before
    assert not os.path.exists(kept)


def test_a_terminal_without_the_letters_of_keys(tmp_path: Path) -> None:
    table = pa.table({"y": [1.0], "p": [2.0], "k": ["é"]})
    pq.write_table(table, tmp_path / "e.parquet")
    command = [sys.executable, "-m", "streamloss", "evaluate", str(tmp_path / "e.parquet")]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    found = subprocess.run(
        [*command, *GIVEN[:4], "--by", "k"], env=env, capture_output=True, text=True, check=True
    )
    assert "\\xe9" in found.stdout
