"""The seconds that the command shows: all that the user waited."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import streamloss as sl
from streamloss.cli import clock
from streamloss.files import Columns
from streamloss.run.evaluation import Evaluation
from streamloss.run.query import Query
from streamloss.run.question import Question
from tests.cli.rows import GIVEN, spawn

LATE = """import sys, time
time.sleep(1)
from streamloss.cli import main
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process began")
@pytest.mark.parametrize("as_json", [True, False])
def test_they_are_counted_from_the_start_of_the_process(path: str, as_json: bool) -> None:
    command = [sys.executable, "-c", LATE, "evaluate", path, *GIVEN, *["--json"] * as_json]
    begun = time.perf_counter()
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    waited = time.perf_counter() - begun
    told = json.loads(out)["seconds"] if as_json else line(out, "seconds")
    assert 1 < told < waited + 0.02


def line(out: str, head: str) -> float:
    """Return the number in a line of a table."""
    (found,) = (text.split()[1] for text in out.splitlines() if text.split()[:1] == [head])
    return float(found)


def test_of_a_call_they_are_those_of_the_call(path: str, run: Callable[..., Any]) -> None:
    begun = time.perf_counter()
    told = run(path, *GIVEN)["seconds"]
    assert 0 < told <= time.perf_counter() - begun


def test_a_job_that_is_done_shows_the_same_again(
    path: str, run: Callable[..., Any], tmp_path: Path
) -> None:
    kept = ("--checkpoint", str(tmp_path / "kept"))
    first = json.loads(spawn("evaluate", path, *GIVEN, "--json", *kept).communicate()[0])
    assert run(path, *GIVEN, *kept) == first  # all is done: it took what it took


def test_of_a_run_that_goes_on_they_are_added(path: str, tmp_path: Path) -> None:
    place, columns = str(tmp_path / "kept"), Columns("y", "p")
    asked = Question(Query.spelled(["mae"], None, "propagate"))
    earlier = Evaluation(asked, sl.scan(path), columns, place, begun=time.perf_counter() - 100)
    earlier.close()
    assert earlier.waited() > 100
    later = Evaluation(asked, sl.scan(path), columns, place, begun=time.perf_counter() - 1000)
    later.complete()
    later.close()
    assert later.waited() > 1100
    again = Evaluation(asked, sl.scan(path), columns, place)
    again.close()
    assert again.waited() == later.waited()


@pytest.mark.parametrize("text", [None, "", "1 (a) b) R", f"1 (a) R {' '.join(['0'] * 40)}"])
def test_where_no_system_tells_they_begin_with_the_computing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    if text is not None:
        (tmp_path / "stat").write_text(text)
    monkeypatch.setattr(clock, "STAT", str(tmp_path / "stat"))
    before = time.perf_counter(), time.thread_time()
    found = clock.process_start()
    after = time.perf_counter(), time.thread_time()
    assert before[0] - after[1] <= found <= after[0] - before[1]
