"""The key of a compiled kernel: it covers what machine code depends on, and nothing else.

No edit here is compiled: processes that have imported copies of the package print their keys.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import streamloss as sl
from streamloss.kernels import fold, key, maps
from streamloss.losses.names import LOSSES
from streamloss.metrics import base

PACKAGE = Path(sl.__file__).parent

USED = "absolute_error", "hinge", "gamma_deviance", "softmax_cross_entropy"
ALL, EXP = set(USED), {"softmax_cross_entropy"}


class Edit(NamedTuple):
    """What a file of the package has in place of some text, or has at its end."""

    file: str
    old: str
    new: str
    changes: Any = frozenset()
    """The losses whose keys change."""
    sums_alone: bool = False
    """Whether so do the keys of kernels that sum, and not those of all that map."""


def appended(file: str) -> Edit:
    return Edit(file, "", "\nEDITED = True\n")


COUNTED = '"""Return how many weights are not zero, NaN included."""'
NEW = "def new(x):\n    return x\n\n"
FIELDS = "    binary: Share = 0.0\n    more: Share = 0.0"
LESS = "FORMULAS = tuple(f for f in FORMULAS if f is not deviance)\n"

EDITS = {
    "command line": appended("cli/clock.py"),
    "interfaces": appended("compat/_common/sums.py"),
    "files": appended("files/columns.py"),
    "runners": appended("run/cpu.py"),
    "arrays": appended("arrays/convert.py"),
    "api": appended("api.py"),
    "accumulator": appended("accumulator.py"),
    "folder of kernels": appended("kernels/private.py"),
    "GPU": appended("kernels/gpu.py"),
    "trial": appended("kernels/trial.py"),
    "states": appended("exact/state.py"),
    "whole rows": Edit("exact/digits.py", "high = min(high + 1, LIMBS)", "high = LIMBS"),
    "comment in a body": Edit("kernels/terms.py", "b1 = bits(m1)\n", "b1 = bits(m1)  # so\n\n"),
    "docstring of a body": Edit("kernels/terms.py", "Count the terms that", "Find the terms that"),
    "no docstring": Edit("kernels/terms.py", f"    {COUNTED}\n", ""),
    "docstring of a meaning": Edit(
        "kernels/meanings.py", "def _sqrt(x):", "def _sqrt(x):\n    'x'"
    ),
    "docstring of a compiler": Edit("kernels/internals.py", "Leave out passes.", "Skip passes."),
    "comment in a formula": Edit("losses/formulas.py", "  # m may be -0.0", ""),
    "docstring of a formula": Edit("losses/formulas.py", "Return x log(x / m) - x", "Return"),
    "formula of others": Edit("losses/formulas.py", "loss.gamma)", "1.0)"),
    "new formula": Edit("losses/formulas.py", "FORMULAS = (", f"{NEW}FORMULAS = (\n    new,"),
    "another loss": Edit("losses/regression.py", "(error - 0.5 * least)", "(error - least)"),
    "loss": Edit("losses/binary.py", "larger(1.0 - product", "larger(2.0 - product", {"hinge"}),
    "parameter": Edit("losses/binary.py", "    binary: Share = 0.0\n", f"{FIELDS}\n", {"hinge"}),
    "formula": Edit("losses/formulas.py", "NEAR = 0.25", "NEAR = 0.125", {"gamma_deviance"}),
    "rare": Edit("losses/formulas.py", "RARE = (", f"{LESS}RARE = (deviance, ", {"gamma_deviance"}),
    "arithmetic": Edit("losses/arithmetic.py", "(x >= y) |", "(x > y) |", {"hinge"}),
    "library": Edit("losses/elementary.py", "(1.0 + (r + r2", "(1.0 + (0.0 + r + r2", EXP),
    "body": Edit("kernels/terms.py", "high |= bits(p) ^ b1", "high |= bits(p)", ALL),
    "element": Edit("kernels/elements.py", "return array[i]\n", "return array[i + 0]\n", ALL),
    "map": Edit("kernels/maps.py", "range(out.size)", "range(out.size - 1)", ALL),
    "meaning": Edit("kernels/meanings.py", "x: math.sqrt(x)", "x: -math.sqrt(x)", ALL),
    "its option": Edit("kernels/meanings.py", "elements.at, INLINE", "elements.at, FRAGMENT", ALL),
    "docstring of a switch": Edit("kernels/switches.py", "are all float32", "are float32"),
    "comment beside switches": Edit(
        "kernels/switches.py", "NARROW, WIDE =", "# so\nNARROW, WIDE ="
    ),
    "switch": Edit("kernels/switches.py", "= Narrow(), Wide()", "= Wide(), Narrow()", ALL),
    "fields of switches": Edit("kernels/switches.py", "_fields = ()", '_fields = ("x",)', ALL),
    "chosen by a switch": Edit("kernels/meanings.py", "is Multiply", "is Omit", ALL),
    "instruction": Edit("kernels/meanings.py", "4 if is_long", "2 if is_long", ALL),
    "vectors": Edit("kernels/internals.py", '-width"="512"', '-width"="256"', ALL),
    "its type": Edit(
        "kernels/meanings.py", "types.int64(types.float64)", "types.int32(types.float64)", ALL
    ),
    "its registration": Edit(
        "kernels/meanings.py", "lowered(digits.bits, types.float64)(reinterpreted)", "", ALL
    ),
    "partial sums": Edit("losses/arithmetic.py", "PARTIALS = 16", "PARTIALS = 8", EXP),
    "compiler": Edit("kernels/internals.py", "forceinline = True", "forceinline = False", ALL),
    "passes": Edit("kernels/internals.py", '    "InlineClosureLikes",\n', "", ALL),
    "options": Edit("kernels/internals.py", '_cfunc_wrapper": True', '_cfunc_wrapper": False', ALL),
    "options of kernels": Edit("kernels/internals.py", '"nogil": True, ', "", ALL),
    "settings": Edit("kernels/settings.py", '"BOUNDSCHECK": 0', '"BOUNDSCHECK": 1', ALL),
    "digits": Edit("exact/digits.py", "UNIT = -1074", "UNIT = -1073", ALL, True),
    "counts": Edit("exact/counts.py", "MISSING, MASKED, ROWS", "MISSING, ROWS, MASKED", ALL, True),
    "format": Edit("kernels/key.py", "FORMAT = 2", "FORMAT = 3", ALL),
    "builder": Edit("kernels/builder.py", "for level in (0, 3)", "for level in (3,)", ALL),
    "entry": Edit("kernels/loader.py", "HEAD + 16, HEAD + 40", "HEAD + 16, HEAD + 32", ALL),
    "prefetch": Edit("kernels/vectors.py", "AHEAD = 2048", "AHEAD = 4096", ALL),
    "docstring of a class": Edit(
        "kernels/builder.py", "Writes how machine code", "Writes how code"
    ),
    "numba's way": appended("kernels/dispatch.py"),
    "files of kernels": appended("kernels/cache.py"),
}

KEYS = """
import json, os, sys
import numba.extending, numba.np.arrayobj, numba.core.typed_passes, numba.core.serialize

