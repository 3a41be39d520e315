"""The golden files: what a framework answered, one case a line, as JSON that round-trips.

A file's first line is its header, every other line a case::

    {"id": ..., "call": name, "init": {...}, "args": {...} or [...], "outcome": value or error}

None, booleans, integers, finite floats and text stand for themselves, lists and dicts hold values.
A Python float that is not finite is ``{"float": "nan"}``, an array or NumPy scalar
``{"dtype": "float32", "shape": [2, 3], "data": [...]}``: flat, floats with the fewest digits that
give them back, "nan", "inf" and "-inf" as text, a complex number as two items. An error is
``{"error": "ValueError", "message": "its first line"}``.

Nothing here imports a framework, so tests read the files without one.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

LONGEST = 200
"""The characters kept of a message."""


def dtype_of(name: str) -> np.dtype[Any]:
    """Return the dtype of a name; bfloat16 and float8 need ml_dtypes."""
    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))


def encode(value: Any) -> Any:
    """Return a value as what JSON can hold; arrays of any framework on the CPU are arrays."""
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, np.generic)):
        return value
    if isinstance(value, float) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, dict):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if str(getattr(value, "dtype", "")) == "torch.bfloat16":
        array = value.detach().float().numpy().astype(dtype_of("bfloat16"))
    else:
        array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": _flat(array)}


def _flat(array: np.ndarray[Any, Any]) -> list[Any]:
    """Return the elements of an array in C order."""
    array = np.ascontiguousarray(array).ravel()
    if array.dtype.kind in "biu":
        return array.tolist()
    if array.dtype.kind == "c":
        array = array.view(array.real.dtype)
    return [_number(item) for item in array]


def _number(item: Any) -> float | str:
    """Return a float with the fewest digits that give it back."""
    exact = float(item)
    if not math.isfinite(exact):
        return repr(exact)
    short = float(str(item))
    return short if type(item)(short) == item else exact


def decode(value: Any) -> Any:
    """Return what was encoded; arrays as NumPy's, NumPy scalars as arrays of rank 0."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"float"}:
        return float(value["float"])
    if set(value) != {"dtype", "shape", "data"}:
        return {key: decode(item) for key, item in value.items()}
    dtype = dtype_of(value["dtype"])
    if dtype.kind in "biuc":
        parts = {"c": np.empty(0, dtype).real.dtype}.get(dtype.kind, dtype)
        flat = np.array([_read(x) for x in value["data"]], parts).view(dtype)
    else:
        flat = np.array([_read(x) for x in value["data"]], np.float64).astype(dtype)
    return flat.reshape(value["shape"])


def _read(item: Any) -> Any:
    """Return a number; NaN and the infinities are text."""
    return float(item) if isinstance(item, str) else item


def error_name(error: BaseException) -> str:
    """Return the class that a caller would catch: the nearest builtin one but Exception.

    Errors that have no other, such as TensorFlow's `InvalidArgumentError`, keep their own name.
    """
    names = [cls.__name__ for cls in type(error).__mro__ if cls.__module__ == "builtins"]
    return type(error).__name__ if names[0] == "Exception" else names[0]


def outcome(function: Callable[[], Any]) -> Any:
    """Return what a call gives, encoded: its value or its error."""
    try:
        return encode(function())
    except Exception as error:
        lines = str(error).splitlines() or [""]
        message = re.sub(r"0x[0-9a-f]+", "0x", lines[0])  # addresses differ from run to run
        return {"error": error_name(error), "message": message[:LONGEST]}


def write(path: str | Path, header: dict[str, Any], cases: Iterable[dict[str, Any]]) -> None:
    """Write a golden file; ids must be unique. The same cases give the same bytes."""
    cases = list(cases)
    ids = [case["id"] for case in cases]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise ValueError(f"ids of cases must be unique: got {twice} more than once")
    lines = [
        json.dumps(item, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
        for item in (header, *cases)
    ]
    Path(path).write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def read(path: str | Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the header and the cases of a golden file; their values still encoded."""
    header, *cases = map(json.loads, Path(path).read_text(encoding="ascii").splitlines())
    return header, cases
