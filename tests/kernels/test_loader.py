"""Kernels as object files: what they are, who loads them, and what happens where nobody can."""

import ctypes
import functools
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import streamloss as sl
from streamloss.kernels import builder, cpu, loader, templates, vectors
from streamloss.kernels.blocks import Kind
from streamloss.kernels.fold import fold_cells, make_workspace
from streamloss.kernels.loader import CannotLoad
from streamloss.kernels.switches import NARROW, SIFT, WIDE

pytestmark = pytest.mark.skipif(not loader.is_usable(), reason="object files are not loaded here")

EVERYTHING = """
import itertools, json, sys
import numpy as np
import streamloss as sl
from tests.kernels.processes import Sine

def numbers():
    rng = np.random.default_rng(70)
    y, p, w = rng.normal(size=(3, 5000))
    y[7], w[9] = np.nan, 0.0
    keep = rng.random(5000) < 0.9
    rows, labels = rng.normal(size=(400, 5)), rng.integers(0, 5, 400)
    yield sl.evaluate("mae", y, p, w, reduction="none")
    yield sl.evaluate("tweedie_deviance:power=1.5", abs(y), abs(p) + 1)
    for kind in ("f4", "f8"):
        a, b, c = (x.astype(kind) for x in (y, p, w))
        yield sl.accumulate("cross_entropy", labels, rows.astype(kind))
        yield sl.accumulate(Sine(2.0), a, b)
        yield sl.accumulate("mse", a[::2], b[::2], axis=None)
        for nan in ("propagate", "omit"):
            yield sl.accumulate(["mae", "huber"], a, b, c, where=keep, nan=nan)
            yield sl.accumulate("log_cosh", a.reshape(50, 100), b.reshape(50, 100), nan=nan)

def text(found):
    data = found.to_bytes() if isinstance(found, sl.Accumulator) else np.float64(found).tobytes()
    return data.hex()

if __name__ == "__main__":
    texts = list(map(text, itertools.islice(numbers(), int(sys.argv[1]))))
    print(json.dumps([texts, "numba" in sys.modules, "llvmlite" in sys.modules]))
"""

ALL, SOME = 16, 5
"""How many numbers there are, and how many of them need the main kinds of kernels."""


@sl.loss
class Limited(NamedTuple):
    """A loss of a user that may raise an exception."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        if y_true > 100.0:
            raise ValueError("that is too much")
        return abs(y_pred - y_true)


def run(cache: Path, before: str = "", count: int = ALL, **env: str) -> list[Any]:
    """Return what a process prints that computes so many numbers, and what it has imported."""
    script = before + EVERYTHING
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(count)],
        env=os.environ | {"STREAMLOSS_CACHE_DIR": str(cache)} | env,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    printed: list[Any] = json.loads(done.stdout)
    return printed


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder with all kernels that are needed, and the numbers."""
    cache = tmp_path_factory.mktemp("objects")
    numbers, numba, _ = run(cache)
    assert numba
    return cache, numbers


# Without numba


def test_a_warm_process_never_imports_numba(warm: tuple[Path, list[str]]) -> None:
    cache, numbers = warm
    assert run(cache) == [numbers, False, False]


