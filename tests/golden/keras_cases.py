"""Golden cases of Keras asked of `compat.keras`, on numpy and on dask arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from golden._compare import assert_same, attempt, eps_of
from golden._format import decode, dtype_of, read

from streamloss.compat import keras

HEADER, CASES = read(Path(__file__).parent / "keras.jsonl")
NAN = float("nan")


def find(name: str) -> Any:
    """Return what a name such as "losses.Huber" stands for."""
    module, _, name = name.partition(".")
    return getattr(getattr(keras, module), name)


def shown(case: dict[str, Any]) -> str:
    return str(case["id"])


def plain(value: Any) -> Any:
    """Return an array as numpy has it."""
    return value


def lazy(value: Any) -> Any:
    """Return an array of some rank as a dask array, cut unevenly along every axis."""
    if not isinstance(value, np.ndarray) or not value.ndim:
        return value
    chunks = [(1, size - 1) if size > 1 else (size,) for size in value.shape]
    return da.from_array(value, chunks=tuple(chunks))


def mixed(value: Any) -> Any:
    """Return an array as a dask array, cut unevenly the other way round."""
    if not isinstance(value, np.ndarray) or not value.ndim:
        return value
    chunks = [(size - 1, 1) if size > 1 else (size,) for size in value.shape]
    return da.from_array(value, chunks=tuple(chunks))


def prepared(arguments: dict[str, Any], wrap: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the arguments of a call, masks put on their arrays."""
    given = {key: (mixed if wrap is lazy and key == "y_pred" else wrap)(value)
             for key, value in arguments.items()}  # fmt: skip
    if isinstance(given.get("axis"), list):
        given["axis"] = tuple(given["axis"])
    mask, y_true_mask = given.pop("mask", None), given.pop("y_true_mask", None)
    if mask is not None:
        given["y_pred"] = keras.masked(given["y_pred"], mask)
    if y_true_mask is not None:
        given["y_true"] = keras.masked(given["y_true"], y_true_mask)
    return given


def ask(case: dict[str, Any], wrap: Callable[[Any], Any] = plain) -> Any:
    """Return what we answer, an error if we raise one."""
    return attempt(lambda: answer(case, wrap))


def answer(case: dict[str, Any], wrap: Callable[[Any], Any]) -> Any:
    """Return what we answer, computed."""
    target, arguments = find(case["call"]), decode(case["args"])
    if "init" not in case:
        return computed(target(**prepared(arguments, wrap)))
    init = decode(case["init"])
    if isinstance(init.get("axis"), list):
        init["axis"] = tuple(init["axis"])
    found = target(**init)
    if "updates" not in arguments:
        return computed(found(**prepared(arguments, wrap)))
    results = []
    for update in arguments["updates"]:
        found.update_state(**prepared(update, wrap))
        results.append(found.result())
    return results


def computed(value: Any) -> Any:
    return value.compute() if isinstance(value, da.Array) else value


def eps(case: dict[str, Any]) -> float:
    """Return the eps of the dtype that Keras computed in."""
    arguments = decode(case["args"])
    first = case["outcome"][0] if isinstance(case["outcome"], list) else case["outcome"]
    dtypes = [dtype_of(first["dtype"])]
    for update in arguments.get("updates", [arguments]):
        dtypes += [getattr(update.get("y_pred"), "dtype", np.dtype("f4"))]
    dtypes = [d for d in dtypes if d.kind == "f" or d.name == "bfloat16"]
    return max(eps_of(d) for d in dtypes)


def sizes(value: Any) -> int:
    """Return how many numbers the arguments hold."""
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return sum(sizes(item) for item in items)
    return int(np.size(value))


def scale(case: dict[str, Any]) -> Any:
    """Return by what the rounding errors of a case are measured."""
    if case["call"] == "metrics.R2Score":
        return [
            r2_scale(decode(case["args"])["updates"][: k + 1]) for k in range(len(case["outcome"]))
        ]
    found = decode(case["scale"])
    if found is None:
        return [0.0] * len(case["outcome"])
    return found


def r2_scale(updates: list[dict[str, Any]]) -> float:
    """Return by how much the cancellation of sums of squares multiplies their rounding errors."""
    y = np.concatenate([update["y_true"] for update in updates]).astype(np.float64)
    p = np.concatenate([update["y_pred"] for update in updates]).astype(np.float64)
    spread = ((y - y.mean(0)) ** 2).sum(0) / 4  # weights may leave less of it
    return float(
        np.max((1 + ((y - p) ** 2).sum(0)) * (y * y).sum(0) / np.maximum(spread, 1e-9) ** 2)
    )


def check(case: dict[str, Any], ours: Any) -> None:
    """Assert that ours is Keras' answer."""
    outcome = case["outcome"]
    if isinstance(outcome, dict) and "error" in outcome:
        assert_same(outcome, ours, 0.0)
        return
    assert not isinstance(ours, Exception), f"expected {outcome}: got {ours!r}"
    if not isinstance(outcome, list):
        assert_same(outcome, ours, eps(case), scale(case), sizes(decode(case["args"])))
        return
    assert len(ours) == len(outcome)
    for theirs, our, size in zip(outcome, ours, scale(case), strict=True):
        assert_same(theirs, our, eps(case), size, sizes(decode(case["args"])))


def bits(value: Any) -> Any:
    """Return an answer as what differs where a bit does, but not between NaNs."""
    if isinstance(value, Exception):
        return type(value)
    if isinstance(value, list):
        return [bits(item) for item in value]
    array = np.array(value)
    wide = array.astype(np.float64)
    wide[np.isnan(wide)] = NAN
    return array.dtype.name, array.shape, wide.tobytes()
