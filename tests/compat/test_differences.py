"""docs/differences.toml is true of streamloss, and of the frameworks that are installed."""

from __future__ import annotations

import importlib.metadata
import re
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from streamloss.compat import keras, sklearn, tf1
from streamloss.compat import torch as nn
from tools.docs.differences import DOCS, Difference, filled, read

FRAMEWORKS, ROWS = read()
OURS: dict[str, dict[str, Any]] = {
    "sklearn": vars(sklearn),
    "torch": {"nn": nn, "F": nn.functional},
    "keras": {"losses": keras.losses, "metrics": keras.metrics},
    "tf1": vars(tf1),
}
MARK = re.compile("<!-- differences: (.*): begin -->")
ROWS_WITH_CALLS = [
    pytest.param(framework, row, id=f"{framework}-{row.what}")
    for framework, rows in ROWS.items()
    for row in rows
    if row.call
]


def of_sklearn() -> dict[str, Any]:
    return vars(pytest.importorskip("sklearn.metrics"))


def of_torch() -> dict[str, Any]:
    torch = pytest.importorskip("torch")

    def tensor(value: Any) -> Any:
        return torch.from_numpy(value) if isinstance(value, np.ndarray) else value

    def taking_arrays(module: types.ModuleType) -> Any:
        def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *args, **kwargs: function(
                *map(tensor, args), **{key: tensor(value) for key, value in kwargs.items()}
            )

        functions = {k: wrap(v) for k, v in vars(module).items() if callable(v)}
        return types.SimpleNamespace(**functions)

    return {"nn": taking_arrays(torch.nn), "F": taking_arrays(torch.nn.functional)}


def of_keras() -> dict[str, Any]:
    pytest.importorskip("tensorflow")
    theirs = pytest.importorskip("keras")
    if theirs.backend.backend() != "tensorflow":
        pytest.skip("Keras on TensorFlow was asked")
    return {"losses": theirs.losses, "metrics": theirs.metrics}


def of_tf1() -> dict[str, Any]:
    return vars(pytest.importorskip("tensorflow").compat.v1.losses)


THEIRS = {"sklearn": of_sklearn, "torch": of_torch, "keras": of_keras, "tf1": of_tf1}
PACKAGES = {
    "sklearn": ("scikit-learn",),
    "torch": ("torch",),
    "keras": ("keras",),
    "tf1": ("tensorflow", "tensorflow-cpu"),
}


def installed(framework: str) -> str:
    """The version of a framework that is installed, or nothing."""
    for package in PACKAGES[framework]:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def found(call: str, names: dict[str, Any]) -> Any:
    """What an expression gives: an array, or the error."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return np.asarray(eval(call, {**names, "np": np}))
        except Exception as error:
            return error


def same(found: Any, expected: Any, rtol: float) -> bool:
    """Whether an array or an error is what a row has."""
    if isinstance(found, Exception):
        return expected in [cls.__name__ for cls in type(found).__mro__]
    if isinstance(expected, str):
        return bool(found == expected)
    close = np.asarray(expected).astype(found.dtype)
    return found.shape == close.shape and np.allclose(found, close, rtol, 0.0, equal_nan=True)


@pytest.mark.parametrize(("framework", "row"), ROWS_WITH_CALLS)
def test_ours(framework: str, row: Difference) -> None:
    assert same(ours := found(row.call, OURS[framework]), row.answer("ours"), 0.0), repr(ours)


@pytest.mark.parametrize(("framework", "row"), ROWS_WITH_CALLS)
def test_theirs(framework: str, row: Difference) -> None:
    version, asked = installed(framework), FRAMEWORKS[framework].version
    if not f"{version}.".startswith(f"{asked}."):
        pytest.skip(f"{framework} {asked} was asked: got {version or 'none'}")
    if row.answer("theirs") is None:
        pytest.skip("the framework has no answer, or another one each time")
    theirs = found(row.call, THEIRS[framework]())
    assert same(theirs, row.answer("theirs"), 1e-6), repr(theirs)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_rows_say_what_differs_and_why(framework: str) -> None:
    rows, known = ROWS[framework], OURS[framework]
    assert len({row.what for row in rows}) == len(rows)
    if framework in ("torch", "keras"):
        known = {name: each for scope in known.values() for name, each in vars(scope).items()}
    for row in rows:
        assert row.names, row.what
        assert set(row.names) <= known.keys()
        assert bool(row.page) != bool(row.why), row.what
        assert bool(row.call) == (row.gives is not None), row.what


def test_pages_have_the_tables() -> None:
    pages = {page: page.read_text() for page in DOCS.rglob("*.md")}
    assert [page.name for page, text in pages.items() if filled(text) != text] == []
    marks = [key for text in pages.values() for key in MARK.findall(text)]
    every = {f"{key} pages" if row.page else key for key, rows in ROWS.items() for row in rows}
    assert sorted(marks) == sorted(every)
