"""Parameters of losses as TensorFlow takes them: any number, rounded to float32."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from streamloss.compat._unchecked import with_parameter
from streamloss.losses.base import LossLike
from streamloss.support.brief import brief


def smooth(cls: Callable[..., LossLike], label_smoothing: float) -> LossLike:
    """Return a loss with its smoothing; TensorFlow takes what is not positive for 0."""
    return with_parameter(cls, label_smoothing) if label_smoothing > 0 else cls()


def number(name: str, value: object) -> float:
    """Return a parameter as the float32 that TensorFlow makes of it.

    Raises
    ------
    ValueError
        If it is None.
    TypeError
        If it is no number.
    """
    if value is None:
        raise ValueError(f"{name} must be a number: got None")
    array = np.asarray(value)
    if array.ndim or array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be a number: got {brief(value)}")
    with np.errstate(over="ignore"):
        return float(array.astype(np.float32))
