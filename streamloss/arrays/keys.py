"""Keys: what `by` takes becomes canonical values or codes of a dictionary.

`kinds` says what keys are held as, `labels` how they are shown, and `finding` finds them by that.
`key_arrays`, `key_times`, `key_objects` and `key_columns` read them; `cuts` makes bins (`edges`)
and periods (`calendar`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .batch import is_lazy
from .convert import is_masked, is_tensor
from .cuts import Cut, bins, period
from .finding import find
from .key_codes import check_rank, coded, text_of_words
from .key_columns import LastDictionary, of_arrow, of_pandas, of_polars
from .key_objects import of_array, of_masked, of_objects
from .kinds import NAMES, NOTHING, Keyed, Kind, align, convert
from .labels import column, item, order, shown
from .types import ArrayLike

__all__ = [
    "NOTHING",
    "Cut",
    "Keyed",
    "Kind",
    "LastDictionary",
    "align",
    "bins",
    "coded",
    "column",
    "convert",
    "find",
    "item",
    "order",
    "period",
    "read_key",
    "shown",
    "text_of_words",
]

_COLUMNS = {"pandas": of_pandas, "polars": of_polars}


def read_key(
    name: str, value: ArrayLike, kind: str | None = None, known: LastDictionary | None = None
) -> Keyed:
    """Return one key of a batch: canonical values, or codes, of one kind.

    Parameters
    ----------
    name : str
        What errors call it.
    value : array_like
        An array of numpy (masked ones too), a list or tuple of objects, a column of pandas, polars
        or pyarrow, a tensor of a CPU, keys that are read already, or what `bins` or `period` made
        of one.
    kind : str, optional
        The name of the kind that it must have; integers and floats become each other where they
        are equal. By default it is the kind of what comes.
    known : LastDictionary, optional
        The texts of the dictionary of the batch before, if that was of pyarrow: those of the same
        dictionary are not read again.

    Returns
    -------
    Keyed
        Nothing is copied that need not be.

    Raises
    ------
    TypeError
        If it is no array in memory, holds something else than keys, or keys of several kinds.
    ValueError
        If it has not one axis, or some key is none of that kind.
    """
    if kind is not None and kind not in NAMES:
        raise ValueError(f"the kind of {name!r} must be one of {', '.join(NAMES)}: got {kind!r}")
    try:
        if type(value) is np.ndarray and value.dtype == np.int32 and kind in (None, "int"):
            check_rank(name, value.shape)
            return Keyed(Kind("int"), np.require(value, np.int32, ["C", "A"]))
        keyed = _read(name, value, known)
        return keyed if kind is None else _declared(keyed, kind)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # it names the key, whoever raised it
        if str(error).startswith(f"by {name!r}") and type(error) in (TypeError, ValueError):
            raise
        cls = ValueError if isinstance(error, ValueError) else TypeError
        raise cls(f"by {name!r}: {' '.join(str(error).split())[:200]}") from error


def _declared(keyed: Keyed, kind: str) -> Keyed:
    """Return a key as one of the kind that is asked for."""
    if keyed.kind.name == kind or keyed.kind == NOTHING:
        return keyed
    if keyed.kind.name == "float" and keyed.missing is not None and keyed.missing.all():
        return Keyed(NOTHING, keyed.values, missing=keyed.missing)
    wanted = Kind(kind)
    return keyed._replace(kind=wanted, values=convert(keyed.values, keyed.kind, wanted))


def _read(name: str, value: Any, known: LastDictionary | None) -> Keyed:
    """Read what may be read already, an array of numpy, or anything else."""
    if type(value) is np.ndarray:
        return of_array(name, value)
    if type(value) is Keyed:
        return value
    if isinstance(value, Cut):
        return value.applied(name, _read(name, value.source, None))
    return _foreign(name, value, known)


def _foreign(name: str, value: Any, known: LastDictionary | None) -> Keyed:
    """Read by the library that a value comes from."""
    module = type(value).__module__.partition(".")[0]
    if isinstance(value, str | bytes | None) or np.isscalar(value):
        what = "the name of a column" if isinstance(value, str) else type(value).__name__
        raise TypeError(f"by {name!r} must be an array: got {what}")
    if is_lazy(value):
        raise TypeError(f"by {name!r} must be an array in memory: got a lazy one of {module}")
    if isinstance(value, list | tuple):
        return of_objects(name, list(value))
    if is_masked(value):
        return of_masked(name, value)
    if is_tensor(value):
        return _of_tensor(name, value)
    if module == "pyarrow":
        return of_arrow(name, value, known)
    if module in _COLUMNS:
        return _COLUMNS[module](name, value)
    if not hasattr(type(value), "__array__"):
        raise TypeError(f"by {name!r} must be an array: got {type(value).__name__[:80]}")
    return of_array(name, np.asarray(value))


def _of_tensor(name: str, tensor: Any) -> Keyed:
    """Read a tensor of a CPU."""
    check_rank(name, tuple(tensor.shape))
    if tensor.device.type != "cpu":
        raise TypeError(f"by {name!r} must be an array of the CPU: got one on {tensor.device}")
    tensor = tensor.detach()
    if str(tensor.dtype) == "torch.bfloat16":
        tensor = tensor.float()
    return of_array(name, tensor.numpy())
