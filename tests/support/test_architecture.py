"""The shape of the package: imports go down the folders that its page of architecture lists."""

import ast
import functools
import subprocess
import sys
import types
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import streamloss as sl

ROOT = Path(sl.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "internals" / "architecture.md"

PUBLIC = "*.py"
"""What the page calls the modules that are in no folder."""


def layers() -> list[str]:
    """The folders that the page lists, from top to bottom."""
    lines = PAGE.read_text().split("```\nstreamloss/\n")[1].split("```")[0].splitlines()
    return [line.split()[0].rstrip("/") for line in lines]


LAYERS = layers()


def name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "streamloss"


MODULES = {name(path): path for path in sorted(ROOT.rglob("*.py"))}
"""The path of every module by its name in the package."""


def folder(module: str) -> str:
    """The folder that a module is in."""
    if module == "__main__":  # which is the command line
        return "cli"
    first, *rest = MODULES[module].relative_to(ROOT).parts
    return first if rest else PUBLIC


@functools.cache
def imports(module: str) -> tuple[str, ...]:
    """The full names of all that a module imports, wherever in it."""
    path, found = MODULES[module], []
    package = ("streamloss", *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join((*base, *filter(None, [node.module])))
            found += [f"{start}.{alias.name}" for alias in node.names]
    return tuple(found)


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


def test_the_imports_are_found() -> None:
    assert "exact.state" in imported_modules("accumulator")
    assert "run.cpu" in imported_modules("run.choose")
    assert "kernels.builder" in importers("numba")
    assert importers("num") == []


def test_the_page_lists_the_folders() -> None:
    assert sorted(LAYERS) == sorted({folder(module) for module in MODULES})


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module: str) -> None:
    own = LAYERS.index(folder(module))
    for other in imported_modules(module):
        below = LAYERS.index(folder(other)) >= own
        assert below or other == "streamloss", other  # whose version anyone may ask for


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


HEAVY = {
    "numba": ["kernels", "run/gpu"],
    "llvmlite": ["kernels"],
    "numba.cuda": ["kernels/gpu"],
    "dask": ["run/lazy"],
    "distributed": ["run/cluster"],
    "pyarrow": ["files/formats", "files/frames"],
    "click": ["cli"],
    "rich": ["cli"],
    "pandas": [],
    "polars": [],
    "xarray": ["arrays/named"],
    "torch": ["run/gpu"],
    "cupy": ["run/gpu"],
}
"""Where a library may be imported; the importing functions of the command line's are few."""


@pytest.mark.parametrize("library", HEAVY)
def test_heavy_libraries_are_imported_where_they_belong(library: str) -> None:
    for module in importers(library):
        place = MODULES[module].relative_to(ROOT).as_posix()
        assert place.startswith(tuple(HEAVY[library])), module


@pytest.mark.parametrize("module", [m for m in MODULES if m.split(".")[0] == "losses"])
def test_losses_are_mathematics_alone(module: str) -> None:
    roots = {full.split(".")[0] for full in imports(module)}
    assert roots <= {*sys.stdlib_module_names, "streamloss"}
    assert {folder(m) for m in imported_modules(module)} <= {"losses", "support"}


def test_runners_do_not_import_each_other() -> None:
    runners = {"run.direct", "run.python", "run.cpu", "run.gpu.batches"}
    assert runners <= set(MODULES)
    for module in runners:
        assert not imported_modules(module) & (runners - {module})


def test_all_names_what_is_public() -> None:
    members = [(name, getattr(sl, name)) for name in dir(sl)]
    public = {n for n, v in members if n[0] != "_" and not isinstance(v, types.ModuleType)}
    assert sorted(public) == sorted(sl.__all__)


LIBRARIES = (
    "{'numba', 'numba.cuda', 'llvmlite', 'dask', 'distributed', 'pyarrow', 'pandas', 'click',"
    " 'rich', 'torch'}"
)


def loaded(script: str) -> str:
    """Run a script in a new process and return which heavy libraries it has loaded."""
    script = f"import sys\n{script}\nprint(sorted(set(sys.modules) & {LIBRARIES}))"
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
