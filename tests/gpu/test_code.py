"""The code of GPUs keeps its rules, and the rules can be broken; it needs libnvvm, but no GPU."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numba import config, cuda, float64, int64

if config.ENABLE_CUDASIM:  # type: ignore[attr-defined]
    pytest.skip("numba's simulator compiles nothing", allow_module_level=True)

from streamloss.kernels import gpu
from streamloss.run.gpu import launch
from tests.gpu import code, toolkit
from tests.gpu.code import Case

needs_libnvvm = pytest.mark.skipif(not toolkit.has_libnvvm(), reason=toolkit.MISSING)


def ptx(body: Callable[..., None], *arguments: Any) -> str:
    return str(toolkit.compiled(body, arguments, "sm_90"))


@needs_libnvvm
def test_a_product_and_a_sum_are_one_unless_kept_apart() -> None:
    def together(x: Any, w: Any) -> None:
        x[0] = w[0] * x[0] + x[1]

    def apart(x: Any, w: Any) -> None:
        gpu.round_apart()
        x[0] = w[0] * x[0] + x[1]

    arrays = float64[:], float64[:]
    assert any("fma" in rule for rule in toolkit.broken(ptx(together, *arrays), False))
    assert toolkit.broken(ptx(apart, *arrays), False) == []


def test_no_linker_puts_together_what_the_compiler_kept_apart() -> None:
    settings = launch._kernel(gpu.fold_grid).targetoptions
    assert not settings.get("lto")
    if hasattr(gpu.extending, "overload"):  # numba-cuda's own choice would be to let it
        assert "lto" in settings


@needs_libnvvm
def test_sums_of_floats_are_found() -> None:
    def floats(x: Any) -> None:
        cuda.atomic.add(x, 0, 1.0)

    found = toolkit.broken(ptx(floats, float64[:]), True)
    assert any("floats" in rule for rule in found)
    assert any("no integer atomics" in rule for rule in found)
    assert toolkit.broken(ptx(floats, int64[:]).replace(".f64", ".u64"), True) == []


@needs_libnvvm
def test_a_weighted_loss_is_not_exact_unless_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "round_apart", nothing)
    found = code.look(Case("fold_grid", "absolute_error", "float32"))[2]
    assert any("mul.f64" in rule for rule in found)  # which ptxas may make one with a sum
    assert any("add.f64" in rule for rule in found)


@cuda.jit(device=True)  # type: ignore[untyped-decorator]
def nothing() -> None:
    """Set nothing."""


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("red.global.add.f32 [%rd1], %f1;", "floats"),
        ("@!%p3 atom.shared.add.f64 %fd1, [%rd1], %fd2;", "floats"),
        ("fma.rn.f64 %fd1, %fd2, %fd3, %fd4;", "fma.rn.f64"),
        ("mad.rn.f32 %f1, %f2, %f3, %f4;", "mad.rn.f32"),
        ("add.f64 %fd1, %fd2, %fd3;", "not rounded"),
        ("mul.rn.ftz.f32 %f1, %f2, %f3;", "not rounded"),
        ("rcp.approx.ftz.f64 %fd1, %fd2;", "not rounded"),
        ("div.full.f32 %f1, %f2, %f3;", "not rounded"),
        ("sqrt.approx.f32 %f1, %f2;", "not rounded"),
        ("call.uni (retval0), \n\tmalloc, \n\t(\n\tparam0\n\t);", "calls malloc"),
        ("mad.lo.s64 %rd1, %rd2, %rd3, %rd4;", None),
        ("div.rn.f64 %fd1, %fd2, %fd3;", None),
        ("setp.eq.f64 %p1, %fd1, %fd2;", None),
    ],
)
def test_each_rule(line: str, rule: str | None) -> None:
    atom = "\tatom.shared.add.u64 %rd9, [%rd8], %rd7;\n"
    found = toolkit.broken(f".visible .entry kernel(\n)\n{{\n\t{line}\n{atom}}}\n", True)
    assert (found == []) if rule is None else (len(found) == 1 and rule in found[0])


def test_figures_of_ptxas_are_read() -> None:
    said = (
        "    512 bytes stack frame, 8 bytes spill stores, 16 bytes spill loads\n"
        "ptxas info    : Used 152 registers, used 1 barriers, 42120 bytes smem\n"
    )
    assert toolkit.read(said) == toolkit.Code(registers=152, spilled=24, stack=512, shared=42120)


def test_without_libnvvm_one_line_says_what_to_install(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.gpu.code", "--quick"]
    environment = os.environ | {"CUDA_HOME": str(tmp_path)}
    said = subprocess.run(command, env=environment, capture_output=True, text=True)
    if "libnvvm" not in said.stderr:
        pytest.skip("this CUDA target finds libnvvm without CUDA_HOME")
    assert said.returncode == 1
    assert "pip install" in said.stderr.splitlines()[-1]
