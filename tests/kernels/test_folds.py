"""Losses that are compiled once: templates, blocks of a loss, and tables that combine them."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import streamloss as sl
from streamloss.exact.state import State
from streamloss.kernels import blocks, cpu, fold, folds, loader, vectors
from streamloss.kernels.blocks import Kind, fold_alone
from streamloss.kernels.cache import ObjectFile, TemplateFile
from streamloss.kernels.switches import MULTIPLY, NARROW, OMIT, SIFT, WIDE
from streamloss.losses.base import Loss
from streamloss.losses.names import resolve
from streamloss.run import choose
from streamloss.run.direct import Direct

pytestmark = pytest.mark.skipif(not loader.is_usable(), reason="object files are not loaded here")

KIND = Kind(2, WIDE, True, False, SIFT)
SIZE = 5000


def arrays(dtype: str = "f8") -> Any:
    """Return y_true, y_pred and weights of three blocks, with what is hard to sum."""
    rng = np.random.default_rng(90)
    y, p, w = rng.random((3, SIZE)).astype(dtype)
    y[7], w[9], p[2100], w[2100], y[4000] = np.nan, 0.0, np.inf, 0.0, -0.0
    y[4200:4300] *= 1e6
    return y, p, w


def state(losses: Any, y: Any, p: Any, w: Any, rule: Any = SIFT, where: Any = None) -> State:
    """Return the state of losses, by the runner of batches in memory."""
    direct = Direct(losses, rule)
    taken = direct.take(y, p, w, where)
    assert taken is not None
    return direct.add(State.empty((), len(losses)), *taken)


# Combinations

COMBINE = """
import sys
import numpy as np
import streamloss as sl
from tests.kernels.test_folds import arrays
for text in sys.argv[1:]:
    print(sl.accumulate(text.split("+"), *arrays()).to_bytes().hex())
print("streamloss.kernels.builder" in sys.modules, "numba" in sys.modules)
"""


def combine(cache: Path, *texts: str) -> list[str]:
    """Return the sums of combinations in a new process, and whether it compiled."""
    return subprocess.check_output(
        [sys.executable, "-W", "error", "-c", COMBINE, *texts],
        env=os.environ | {"STREAMLOSS_CACHE_DIR": str(cache), "STREAMLOSS_SMALL_BATCH": "0"},
        cwd=Path(__file__).parents[2],
        text=True,
    ).splitlines()


def test_a_combination_of_known_losses_compiles_nothing(tmp_path: Path) -> None:
    names = "mae", "huber", "log_cosh"
    *alone, compiled = combine(tmp_path, *names)
    assert compiled == "True True"
    files = sorted(path.name for path in tmp_path.iterdir())
    assert len(files) == 1 + 1 + 3  # a template, a driver, and the block of each loss
    orders = ["+".join(some) for n in (2, 3) for some in itertools.permutations(names, n)]
    *found, compiled = combine(tmp_path, *names, *orders)
    assert compiled == "False False"
    assert found[:3] == alone
    assert sorted(path.name for path in tmp_path.iterdir()) == files


@pytest.mark.parametrize("where", [None, np.arange(SIZE) % 3 > 0])
@pytest.mark.parametrize("rule", [SIFT, OMIT, MULTIPLY])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_sums_do_not_depend_on_the_combination(dtype: str, rule: Any, where: Any) -> None:
    y, p, w = arrays(dtype)
    losses = sl.Huber(0.5), sl.AbsoluteError(), sl.Huber(0.25)
    for weights in (w, None):
        alone = [state((loss,), y, p, weights, rule, where) for loss in losses]
        assert (alone[0].sums[0, 0] != alone[2].sums[0, 0]).any()
        for order in itertools.permutations(range(3)):
            found = state(tuple([losses[k] for k in order]), y, p, weights, rule, where)
            for row, k in enumerate(order):
                assert (found.sums[0, row] == alone[k].sums[0, 0]).all()
            assert (found.sums[0, 3] == alone[0].sums[0, 1]).all()
            assert (found.counts == alone[0].counts).all()


@pytest.mark.parametrize("rule", [SIFT, OMIT, MULTIPLY])
@pytest.mark.parametrize("heavy", [True, False])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_block_in_python_and_of_its_object_file_is_the_same(
    dtype: str, heavy: bool, rule: Any
) -> None:
    y, p, w = (array[:2048] for array in arrays(dtype))
    loss, width = sl.Huber(0.5), NARROW if dtype == "f4" else WIDE
    sums, counts = np.zeros((2, 73), np.int64), np.zeros(5, np.int64)
    guesses, terms, *_ = fold.make_workspace(1)
    given = (y, p), w, (), sums[:1], counts, guesses[:1], sums[1], guesses[1], terms
    with np.errstate(all="ignore"):
        fold_alone(loss, *given, heavy, width, rule)
    found = state((loss,), y, p, w, rule)
    for k in range(2 if heavy else 1):
        fold.carry(sums[k])
        assert (sums[k] == found.sums[0, k]).all()
    assert (sums[1] == 0).all() != heavy
    assert (counts[:4] == found.counts[0, :4]).all() == heavy


# Losses of users


@sl.loss
class Limited(NamedTuple):
    """A loss of a user that may raise an exception."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        if y_true > 100.0:
            raise ValueError("that is too much")
        return abs(y_pred - y_true)


@sl.loss
class Guarded(NamedTuple):
    """One that never raises, as LLVM finds."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        if abs(y_true) < 0.0:
            raise ValueError("that is too little")
        return abs(y_pred - y_true)


@sl.loss
class Count(NamedTuple):
    """One that returns an integer."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return 3 if y_true > y_pred else 5