@pytest.fixture(scope="module")
def kept_by_numba(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what is kept where object files are not loaded."""
    return tmp_path_factory.mktemp("numba")


UNUSABLE = {
    "untried platform": "import sys; import streamloss.kernels.loader; sys.platform = 'plan9'\n",
    "untested version": "from streamloss.kernels import versions\n"
    "versions.TESTED = {'llvmlite': '0.1.'}\n",
    "library without a function": "from streamloss.kernels import loader\n"
    "loader._FUNCTIONS += (('NoSuchFunction', None, ()),)\n",
    "objects of other layout": "from streamloss.kernels import loader\nloader.SHAPE += 8\n",
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_numba_does_it_elsewhere_with_the_same_bits(
    case: str, warm: tuple[Path, list[str]], kept_by_numba: Path
) -> None:
    numbers, numba, _ = run(kept_by_numba, UNUSABLE[case], SOME)
    assert numbers == warm[1][:SOME]
    assert numba


# What is loaded


def arguments(dtype: str = "f4", weighted: bool = True, size: int = 100) -> tuple[Any, ...]:
    """Return what `fold_cells` takes of one loss."""
    rng = np.random.default_rng(71)
    y, p, w = rng.normal(size=(3, size)).astype(dtype)
    sums, counts = np.zeros((1, 2, 73), np.int64), np.zeros((1, 5), np.int64)
    width = NARROW if dtype == "f4" else WIDE
    weights = w if weighted else None
    return (sl.Huber(0.5),), (y, p), weights, sums, counts, 3, make_workspace(1), width, SIFT


@pytest.fixture(scope="module")
def built() -> Any:
    return builder.build(fold_cells, arguments())


def test_an_object_file_calls_functions_of_c_and_python_alone(built: Any) -> None:
    assert set(built[1]) <= loader.KNOWN
    assert "PyEval_SaveThread" in built[1]


def test_a_name_that_is_not_known_is_refused_before_it_is_loaded(built: Any) -> None:
    code, needs = built
    with pytest.raises(CannotLoad, match=r"^numba_unpickle is no function of C or Python$"):
        loader.load(code, (*needs, "numba_unpickle"), print)
    with pytest.raises(CannotLoad, match="LLVM takes it for no object file"):
        loader.load(b"no object file", (), print)
    with pytest.raises(CannotLoad, match="not portable"):
        loader.load(b"", (), print)


WRONG: dict[str, Callable[[list[Any]], Any]] = {
    "dtype": lambda a: (1, (a[1][0].astype("f8"), a[1][1])),
    "byte order": lambda a: (1, (a[1][0].astype(">f4"), a[1][1])),
    "rank": lambda a: (1, (a[1][0].reshape(10, 10), a[1][1])),
    "strides": lambda a: (1, (np.repeat(a[1][0], 2)[::2], a[1][1])),
    "number of inputs": lambda a: (1, (*a[1], a[1][0])),
    "parameter": lambda a: (0, (tuple.__new__(sl.Huber, ["half"]),)),
    "rows": lambda a: (5, "three"),
    "sums": lambda a: (3, a[3].astype("f8")),
}


@pytest.mark.parametrize("case", WRONG)
def test_arguments_of_other_types_are_not_read(case: str, built: Any) -> None:
    calls: list[Any] = []
    function = loader.load(*built, lambda *given: calls.append(given) or "otherwise")
    given = list(arguments())
    place, value = WRONG[case](given)
    before = given[4].copy()
    given[place] = value
    assert function(*given) == "otherwise"
    assert len(calls) == 1
    assert all(a is b for a, b in zip(calls[0], given, strict=True))
    assert (before == given[4]).all()
    assert function(*given[:-1]) == "otherwise"


def test_parameters_may_be_any_number(built: Any) -> None:
    function = loader.load(*built, pytest.fail)
    found = []
    for loss in (sl.Huber(2.0), tuple.__new__(sl.Huber, [2]), tuple.__new__(sl.Huber, [-1.0])):
        given = list(arguments())
        given[0] = (loss,)
        function(*given)
        found.append(given[3].tobytes())
    assert found[0] == found[1] != found[2]


def test_functions_are_called_in_many_threads_and_in_forks(built: Any) -> None:
    function = loader.load(*built, pytest.fail)
    sums: list[bytes] = []

    def work() -> None:
        for _ in range(50):
            given = arguments(size=5000)
            function(*given)
            sums.append(given[3].tobytes())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sums) == 200
    assert len(set(sums)) == 1
    if hasattr(os, "fork"):
        child = os.fork()
        if child == 0:
            work()
            again = loader.load(*built, pytest.fail)
            given = arguments(size=5000)
            again(*given)
            os._exit(len({*sums, given[3].tobytes()}) != 1)
        assert os.waitpid(child, 0)[1] == 0


def test_a_loss_may_raise_and_is_portable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STREAMLOSS_CACHE_DIR", str(tmp_path))
    y = np.zeros(5000)
    metric = sl.Accumulator(Limited())
    metric.update(y, y + 1.0)
    before = metric.to_bytes()
    y[4000] = 101.0
    with pytest.raises(ValueError, match="that is too much"):
        metric.update(y, y + 1.0)
    assert metric.to_bytes() == before
    assert cpu.ObjectFile(fold_cells, (Limited,), kinds_of(Limited())).found().code  # type: ignore[union-attr]


def kinds_of(loss: Any) -> str:
    y = np.zeros(9)
    return cpu.kinds(((loss,), (y, y), None, *arguments("f8")[3:]))


GAMMA = """
import math, sys
import numpy as np, streamloss as sl
from typing import NamedTuple

@sl.loss
class Gamma(NamedTuple):
    def point(self, y_true, y_pred):
        return math.gamma(y_pred - y_true)  # which numba has of its own

print(sl.evaluate(Gamma(), np.zeros(5000), np.full(5000, 4.0)))
print("streamloss.kernels.builder" in sys.modules)
"""


def test_what_is_not_portable_is_noted_and_left_to_numba(tmp_path: Path) -> None:
    for built in ("True", "False"):
        printed = subprocess.check_output(
            [sys.executable, "-W", "error", "-c", GAMMA],
            env=os.environ | {"STREAMLOSS_CACHE_DIR": str(tmp_path)},
            cwd=Path(__file__).parents[2],
            text=True,
        )
        assert printed.split() == ["6.0", built]


# Vectors and prefetches, in machine code for CPUs that may not be at hand

CPUS = {
    "znver4": ("+avx512f,+avx512vl,+avx512dq,+avx512bw,+avx2,+fma,+clzero", 512, False),
    "skylake-avx512": ("+avx512f,+avx512vl,+avx512dq,+avx512bw,+avx2,+fma", 512, True),
    "haswell": ("+avx2,+fma,+bmi,+bmi2", 256, False),
    "x86-64": ("", 128, False),
}
"""Features, the bits of vectors, and whether loops prefetch."""


@functools.cache
def template(dtype: str) -> str:
    """Return the template of a weighted loss, which is the same for all CPUs."""
    return templates.template(kind_of(dtype))


def kind_of(dtype: str) -> Kind:
    return Kind(2, NARROW if dtype == "f4" else WIDE, True, False, SIFT)


def code_for(name: str, dtype: str, alone: bool) -> bytes:
    """Return the object code of a weighted loss for a CPU, alone or with the loops over blocks."""
    here = loader.processor()
    loader.processor.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        if name != "here":
            patch.setenv("NUMBA_CPU_NAME", name)
            patch.setenv("NUMBA_CPU_FEATURES", CPUS[name][0])
        if alone:
            code, _ = templates.build(sl.Huber, kind_of(dtype), template(dtype))  # type: ignore[arg-type]
        else:
            code, _ = builder.build(fold_cells, arguments(dtype))
    loader.processor.cache_clear()
    assert loader.processor() == here
    return code


def counted(code: bytes, tmp_path: Path) -> dict[str, int]:
    """Return how many instructions have vectors of each size, and how many prefetch."""
    path = tmp_path / "kernel.o"
    path.write_bytes(code)
    lines = subprocess.check_output(["objdump", "-d", path], text=True).splitlines()
    found = {size: sum(f"%{size}" in line for line in lines) for size in ("xmm", "ymm", "zmm")}
    return found | {"prefetch": sum("prefetch" in line for line in lines)}


@pytest.mark.skipif(not shutil.which("objdump"), reason="needs objdump")
@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", CPUS)
def test_machine_code_has_the_widest_vectors_and_prefetches_that_pay(
    name: str, dtype: str, alone: bool, tmp_path: Path
) -> None:
    _, bits, prefetches = CPUS[name]
    found = counted(code_for(name, dtype, alone), tmp_path)
    assert (found["zmm"] > 100) == (bits == 512)
    assert (found["ymm"] > 100) >= (bits == 256)
    assert bits > 128 or found["ymm"] == 0
    assert (found["prefetch"] > 5) == prefetches


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_vectors_and_prefetches_change_no_bit(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for wide, ahead in ((True, 0), (True, 2048), (False, 0), (False, 64)):
        monkeypatch.undo()
        monkeypatch.setattr(vectors, "ahead", lambda here, ahead=ahead: ahead)
        if not wide:
            monkeypatch.setattr(vectors, "widened", lambda module, here: module)
        function = loader.load(*builder.build(fold_cells, arguments(dtype)), pytest.fail)
        given = arguments(dtype, size=30011)
        function(*given)
        found.append(given[3].tobytes() + given[4].tobytes())
    assert len(set(found)) == 1


def test_what_python_keeps_where_is_as_expected() -> None:
    array = np.zeros((3, 5))
    at = id(array) + loader.SHAPE
    assert ctypes.c_int64.from_address(ctypes.c_int64.from_address(at).value + 8).value == 5
