"""Checkpoints: whose they are, where they may stand, and what they must hold."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamloss as sl
from streamloss.cli import main
from streamloss.files.checkpoint import MAGIC, Checkpoint, Saved
from streamloss.files.scanner import START

N = 1000
GIVEN = ("--true", "y", "--pred", "p")


@pytest.fixture
def data(tmp_path: Path) -> str:
    pq.write_table(pa.table({"y": np.ones(N), "p": np.zeros(N)}), tmp_path / "d.parquet")
    return str(tmp_path / "d.parquet")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for checkpoints alone."""
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


@pytest.fixture
def refusal(data: str, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], str]:
    def run(path: Path) -> str:
        capsys.readouterr()
        assert main(["evaluate", data, *GIVEN, "--checkpoint", str(path)]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert err.startswith("streamloss: --checkpoint: ")
        return err

    return run


def save(data: str, path: Path, done: int = N, **note: Any) -> None:
    """Write a checkpoint whose note is changed."""
    assert main(["evaluate", data, *GIVEN, "--checkpoint", str(path)]) == 0
    body = path.read_bytes()[len(MAGIC) + 32 :]
    line, _, state = body.partition(b"\n")
    if done != N:
        state = sl.accumulate(["mae"], np.ones(done), np.zeros(done)).to_bytes()
    changed = {**json.loads(line), **note}
    write(path, json.dumps({k: v for k, v in changed.items() if v != "gone"}).encode(), state)


def write(path: Path, line: bytes, state: bytes) -> None:
    body = line + b"\n" + state
    path.write_bytes(MAGIC + hashlib.sha256(body).digest() + body)


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        (N, {"rows": N + 1}),
        (N, {"rows": N - 1}),
        (N, {"rows": -1}),
        (N, {"rows": 10.0}),
        (N, {"rows": True}),
        (N + 1, {"rows": N + 1}),
        (N, {"rows": "gone"}),
        (N, {"job": "gone"}),
        (N, {"job": [1]}),
        (N, {"seconds": "gone"}),
        (N, {"seconds": -1.0}),
        (N, {"seconds": float("nan")}),
        (N, {"seconds": 10**400}),
        (N, {"seconds": None}),
    ],
)
def test_contents_that_cannot_be_are_refused(
    data: str, place: Path, refusal: Callable[[Path], str], rows: int, note: dict[str, Any]
) -> None:
    save(data, place / "k", rows, **note)
    kept = (place / "k").read_bytes()
    assert "damaged" in refusal(place / "k")
    assert (place / "k").read_bytes() == kept


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"3", b"{", b"[" * 100_000, b'"' + b"9" * 9999 + b'"']
)
def test_notes_that_are_none_are_refused(
    data: str, place: Path, refusal: Callable[[Path], str], line: bytes
) -> None:
    write(place / "k", line, b"")
    assert "damaged" in refusal(place / "k")


@pytest.mark.parametrize("losses", [["mse"], ["mae", "mse"]])
def test_sums_of_other_losses_are_refused(
    data: str, place: Path, refusal: Callable[[Path], str], losses: list[str]
) -> None:
    save(data, place / "k")
    line = (place / "k").read_bytes()[len(MAGIC) + 32 :].partition(b"\n")[0]
    write(place / "k", line, sl.accumulate(losses, np.ones(N), np.zeros(N)).to_bytes())
    assert "damaged" in refusal(place / "k")


def link(path: Path) -> None:
    path.with_name("somebody's").write_text("precious")
    path.symlink_to(path.with_name("somebody's"))


def fill(path: Path) -> None:
    path.write_bytes(b"")


PLACES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a link": (link, "it is a link"),
    "a link that leads nowhere": (lambda path: path.symlink_to("/gone"), "it is a link"),
    "a pipe": (os.mkfifo, "a pipe"),
    "a folder": (os.mkdir, "a folder"),
    "an empty file": (fill, "is no checkpoint"),
}


@pytest.mark.parametrize("kind", PLACES)
def test_places_that_are_refused_stay_as_they_are(
    place: Path, refusal: Callable[[Path], str], kind: str
) -> None:
    make, message = PLACES[kind]
    make(place / "k")
    before = sorted(place.iterdir())
    assert message in refusal(place / "k")
    assert sorted(place.iterdir()) == before
    assert all(path.read_text() == "precious" for path in before if path.name == "somebody's")