@sl.loss
class Above(NamedTuple):
    """One that returns a bool."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return y_true > y_pred


@sl.loss
class Rounded(NamedTuple):
    """One that returns a float32."""

    def point(self, y_true: Any, y_pred: Any) -> Any:
        return np.float32(y_true - y_pred)


def test_losses_that_raise_are_compiled_together_and_raise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STREAMLOSS_CACHE_DIR", str(tmp_path))
    y, p, w = np.nan_to_num(arrays(), posinf=1.0) / 1e5
    metric = sl.Accumulator(["mae", Limited()])
    metric.update(y, p, w)
    before = metric.to_bytes()
    mae, limited = metric.result().values()
    assert mae == limited
    y[4000] = 101.0
    with pytest.raises(ValueError, match="that is too much"):
        metric.update(y, p, w)
    assert metric.to_bytes() == before
    assert ObjectFile(fold_alone, (Limited,), repr(KIND)).found() == (b"", ())


def test_an_exception_that_never_comes_costs_nothing() -> None:
    y, p, w = arrays()
    found, wanted = (state((loss,), y, p, w) for loss in (Guarded(), sl.AbsoluteError()))
    assert (found.sums == wanted.sums).all()
    assert (fold_alone, KIND) in Guarded.memory  # type: ignore[attr-defined]


@pytest.mark.parametrize("loss", [Count(), Above(), Rounded()])
def test_what_a_loss_returns_becomes_float64(loss: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    some = [array[:300] for array in arrays()]
    found = state((loss,), *some)
    assert (fold_alone, KIND) in type(loss).memory
    monkeypatch.setattr(choose, "SMALL", 1000)
    wanted = sl.accumulate(loss, *some)  # in Python
    assert found.sums.tobytes() == wanted.tally.state.sums.tobytes()


def test_a_loss_of_tweedie_has_the_case_of_its_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "SMALL", 1000)
    y, p, w = np.abs(arrays())[:, :300] + 0.5
    for power in (0.0, 1.0, 1.5, 2.0, 3.0):
        loss = resolve(f"tweedie_deviance:power={power}")
        found = state((loss,), y, p, w)
        wanted = sl.accumulate(loss, y, p, w)
        assert found.sums.tobytes() == wanted.tally.state.sums.tobytes()


# Files and machine code


def test_a_damaged_template_is_made_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STREAMLOSS_CACHE_DIR", str(tmp_path))
    text = folds._template(fold_alone, KIND, (sl.AbsoluteError,))  # type: ignore[arg-type]
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    for place in (3, 40, 80, len(data) - 9):  # magic, digest, key, text
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert TemplateFile(fold_alone, repr(KIND)).found() is None
    again = folds._template(fold_alone, KIND, (sl.AbsoluteError,))  # type: ignore[arg-type]
    assert [len(again), TemplateFile(fold_alone, repr(KIND)).found()] == [len(text), again]
    path.chmod(0o666)
    assert TemplateFile(fold_alone, repr(KIND)).found() is None


def test_kinds_have_files_of_their_own() -> None:
    values = (1, 2, 3), (NARROW, WIDE), (False, True), (False, True), (SIFT, OMIT, MULTIPLY)
    kinds = [Kind(*some) for some in itertools.product(*values)]
    names = {ObjectFile(fold_alone, (sl.Hinge,), repr(kind))._name for kind in kinds}  # type: ignore[arg-type]
    names |= {TemplateFile(fold_alone, repr(kind))._name for kind in kinds}
    assert len(names) == 2 * len(kinds)


def test_loops_take_as_many_vectors_as_their_loss_wants() -> None:
    text = folds._template(fold_alone, KIND, (sl.AbsoluteError,))  # type: ignore[arg-type]
    found = [vectors.interleaved(text, 1000, count) for count in (None, 4)]
    counts = [set(re.findall(r'interleave\.count", i32 (\d+)', each)) for each in found]
    assert counts == [{"1", "2"}, {"4"}]


def test_arguments_of_other_types_are_left_to_a_kernel_of_the_losses() -> None:
    y, p, w = arrays()
    losses: tuple[Loss, ...] = (sl.Huber(0.5), sl.AbsoluteError())  # type: ignore[assignment]
    found = []
    for step in (1, 2):
        sums, counts = np.zeros((1, 3, 73), np.int64), np.zeros((1, 5), np.int64)
        inputs = np.repeat(y, step)[::step], np.repeat(p, step)[::step]
        given = inputs, w, sums, counts, 1, fold.make_workspace(2), WIDE, SIFT
        plain = (y, p), *given[1:]
        run, table = folds.fold_entry(losses, *plain)
        assert isinstance(table, blocks.Table)
        run(table, *given)
        found.append(sums.tobytes() + counts.tobytes())
    assert found[0] == found[1]


def test_complex_numbers_have_kernels_of_their_losses() -> None:
    y = np.array([1.0 + 1.0j, 2.0])
    losses: tuple[Loss, ...] = (sl.AbsoluteError(),)  # type: ignore[assignment]
    sums, counts = np.zeros((1, 2, 73), np.int64), np.zeros((1, 5), np.int64)
    given = (y, y), None, sums, counts, 1, fold.make_workspace(1), WIDE, SIFT
    run, table = folds.fold_entry(losses, *given)
    assert table is losses
    assert run is cpu.entry(fold.fold_cells, losses, losses, *given)
