"""What a new process imports: what it uses, and nothing else."""

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamloss as sl
from streamloss.losses.names import LOSSES

STANDARD = set(
    "argparse ast asyncio base64 concurrent.futures csv ctypes dataclasses decimal difflib email"
    " fnmatch fractions glob hashlib html inspect json locale logging multiprocessing pathlib"
    " pickle random secrets shutil socket ssl string subprocess tempfile traceback unittest"
    " urllib.parse uuid zipfile".split()
)
"""Parts of Python's library that `import streamloss` leaves to what needs them: 0.3 to 7 ms each of
a new process, where numpy does not import them itself."""

UNUSED = set(
    "asyncio base64 difflib email fnmatch fractions glob hashlib html multiprocessing numba pathlib"
    " pyarrow.compute pyarrow.csv pyarrow.dataset pyarrow.fs pyarrow.parquet random rich secrets"
    " shutil ssl subprocess tempfile unittest urllib.parse zipfile streamloss.exact.bytes"
    " streamloss.files.checkpoint streamloss.files.formats.arrays streamloss.run.cluster".split()
)
"""What `streamloss evaluate` uses for other files and options than a few rows of one Parquet file:
click and pyarrow import the rest of the library's parts above."""

OWN = """
from typing import NamedTuple

class Own(NamedTuple):
    def point(self, y_true, y_pred): return y_pred

"""
"""A user's loss."""

FAMILIES = {f"{p.__name__}.{name}" for p in (sl.losses, sl.metrics) for name in p._FAMILIES}
"""Modules of losses, which are imported when a loss is looked for."""


def imported(script: str) -> set[str]:
    """The modules that a new process imports for a script, beyond those that numpy needs."""
    code = f"import sys, numpy\nbefore = set(sys.modules)\n{script}\n"
    code += "print(*sorted(set(sys.modules) - before))"
    out = subprocess.check_output([sys.executable, "-c", code], text=True)
    return set(out.splitlines()[-1].split())


def test_importing_imports_what_it_uses() -> None:
    found = imported("import streamloss")
    assert found & STANDARD == set()
    assert found & FAMILIES == set()
    assert len(found) < 60


@pytest.mark.small
def test_a_first_small_result_imports_what_it_uses() -> None:
    found = imported("import streamloss as sl; sl.evaluate('mae', [1.0], [2.0], [3.0])")
    assert found & (STANDARD - {"ctypes"}) == set()
    assert not {"numpy.ma", "streamloss.files", "streamloss.kernels.cpu"} & found


@pytest.mark.small
def test_the_command_imports_what_it_uses(tmp_path: Path) -> None:
    path = str(tmp_path / "p.parquet")
    pq.write_table(pa.table({"y": [1.0, 2.0], "p": [1.5, 2.5], "w": [1.0, 3.0]}), path)
    names = ["--true", "y", "--pred", "p", "--weights", "w"]
    args = ["evaluate", path, *names, "--loss", "mae", "--json"]
    found = imported(f"from streamloss.cli import main; assert main({args!r}) == 0")
    assert {"click", "json", "pyarrow.lib", "streamloss.files.scanner"} <= found
    assert found & FAMILIES == {"streamloss.losses.regression"}
    assert found & UNUSED == set()


@pytest.mark.parametrize(
    ("script", "family"),
    [
        ("sl.evaluate('mae', [1.0], [2.0])", {"streamloss.losses.regression"}),
        ("sl.Huber(0.5)", {"streamloss.losses.regression"}),
        ("sl.losses.margins.MultiMargin()", {"streamloss.losses.margins"}),
        ("import streamloss.losses.margins", {"streamloss.losses.margins"}),
        ("from streamloss import *", FAMILIES),
        ("dir(sl)", FAMILIES),
        (f"{OWN}sl.loss(Own)", set()),
        (f"{OWN}sl.loss('own')(Own)", FAMILIES),  # whose name might be one of ours
        ("assert not hasattr(sl, '__path_of__') and not hasattr(sl, 'huber')", set()),
        ("assert not hasattr(sl, 'Hubert')", FAMILIES),
    ],
)
def test_losses_are_imported_when_one_is_looked_for(script: str, family: set[str]) -> None:
    assert imported(f"import streamloss as sl; {script}") & FAMILIES == family


@pytest.mark.parametrize("package", [sl.losses, sl.metrics])
def test_every_module_with_losses_is_a_family(package: object) -> None:
    name, root = package.__name__, Path(str(package.__file__)).parent  # type: ignore[attr-defined]
    found = {module.name for module in pkgutil.iter_modules([str(root)], f"{name}.")}
    defining = {cls.__module__ for cls in LOSSES.values() if cls.__module__ in found}
    named = re.findall(r"^@loss\(\s*\"", "".join(p.read_text() for p in root.glob("*.py")), re.M)
    assert len(named) == sum(cls.__module__ in found for cls in LOSSES.values())
    assert defining == {full for full in FAMILIES if full.startswith(name)}
    imports = re.findall(r"from \.(\w+) import \*", (root / "__init__.py").read_text())
    assert {f"{name}.{module}" for module in imports} == defining


def test_losses_are_listed_by_their_modules() -> None:
    modules = [cls.__module__ for cls in LOSSES.values() if cls.__module__ in FAMILIES]
    assert modules == sorted(modules)
