"""Compiled kernels on disk: no old number after an edit, and nothing compiled for no reason."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import streamloss as sl
from tests.kernels.processes import PACKAGE, Run, evaluate

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
    lines = "return modulus(y_pred", "return 2.0 + modulus(y_pred"
    path = edit(tmp_path, {"losses/regression.py": lines})
    assert evaluate(cache, "mae", path=path).values == [3.0]


UNRELATED = {
    "cli/clock.py": ("", "\n# a comment\n"),
    "compat/_common/sums.py": ("", "\nEDITED = True\n"),
    "files/columns.py": ("", "\nEDITED = True\n"),
    "run/cpu.py": ("", "\nEDITED = True\n"),
    "kernels/fold.py": ('"""All elements of', '# a comment\n\n"""Elements of'),
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


def test_a_users_kernels_do_not_disturb_a_process_without_them(
    folder: Path, tmp_path: Path
) -> None:
    user = tmp_path / "user"
    user.mkdir()
    write(user, 2)
    assert evaluate(folder, "mine.Body", "mae", path=user).values == [2.0, 1.0]
    assert evaluate(folder, "mae", "huber") == Run([1.0, 0.5], 0)
