"""Compiled kernels on disk: nothing compiled twice, no old number, no trouble from a bad folder.

Most tests use `reduction="none"`, whose kernel compiles in half a second instead of three.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import streamloss as sl

PACKAGE = Path(sl.__file__).parent

EVALUATE = """
import importlib, json, sys
from numba.core import event

def find(name):
    return getattr(importlib.import_module("mine"), name[5:])() if name[:5] == "mine." else name

with event.install_recorder("numba:compile") as compiled:
    import streamloss as sl
    reduction, *names = sys.argv[1:]
    values = [sl.evaluate(find(n), 1.0, 2.0, reduction=reduction) for n in names]
print(json.dumps([[float(value) for value in values], len(compiled.buffer) // 2]))
"""


class Run(NamedTuple):
    """What a process computed, and how many functions it compiled for that."""

    values: list[float]
    compiled: int


def evaluate(
    cache: Path, *names: str, reduction: str = "none", path: Path = PACKAGE.parent, **env: str
) -> Run:
    """Evaluate losses by name, `mine.Class` for those of a user, in a new process."""
    settings = {
        "STREAMLOSS_CACHE_DIR": str(cache),
        "PYTHONPATH": os.pathsep.join([str(path), str(PACKAGE.parent)]),
        "PYTHONDONTWRITEBYTECODE": "1",  # it would go by seconds whether a source is newer
    }
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", EVALUATE, reduction, *names],
        env=os.environ | settings | env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return Run(*json.loads(done.stdout))


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the kernels of two losses, not to be changed."""
    cache = tmp_path_factory.mktemp("warm") / "made" / "on demand"
    first = evaluate(cache, "mae", "huber")
    assert first.values == [1.0, 0.5]
    assert first.compiled > 0
    return cache


@pytest.fixture
def folder(warm: Path, tmp_path: Path) -> Path:
    """A warm folder of one's own."""
    return shutil.copytree(warm, tmp_path / "cache")


# Warm


def test_a_new_process_with_a_warm_cache_compiles_nothing(warm: Path) -> None:
    before = sorted(warm.iterdir())
    assert evaluate(warm, "mae", "huber") == Run([1.0, 0.5], 0)
    assert sorted(warm.iterdir()) == before


def test_sums_too_are_kept() -> None:
    usual = {"STREAMLOSS_CACHE_DIR": os.environ.get("STREAMLOSS_CACHE_DIR", "")}
    runs = [evaluate(Path(), "mae", reduction=r, **usual) for r in ("mean", "sum")]
    assert [run.values for run in runs] == [[1.0], [1.0]]
    assert runs[1].compiled == 0


def test_other_parameters_compile_nothing(warm: Path) -> None:
    assert evaluate(warm, "huber:delta=0.5", "huber:delta=0.25") == Run([0.375, 0.21875], 0)


def test_another_loss_is_compiled(folder: Path) -> None:
    assert evaluate(folder, "mse").compiled > 0
    assert evaluate(folder, "mse", "mae") == Run([1.0, 1.0], 0)


def test_kernels_of_another_processor_are_not_used(folder: Path) -> None:
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    assert evaluate(folder, "mae", **generic).compiled > 0
    assert evaluate(folder, "mae") == Run([1.0], 0)


def test_the_folder_is_in_the_users_cache_by_default(warm: Path, tmp_path: Path) -> None:
    shutil.copytree(warm, tmp_path / "streamloss")
    found = evaluate(Path(), "mae", STREAMLOSS_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path))
    assert found == Run([1.0], 0)
    shutil.copytree(warm, tmp_path / ".cache" / "streamloss")
    home = {"XDG_CACHE_HOME": "", "HOME": str(tmp_path)}
    assert evaluate(Path(), "mae", STREAMLOSS_CACHE_DIR="", **home) == Run([1.0], 0)


# Edited sources

SOURCES = {
    "constants.py": """
import numpy as np
NUMBER = {n}.0
ARRAY = np.array([0.0, {n}.0])
TUPLE = (0.0, {n}.0)
TEXT = "{n}"
""",
    "helpers.py": """
from numba import njit
from numba.extending import overload, register_jitable
@njit
def scale(x):
    return {n}.0 * x
@njit
def double(x):
    return {n}.0 * x
@register_jitable
def jitable(x):
    return {n}.0 * x
@njit
def default(x, factor={n}.0):
    return factor * x
@njit(fastmath={n} == 3)
def option(x):
    return 2.0 + ((x + 1e16) - 1e16)
def stub(x):
    raise NotImplementedError
@overload(stub)
def compiled_stub(x):
    return lambda x: {n}.0 * x
def make(factor):
    @njit
    def scale(x):
        return factor * x
    return scale
""",
    "middle.py": """
import helpers
from numba import njit
@njit
def through(x):
    return helpers.scale(x)
""",
    "shared.py": """
ONE = 1.0
NUMBER = {n}.0
""",
    "later.py": """
import shared
from numba import njit
@njit
def later(x):
    return shared.NUMBER * x
""",
    "deep/__init__.py": "",
    "deep/inner.py": """
from numba import njit
DEEP = {n}.0
@njit
def deeper(x):
    return {n}.0 * x
""",
    "mine.py": """
from typing import NamedTuple
import numpy as np
import streamloss as sl
import constants, deep.inner, helpers, shared
from helpers import scale
from later import later as then
from middle import through
FACTOR = {n}.0
TABLE = np.array([0.0, {n}.0])
PAIR = (0.0, {n}.0)
closure = helpers.make({n}.0)
""",
}
POINTS = {
    "Body": "{n}.0 * e",
    "GlobalNumber": "FACTOR * e",
    "GlobalArray": "TABLE[1] * e",
    "GlobalTuple": "PAIR[1] * e",
    "Helper": "scale(e)",
    "HelperOfModule": "helpers.double(e)",
    "HelperOfHelper": "through(e)",
    "Jitable": "helpers.jitable(e)",
    "DefaultArgument": "helpers.default(e)",
    "CompilerOption": "helpers.option(e)",
    "Overload": "helpers.stub(e)",
    "Closure": "closure(e)",
    "ModuleNumber": "constants.NUMBER * e",
    "ModuleArray": "constants.ARRAY[1] * e",
    "ModuleTuple": "constants.TUPLE[1] * e",
    "ModuleText": "(3.0 if constants.TEXT == '3' else 2.0) * e",
    "ModuleOfAHelperToo": "then(e) * shared.ONE",
    "SubmoduleNumber": "deep.inner.DEEP * e",
    "SubmoduleHelper": "deep.inner.deeper(e)",
}
LOSS = """
@sl.loss
class {name}(NamedTuple):
    def point(self, y_true, y_pred):
        e = y_pred - y_true
        return {point}
"""


def write(folder: Path, n: int) -> None:
    """Write a user's modules, in which every loss is n times the error."""
    losses = [LOSS.format(name=name, point=point) for name, point in POINTS.items()]
    sources = SOURCES | {"mine.py": SOURCES["mine.py"] + "".join(losses)}
    for name, source in sources.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(source.replace("{n}", str(n)))


def evaluate_all(user: Path, cache: Path) -> tuple[dict[str, float], int]:
    """Return what every loss of a user is, and how many functions were compiled for that."""
    halves = [list(POINTS)[k::2] for k in range(2)]
    with ThreadPoolExecutor(2) as pool:
        calls = [[f"mine.{name}" for name in half] for half in halves]
        runs = list(pool.map(lambda names: evaluate(cache, *names, path=user), calls))
    pairs = [
        pair for h, r in zip(halves, runs, strict=True) for pair in zip(h, r.values, strict=True)
    ]
    return dict(pairs), sum(run.compiled for run in runs)


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[dict[str, float], int]]:
    """The losses before an edit, after it, and after it was undone, on one cache."""
    user, cache = tmp_path_factory.mktemp("user"), tmp_path_factory.mktemp("cache")
    runs = []
    for n in (2, 3, 2):
        write(user, n)
        runs.append(evaluate_all(user, cache))
    return runs


@pytest.mark.parametrize("name", POINTS)
def test_an_edit_never_returns_an_old_number(name: str, edited: list[Any]) -> None:
    assert [values[name] for values, _ in edited] == [2.0, 3.0, 2.0]


MAIN = """
from typing import NamedTuple
import streamloss as sl
from numba.core import event

@sl.loss
class Mine(NamedTuple):
    def point(self, y_true, y_pred):
        return {n} * abs(y_true - y_pred)

with event.install_recorder("numba:compile") as compiled:
    print(sl.evaluate(Mine(), [1.0], [2.0], reduction="none")[0], len(compiled.buffer) > 0)
"""


def test_losses_of_a_script_are_kept_until_it_changes(tmp_path: Path) -> None:
    environment = os.environ | {"STREAMLOSS_CACHE_DIR": str(tmp_path / "cache")}
    printed = []
    for n in (2.0, 2.0, 3.0):
        (tmp_path / "script.py").write_text(MAIN.replace("{n}", str(n)))
        command = [sys.executable, tmp_path / "script.py"]
        printed.append(subprocess.check_output(command, env=environment, text=True).split())
    assert printed == [["2.0", "True"], ["2.0", "False"], ["3.0", "True"]]


def test_a_class_defined_again_in_one_process_is_new() -> None:
    for factor in (2.0, 3.0):
        names: dict[str, Any] = {"sl": sl, "NamedTuple": NamedTuple, "__name__": __name__}
        exec(LOSS.format(name="Again", point=f"{factor} * e"), names)
        assert sl.evaluate(names["Again"](), [1.0], [2.0], reduction="none").tolist() == [factor]


def edit(folder: Path, edits: dict[str, tuple[str, str]]) -> Path:
    """Make a copy of the package that has other text in some files, or more at their ends."""
    copy = shutil.copytree(
        PACKAGE, folder / "streamloss", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name, (old, new) in edits.items():
        source = (copy / name).read_text()
        assert source.count(old) == 1 or not old
        (copy / name).write_text(source.replace(old, new) if old else source + new)
    return folder


def test_an_edit_of_the_package_never_returns_an_old_number(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert evaluate(cache, "mae").values == [1.0]
    line = "return abs(y_pred - y_true)"
    path = edit(tmp_path, {"losses/regression.py": (line, line.replace("abs", "2.0 + abs"))})
    assert evaluate(cache, "mae", path=path).values == [3.0]


UNRELATED = {
    "cli/text.py": ("", "\n# a comment\n"),
    "compat/_engine.py": ("", "\nEDITED = True\n"),
    "files/columns.py": ("", "\nEDITED = True\n"),
    "run/cpu.py": ("", "\nEDITED = True\n"),
    "kernels/fold.py": ('"""The loop bodies:', '# a comment\n\n"""Loop bodies:'),
    "kernels/maps.py": ('    """Write the weighted loss', '    # a comment\n    """Write the loss'),
    "losses/formulas.py": ("NEAR = 0.25", "NEAR = 0.125"),
    "losses/regression.py": ("LOG2 = 0.6931471805599453", "LOG2 = 0.7"),
}


def test_an_edit_of_what_kernels_do_not_depend_on_compiles_nothing(
    warm: Path, tmp_path: Path
) -> None:
    path = edit(tmp_path, UNRELATED)
    assert evaluate(warm, "mae", "huber", path=path) == Run([1.0, 0.5], 0)


def test_an_edit_of_a_loss_leaves_the_kernels_of_others(folder: Path, tmp_path: Path) -> None:
    edits = {"losses/regression.py": ("(error - 0.5 * least)", "(error - 0.25 * least)")}
    path = edit(tmp_path, edits)
    assert evaluate(folder, "mae", path=path) == Run([1.0], 0)
    assert evaluate(folder, "huber", path=path).values == [0.75]
    assert evaluate(folder, "mae", "huber") == Run([1.0, 0.5], 0)


def test_an_edit_of_a_body_compiles_it_again(folder: Path, tmp_path: Path) -> None:
    written = "out[i] = keep("
    path = edit(tmp_path, {"kernels/maps.py": (written, f"{written}2.0 * ")})
    again = evaluate(folder, "mae", path=path)
    assert again.values == [2.0]
    assert again.compiled > 0


def test_losses_of_logarithms_are_kept(tmp_path: Path) -> None:
    assert evaluate(tmp_path, "log_cosh").compiled > 0
    assert evaluate(tmp_path, "log_cosh").compiled == 0


# Several processes


def test_processes_that_start_cold_at_once_all_succeed(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda k: evaluate(tmp_path, "mae"), range(4)))
    assert all(run.values == [1.0] for run in runs)
    assert any(run.compiled > 0 for run in runs)  # one that starts late may find it compiled
    assert evaluate(tmp_path, "mae") == Run([1.0], 0)
    assert {path.suffix for path in tmp_path.iterdir()} == {".kernel"}


def test_a_users_kernels_do_not_disturb_a_process_without_them(
    folder: Path, tmp_path: Path
) -> None:
    user = tmp_path / "user"
    user.mkdir()
    write(user, 2)
    assert evaluate(folder, "mine.Body", "mae", path=user).values == [2.0, 1.0]
    assert evaluate(folder, "mae", "huber") == Run([1.0, 0.5], 0)


# Bad folders


def under_a_file(path: Path) -> Path:
    path.write_text("not a folder")
    return path / "cache"


def a_file(path: Path) -> Path:
    path.write_text("not a folder")
    return path


BAD: dict[str, Callable[[Path], Path]] = {
    "under a file": under_a_file,
    "a file": a_file,
    "too long": lambda path: path / ("x" * 300),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_folder_that_cannot_be_used_costs_no_error(kind: str, tmp_path: Path) -> None:
    assert evaluate(BAD[kind](tmp_path / "it"), "mae").values == [1.0]


def overwrite(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "one byte more": lambda data: data + b"\0",
    "one bit": lambda data: overwrite(data, len(data) // 2),
    "zeros": lambda data: bytes(len(data)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_kernel_is_compiled_again(damage: str, folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    again = evaluate(folder, "mae")
    assert again.values == [1.0]
    assert again.compiled > 0
    assert evaluate(folder, "mae") == Run([1.0], 0)


def test_a_folder_in_the_place_of_a_kernel_costs_no_error(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
        path.mkdir()
    assert evaluate(folder, "mae").values == [1.0]


def test_files_of_others_do_no_harm(folder: Path) -> None:
    (folder / "notes.txt").write_text("hello")
    (folder / "sub").mkdir()
    assert evaluate(folder, "mae", "huber") == Run([1.0, 0.5], 0)