def test_a_folder_that_is_not_there(place: Path, refusal: Callable[[Path], str]) -> None:
    assert "there is no folder" in refusal(place / "no" / "k")


@pytest.mark.parametrize("call", ["write", "fsync", "link", "open"])
def test_what_cannot_be_written_leaves_nothing_behind(
    place: Path, refusal: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    plain = getattr(os, call)

    def full(*args: Any, **more: Any) -> Any:
        if call == "open" and not args[1] & os.O_CREAT:
            return plain(*args, **more)
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        if call == "link":  # a file system without them
            patch.setattr(os, "rename", full)
        line = refusal(place / "k")
    assert f"cannot write {place}/k: Input/output error" in line
    assert list(place.iterdir()) == []


def test_a_file_system_without_links_or_locks_will_do(
    data: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streamloss.files import owned

    def unknown(*args: Any) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "link", unknown)
    monkeypatch.setattr(owned.fcntl, "flock", unknown)
    for _ in range(2):
        assert main(["evaluate", data, *GIVEN, "--checkpoint", str(place / "k")]) == 0
    assert [path.name for path in place.iterdir()] == ["k"]


@pytest.fixture
def held(place: Path) -> Iterator[Checkpoint]:
    """A checkpoint that is in use."""
    checkpoint = Checkpoint(str(place / "k"), {}, 0.0)
    checkpoint.save(Saved(0, 0.0, sl.Accumulator(["mae"]).to_bytes(), START))
    yield checkpoint
    checkpoint.close()


def test_a_checkpoint_in_use_is_refused_until_it_is_left(
    place: Path, held: Checkpoint, refusal: Callable[[Path], str]
) -> None:
    kept = (place / "k").read_bytes()
    for _ in range(2):  # the first one, and its successor
        assert f"another run is using {place}/k" in refusal(place / "k")
        assert [path.read_bytes() for path in place.iterdir()] == [kept]
        held.save(Saved(0, 0.0, sl.Accumulator(["mae"]).to_bytes(), START))
    held.close()
    assert "belongs to another job" in refusal(place / "k")


def test_two_that_begin_at_once_do_not_replace_each_other(place: Path) -> None:
    first, second = (Checkpoint(str(place / "k"), {}, 0.0) for _ in range(2))
    first.save(Saved(0, 0.0, sl.Accumulator(["mae"]).to_bytes(), START))
    with pytest.raises(ValueError, match="another run is using"):
        second.save(Saved(0, 0.0, sl.Accumulator(["mse"]).to_bytes(), START))
    assert first.load(lambda saved: saved) is None
    (place / "k").unlink()  # by its user
    first.save(Saved(0, 0.0, sl.Accumulator(["mae"]).to_bytes(), START))
    assert [path.name for path in place.iterdir()] == ["k"]
    first.close()


def test_what_a_killed_run_has_not_finished_is_removed(data: str, place: Path) -> None:
    save(data, place / "k")
    (place / f"k.{'0' * 16}.tmp").touch()
    (place / "k.tmp").touch()  # somebody's
    assert main(["evaluate", data, *GIVEN, "--checkpoint", str(place / "k")]) == 0
    assert sorted(path.name for path in place.iterdir()) == ["k", "k.tmp"]


def test_runs_side_by_side_damage_nothing(tmp_path: Path, place: Path) -> None:
    values = np.random.default_rng(1).standard_normal(100_000)
    path = str(tmp_path / "many.parquet")
    pq.write_table(pa.table({"y": values, "p": values * 0}), path, row_group_size=1000)
    command = [sys.executable, "-m", "streamloss", "evaluate", path, *GIVEN, "--json"]
    often = [*command, "--checkpoint", str(place / "k"), "--checkpoint-every", "0"]
    runs = [
        subprocess.Popen(often, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ends = [(*run.communicate(), run.returncode) for run in runs]
    want = sl.evaluate("mae", values, values * 0)
    assert any(code == 0 for _, _, code in ends)
    for out, err, code in ends:
        if code == 0:
            assert json.loads(out)["results"]["mae"] == want
        else:
            assert err == f"streamloss: --checkpoint: another run is using {place}/k\n"
    again = json.loads(subprocess.check_output(often, text=True))
    assert again["results"]["mae"] == want
    assert [path.name for path in place.iterdir()] == ["k"]
