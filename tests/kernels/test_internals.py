"""Another version of numba costs time, never a bit: each private name missing, or changed."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest

import streamloss as sl
from streamloss.kernels import dispatch, internals, trial
from tests.kernels import altered
from tests.kernels.altered import ALTERATIONS, EVERY
from tests.reference import bits, results, truths

PACKAGE = Path(sl.__file__).parent

fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="alterations are made in forks")


class Outcome(NamedTuple):
    """What came of an alteration."""

    lost: str
    warnings: list[str]
    numbers: dict[str, str]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What comes of each alteration, and of all."""
    script = "from tests.kernels import altered; altered.main()"
    done = subprocess.run(
        [sys.executable, "-c", script, *ALTERATIONS, "all"],
        env=os.environ | {"STREAMLOSS_CACHE_DIR": str(tmp_path_factory.mktemp("altered"))},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: Outcome(*outcome) for name, *outcome in lines}


@pytest.fixture(scope="module")
def usual() -> dict[str, str]:
    return altered.table("more")


@fork
@pytest.mark.parametrize("name", [*ALTERATIONS, "all"])
def test_what_numba_lacks_costs_time_and_no_bit(
    name: str, outcomes: dict[str, Outcome], usual: dict[str, str]
) -> None:
    lost, warned, numbers = outcomes[name]
    expected = EVERY if name == "all" else ALTERATIONS[name][0]
    assert lost == expected or sorted(lost.split()) == sorted(expected.split())
    assert numbers
    assert numbers.items() <= usual.items()
    assert len(warned) == bool(lost)
    for text in warned:
        assert text.startswith("streamloss is slower with numba 0.99.0: ")
        assert len(text.splitlines()) == 1


@fork
def test_the_warning_names_what_is_missing(outcomes: dict[str, Outcome]) -> None:
    missing = {
        "library": "compiling takes twice as long (AttributeError: JITCodeLibrary is gone)",
        "module of memory": "partial sums are on the heap (ModuleNotFoundError: No module named",
        "counting": "kernels count references",
        "compiling": "each process compiles (AttributeError: _compile_for_args is gone)",
    }
    for name, text in missing.items():
        assert text in outcomes[name].warnings[0]


def test_the_usual_numbers_are_exact(usual: dict[str, str]) -> None:
    y, p, w = altered.batch()
    with np.errstate(over="ignore"):
        narrow = [array.astype("f4") for array in (y, p, w)]
    for name, (a, b, weights) in {"wide": (y, p, w), "narrow": narrow}.items():
        error = b.astype("f8") - a.astype("f8")
        losses = np.where(error >= 0.0, error, -3.0 * error)
        found = sl.Accumulator.from_bytes(bytes.fromhex(usual[name]))
        assert bits(results(found)) == bits(truths(losses, weights))


def test_this_version_has_all_that_is_used() -> None:
    assert internals.lost == {}
    assert internals.is_tested(), "if all tests pass, it is: name it in kernels.versions"


def test_a_version_that_works_is_tried_out_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba, "__version__", "0.99.0")
    monkeypatch.setenv("STREAMLOSS_CACHE_DIR", str(tmp_path))
    tried: list[Any] = []
    fault = trial._fault
    monkeypatch.setattr(trial, "_fault", lambda parts: tried.append(parts) or fault(parts))
    for _ in range(2):
        trial.hold.__wrapped__()
    assert tried == [set(internals.PARTS)]
    assert [path.suffix for path in tmp_path.iterdir()] == [".trial"]


def test_it_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "_warned", set())
    monkeypatch.setitem(internals.lost, "vectors", "KeyError: 512")
    with pytest.warns(RuntimeWarning, match=r"loops have narrower vectors \(KeyError: 512\)"):
        dispatch._warn()
    dispatch._warn()


@sl.loss
class Faulty(NamedTuple):
    def point(self, y_true: Any, y_pred: Any) -> Any:
        return y_true.no_such_method(y_pred)


def test_a_faulty_loss_is_still_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba, "__version__", "0.99.0")
    with pytest.raises(TypeError, match=r"^point of Faulty cannot be compiled: .*no_such_method"):
        sl.evaluate(Faulty(), [1.0], [2.0])


OF_TESTED_VERSIONS = "builder.py", "loader.py", "templates.py"
"""What is used in tested versions alone, and so may use private names."""


def test_private_names_are_in_one_file() -> None:
    for path in [*PACKAGE.glob("kernels/*.py"), *PACKAGE.glob("run/gpu/*.py")]:
        if path.name not in ("internals.py", *OF_TESTED_VERSIONS):
            assert private_names(ast.parse(path.read_text())) == [], path


TUPLES = "_fields", "_replace", "_asdict"
"""What any NamedTuple has."""


def private_names(tree: ast.Module) -> list[str]:
    """Return the modules and attributes that numba and llvmlite do not document."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [getattr(node, "module", None) or "", *[alias.name for alias in node.names]]
            found += [n for n in names if n.startswith(("numba.core", "numba.np", "llvmlite."))]
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            ours = ast.unparse(node.value) in ("self", "cls", "sys") or node.attr in TUPLES
            found += [] if ours or node.attr.startswith("__") else [node.attr]
    return found
