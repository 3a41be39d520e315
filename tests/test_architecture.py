"""The shape of the package: imports go down, heavy ones are lazy, and each is in one file."""

import ast
import subprocess
import sys
import types
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import streamloss as sl

ROOT = Path(sl.__file__).parent

LAYERS: tuple[set[str], ...] = (
    {
        "_brief",
        "_columns",
        "_counts",
        "_device",
        "_elementary",
        "_made_by",
        "_once",
        "_private",
        "_settings",
        "_switches",
    },
    {"_cache", "_convert", "_exact", "_generic", "_parts", "_registry", "_threads", "cli._text"},
    {"backends", "cli._interrupts", "cli._report", "files._foreign"},
    {"files._groups", "files._hive"},
    {"files._footer", "files._reading"},
    {"_inputs", "_terms", "losses", "reductions", "files._folders", "files._rows"},
    {"files._npy", "files._paths"},
    {"_loops", "_maps", "_named", "explanation", "files._arrays"},
    {"files._data", "files._parquet", "metrics"},
    {"_header", "backends._boxes", "files", "state"},
    {"_format", "_overloads", "backends.python"},
    {"backends._grid", "backends._kernels"},
    {"backends._launch", "backends._lines", "backends._stream", "backends.cpu"},
    {"backends.cuda"},
    {"backends.auto"},
    {"backends.dask"},
    {"accumulator"},
    {"cli._local", "cli._owned", "functional"},
    {"streamloss"},
    {"compat", "cli._checkpoint", "cli._cluster", "cli._warmup"},
    {"cli._job"},
    {"cli._commands"},
    {"cli"},
    {"__main__"},
)
"""Every module by its name in the package; it imports from the sets above its own alone.

A package that is named here stands for all its modules that are not.
"""


def name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "streamloss"


MODULES = {name(path): path for path in sorted(ROOT.rglob("*.py"))}


def imports(module: str) -> Iterator[str]:
    """Yield the full name of all that a module imports, wherever in it."""
    path = MODULES[module]
    package = ("streamloss", *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join((*base, *filter(None, [node.module])))
            yield from (f"{start}.{alias.name}" for alias in node.names)


def imported_modules(module: str) -> set[str]:
    """The modules of the package that a module imports."""
    found = set()
    for full in imports(module):
        parts = full.split(".")
        if parts[0] == "streamloss":
            names = (".".join(parts[1:stop]) for stop in range(len(parts), 1, -1))
            found.add(next((n for n in names if n in MODULES), "streamloss"))
    return found


def importers(library: str) -> list[str]:
    """The modules that import a library or a part of it."""
    return [m for m in MODULES if any(f"{i}.".startswith(f"{library}.") for i in imports(m))]


def level(module: str) -> int:
    """The layer of a module, or of the package it is in."""
    while module:
        for k, layer in enumerate(LAYERS):
            if module in layer:
                return k
        module = module.rpartition(".")[0]
    raise AssertionError("no layer has this module")


def test_every_name_in_a_layer_is_a_module_in_one_layer() -> None:
    named = [module for layer in LAYERS for module in layer]
    assert len(named) == len(set(named))
    assert set(named) <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module: str) -> None:
    own = level(module)
    for other in imported_modules(module):
        inside = level(other) == own and other.split(".")[0] == module.split(".")[0]
        assert level(other) < own or (inside and own in PACKAGES), other


PACKAGES = {level("losses.regression"), level("compat.tf1")}
"""The layers of packages whose modules import one another."""


def test_no_imports_go_round() -> None:
    graph = {module: imported_modules(module) - {module} for module in MODULES}
    assert set(TopologicalSorter(graph).static_order()) == set(MODULES)


def test_interfaces_of_frameworks_stand_alone() -> None:
    def framework(module: str) -> str:
        parts = module.split(".")
        return parts[1] if parts[0] == "compat" and len(parts) > 1 else ""

    for module in MODULES:
        others = {framework(m) for m in imported_modules(module)} - {framework(module), ""}
        assert all(name.startswith("_") for name in others) or not others, (module, others)


def test_the_imports_are_found() -> None:
    assert "state" in imported_modules("accumulator")
    assert "backends.cpu" in imported_modules("backends.auto")
    assert "_registry" in imported_modules("cli._job")
    assert "backends._kernels" in importers("numba")
    assert importers("num") == []


@pytest.mark.parametrize(
    "library",
    ["cupy", "numba_cuda", "dask", "distributed", "pyarrow", "rich", "pandas", "torch"],
)
def test_a_library_is_imported_in_one_file_at_most(library: str) -> None:
    assert len(importers(library)) <= 1


def test_one_module_imports_numbas_cuda() -> None:
    assert importers("numba.cuda") == ["backends._grid"]


def test_click_is_for_the_command_line() -> None:
    assert all(module.startswith("cli") for module in importers("click"))


@pytest.mark.parametrize("module", [m for m in MODULES if m.split(".")[0] == "losses"])
def test_losses_are_mathematics_alone(module: str) -> None:
    roots = {full.split(".")[0] for full in imports(module)}
    assert roots <= {"__future__", "typing", "streamloss"}
    modules = {m.split(".")[0] for m in imported_modules(module)}
    assert modules <= {"_generic", "_registry", "losses"}


def test_backends_do_not_import_each_other() -> None:
    backends = {m for m in MODULES if m.startswith("backends.") and not m.startswith("backends._")}
    assert {"backends.cpu", "backends.cuda"} <= backends
    for module in backends - {"backends.auto", "backends.dask"}:  # which choose among the others
        assert not imported_modules(module) & (backends - {module})


def test_all_names_what_is_public() -> None:
    members = vars(sl).items()
    public = {n for n, v in members if n[0] != "_" and not isinstance(v, types.ModuleType)}
    assert sorted(public) == sorted(sl.__all__)


HEAVY = (
    "{'numba', 'numba.cuda', 'llvmlite', 'dask', 'distributed', 'pyarrow', 'pandas', 'click',"
    " 'rich', 'torch'}"
)


def loaded(script: str) -> str:
    """Run a script in a new process and return which heavy libraries it has loaded."""
    script = f"import sys\n{script}\nprint(sorted(set(sys.modules) & {HEAVY}))"
    return subprocess.check_output([sys.executable, "-c", script], text=True).strip()


def test_importing_loads_no_heavy_library() -> None:
    assert loaded("import streamloss") == "[]"


def test_evaluating_arrays_loads_numba_alone() -> None:
    script = "import streamloss as sl; sl.evaluate('mae', [1.0], [2.0])"
    assert loaded(script) in ("[]", "['llvmlite', 'numba']")


def test_states_can_be_merged_without_numba() -> None:
    data = sl.accumulate("mae", [1.0], [2.0]).to_bytes()
    script = f"import streamloss as sl; a = sl.Accumulator.from_bytes({data!r}); (a + a).result()"
    assert loaded(script) == "[]"