def keys(path):
    sys.path.insert(0, path)
    from streamloss.kernels import cpu, fold, key, maps
    from streamloss.losses import LOSSES
    bodies = fold.fold_cells, maps.map_terms, maps.map_rows
    used = {name: LOSSES[name] for name in sys.argv[1].split(",")}
    digests = {n: [key.kernel_digest(body, (cls,)) for body in bodies] for n, cls in used.items()}
    return {name: [digest.hex() for digest in found] for name, found in digests.items()}

for path in sys.argv[2:]:
    child = os.fork()
    if child == 0:
        print(json.dumps(keys(path)), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, path
"""


def made(folder: Path, edit: Edit) -> Path:
    """Make an edited copy of the package."""
    shutil.copytree(PACKAGE, folder / "streamloss")
    path = folder / "streamloss" / edit.file
    source = path.read_text()
    assert edit.old in source
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
    path.write_text(source.replace(edit.old, edit.new) if edit.old else source + edit.new)
    return folder


def printed(*folders: Path, **env: str) -> list[dict[str, list[str]]]:
    """Return the keys of the kernels of some losses in copies of the package."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", KEYS, ",".join(USED), *map(str, folders)],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | env,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """The keys after each edit, and without one."""
    root = tmp_path_factory.mktemp("edited")
    none = Edit("api.py", "", "")
    folders = [made(root / str(k), edit) for k, edit in enumerate([none, *EDITS.values()])]
    return dict(zip(["none", *EDITS], printed(*folders), strict=True))


fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="copies are imported in forks")


@fork
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_changes_the_keys_of_what_depends_on_it(name: str, edited: Any) -> None:
    before, after = edited["none"], edited[name]
    changed = {loss for loss in USED if before[loss] != after[loss]}
    assert changed == set(EDITS[name].changes)
    for loss in changed:
        assert before[loss][0] != after[loss][0]
        assert EDITS[name].sums_alone or not set(before[loss]) & set(after[loss])


@fork
def test_keys_are_the_same_in_all_processes(edited: Any) -> None:
    root = PACKAGE.parent
    runs = [printed(root, PYTHONHASHSEED=str(seed)) for seed in (1, 2)]
    assert runs == [[edited["none"]]] * 2


def test_every_loss_has_a_key() -> None:
    single = [cls for cls in LOSSES.values() if not cls.combine]  # type: ignore[attr-defined]
    assert len(single) > 50
    for cls in [*single, base.Label, base.ErrorSquare]:
        for body in (fold.fold_cells, maps.map_terms, maps.map_rows):
            assert len(key.kernel_digest(body, (cls,))) == 32


def test_keys_do_not_depend_on_what_was_compiled_or_imported_before() -> None:
    def found() -> bytes:
        key.machinery_digest.cache_clear()
        return key.kernel_digest(maps.map_terms, (sl.Hinge,))

    before = found()
    sl.evaluate("hinge", [1.0], [2.0], reduction="none")
    importlib.import_module("streamloss.kernels.gpu")
    assert found() == before


UNCOVERED = """
import sys
import numpy as np
from numba.core import event
import streamloss as sl
from streamloss.kernels import cpu, digests, dispatch, key

covered, called = set(), {}
walk, compiles = digests.Walk.code, dispatch.compiled

def code(self, code):
    covered.add(code)
    return walk(self, code)

def see(frame, kind, _):
    called[id(frame.f_code)] = frame.f_code

def compiled(*arguments):
    with event.install_recorder("numba:compile") as events:
        sys.settrace(see)
        found = compiles(*arguments)
        sys.settrace(None)
    codes = [found.data["dispatcher"].py_func.__code__ for _, found in events.buffer]
    called.update((id(code), code) for code in codes)
    return found

digests.Walk.code, dispatch.compiled = code, compiled
key.machinery_digest.cache_clear()
sl.evaluate("binary_focal", *np.ones((3, 9)))
sl.evaluate("softmax_cross_entropy", np.ones((9, 3)), np.ones((9, 3)), reduction="none")

root = sl.__path__[0]
called = {code for code in called.values() if code.co_filename.startswith(root)}
print(len(called & covered))
for code in called - covered:
    print(code.co_filename[len(root) + 1:].replace("\\\\", "/"), code.co_qualname)
"""

KEEPS = *(f"kernels/{name}.py" for name in "dispatch cpu folds private".split()), "support/once.py"
"""Modules that call the compiler, or keep what it makes."""


def test_all_that_is_compiled_or_compiles_is_covered(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNCOVERED],
        env=os.environ | {"STREAMLOSS_CACHE_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    count, *others = done.stdout.splitlines()
    assert int(count) > 80
    assert [line for line in others if not line.startswith(KEEPS)] == []
