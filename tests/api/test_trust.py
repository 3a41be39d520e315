"""What is around the sums holds: interrupts, forks, states and code that somebody else wrote.

`python -m benchmarks.check_trust` tries the same as often as it takes.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import MagicMock

import numpy as np
import pytest

import streamloss as sl
from benchmarks._trust import caches, forks, interrupts, states
from streamloss.kernels import private
from streamloss.kernels.private import Folder

POSIX = pytest.mark.skipif(os.name != "posix", reason="there are no modes and signals here")


def run(script: str, *args: str, **environment: str) -> tuple[int, str, str]:
    """Run a script in a new process; return its exit code, and what it prints on both streams."""
    done = subprocess.run(
        [sys.executable, "-c", script, *args],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout.strip(), done.stderr.strip()


# Code that somebody else wrote


@pytest.fixture(scope="module")
def warm() -> Path:
    """A folder with one kernel."""
    return caches.warm()


@POSIX
@pytest.mark.parametrize("kind", [*caches.kinds(), "damaged"])
def test_code_that_others_could_have_written_is_not_run(kind: str, warm: Path) -> None:
    assert caches.attempt(warm, kind, random.Random(0)) is None


@POSIX
def test_code_of_this_user_is_run(warm: Path, tmp_path: Path) -> None:
    # what the others show is worth something only if what they plant is run where it is trusted
    copy = Path(shutil.copytree(warm, tmp_path / "cache"))
    for path in copy.glob("*.kernel"):
        caches.plant(path)
    environment = {"STREAMLOSS_CACHE_DIR": str(copy), "STREAMLOSS_SMALL_BATCH": "0"}
    assert run(caches.FIRST, **environment)[1] == caches.PLANTED


@POSIX
def test_a_kernel_copied_over_another_is_not_run(warm: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(warm, tmp_path / "cache"))
    environment = {"STREAMLOSS_CACHE_DIR": str(copy), "STREAMLOSS_SMALL_BATCH": "0"}
    (ours,) = copy.glob("*.kernel")
    assert run(caches.FIRST.replace("mae", "mse"), **environment)[1] == caches.PLANTED
    (other,) = set(copy.glob("*.kernel")) - {ours}
    shutil.copy(other, ours)
    assert run(caches.FIRST, **environment)[1] == caches.RIGHT


@POSIX
def test_a_folder_that_others_may_write_to_holds_one_of_this_user(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    environment = {"STREAMLOSS_CACHE_DIR": str(tmp_path / "shared"), "STREAMLOSS_SMALL_BATCH": "0"}
    script = "import streamloss as sl; print(sl.evaluate('mae', [1.0], [2.0], reduction='none'))"
    code, out, err = run(script, **environment)
    own = tmp_path / "shared" / f"user-{os.geteuid()}"
    assert (code, out) == (0, "[1.]")
    assert "RuntimeWarning" in err
    assert f"{own} is used instead" in err
    assert own.stat().st_mode & 0o777 == 0o700
    assert list(own.glob("*.kernel"))


@POSIX
def test_the_folder_is_made_for_this_user_alone_and_found_at_home(tmp_path: Path) -> None:
    script = "import streamloss as sl; sl.evaluate('mae', [1.0], [2.0], reduction='none')"
    home = {"HOME": str(tmp_path), "STREAMLOSS_CACHE_DIR": "~/deep/kept"}
    assert run(script, STREAMLOSS_SMALL_BATCH="0", **home) == (0, "", "")
    assert (tmp_path / "deep" / "kept").stat().st_mode & 0o777 == 0o700


def test_the_folder_is_trimmed_by_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private, "BOUND", 100)
    folder = Folder(str(tmp_path / "cache"))
    with folder.opened(make=True) as place:
        for k in range(4):
            place.write(f"{k}.kernel", bytes(40))
            os.utime(tmp_path / "cache" / f"{k}.kernel", (k, k))
        place.read("0.kernel")  # now the youngest
        (tmp_path / "cache" / "left.half").write_bytes(b"")
        os.utime(tmp_path / "cache" / "left.half", (1, 1))
        place.trim(".kernel")
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["0.kernel", "3.kernel"]


# Interrupts


@POSIX
@pytest.mark.parametrize("kind", interrupts.CALLS)
@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.3, 0.6])
def test_an_interrupt_of_a_first_call_leaves_a_process_that_works(
    kind: str, seconds: float
) -> None:
    assert interrupts.first_call(kind, seconds) is None


@POSIX
@pytest.mark.parametrize("signals", [1, 2])
@pytest.mark.parametrize("seconds", [0.3, 0.5, 0.7])
def test_an_interrupted_command_ends_without_a_traceback(
    seconds: float, signals: int, tmp_path: Path
) -> None:
    args = ["evaluate", interrupts.make_file(tmp_path), "--true", "y", "--pred", "p"]
    assert interrupts.command_line(args, seconds, signals) is None


@POSIX
def test_two_interrupts_stop_the_helpers() -> None:
    assert interrupts.twice(10, seed=1) is None


def test_there_are_no_more_helpers_than_work() -> None:
    script = (
        "import sys, numpy as np, streamloss as sl; y = np.ones(600_000)\n"
        "sl.evaluate('mae', y, y); print(len(sys._current_frames()) <= 3)"
    )
    assert run(script, STREAMLOSS_NUM_THREADS="1000000")[:2] == (0, "True")


# Forks


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_forks_under_busy_threads_have_accumulators_that_work() -> None:
    assert forks.busy(60) is None


# Saved states


def test_changed_states_are_refused_at_once_or_read_whole() -> None:
    assert states.mutations(600, seed=3) == []


DECLARED: dict[str, Callable[[], bytes]] = {
    "cells": lambda: changed({"shape": [10**7]}),
    "wrapping cells": lambda: changed({"shape": [2**32, 2**32]}),
    "axes": lambda: changed({"shape": [1] * 2000, "axis": 0}),
    "losses": lambda: changed({"losses": [["absolute_error", []]] * 50_000}),
    "a long header": lambda: states.seal(b"\xff\xff\xff\0" + b"[" * (1 << 24)),
    "a million of zeros": lambda: changed({"shape": [], "axis": None}, bytes(1 << 20)),
}


def changed(fields: dict[str, Any], integers: bytes | None = None) -> bytes:
    """Return a state with other fields in its header, or other integers."""
    header, own = states.parts(sl.accumulate("mae", [[1.0]], [[2.0]], axis=0).to_bytes())
    return states.written(header | fields, own if integers is None else integers)


@pytest.mark.parametrize("what", DECLARED)
@pytest.mark.parametrize("measured", [False, True], ids=["time", "memory"])
def test_what_a_state_declares_is_checked_before_it_is_built(what: str, measured: bool) -> None:
    data = DECLARED[what]()
    with pytest.raises(ValueError, match=r"\w"):
        sl.Accumulator.from_bytes(data)
    assert states.refusal(data, measured) is None


def test_states_without_a_version_are_read() -> None:
    acc = sl.accumulate(["mae", "huber:delta=0.5"], [1.0, 2.0], [2.0, 4.5], [1.0, 3.0])
    header, integers = states.parts(acc.to_bytes())
    assert header.pop("written_by") == sl.__version__
    early = states.written(header, integers)
    assert sl.Accumulator.from_bytes(early) == acc
    assert sl.Accumulator.from_bytes(early).to_bytes() == acc.to_bytes()


def define(default: float) -> Any:
    """Define a named loss anew, with another default."""

    @sl.loss("scaled_by_default")
    class ScaledByDefault(NamedTuple):
        scale: float = default

        def point(self, y_true: Any, y_pred: Any) -> Any:
            return self.scale * abs(y_true - y_pred)

    return ScaledByDefault


@pytest.mark.parametrize("spec", ["scaled_by_default", "scaled_by_default:scale=1"])
def test_saved_parameters_decide_over_defaults(spec: str) -> None:
    define(1.0)
    acc = sl.accumulate([spec, "mae"], [0.0], [2.0])
    data = acc.to_bytes()
    define(3.0)
    for found in (sl.Accumulator.from_bytes(data), acc.copy(), acc + acc - acc):
        assert found.losses[0].scale == 1.0
        assert next(iter(found.result().values())) == 2.0
    kept = "scale=1" in spec
    assert (spec in sl.Accumulator.from_bytes(data).result()) == kept
    header, integers = states.parts(data)
    other = header | {"specs": ["scaled_by_default:scale=2", "mae"]}
    with pytest.raises(ValueError, match="cannot be spelled"):
        sl.Accumulator.from_bytes(states.written(other, integers))


# Counts


@pytest.mark.parametrize("shape", [(2,), (2, 3)])
def test_counts_are_right_or_refused(shape: tuple[int, ...]) -> None:
    acc = sl.accumulate("mae", np.ones(shape), np.zeros(shape), axis=0)
    for k in range(61):
        acc.merge(acc)
        assert acc.counts["elements"] == int(np.prod(shape)) << (k + 1)
    before = acc.to_bytes()
    with pytest.raises(ValueError, match="at most"):
        acc.merge(acc)
    assert acc.to_bytes() == before
    assert sl.Accumulator.from_bytes(before) == acc


def test_sums_larger_than_any_are_refused() -> None:
    acc = sl.accumulate("value", [1e308]) - sl.accumulate("value", [1.0])

    def double() -> None:
        for _ in range(300):
            acc.merge(acc)

    with pytest.raises(ValueError, match="larger than that of any data"):
        double()


# What is no array, and views of more than there is


class Interface:
    """Has something in the place of an interface."""

    def __init__(self, interface: Any) -> None:
        self.__cuda_array_interface__ = interface


@pytest.mark.parametrize("value", [MagicMock(), Interface(5), Interface({"shape": 3})])
def test_what_only_pretends_to_be_an_array_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="y_true must"):
        sl.evaluate("mae", value, [1.0])


def view(*shape: int) -> np.ndarray:
    return np.broadcast_to(np.float64(1.0), shape)


def test_work_is_bounded_by_the_data() -> None:
    nothing = np.empty((10**12, 0))
    assert np.isnan(sl.evaluate("mae", nothing, nothing))
    assert sl.evaluate("mae", nothing, nothing, axis=0).shape == (0,)
    with pytest.raises(ValueError, match="fit the memory"):
        sl.evaluate("mae", view(10**15), view(10**15), axis=())
    with pytest.raises(ValueError, match="rows must have elements"):
        sl.evaluate("cross_entropy", np.broadcast_to(np.int64(0), (10**12,)), nothing)


# What lives


@pytest.mark.small
def test_a_loss_class_made_anew_each_time_is_not_kept() -> None:
    import gc

    def made() -> Any:
        @sl.loss
        class Passing(NamedTuple):
            def point(self, y_true: Any, y_pred: Any) -> Any:
                return abs(y_true - y_pred)

        assert sl.evaluate([Passing(), "mae"], [1.0], [2.0])[Passing()] == 1.0
        return weakref.ref(Passing)

    references = [made() for _ in range(5)]
    gc.collect()
    assert [reference() for reference in references] == [None] * 5


# numba's settings

SETTINGS = ["DEBUGINFO=1", "BOUNDSCHECK=1", "OPT=0", "DUMP_IR=1", "DISABLE_JIT=1", "ENABLE_AVX=0"]


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_of_numba_change_no_bit(setting: str, tmp_path: Path) -> None:
    script = (
        "import numpy as np, streamloss as sl\n"
        "y, p = np.random.default_rng(0).standard_normal((2, 3000))\n"
        "print(sl.evaluate('log_cosh', y, p, reduction='none').tobytes() == bytes.fromhex("
        "open(__import__('sys').argv[1]).read()))"
    )
    y, p = np.random.default_rng(0).standard_normal((2, 3000))
    want = tmp_path / "want"
    want.write_text(sl.evaluate("log_cosh", y, p, reduction="none").tobytes().hex())
    name, _, value = setting.partition("=")
    cache = tempfile.mkdtemp(dir=tmp_path)
    code, out, err = run(script, str(want), STREAMLOSS_CACHE_DIR=cache, **{f"NUMBA_{name}": value})
    assert (code, out) == (0, "True"), err


@POSIX
def test_too_little_address_space_is_one_line() -> None:
    script = (
        "import numpy, resource, streamloss as sl\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 60_000_000,) * 2)\n"
        "try: sl.evaluate('mae', [1.0], [2.0])\n"
        "except OSError as error: print(error)"
    )
    if not Path("/proc/self/statm").exists():
        pytest.skip("it is not told here how much is used")
    code, out, _ = run(script)
    assert code == 0
    assert out.startswith("libraries must have 600 MB of address space")
    assert len(out) < 400


def test_interrupts_are_those_of_python_again_after_the_command_line() -> None:
    from streamloss.cli import main

    assert main(["losses"]) == 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
